"""Numbers in a text with what stands around them: the common ground of amounts and orders."""

from __future__ import annotations

import re

# A text that names more isn't a customer's request.
MAX_FOUND = 20
# Numbers that are looked at; a list of more is no letter.
MAX_NUMBERS = 60

_ADDRESS = re.compile(r"(?<!\S)(?:[^\s@]*+@\S*+|\S{0,10}(?:https?://|www\.)\S*+)")
_WORD = re.compile(r"[^\W\d_]+")


def without_addresses(text: str) -> str:
    """`text` with links and e-mail addresses blanked, so that no number is read out of them."""
    return _ADDRESS.sub(lambda found: " " * len(found.group()), text)


def words_before(text: str, end: int, reach: int = 60) -> list[str]:
    """Words of the same line before a place, the nearest first, in small letters."""
    start = max(text.rfind("\n", 0, end) + 1, end - reach, 0)
    return [word.lower() for word in _WORD.findall(text, start, end)][::-1]


def words_after(text: str, start: int, reach: int = 40) -> list[str]:
    """Words of the same line behind a place, the nearest first, in small letters."""
    stop = text.find("\n", start, start + reach)
    stop = min(len(text), start + reach) if stop < 0 else stop
    return [word.lower() for word in _WORD.findall(text, start, stop)]
