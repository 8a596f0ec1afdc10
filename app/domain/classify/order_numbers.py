"""Pieces of a text that may be order numbers, taken apart: as written, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from app.domain.classify.amounts import CURRENCY_NAMES
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import MAX_NUMBERS
from app.domain.classify.order_forms import ORDER_FORM

# Letters and digits in one piece; dots only between digits, so that a date or price is one piece.
_TOKEN = re.compile(
    r"(?P<hash>#[ ]?)?"
    r"(?P<number>[A-Za-z0-9]+(?:(?:[-_/]|(?<=[0-9])[.,:](?=[0-9]))[A-Za-z0-9]+)*)"
)
_HAS_DIGITS = re.compile(r"[0-9][^0-9]*[0-9][^0-9]*[0-9]")
_DATE_FORM = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{2,4}|[0-9]{4}[-/][0-9]{1,2}")
_DIGITS = {
    **{"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"},
    **{"six": "6", "seven": "7", "eight": "8", "nine": "9"},
}
_SPOKEN_DIGIT = rf"(?:{'|'.join(_DIGITS)})"
_SPOKEN = re.compile(rf"(?i)\b{_SPOKEN_DIGIT}(?:[ ,-]{{1,3}}{_SPOKEN_DIGIT}){{3,12}}\b")
CODES = frozenset(name.upper() for name in CURRENCY_NAMES if name.isalpha())


@dataclass(frozen=True)
class Number:
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


def _number(match: re.Match[str], piece: str, start: int) -> Number | None:
    form = ORDER_FORM.fullmatch(piece)
    if form is None or form.group("suffix").strip("-").upper() in CODES:
        return None
    return Number(
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


def pieces(text: str) -> Iterable[tuple[re.Match[str], list[Number], bool]]:
    """Number-like pieces of a text; `1001/1002` and `1001-1003` are two, the latter a range."""
    tokens = (
        match
        for match in _TOKEN.finditer(text)
        if not match.group().isalpha() and _HAS_DIGITS.search(match.group())
    )
    for match in islice(tokens, MAX_NUMBERS):
        piece, start = match.group("number"), match.start("number")
        parts, is_range = _parts(piece)
        numbers: list[Number] = []
        for part in parts:
            place = start + sum(len(done) + 1 for done in parts[: len(numbers)])
            one = _number(match, part, place)
            if one is not None:
                numbers.append(one)
        if numbers:
            yield match, numbers, is_range


def as_written(number: Number) -> str:
    """`order1001` names 1001; every other number is as written."""
    is_label = number.prefix.lower() in beside_numbers("order_label") and not number.dash
    return number.written[len(number.prefix) :] if is_label else number.written


def with_spoken_digits(text: str) -> str:
    """`order three three nine oh`, as a call's transcript has it, with digits."""
    if not _SPOKEN.search(text):
        return text
    return _SPOKEN.sub(
        lambda run: "".join(_DIGITS[word] for word in re.findall(r"[a-z]+", run.group().lower())),
        text,
    )
