"""Order numbers that a text names, as hints for the order search.

A number is judged by its form and by the words around it, in languages that customers write
(`order_judging`). Here numbers are put together: lists, ranges, and the one number of a text.
"""

from __future__ import annotations

import re

from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import MAX_FOUND, without_addresses
from app.domain.classify.order_forms import OrderForm
from app.domain.classify.order_judging import is_order, is_quantity_or_money, may_be_bare
from app.domain.classify.order_labels import Label, label_before
from app.domain.classify.order_numbers import Number, as_written, pieces, with_spoken_digits

_WORD = re.compile(r"[^\W\d_]+")
_LIST_SIGNS = re.compile(r"[\s,;&+/()–—-]*")
_LONGEST_BODY = 16
_MAX_RANGE = 10


def find_orders(text: str, forms: tuple[OrderForm, ...] = ()) -> tuple[str, ...]:
    """Order numbers as written, without `#`, in order of appearance, each once.

    A number counts with `#` before it, after a word for "order", in a list that continues such a
    number, in a form that only orders have, or in the form of the account's stores. Numbers that
    are labelled as tracking, phone, invoice, VAT and the like never count, nor do amounts, dates
    and years. A range of at most ten numbers is written out.
    """
    text = with_spoken_digits(without_addresses(text))
    found = _named(text, forms)
    return found or _only_bare_number(text)


def _named(text: str, forms: tuple[OrderForm, ...]) -> tuple[str, ...]:
    """Orders that the text names as such."""
    found: dict[str, str] = {}
    last: Number | None = None
    for _, numbers, is_range in pieces(text):
        for index, number in enumerate(numbers):
            if len(number.body) > _LONGEST_BODY:
                continue
            goes_on = _continues(text, last, number) or (index > 0 and last is not None)
            if goes_on and not number.has_hash and is_quantity_or_money(text, number):
                goes_on = False
            prefix = number.prefix.lower()
            label = (
                Label("order", True)
                if prefix in beside_numbers("order_label")
                else (label_before(text, number.start - 1 if number.has_hash else number.start))
            )
            if not goes_on and not is_order(text, number, label, forms):
                last = None if index == 0 else last
                continue
            if last is not None and ((is_range and index) or _range_between(text, last, number)):
                for name in _inside(last, number):
                    found.setdefault(name.casefold(), name)
            name = as_written(number)
            found.setdefault(name.casefold(), name)
            last = number
            if len(found) >= MAX_FOUND:
                return tuple(found.values())[:MAX_FOUND]
    return tuple(found.values())


def _continues(text: str, last: Number | None, number: Number) -> bool:
    """Whether a number goes on with a list of order numbers: `#1001, 1002 and 1003`."""
    if last is None or not 0 <= number.start - last.end <= 24:
        return False
    between = text[last.end : number.start].rstrip("# ")
    words = [word.lower() for word in _WORD.findall(between)]
    signs = _WORD.sub("", between).replace(".", "").replace("#", "")
    if _LIST_SIGNS.fullmatch(signs) is None or "\n\n" in between:
        return False
    known = beside_numbers("order_list") | beside_numbers("list_to")
    if not all(word in known for word in words):
        return False
    # Numbers of different lengths are one list only where a word or a sign says so.
    joined = bool(words) or "&" in between or "+" in between or "#" in text[last.end : number.start]
    return abs(len(number.body) - len(last.body)) <= 1 or (joined and len(number.body) >= 4)


def _range_between(text: str, last: Number, number: Number) -> bool:
    """Whether two numbers are the ends of a range: `#1001-#1003`, `1001 to 1003`."""
    between = text[last.end : number.start].strip(" #").lower()
    return between in {"-", "–", "—", "..", "..."} or between in beside_numbers("list_to")


def _inside(last: Number, number: Number) -> list[str]:
    """The numbers between two ends, when it is few; none when the ends are no sensible range."""
    same = (last.prefix, last.dash, last.suffix) == (number.prefix, number.dash, number.suffix)
    width = len(last.body)
    span = int(number.body) - int(last.body)
    if not same or width != len(number.body) or not 2 <= span < _MAX_RANGE:
        return []
    return [
        f"{last.prefix}{last.dash}{value:0{width}d}{last.suffix}"
        for value in range(int(last.body) + 1, int(number.body))
    ]


def _only_bare_number(text: str) -> tuple[str, ...]:
    """The one number of a text that names no order otherwise, when nothing says that it is
    something else: "any idea whether 31007 will make it?"
    """
    found: dict[str, str] = {}
    for _, numbers, is_range in pieces(text):
        for number in numbers:
            if may_be_bare(text, number) and not is_range and len(numbers) == 1:
                found.setdefault(number.written, number.written)
    return tuple(found.values()) if len(found) == 1 else ()
