"""The language a text is written in.

Other scripts tell by their letters. For the Latin one, linear heads over words and letters decide
among the supported languages and a score of others, which end with a person instead of being read
in a language that isn't theirs.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from zlib import crc32, decompress

from app.domain.classify.heads import PackedRows

BUCKETS = 1 << 14
# What is longer tells no more than its beginning.
_READ_CHARACTERS = 500
_FEW_LETTERS = 8
_SURE = 0.5

_WORD = re.compile(r"[^\W\d_]+")
# Alphabets by the first and last of their letters.
_SCRIPTS = (
    ("ja", 0x3040, 0x30FF),
    ("ko", 0xAC00, 0xD7A3),
    ("zh", 0x4E00, 0x9FFF),
    ("th", 0x0E00, 0x0E7F),
    ("he", 0x0590, 0x05FF),
    ("ar", 0x0600, 0x06FF),
    ("el", 0x0370, 0x03FF),
    ("ru", 0x0400, 0x04FF),
    ("hi", 0x0900, 0x097F),
    ("bn", 0x0980, 0x09FF),
    ("ta", 0x0B80, 0x0BFF),
    ("hy", 0x0530, 0x058F),
    ("ka", 0x10A0, 0x10FF),
)
# Letters that tell languages of one script apart.
_TELLING = {
    "ru": (("uk", "іїєґ"), ("mk", "ѓќѕ"), ("sr", "ђћџљњј"), ("bg", "ъ")),
    "ar": (("ur", "ٹڈڑے"), ("fa", "پچژگ")),
}


def language_features(words: Iterable[str]) -> list[int]:
    """Buckets of words and of 1 to 4 letters in them, each as often as it stands there."""
    found: list[int] = []
    for word in words:
        padded = f"<{word[:24]}>"
        found.append(crc32(padded.encode()) & (BUCKETS - 1))
        for size in (2, 3, 4):
            for start in range(len(padded) - size + 1):
                piece = f"{size}{padded[start : start + size]}"
                found.append(crc32(piece.encode()) & (BUCKETS - 1))
    return found


def latin_words(text: str) -> list[str]:
    """The words that the heads look at, in lower case with their accents."""
    return _WORD.findall(text[:_READ_CHARACTERS].lower())


@cache
def _model() -> tuple[PackedRows, tuple[str, ...], tuple[float, ...], float]:
    folder = files("app.domain.classify").joinpath("weights")
    card = json.loads(folder.joinpath("language.json").read_text(encoding="utf-8"))
    rows = decompress(folder.joinpath("language.bin").read_bytes())
    names = tuple(card["languages"])
    return PackedRows(rows, len(names)), names, tuple(card["biases"]), float(card["scale"])


@lru_cache(maxsize=4096)
def _word_total(word: str) -> tuple[int, int]:
    return _model()[0].total(language_features((word,)))


def _script(text: str) -> str | None:
    """The language of a text that isn't in Latin letters."""
    counts: dict[str, int] = {}
    letters = 0
    for sign in text:
        if not sign.isalpha():
            continue
        letters += 1
        number = ord(sign)
        if number < 0x0370:
            continue
        for name, first, last in _SCRIPTS:
            if first <= number <= last:
                counts[name] = counts.get(name, 0) + 1
                break
    if not counts or 2 * sum(counts.values()) < letters:
        return None
    # Japanese writes Chinese signs between its own.
    name = "ja" if counts.get("ja", 0) * 8 > letters else max(counts, key=lambda key: counts[key])
    for other, signs in _TELLING.get(name, ()):
        if any(sign in text for sign in signs):
            return other
    return name


def find_language(text: str) -> str | None:
    """The ISO 639-1 code of the language, or None where it can't be told."""
    text = text[:_READ_CHARACTERS].lower()
    script = _script(text)
    if script is not None:
        return script
    words = latin_words(text)
    if sum(map(len, words)) < _FEW_LETTERS:
        return None
    rows, names, biases, scale = _model()
    packed = count = 0
    for word in words:
        part, number = _word_total(word)
        packed += part
        count += number
    sums = rows.unpack(packed, count)
    length = math.sqrt(count)
    scores = [scale * part / length + bias for part, bias in zip(sums, biases, strict=True)]
    best = max(scores)
    chances = [math.exp(score - best) for score in scores]
    sure = 1 / sum(chances)
    return names[scores.index(best)] if sure >= _SURE else None
