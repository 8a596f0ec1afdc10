"""Order numbers that a text names, as hints for the order search.

A number is judged by its form and by the words around it, in languages that customers write
(`order_judging`). Here numbers are put together: lists, ranges, and the one number of a text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import MAX_FOUND, without_addresses
from app.domain.classify.order_forms import OrderForm
from app.domain.classify.order_judging import (
    has_order_form,
    is_of_a_carrier,
    is_of_a_phone,
    is_order,
    is_quantity_or_money,
    may_be_bare,
    may_be_bare_code,
    may_be_meant,
)
from app.domain.classify.order_labels import Label, is_of_something, label_before
from app.domain.classify.order_numbers import (
    Number,
    Piece,
    as_written,
    pieces,
    with_letters_before,
)
from app.domain.classify.spoken import with_spoken_digits

_WORD = re.compile(r"[^\W\d_]+")
_LIST_SIGNS = re.compile(r"[\s,;&+/()–—-]*")
_DIGIT = re.compile(r"[0-9]")
# A code in parts that is no phone number, alone under a mail.
_ALONE = re.compile(
    r"[1-9][0-9]{1,2}-[0-9]{3,4}-[0-9]{1,2}|[1-9][0-9]-[0-9]{4,5}"
    r"|[0-9]{2,6}-[A-Z](?:-[0-9]{3,6})?|[A-Z]-?[0-9]{2,4}-[0-9]{4,6}"
)
# The letters that all numbers of a store begin with, or those behind the first digits: 62-K-1190.
_STEM = re.compile(r"[A-Za-z]{1,6}|[0-9]{1,3}-[A-Za-z]{1,3}(?=-[0-9])")
_GROUPS_BEHIND = re.compile(
    r"(?: [0-9]{2,4}){1,3}(?: [0-9])?(?=[.,;:!?)]*(?:\s|\Z))(?= ?[^\w ]|\Z)"
)
_LONGEST_BODY = 16
_MAX_RANGE = 10
_GROUP = 3


def find_orders(
    text: str, forms: tuple[OrderForm, ...] = (), *, signature: str = "", quoted: str = ""
) -> tuple[str, ...]:
    """Order numbers as written, without `#`, in order of appearance, each once.

    A number counts with `#` before it, after a word for "order" or "booking", in a list that
    continues such a number, or in the form of the account's stores. Where nothing is named so,
    numbers in a form that only orders have count, and those behind "reference" or "No."; then
    what stands so in the writer's `signature` or in the `quoted` mail that they answer to; at last
    the one bare number of the text, or a code that is the last line below it. Numbers that are
    labelled as tracking, phone, invoice, VAT and the like never count, nor do amounts, dates and
    years. A range of at most ten numbers is written out.
    """
    text = with_spoken_digits(without_addresses(text))
    found = list(pieces(text))
    labels: _Labels = {}
    return (
        _named(text, found, labels, forms)
        or _meant(text, found, labels)
        or find_named_orders(signature, forms)
        or find_named_orders(quoted, forms)
        or _only_bare_number(text, found, labels)
        or _alone_at_the_end(signature)
    )


def _alone_at_the_end(signature: str) -> tuple[str, ...]:
    """The code that is the last line of a mail, below the writer's name: `30-771-22`."""
    line = signature.rstrip().rsplit("\n", 1)[-1].strip(" .#()")
    return (line,) if _ALONE.fullmatch(line) else ()


def _meant(text: str, found: Sequence[Piece], labels: _Labels) -> tuple[str, ...]:
    """Numbers behind a weak label, unless a carrier's beside one in the form of an order's."""
    names = _likely(text, found, labels)
    meant = [one for _, numbers, _ in found for one in numbers if one.written in names]
    if meant and all(is_of_a_carrier(text, one) for one in meant):
        return _only_bare_number(text, found, labels, only_codes=True) or names
    return names


def find_named_orders(text: str, forms: tuple[OrderForm, ...] = ()) -> tuple[str, ...]:
    """Order numbers that a signature or a quoted mail names: as `find_orders`, but no bare one."""
    if not any(sign.isdigit() for sign in text):
        return ()
    text = without_addresses(text)
    found = list(pieces(text))
    labels: _Labels = {}
    return _named(text, found, labels, forms) or _likely(text, found, labels, only_codes=True)


def _is_too_long(number: Number) -> bool:
    return len(number.body) > _LONGEST_BODY and not number.is_code


# Labels by where the number or its letters begin: every search asks for the same ones.
_Labels = dict[int, Label]


def _label(text: str, number: Number, known: _Labels) -> Label:
    if number.prefix.lower() in beside_numbers("order_label"):
        return Label("order", True)
    place = number.start - 1 if number.has_hash else number.start
    found = known.get(place)
    if found is None:
        found = known[place] = label_before(text, place)
    return found


def _labelled(
    text: str, number: Number, known: _Labels, forms: tuple[OrderForm, ...] = ()
) -> tuple[Number, Label]:
    """A number and its label; with the letters before it, where the label stands before these.

    Or where the stores' numbers have such letters.
    """
    joined = with_letters_before(text, number)
    if joined is not None:
        label = _label(text, joined, known)
        if label.is_close and label.kind in {"order", "weak"}:
            return joined, label
        if any(form.fits(joined.prefix, joined.suffix, joined.body) for form in forms):
            return joined, label
    return number, _label(text, number, known)


def _with_groups(text: str, number: Number, label: Label) -> Number:
    """A number with the groups of digits that go on with it: `order 7719 0042 881`.

    Only behind a word that names one number, and before a sign: "orders 1001 1002" are two, and
    "order 1001 12 days ago" is one.
    """
    is_plain = number.written.isdigit() and len(number.written) in {_GROUP, _GROUP + 1}
    if not is_plain or number.has_hash or not label.is_close or label.kind in {None, "other"}:
        return number
    found = _GROUPS_BEHIND.match(text, number.end)
    if found is None or len(found.group()) == len(number.written) + 1:
        return number
    whole = number.written + found.group()
    return replace(number, written=whole, body=whole.replace(" ", ""), end=found.end())


def _named(
    text: str, found_pieces: Sequence[Piece], labels: _Labels, forms: tuple[OrderForm, ...]
) -> tuple[str, ...]:
    """Orders that the text names as such; those in an order's form where it names no other."""
    named: dict[str, str] = {}
    formed: dict[str, str] = {}
    is_named = False
    read_until = 0
    last: Number | None = None
    for _, numbers, is_range in found_pieces:
        for index, number in enumerate(numbers):
            if _is_too_long(number):
                continue
            goes_on = _continues(text, last, number) or (index > 0 and last is not None)
            if goes_on and not number.has_hash and is_quantity_or_money(text, number):
                goes_on = False
            if number.start < read_until:
                # Part of the number before it.
                continue
            number, label = _labelled(text, number, labels, forms)
            number = _with_groups(text, number, label)
            read_until = number.end
            names_it = is_order(text, number, label, forms)
            if not goes_on and not names_it and not has_order_form(text, number, label, forms):
                last = None if index == 0 else last
                continue
            # A list has the standing of its first number.
            is_named = names_it or label.kind == "order" or (goes_on and is_named)
            found = named if is_named else formed
            if last is not None and ((is_range and index) or _range_between(text, last, number)):
                for name in _inside(last, number):
                    found.setdefault(name.casefold(), name)
            if last is not None and _are_groups(text, last, number):
                found.pop(as_written(last).casefold(), None)
                number = replace(number, written=f"{last.written} {number.written}")
            name = as_written(number)
            found.setdefault(name.casefold(), name)
            last = number
            if len(named) >= MAX_FOUND:
                return _each_once(named.values())
    _add_alike(text, found_pieces, labels, named)
    return _each_once((named or formed).values())[:MAX_FOUND]


def _add_alike(
    text: str, found_pieces: Sequence[Piece], labels: _Labels, named: dict[str, str]
) -> None:
    """Add numbers with letters like those that are named: "order SH-771, and SH-774 too"."""
    shapes = {_DIGIT.sub("0", name) for name in named.values() if _STEM.match(name)}
    stems = {stem.group() for name in named.values() if (stem := _STEM.match(name))}
    if not shapes:
        return
    for _, numbers, _ in found_pieces:
        for number in numbers:
            stem = _STEM.match(number.written)
            if stem is None or stem.group() not in stems or len(named) >= MAX_FOUND:
                continue
            label = _label(text, number, labels)
            is_other = label.kind == "other" and label.is_close
            if not is_other and _DIGIT.sub("0", number.written) in shapes:
                named.setdefault(number.written.casefold(), number.written)


def _are_groups(text: str, last: Number, number: Number) -> bool:
    """Whether two numbers are one in groups of three digits: `620 114`."""
    three = len(last.written) == len(number.written) == _GROUP
    return three and text[last.end : number.start] == " "


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    """Names without those that are another's in groups."""
    found = tuple(names)
    return tuple(name for name in found if " " not in name or name.replace(" ", "") not in found)


def _likely(
    text: str, found_pieces: Sequence[Piece], labels: _Labels, *, only_codes: bool = False
) -> tuple[str, ...]:
    """Numbers behind a weak label, in a text that names no order more clearly."""
    found: dict[str, str] = {}
    read_until = 0
    last: Number | None = None
    for _, numbers, is_range in found_pieces:
        for number in numbers:
            if is_range or _is_too_long(number) or (only_codes and number.written.isdigit()):
                continue
            if number.start < read_until:
                continue
            number, label = _labelled(text, number, labels)
            number = _with_groups(text, number, label)
            read_until = number.end
            if _continues(text, last, number) or may_be_meant(text, number, label):
                found.setdefault(number.written.casefold(), number.written)
                last = number
            else:
                last = None
    return tuple(found.values())[:MAX_FOUND]


def _continues(text: str, last: Number | None, number: Number) -> bool:
    """Whether a number goes on with a list of order numbers: `#1001, 1002 and 1003`."""
    if last is None or not 0 <= number.start - last.end <= 24:
        return False
    between = text[last.end : number.start].rstrip("# ")
    words = [word.lower() for word in _WORD.findall(between)]
    signs = _WORD.sub("", between).replace(".", "").replace("#", "")
    if _LIST_SIGNS.fullmatch(signs) is None or "\n\n" in between:
        return False
    if last.is_code != number.is_code and beside_numbers("list_to") & set(words):
        # "Change the plate on PK-20033 to 191-D-44812"
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


def _only_bare_number(
    text: str, found_pieces: Sequence[Piece], labels: _Labels, *, only_codes: bool = False
) -> tuple[str, ...]:
    """The one number, or the one list, of a text that names no order otherwise, when nothing says
    that it is something else: "any idea whether 31007 will make it?"

    With `only_codes`, neither plain digits nor what stands behind a weak label.
    """
    plain: list[Number] = []
    codes: list[Number] = []
    other: Number | None = None
    others: set[str] = set()
    for _, numbers, is_range in found_pieces:
        for number in numbers:
            if is_range or len(numbers) > 1 or _is_too_long(number):
                continue
            label = _label(text, number, labels)
            if _continues(text, other, number):
                # "Invoices 26-0441 and 26-0447": the second is one too.
                other = number
                continue
            is_other = label.kind == "other" and label.is_close and not is_of_something(label)
            is_parcel = label.word in beside_numbers("parcel_word")
            other = number if is_other and not is_parcel else None
            if is_other and not is_parcel and not is_of_a_phone(number, label):
                others.add(number.written)
            if only_codes and label.is_weak:
                continue
            if may_be_bare(text, number, label) and with_letters_before(text, number) is None:
                plain.append(number)
            elif may_be_bare_code(text, number, label):
                codes.append(number)
    rest = codes if only_codes else codes or plain
    found = [one for one in rest if one.written not in others]
    names = tuple(dict.fromkeys(number.written for number in found))
    is_list = len(found) == len(names) and all(
        _continues(text, last, number) for last, number in itertools.pairwise(found)
    )
    return names if len(names) == 1 or is_list else ()
