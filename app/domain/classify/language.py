"""The language a text is written in.

Alphabets and frequent words (`frequent.py`) know many languages; linear heads over words and
letters tell a score of Latin ones apart even where a text is short. A language that isn't supported
ends with a person instead of being read as one that is.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from zlib import crc32, decompress

from app.domain.classify.frequent import by_frequent_words
from app.domain.classify.heads import PackedRows
from app.domain.classify.lexicon import SUPPORTED_LANGUAGES

BUCKETS = 1 << 14
# What is longer tells no more than its beginning.
_READ_CHARACTERS = 500
_FEW_LETTERS = 8
_SURE = 0.5
# So sure are the heads that no other opinion is asked.
_SURER = 0.9

_WORD = re.compile(r"[^\W\d_]+")
# Pieces are told apart by their size, which their checksums begin with.
_SIZES = tuple((size, crc32(str(size).encode())) for size in (2, 3, 4))


def language_features(words: Iterable[str]) -> list[int]:
    """Buckets of words and of 1 to 4 letters in them, each as often as it stands there."""
    found: list[int] = []
    mask = BUCKETS - 1
    for word in words:
        padded = f"<{word[:24]}>"
        signs = padded.encode()
        found.append(crc32(signs) & mask)
        for size, begun in _SIZES:
            places = range(len(padded) - size + 1)
            if len(signs) == len(padded):
                found += [crc32(signs[at : at + size], begun) & mask for at in places]
            else:
                found += [crc32(padded[at : at + size].encode(), begun) & mask for at in places]
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


def by_heads(text: str) -> tuple[str | None, float]:
    """What the heads say of a text in Latin letters, and its probability."""
    words = latin_words(text)
    if sum(map(len, words)) < _FEW_LETTERS:
        return None, 0.0
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
    return names[scores.index(best)], 1 / sum(math.exp(score - best) for score in scores)


def find_language(text: str) -> str | None:
    """The ISO 639-1 code of the language, or None where it can't be told.

    Alphabets and frequent words name a language that the heads don't know; among those that they
    do, the heads tell short texts apart.
    """
    frequent = by_frequent_words(text)
    if frequent is not None and frequent not in _model()[1]:
        return frequent
    told, sure = by_heads(text)
    if told is None or sure < _SURE:
        return frequent
    if frequent is not None and frequent != told and sure < _SURER:
        return frequent if frequent not in SUPPORTED_LANGUAGES else None
    return told
