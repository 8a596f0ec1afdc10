"""Pieces of a text that may be order numbers, taken apart: as written, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from app.domain.classify.currencies import CURRENCY_NAMES
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import MAX_NUMBERS
from app.domain.classify.order_forms import ORDER_FORM

# Letters and digits in one piece; dots only between digits, so that a date or price is one piece.
_TOKEN = re.compile(
    r"(?P<hash>#[ ]?)?"
    r"(?P<number>[A-Za-z0-9]+(?:(?:[-_/]|(?<=[0-9])[.,:](?=[0-9]))[A-Za-z0-9]+)*)"
)
_HAS_DIGITS = re.compile(r"[0-9][^0-9]*[0-9][^0-9]*[0-9]")
_DATE_FORM = re.compile(
    r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}([./-])[0-9]{1,2}\2[0-9]{1,2}"
    r"|(?:19|20)[0-9]{2}[-/](?:0?[1-9]|1[0-2])|(?:19|20)[0-9]{2}/[0-9]{2}"
    r"|(?:0?[1-9]|[12][0-9]|3[01])[-/](?:0?[1-9]|[12][0-9]|3[01])"
)
# Codes of bookings (8KWM3T), parts of digits and letters (30-118-9, 7720/A), and Brazilian points.
_BOOKING = re.compile(r"[A-Z0-9]{5,8}|[a-z0-9]{6}")
# Short ones in parts (HT-6, 30-LT, BC-1B) are numbers only right behind a word for "order".
_SHORT = re.compile(r"[A-Z0-9]{1,6}(?:-[A-Z0-9]{1,6}){1,3}")
_PARTS = re.compile(r"[A-Za-z]{0,4}[0-9]{0,8}[A-Za-z]{0,3}(?:[-/][A-Za-z0-9]{1,8}){1,4}")
_POINTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3}){1,3}-[0-9]{1,2}")
# These are order numbers only right behind a word for one.
_AMBIGUOUS = re.compile(
    r"[0-9]{1,3}-[0-9]{1,3}|[0-9]{2}-[0-9]{2}-[0-9]{2}"
    # A month of a year is none: 12.2025.
    r"|(?!(?:0[1-9]|1[0-2])\.(?:19|20))[0-9]{2,4}\.[0-9]{3,4}"
)
_TAX_NUMBER = re.compile(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}")
TURNS = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_MOST_IN_RANGE = 10
_LONGEST_CODE = 20
_LEAST_DIGITS = 3
_BOOKING_LENGTH = 6
_LONGEST_LETTERS = 3
_LONGEST_JOINED = 8
# Capitals of these words are no beginning of a number: "ORDER NO 1001".
_NO_LETTERS = ("order_filler", "order_label", "order_list", "other_prefix", "other_label", "unit")
_LETTERS_BEFORE = re.compile(r"(?<![^\W_])[A-Z]{1,3} $")
CODES = frozenset(name.upper() for name in CURRENCY_NAMES if name.isalpha())


@dataclass(frozen=True)
class Number:
    """A piece that may be an order number: as written, its parts, and where it stands.

    `is_code` is True for what only a label makes an order number: codes of bookings, digits in
    several parts. Their `body` are the digits alone. `is_ambiguous` ones are as likely a day or a
    price: 12-9, 40.221.
    """

    written: str
    prefix: str
    dash: str
    body: str
    suffix: str
    has_tail: bool
    has_hash: bool
    start: int
    end: int
    is_code: bool = False
    is_ambiguous: bool = False

    @property
    def is_short(self) -> bool:
        """Whether it may be anything's, being short or like a date or price: HT-6, 12-9, 40.221."""
        if self.is_ambiguous:
            return True
        digits = sum(sign.isdigit() for sign in self.written)
        return digits < _LEAST_DIGITS and (
            "-" in self.written or len(self.written) < _BOOKING_LENGTH
        )

    @property
    def is_year(self) -> bool:
        return not self.prefix and len(self.body) == 4 and self.body[:2] in {"19", "20"}


def _code(match: re.Match[str], piece: str, start: int) -> Number:
    return Number(
        written=piece,
        prefix="",
        dash="",
        body="".join(sign for sign in piece if sign.isdigit()),
        suffix="",
        has_tail=True,
        has_hash=match.group("hash") is not None,
        start=start,
        end=start + len(piece),
        is_code=True,
    )


def _number(match: re.Match[str], piece: str, start: int) -> Number | None:
    form = ORDER_FORM.fullmatch(piece)
    if form is None or form.group("tail"):
        return _code(match, piece, start) if is_code(piece) else None
    if form.group("suffix").strip("-").upper() in CODES:
        return None
    return Number(
        written=piece,
        prefix=form.group("prefix"),
        dash=form.group("dash"),
        body=form.group("body"),
        suffix=form.group("suffix"),
        has_tail=form.group("lead") is not None,
        has_hash=match.group("hash") is not None,
        start=start,
        end=start + len(piece),
    )


def is_code(piece: str) -> bool:
    """Whether a piece has the form of a booking's code, or of a number in several parts."""
    if _BOOKING.fullmatch(piece):
        return len(TURNS.findall(piece)) >= (1 if piece[0].isalpha() and piece.isupper() else 2)
    if _POINTED.fullmatch(piece):
        return _TAX_NUMBER.fullmatch(piece) is None
    return (
        (_PARTS.fullmatch(piece) or _SHORT.fullmatch(piece)) is not None
        and _DATE_FORM.fullmatch(piece) is None
        and len(piece) <= _LONGEST_CODE
    )


def _is_pair(first: str, second: str) -> bool:
    """Whether `1001/1002` are two orders; `1234/2026` is one of a year."""
    of_year = [part for part in (first, second) if re.fullmatch(r"(?:19|20)[0-9]{2}", part)]
    return len(of_year) != 1 and abs(len(first) - len(second)) <= 1


def _parts(piece: str) -> tuple[list[str], bool]:
    """The numbers in one piece of text, and whether they are the ends of a range."""
    if _POINTED.fullmatch(piece):
        return [piece], False
    if re.search(r"[0-9][.:][0-9]", piece) or _DATE_FORM.fullmatch(piece):
        return [], False
    span = re.fullmatch(r"([A-Za-z]{0,5}-?)([0-9]{3,12})-([A-Za-z]{0,5}-?)([0-9]{3,12})", piece)
    if span is not None and span.group(1) == span.group(3):
        # Numbers far from each other are two halves of one: 2200-9143.
        if 0 < int(span.group(4)) - int(span.group(2)) <= _MOST_IN_RANGE:
            return ["".join(span.group(1, 2)), "".join(span.group(3, 4))], True
        return [piece], False
    parts = re.split(r"[/,]", piece)
    if len(parts) == 1:
        return parts, False
    whole = r"[A-Za-z]{0,5}-?[0-9]{3,12}" if "/" in piece else r"[A-Za-z]{0,5}-?[0-9]{4,12}"
    if all(re.fullmatch(whole, part) for part in parts) and _is_pair(parts[0], parts[1]):
        return parts, False
    return ([piece] if "," not in piece else []), False


def _may_be_number(match: re.Match[str]) -> bool:
    piece = match.group("number")
    if piece.isalpha():
        return False
    if _HAS_DIGITS.search(piece) is not None or _AMBIGUOUS.fullmatch(piece):
        return True
    if _SHORT.fullmatch(piece):
        return not piece.replace("-", "").isdigit() and any(sign.isdigit() for sign in piece)
    return _BOOKING.fullmatch(piece) is not None and is_code(piece)


# A match in the text, the numbers in it, and whether they are the ends of a range.
Piece = tuple[re.Match[str], list[Number], bool]


def pieces(text: str) -> Iterable[Piece]:
    """Number-like pieces of a text; `1001/1002` and `1001-1003` are two, the latter a range."""
    tokens = (match for match in _TOKEN.finditer(text) if _may_be_number(match))
    for match in islice(tokens, MAX_NUMBERS):
        piece, start = match.group("number"), match.start("number")
        parts, is_range = _parts(piece)
        if _AMBIGUOUS.fullmatch(piece) and (not parts or _HAS_DIGITS.search(piece) is None):
            yield match, [replace(_code(match, piece, start), is_ambiguous=True)], False
            continue
        is_date = not parts and _DATE_FORM.fullmatch(piece) is not None
        if is_date and _PARTS.fullmatch(piece):
            # SG 2019-4 is no date, if the letters belong to it.
            code = _code(match, piece, start)
            if with_letters_before(text, code) is not None:
                yield match, [code], False
            continue
        numbers: list[Number] = []
        for part in parts:
            place = start + sum(len(done) + 1 for done in parts[: len(numbers)])
            one = _number(match, part, place)
            if one is not None:
                numbers.append(one)
        if numbers:
            yield match, numbers, is_range


def with_letters_before(text: str, number: Number) -> Number | None:
    """A plain number with the capitals that stand before it, `KD 40991`; None where none do."""
    found = _LETTERS_BEFORE.search(text, max(0, number.start - 5), number.start)
    if found is None or number.prefix or number.has_hash:
        return None
    letters = found.group().strip()
    if len(number.body) > _LONGEST_JOINED or text[number.end : number.end + 2].strip().isdigit():
        # Bank's references and those of a post are longer.
        return None
    if letters in CODES or any(letters.lower() in beside_numbers(name) for name in _NO_LETTERS):
        return None
    return replace(
        number,
        written=found.group() + number.written,
        prefix=letters,
        start=found.start(),
    )


def as_written(number: Number) -> str:
    """`order1001` names 1001; every other number is as written, also CDE55180."""
    is_label = number.prefix.lower() in beside_numbers("order_label") and not number.dash
    if number.prefix.isupper() and len(number.prefix) <= _LONGEST_LETTERS:
        return number.written
    return number.written[len(number.prefix) :] if is_label else number.written
