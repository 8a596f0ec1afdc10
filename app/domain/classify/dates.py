"""Full dates that a text names; without a year a date is left out."""

from __future__ import annotations

import re
from datetime import date

from app.domain.classify.lexicon import blocks

_MAX = 10
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2}))(?![\w/-])"
)
_DAY_MONTH = re.compile(
    r"(?<!\w)(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.|º|°)?\s{1,2}(?:of\s|de\s)?"
    r"(?P<name>[^\W\d_]{3,12})\.?,?\s{1,2}(?:de\s|del\s)?(?P<year>\d{4})(?!\w)"
)
_MONTH_DAY = re.compile(
    r"(?<!\w)(?P<name>[^\W\d_]{3,12})\.?\s{1,2}(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s{1,2}(?P<year>\d{4})(?!\w)"
)


def month_of(name: str) -> int | None:
    """The month of a name in one of the supported languages, or of its beginning."""
    low = name.lower()
    for number in range(1, 13):
        names = blocks("months.txt")[str(number)].split()
        if low in names or (len(low) >= 3 and any(one.startswith(low) for one in names)):
            return number
    return None


def _date(year: int, month: int | None, day: int) -> date | None:
    if year < 100:
        year += 2000
    try:
        return date(year, month or 0, day) if 2000 <= year <= 2100 else None
    except ValueError:
        return None


def _numeric(match: re.Match[str], language: str | None) -> date | None:
    if match["y"]:
        return _date(int(match["y"]), int(match["m"]), int(match["d"]))
    first, second, year = int(match["a"]), int(match["b"]), int(match["year"])
    if first > 12 or match["sep"] == "." or first == second:
        return _date(year, second, first)
    if second > 12:
        return _date(year, first, second)
    # 03/04/2026 is in March for some who write English and in April for others.
    return None if language in {"en", None} else _date(year, second, first)


def find_dates(text: str, language: str | None) -> tuple[date, ...]:
    """Dates with day, month and year, in order of appearance, each once."""
    places: list[tuple[int, date]] = []
    for match in _NUMERIC.finditer(text):
        found = _numeric(match, language)
        if found is not None:
            places.append((match.start(), found))
        if len(places) >= _MAX:
            break
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for match in list(pattern.finditer(text))[:_MAX]:
            found = _date(int(match["year"]), month_of(match["name"]), int(match["d"]))
            if found is not None:
                places.append((match.start(), found))
    return tuple(dict.fromkeys(found for _, found in sorted(places)))[:_MAX]
