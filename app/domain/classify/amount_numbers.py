"""Numbers in a text that may be amounts, with the currency beside them."""

from __future__ import annotations

import re
from decimal import Decimal

from price_parser.parser import parse_number

from app.domain.classify.currencies import (
    CODE_SET,
    CURRENCY_NAMES,
    NATIONAL,
    NATIONS,
    WEAK_NAMES,
)
from app.domain.money import minor_unit_digits

_LETTERS_AND_SIGNS = r"[^\W\d_]{0,8}[$€£¥₹₺₴₽₩₪฿₫₱₦円元원]|[Ss]/|[^\W\d_]{1,9}"
_BEFORE = re.compile(rf"(?<![^\W_])({_LETTERS_AND_SIGNS})(\.?)[ ]{{0,2}}[-−]?$")
AFTER = re.compile(r"[ ]{0,2}([^\W\d_]{0,8}[$€£¥₹₺₴₽₩₪฿₫₱₦]|[円元원]|[^\W\d_]{1,9}(?![^\W\d_]))")
_REACH = 14
# A currency's word belongs to the number before it, unless that is as long as an order's.
_LEAST_WORD = 4
_LONGEST_FR = 9
_LONGEST_BEFORE_WORD = 3

NUMBER = re.compile(
    r"(?<![\d])(?:"
    # Indian grouping: 1,23,456.50
    r"\d{1,2}(?:,\d{2}){1,3},\d{3}(?:\.\d{1,2})?"
    r"|\d{1,3}(?:[ '’.,]\d{3}){1,4}(?:[.,]\d{1,2})?"
    r"|\d{1,9}(?:[.,]\d{1,3})?"
    r")(?!\d)(?P<round>(?:[.,:](?:-{1,2}|[–—])(?![ ]?\d)|/-)?)"
)
_THOUSANDS = re.compile(r"[0-9]{1,3}[ ][0-9]{3}")
_PAID = re.compile(
    r"(?i)(?<!\w)(?:paid|pay|took|taken|charged|loaded|spent|costs?|deducted|debited)[ ]\Z"
)
EXACT = re.compile(r"[.,]\d{2}$")
# Letters of Asian scripts stand right beside a number; those of others make it part of a code.
GLUED_BEFORE = re.compile(r"[0-9A-Za-z_\u00c0-\u05ff#+]$|\d[.,:'’]$|\w[-/_.]$")


def value_of(written: str, currency: str | None) -> Decimal | None:
    """The value of a number as people write it, in whichever locale's spelling."""
    number = re.sub(r"['’ ]", "", written)
    if re.fullmatch(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?", number):
        number = number.replace(",", "")
    if currency is not None and minor_unit_digits(currency) == 3:
        tail = re.search(r"[.,]([0-9]{3})$", number)
        if tail is not None and not re.search(r"[.,]", number[: tail.start()]):
            return Decimal(number.replace(",", "."))
    return parse_number(number)


class Found:
    """A number in the text, and the currency beside it.

    `before` and `after` are names as in `CURRENCY_NAMES`; `end` is where the number ends, and
    `behind_name` where a currency behind it does.
    """

    def __init__(self, text: str, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.written = match.group()[: len(match.group()) - len(match.group("round"))]
        self.is_round = bool(match.group("round"))
        self.before, self.before_start = self._name_before(text)
        self.behind_name = self.end
        self.after = self._name_after(text)

    def _name_before(self, text: str) -> tuple[str | None, int]:
        found = _BEFORE.search(text[max(0, self.start - _REACH) : self.start])
        name = found.group(1).lower() if found else ""
        if found is not None and self._is_rand(text, found.group()):
            return "zar", self.start - len(found.group())
        if found is None or name not in CURRENCY_NAMES:
            return None, self.start
        is_weak = name in WEAK_NAMES and not found.group(2) and not found.group(1)[0].isupper()
        if is_weak and not EXACT.search(self.written) and not self.is_round:
            return None, self.start
        if name == "fr" and self._is_day_of_month(text):
            return None, self.start
        if name.isalpha() and self._is_in_code(text):
            return None, self.start
        return name, self.start - len(found.group())

    def _name_after(self, text: str) -> str | None:
        found = AFTER.match(text, self.end)
        if found is None:
            return None
        name = found.group(1).lower()
        if name not in CURRENCY_NAMES:
            national = NATIONAL.match(text, self.end)
            if national is None:
                return None
            self.behind_name = national.end()
            return NATIONS[national.group(1).lower()]
        if name in WEAK_NAMES and not EXACT.search(self.written) and not self.is_round:
            is_long = sum(sign.isdigit() for sign in self.written) >= 3
            is_code = found.group(1) in CODE_SET or name == "tl" or (name == "ft" and is_long)
            is_short = name == "fr" and text.startswith(".", found.end())
            if not is_short and not (found.group(1)[0].isupper() and is_code):
                return None
        self.behind_name = found.end()
        return name

    def _is_in_code(self, text: str) -> bool:
        """`FT-880` and `FT 88/1203` are no forints, `KR-118820` no crowns."""
        if text[max(0, self.start - 1) : self.start] in {"-", "−"}:
            return True
        if text[max(0, self.start - 2) : self.start] in {"FR", "KR"} and self.written.isdigit():
            # FR7720, but kr300.
            return True
        if text[max(0, self.start - 3) : self.start] == "FR " and len(self.written) > _LONGEST_FR:
            # A VAT number: FR 40 123 456 789
            return True
        return not self.is_round and text[self.end : self.end + 1] in {"/", "-"}

    def _is_rand(self, text: str, before: str) -> bool:
        """`R 1 249,00`, `R450.00` and `paid R450` are money; `R-2207` and `r 12` are not."""
        if before.rstrip() != "R":
            return False
        if EXACT.search(self.written) or _THOUSANDS.fullmatch(self.written):
            return True
        place = self.start - len(before)
        return self.written.isdigit() and _PAID.search(text[max(0, place - 14) : place]) is not None

    def _is_day_of_month(self, text: str) -> bool:
        """`Fr. 12.03.` is a Friday in March."""
        return bool(re.fullmatch(r"\d{1,2}\.\d{2}", self.written)) and text.startswith(
            ".", self.end
        )


def belongs_to_next(text: str, found: Found) -> bool:
    """Whether the sign behind a number is the beginning of the next amount: `1001 $48.60`."""
    place = AFTER.match(text, found.end)
    if place is None:
        return False
    name = place.group(1)
    if len(name) >= _LEAST_WORD and name.islower() and len(found.written) <= _LONGEST_BEFORE_WORD:
        # "48 euro 10 days ago"
        return False
    gap = text[found.end : place.start(1)]
    return (
        bool(gap) and re.match(r"[ ]?\d{1,7}(?:[.,]\d{2})?(?!\d)", text[place.end() :]) is not None
    )


def is_glued(text: str, found: Found) -> bool:
    """Whether a number is part of something longer: a date, a phone number, a code."""
    if found.before is not None:
        return False
    if GLUED_BEFORE.search(text[max(0, found.start - 2) : found.start]):
        return True
    behind = text[found.end : found.end + 2]
    if found.after is not None:
        return False
    return re.match(r"[^\W\d_]|[.,:/'’-]\d|[-–]\d", behind) is not None
