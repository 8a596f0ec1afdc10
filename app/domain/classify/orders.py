"""Order numbers that a text names, as hints for the order search.

A number is judged by its form and by the words around it, in languages that customers write. What
orders of the account's own stores look like (`OrderForm`) is learned from orders that were seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from app.domain.base import Value
from app.domain.classify.amounts import CURRENCY_NAMES, WEAK_NAMES
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import MAX_FOUND, MAX_NUMBERS, without_addresses, words_after

# Letters and digits in one piece; dots only between digits, so that a date or price is one piece.
_TOKEN = re.compile(
    r"(?P<hash>#[ ]?)?"
    r"(?P<number>[A-Za-z0-9]+(?:(?:[-_/]|(?<=[0-9])[.,:](?=[0-9]))[A-Za-z0-9]+)*)"
)
_HAS_DIGITS = re.compile(r"[0-9][^0-9]*[0-9][^0-9]*[0-9]")
_ORDER_FORM = re.compile(
    r"(?P<lead>[0-9]{1,2}-)?(?P<prefix>[A-Za-z]{0,8})(?P<dash>[-_/]?)(?P<body>[0-9]{3,18})"
    r"(?P<tail>(?:[-/][0-9]{1,8}){0,3})(?P<suffix>-?[A-Za-z]{0,4})"
)
_DATE_FORM = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{2,4}|[0-9]{4}[-/][0-9]{1,2}")
_WORD = re.compile(r"[^\W\d_]+")
_GAP_SIGNS = re.compile(r"[\s:;=\"'’‘„“”«»()\[\]*_.,#№º°ª|/–—-]*")
_SET_OFF = re.compile(r"(?:[(:\[–—=]|(?<!\w)-)[ #]{0,2}$")
_LIST_SIGNS = re.compile(r"[\s,;&+/()–—-]*")
_NAME_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,9})\.?[ ]?$")
_NEAR = 48
_LONGEST_BODY = 16
_MAX_RANGE = 10
_DIGITS = {
    **{"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"},
    **{"six": "6", "seven": "7", "eight": "8", "nine": "9"},
}
_SPOKEN_DIGIT = rf"(?:{'|'.join(_DIGITS)})"
_SPOKEN = re.compile(rf"(?i)\b{_SPOKEN_DIGIT}(?:[ ,-]{{1,3}}{_SPOKEN_DIGIT}){{3,12}}\b")

_CODES = frozenset(name.upper() for name in CURRENCY_NAMES if name.isalpha())
# Behind these, a dot ends no sentence.
_ABBREVIATIONS = frozenset({"nr", "no", "num", "n", "nro", "ref", "id", "nos", "ord", "núm", "č"})
_FROM_A_YEAR = frozenset({"from", "of", "de", "vom", "von", "van", "del", "dal", "du", "in"})
# Words for "order" that people mistype often enough to know their mistakes.
_TYPED_LABELS = (
    *("order", "orders", "purchase", "bestellung", "bestellnummer", "commande", "pedido"),
    *("encomenda", "ordine", "bestelling", "bestelnummer"),
)
_IS = frozenset(
    {"is", "was", "are", "ist", "sind", "est", "sont", "es", "son", "è", "sono", "é", "são", "zijn"}
    | {"lautet", "lauten", "var", "jest", "numaralı", "nolu"}
)


class OrderForm(Value):
    """What order names of one store look like: letters, a dash, digits, letters.

    `lowest` and `highest` are the numbers seen; order numbers grow, so newer ones may be a little
    higher.
    """

    prefix: str = ""
    dash: str = ""
    suffix: str = ""
    digits_least: int
    digits_most: int
    lowest: int
    highest: int

    def fits(self, prefix: str, suffix: str, body: str) -> bool:
        """Whether a number with these parts may be one of the store's."""
        if (prefix.upper(), suffix.upper()) != (self.prefix, self.suffix):
            return False
        if not self.digits_least <= len(body) <= self.digits_most + 1:
            return False
        return self.lowest // 2 <= int(body) <= 2 * self.highest + 1000


def learn_forms(names: Iterable[str]) -> tuple[OrderForm, ...]:
    """The forms that order names have (`#1001`, `SO-2231`, `000000123`), most frequent first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name in names:
        match = _ORDER_FORM.fullmatch(name.strip().lstrip("#").strip())
        if match is not None and not match.group("tail"):
            key = (match.group("prefix").upper(), match.group("dash"), match.group("suffix"))
            groups.setdefault((key[0], key[1], key[2].upper()), []).append(match.group("body"))
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(
        OrderForm(
            prefix=prefix,
            dash=dash,
            suffix=suffix,
            digits_least=min(map(len, bodies)),
            digits_most=max(map(len, bodies)),
            lowest=min(map(int, bodies)),
            highest=max(map(int, bodies)),
        )
        for (prefix, dash, suffix), bodies in ordered
    )


def widen_forms(known: tuple[OrderForm, ...], seen: tuple[OrderForm, ...]) -> tuple[OrderForm, ...]:
    """Known forms together with those of more names, at most ten."""
    found = {(form.prefix, form.dash, form.suffix): form for form in known}
    for form in seen:
        key = (form.prefix, form.dash, form.suffix)
        before = found.get(key, form)
        found[key] = form.model_copy(
            update={
                "digits_least": min(before.digits_least, form.digits_least),
                "digits_most": max(before.digits_most, form.digits_most),
                "lowest": min(before.lowest, form.lowest),
                "highest": max(before.highest, form.highest),
            }
        )
    return tuple(found.values())[:10]


@dataclass(frozen=True)
class _Number:
    """A piece that may be an order number: as written, its parts, and where it stands."""

    written: str
    prefix: str
    dash: str
    body: str
    suffix: str
    has_tail: bool
    has_hash: bool
    start: int
    end: int

    @property
    def is_year(self) -> bool:
        return not self.prefix and len(self.body) == 4 and self.body[:2] in {"19", "20"}


def _number(match: re.Match[str], piece: str, start: int) -> _Number | None:
    form = _ORDER_FORM.fullmatch(piece)
    if form is None or form.group("suffix").strip("-").upper() in _CODES:
        return None
    return _Number(
        written=piece,
        prefix=form.group("prefix"),
        dash=form.group("dash"),
        body=form.group("body"),
        suffix=form.group("suffix"),
        has_tail=bool(form.group("tail") or form.group("lead")),
        has_hash=match.group("hash") is not None,
        start=start,
        end=start + len(piece),
    )


def _parts(piece: str) -> tuple[list[str], bool]:
    """The numbers in one piece of text, and whether they are the ends of a range."""
    if re.search(r"[0-9][.:][0-9]", piece) or _DATE_FORM.fullmatch(piece):
        return [], False
    span = re.fullmatch(r"([A-Za-z]{0,5}-?[0-9]{3,12})-([A-Za-z]{0,5}-?[0-9]{3,12})", piece)
    if span is not None and len(span.group(1)) == len(span.group(2)):
        return [span.group(1), span.group(2)], True
    parts = re.split(r"[/,]", piece)
    if len(parts) > 1:
        whole = r"[A-Za-z]{0,5}-?[0-9]{3,12}" if "/" in piece else r"[A-Za-z]{0,5}-?[0-9]{4,12}"
        return (parts if all(re.fullmatch(whole, part) for part in parts) else []), False
    return parts, False


def _pieces(text: str) -> Iterable[tuple[re.Match[str], list[_Number], bool]]:
    """Number-like pieces of a text; `1001/1002` and `1001-1003` are two, the latter a range."""
    tokens = (match for match in _TOKEN.finditer(text) if _HAS_DIGITS.search(match.group()))
    for match in islice(tokens, MAX_NUMBERS):
        piece, start = match.group("number"), match.start("number")
        parts, is_range = _parts(piece)
        numbers: list[_Number] = []
        for part in parts:
            place = start + sum(len(done) + 1 for done in parts[: len(numbers)])
            one = _number(match, part, place)
            if one is not None:
                numbers.append(one)
        if numbers:
            yield match, numbers, is_range


@dataclass(frozen=True)
class _Label:
    """The nearest word before a number that says what it is.

    `is_close`: nothing but fillers stands between. `fillers` are those words.
    """

    kind: str | None = None
    is_close: bool = False
    fillers: tuple[str, ...] = ()


def _is_abbreviation(word: str) -> bool:
    return word in _ABBREVIATIONS or word.endswith(("nr", "no", "num"))


def _is_typo(word: str) -> bool:
    """Whether a word is a frequent word for "order" with one letter wrong, missing or swapped."""
    if len(word) < 5 or word in beside_numbers("not_a_typo"):
        return False
    return any(_is_one_off(word, label) for label in _TYPED_LABELS)


def _is_one_off(word: str, label: str) -> bool:
    """Whether two words differ by one letter: another one, one more, or two that are swapped."""
    short, long = sorted((word, label), key=len)
    if len(long) - len(short) > 1 or len(short) < 4:
        return False
    same = next(
        (i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    if len(short) < len(long):
        return short[same:] == long[same + 1 :]
    is_swapped = short[same : same + 2] == long[same : same + 2][::-1]
    return short[same + 1 :] == long[same + 1 :] or (
        is_swapped and short[same + 2 :] == long[same + 2 :]
    )


def _label(text: str, start: int) -> _Label:
    begin = max(0, start - _NEAR)
    found = list(_WORD.finditer(text, begin, start))
    if found and begin > 0 and found[0].start() == begin:
        found = found[1:]
    is_close = True
    fillers: list[str] = []
    position = start
    for match in reversed(found):
        word, gap = match.group().lower(), text[match.end() : position]
        if _GAP_SIGNS.fullmatch(gap) is None or ("\n\n" in gap and ":" not in gap):
            is_close = False
        if gap.startswith((". ", ".\n", "! ", "? ")) and not _is_abbreviation(word):
            return _Label(fillers=tuple(fillers))
        is_label = word in beside_numbers("order_label") or (word == "best" and "nr" in fillers)
        if is_label or (not fillers and _is_typo(word)):
            return _Label("order", is_close, tuple(fillers))
        if word in beside_numbers("other_label"):
            return _Label("other", is_close, tuple(fillers))
        if word not in beside_numbers("order_filler"):
            is_close = False
        fillers.append(word)
        position = match.start()
    return _Label(fillers=tuple(fillers))


def _is_quantity_or_money(text: str, number: _Number) -> bool:
    """Whether a unit or a currency stands beside a number."""
    behind = text[number.end : number.end + 2]
    if behind.lstrip()[:1] in set("%€$£¥₹") and re.match(
        r"[ ]?[%€£¥₹]|[ ]?\$(?!\d)", text[number.end :]
    ):
        return re.match(r"[ ]?[€£¥₹][ ]?\d", text[number.end : number.end + 4]) is None
    before = text[max(0, number.start - 4) : number.start]
    if re.search(r"[€$£¥₹+][ ]?$", before):
        return True
    first = next(iter(words_after(text, number.end, 16)), "")
    near = text[number.end : number.end + len(first) + 2].strip().lower().startswith(first)
    if first and near and (first in beside_numbers("unit") or first in CURRENCY_NAMES):
        # "1001 EUR 48.60": the currency belongs to what follows.
        tail = text[number.end :][: len(first) + 6]
        return re.search(r"[A-Za-z][ ]?\d", tail) is None
    word = _NAME_BEFORE.search(text[max(0, number.start - 12) : number.start])
    name = word.group(1) if word else ""
    return name.lower() in CURRENCY_NAMES and (name.lower() not in WEAK_NAMES or name.isupper())


def _stands_alone(number: _Number) -> bool:
    """Whether a number is an order's by its form alone: EN1001, SO-2231, 000000123."""
    if number.suffix:
        return False
    if not number.prefix:
        return bool(re.fullmatch(r"[0-9]?000[0-9]{5,7}", number.body))
    if number.has_tail or not number.prefix.isupper() or len(number.prefix) < 2:
        return False
    if number.dash:
        return len(number.prefix) <= 4 and 4 <= len(number.body) <= 9
    # Two letters and eight digits or more are a VAT number; longer words are product names.
    return len(number.prefix) == 2 and 4 <= len(number.body) <= 7


def _is_set_off(text: str, number: _Number) -> bool:
    """Whether a number stands in brackets, behind a dash or colon, or alone on its line."""
    before = text[max(0, number.start - 4) : number.start]
    if _SET_OFF.search(before):
        return True
    starts = before.rstrip(" #")[-1:] in {"", "\n"}
    return starts and text[number.end : number.end + 2].lstrip(" .")[:1] in {"", "\n"}


def _fits_store(text: str, number: _Number, label: _Label, forms: tuple[OrderForm, ...]) -> bool:
    """Whether the account's stores number their orders like this, and nothing speaks against it.

    Short plain numbers are too common to count by form alone: they must be set off, or follow a
    word for a refund or return.
    """
    if not any(form.fits(number.prefix, number.suffix, number.body) for form in forms):
        return False
    if number.prefix or number.suffix or len(number.body) >= 6:
        return True
    if number.is_year:
        return False
    before = label.fillers[:2]
    spoken = any(word in beside_numbers("refund_word") for word in before)
    return spoken or _is_set_off(text, number)


def _is_order(text: str, number: _Number, label: _Label, forms: tuple[OrderForm, ...]) -> bool:
    if label.kind == "other" and label.is_close:
        return False
    labelled = label.kind == "order" and label.is_close
    if not number.has_hash and _is_quantity_or_money(text, number):
        return False
    prefix = number.prefix.upper()
    if (prefix.lower() in beside_numbers("other_prefix") or prefix in _CODES) and not labelled:
        return False
    if number.is_year and labelled and _FROM_A_YEAR & set(label.fillers[:2]):
        return False
    if number.has_hash or labelled:
        return True
    if _fits_store(text, number, label, forms):
        return True
    if forms and number.prefix:
        return False
    if _stands_alone(number):
        return True
    if number.is_year or number.has_tail or number.prefix or len(number.body) < 4:
        return False
    behind = words_after(text, number.end, 40)
    while behind and behind[0] in beside_numbers("order_list"):
        behind = behind[1:]
    named = (
        bool(behind)
        and behind[0] in _IS
        and any(word in beside_numbers("order_label") for word in behind[1:4])
    )
    near = label.kind == "order" and len(label.fillers) <= 6
    listed = near and len(label.fillers) <= 1 and text.endswith(", ", 0, number.start)
    return named or listed or (near and _is_set_off(text, number))


def _continues(text: str, last: _Number | None, number: _Number) -> bool:
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


def _range_between(text: str, last: _Number, number: _Number) -> bool:
    """Whether two numbers are the ends of a range: `#1001-#1003`, `1001 to 1003`."""
    between = text[last.end : number.start].strip(" #").lower()
    return between in {"-", "–", "—", "..", "..."} or between in beside_numbers("list_to")


def _inside(last: _Number, number: _Number) -> list[str]:
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


def _as_written(number: _Number) -> str:
    """`order1001` names 1001; every other number is as written."""
    is_label = number.prefix.lower() in beside_numbers("order_label") and not number.dash
    return number.written[len(number.prefix) :] if is_label else number.written


def find_orders(text: str, forms: tuple[OrderForm, ...] = ()) -> tuple[str, ...]:
    """Order numbers as written, without `#`, in order of appearance, each once.

    A number counts with `#` before it, after a word for "order", in a list that continues such a
    number, in a form that only orders have, or in the form of the account's stores. Numbers that
    are labelled as tracking, phone, invoice, VAT and the like never count, nor do amounts, dates
    and years. A range of at most ten numbers is written out.
    """
    text = _with_spoken_digits(without_addresses(text))
    found = _named(text, forms)
    return found or _only_bare_number(text)


def _with_spoken_digits(text: str) -> str:
    """`order three three nine oh`, as a call's transcript has it, with digits."""
    if not _SPOKEN.search(text):
        return text
    return _SPOKEN.sub(
        lambda run: "".join(_DIGITS[word] for word in re.findall(r"[a-z]+", run.group().lower())),
        text,
    )


def _only_bare_number(text: str) -> tuple[str, ...]:
    """The one number of a text that names no order otherwise, when nothing says that it is
    something else: "any idea whether 31007 will make it?"
    """
    found: dict[str, str] = {}
    for _, numbers, is_range in _pieces(text):
        for number in numbers:
            if _may_be_bare(text, number) and not is_range and len(numbers) == 1:
                found.setdefault(number.written, number.written)
    return tuple(found.values()) if len(found) == 1 else ()


def _may_be_bare(text: str, number: _Number) -> bool:
    body = number.body
    plain = number.written == body and 4 <= len(body) <= 7 and not number.is_year
    if not plain or body.endswith("000") or _is_quantity_or_money(text, number):
        return False
    label = _label(text, number.start)
    if label.kind == "other" and not _is_of_something(label):
        return False
    if label.fillers and label.fillers[0] in beside_numbers("money_verb"):
        return False
    before = text[max(0, number.start - 2) : number.start]
    if re.search(r"[+/\d][ ]?$", before) or re.match(
        r"[ ]?[/\d]", text[number.end : number.end + 2]
    ):
        return False
    # A postcode stands before the name of a town, or behind it.
    return (
        re.match(r"[ ](?:[A-Z]{2}\b|[A-ZÀ-Þ][^\W\d_]{2,})", text[number.end : number.end + 12])
        is None
    )


def _is_of_something(label: _Label) -> bool:
    """Whether what a label names only belongs to the number: "the invoice for 31007"."""
    if beside_numbers("belongs_to") & set(label.fillers[:2]):
        return True
    return not label.is_close and len(label.fillers) > 2


def _named(text: str, forms: tuple[OrderForm, ...]) -> tuple[str, ...]:
    """Orders that the text names as such."""
    found: dict[str, str] = {}
    last: _Number | None = None
    for _, numbers, is_range in _pieces(text):
        for index, number in enumerate(numbers):
            if len(number.body) > _LONGEST_BODY:
                continue
            goes_on = _continues(text, last, number) or (index > 0 and last is not None)
            if goes_on and not number.has_hash and _is_quantity_or_money(text, number):
                goes_on = False
            prefix = number.prefix.lower()
            label = (
                _Label("order", True)
                if prefix in beside_numbers("order_label")
                else (_label(text, number.start - 1 if number.has_hash else number.start))
            )
            if not goes_on and not _is_order(text, number, label, forms):
                last = None if index == 0 else last
                continue
            if last is not None and ((is_range and index) or _range_between(text, last, number)):
                for name in _inside(last, number):
                    found.setdefault(name.casefold(), name)
            name = _as_written(number)
            found.setdefault(name.casefold(), name)
            last = number
            if len(found) >= MAX_FOUND:
                return tuple(found.values())[:MAX_FOUND]
    return tuple(found.values())
