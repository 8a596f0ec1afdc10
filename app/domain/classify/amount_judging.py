"""Whether a number that no currency stands beside is money, or a time, a day, a size."""

from __future__ import annotations

import re

from app.domain.classify.amount_numbers import EXACT, Found
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import words_after, words_before

_CLOCK = re.compile(r"(?:[01]?\d|2[0-3])[.,][0-5]\d")
_DAY = re.compile(r"(?:0?[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])")
_GOES_ON = re.compile(r"[ ][a-zäöü]")
# "The 8.40 showing", "my 3.30 on Wednesday"
_ARTICLES = frozenset({"the", "my", "our"})
_AT_TIMES = frozenset(
    {"on", "from", "to", "train", "bus", "ferry", "flight", "showing", "slot", "appointment"}
    | {"class", "session", "sitting", "table"}
)
_CLOCK_UNITS = frozenset({"am", "pm", "uhr", "h", "uur"})


def _is_time_or_date(text: str, found: Found, language: str | None, seen: set[str]) -> bool:
    """Whether a number with two decimals is a time or a day: "um 5.30", "18.08.".

    `seen` holds which of both the text named before: a second one may stand without such a word.
    """
    is_clock = _CLOCK.fullmatch(found.written) is not None
    is_day = _DAY.fullmatch(found.written) is not None and text[found.end : found.end + 1] == "."
    if not is_clock and not is_day:
        return False
    before = words_before(text, found.start, 40)
    after = words_after(text, found.end, 20)
    is_close = text[max(0, found.start - 1) : found.start] in {" ", "\n", ""}
    told = bool(before) and before[0] in beside_numbers("time_word") and is_close
    if is_clock and before and before[0] in _ARTICLES and after and after[0] in _AT_TIMES:
        seen.add("time")
        return True
    if is_clock and (told or (bool(after) and after[0] in beside_numbers("until"))):
        seen.add("day" if is_day else "time")
        return True
    if is_day and (told or (language == "de" and _GOES_ON.match(text, found.end + 1))):
        seen.add("day")
        return True
    if is_clock and before and before[0] in beside_numbers("moved_to"):
        return "time" in seen or (len(before) > 1 and before[1] in _CLOCK_UNITS)
    return is_day and "day" in seen


def bare_is_money(text: str, found: Found, language: str | None, seen: set[str]) -> bool:
    """Whether a number without a currency is money: exact cents, or behind "paid"."""
    after = words_after(text, found.end, 20)
    before = words_before(text, found.start, 40)
    behind = text[found.end : found.end + 3].lstrip()
    if behind.startswith("%") or (after and after[0] in beside_numbers("not_money_unit")):
        return False
    if EXACT.search(found.written) or found.is_round:
        if text[max(0, found.start - 1) : found.start] in {"-", "−"}:
            # The strength of a lens: -2,75
            return False
        if _is_time_or_date(text, found, language, seen):
            return False
        close = text[max(0, found.start - 1) : found.start] in {" ", "\n", ""}
        return not (before and before[0] in beside_numbers("time_word") and close)
    if not found.written.isdigit() or len(found.written) > 4:
        return False
    is_next = text[found.end : found.end + 1] == " "
    if is_next and after and after[0] in beside_numbers("paid_behind"):
        return True
    if _is_sum_of_refund(before) and (len(found.written) <= 3 or found.written.endswith("00")):
        return True
    if not before or before[0] not in beside_numbers("money_verb"):
        return False
    gap = text[max(0, found.start - 1) : found.start]
    is_year = len(found.written) == 4 and found.written[:2] in {"19", "20"}
    ends = not behind or behind[0] in ".,;!?)\n"
    return (
        gap == " "
        and not is_year
        and (ends or bool(after and after[0] in beside_numbers("amount_goes_on")))
    )


def _is_sum_of_refund(before: list[str]) -> bool:
    """Whether the words before a number, nearest first, are "refund of" or "refund me"."""
    if len(before) < 2 or before[0] not in beside_numbers("sum_of"):
        return False
    return before[1] in beside_numbers("refund_noun")
