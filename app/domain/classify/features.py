"""What the trained heads look at: a text as numbered features.

Words and pairs of neighbours, beginnings, ends and middles of words (3 to 5 letters, so that typing
errors and inflection matter little), concepts and pairs of concepts (so that languages teach each
other), and what the rules found. All are hashed into 2^16 buckets. Training and use share this
module, and a change here asks for new weights (`VERSION`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple
from zlib import crc32

from app.domain.classify.concepts import concepts_of
from app.domain.classify.cues import Sentence

VERSION = 2
BUCKETS = 1 << 16

# How much one feature of each sort weighs; whole numbers, so that sums stay exact.
WORD_WEIGHT = 3
PAIR_WEIGHT = 3
LETTERS_WEIGHT = 1
CONCEPT_WEIGHT = 3
CONCEPT_PAIR_WEIGHT = 2
# What the rules found counts beside the words, whatever the length of the text.
SIGNAL_WEIGHT = 0.06

# What a customer wants is said in the beginning, or at the end: so many words are looked at.
_WORDS_AT_START = 450
_WORDS_AT_END = 120
# A letter of so many words has hardly so many different ones; a list of words may.
_DIFFERENT_WORDS = 280
# As many as words of nine letters have: those of an ordinary letter are shorter on the whole.
_PIECES = 24 * _DIFFERENT_WORDS

_LONG_WORD = 24
# How many words with concepts further on still make a pair.
_REACH = 4
_CACHED_WORDS = 4096
_CACHED_PAIRS = 1 << 15
# Concepts that tell a wish: what stands in one sentence with them is what is wished for.
_WISHES = frozenset({"want", "please", "demand", "need", "rather"})


_LETTERS = crc32(b"l")


def bucket(name: str) -> int:
    """The number of a feature."""
    return crc32(name.encode()) & (BUCKETS - 1)


class WordFeatures(NamedTuple):
    """One word's own bucket, and those of its letters."""

    plain: str
    whole: int
    letters: tuple[int, ...]


@lru_cache(maxsize=_CACHED_WORDS)
def plain_form(word: str) -> str:
    """A word as the heads know it: digits count as one word, mixtures with digits as another."""
    if word.isalpha():
        return word[:_LONG_WORD]
    if word.isdigit():
        return "0"
    return "0x" if any(sign.isdigit() for sign in word) else word[:_LONG_WORD]


@lru_cache(maxsize=_CACHED_WORDS)
def concepts_in(word: str) -> tuple[str, ...]:
    """The concepts that a word stands for."""
    return concepts_of(plain_form(word))


@lru_cache(maxsize=_CACHED_WORDS)
def word_features(word: str) -> WordFeatures:
    """The features of one word by itself."""
    plain = plain_form(word)
    letters: set[int] = set()
    if len(plain) > 2 and not plain.isdigit():
        letters = _letters(f"<{plain}>")
    return WordFeatures(plain, bucket(f"w{plain}"), tuple(letters))


def _letters(padded: str) -> set[int]:
    """The buckets of all pieces of three to five letters: `bucket("l" + piece)`.

    A checksum goes on from that of what stands before, so a piece costs its last letter.
    """
    found: set[int] = set()
    add, mask = found.add, BUCKETS - 1
    if padded.isascii():
        signs = padded.encode()
        for start in range(len(signs) - 2):
            piece = signs[start : start + 5]
            three = crc32(piece[:3], _LETTERS)
            add(three & mask)
            # Nothing is left at the end of a word: the checksum stays, and is in the set.
            four = crc32(piece[3:4], three)
            add(four & mask)
            add(crc32(piece[4:], four) & mask)
        return found
    letters = [sign.encode() for sign in padded]
    for start in range(len(letters) - 2):
        one, two, third, *more = letters[start : start + 5]
        total = crc32(one + two + third, _LETTERS)
        add(total & mask)
        for sign in more:
            total = crc32(sign, total)
            add(total & mask)
    return found


def looked_at(text: Sequence[Sentence]) -> Sequence[Sentence]:
    """The sentences that the heads look at: those at the beginning, and the last ones."""
    start = words = 0
    while start < len(text) and words < _WORDS_AT_START:
        words += len(text[start].words)
        start += 1
    end, words = len(text), 0
    while end > start and words < _WORDS_AT_END:
        end -= 1
        words += len(text[end].words)
    return [*text[:start], *text[end:]]


def words_of(text: Iterable[Sentence]) -> Iterator[WordFeatures]:
    """The different words of a text, each once.

    At most `_DIFFERENT_WORDS`, and so many that their letters have some `_PIECES` buckets.
    """
    seen = dict.fromkeys(word for sentence in text for word in sentence.words)
    pieces = 0
    for word in islice(seen, _DIFFERENT_WORDS):
        found = word_features(word)
        yield found
        pieces += len(found.letters)
        if pieces > _PIECES:
            return


def pair_buckets(text: Iterable[Sentence]) -> set[int]:
    """Pairs of neighbouring words, and where a sentence that asks begins and ends."""
    found: set[int] = set()
    for sentence in text:
        before = "?" if sentence.is_question else "^"
        for word in sentence.words:
            plain = plain_form(word)
            found.add(bucket(f"p{before} {plain}"))
            before = plain
    return found


def concept_lines(text: Iterable[Sentence]) -> list[tuple[list[tuple[str, ...]], bool]]:
    """The concepts of each sentence, word by word where a word has any, and whether it asks."""
    return [
        ([found for word in sentence.words if (found := concepts_in(word))], sentence.is_question)
        for sentence in text
    ]


def concept_buckets(text: Iterable[Sentence]) -> set[int]:
    """Concepts, and once more those of the beginning, of questions and beside a wish."""
    found: set[str] = set()
    for number, (line, is_question) in enumerate(concept_lines(text)):
        names = set(chain.from_iterable(line))
        found |= names
        if number == 0:
            found.update(f"^{name}" for name in names)
        if is_question:
            found.update(f"?{name}" for name in names)
        if not _WISHES.isdisjoint(names):
            found.update(f"!{name}" for name in names)
    return {bucket(f"c{name}") for name in found}


def concept_pair_buckets(text: Iterable[Sentence]) -> set[int]:
    """Pairs of concepts near each other in one sentence; languages differ in their order."""
    found: set[int] = set()
    for line, _ in concept_lines(text):
        for place, names in enumerate(line):
            for others in line[place + 1 : place + 1 + _REACH]:
                found.update(_pairs(names, others))
    return found


@lru_cache(maxsize=_CACHED_PAIRS)
def _pairs(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[int, ...]:
    """The buckets of all pairs of one concept of each word, whichever comes first."""
    pairs = {(min(a, b), max(a, b)) for a in names for b in others if a != b}
    return tuple(bucket(f"c{a}&{b}") for a, b in pairs)


def sentence_buckets(text: Sequence[Sentence]) -> tuple[tuple[set[int], int], ...]:
    """All that is looked for sentence by sentence: buckets, and how much each of them weighs."""
    return (
        (pair_buckets(text), PAIR_WEIGHT),
        (concept_buckets(text), CONCEPT_WEIGHT),
        (concept_pair_buckets(text), CONCEPT_PAIR_WEIGHT),
    )


def signal_buckets(names: Iterable[str]) -> set[int]:
    """What the rules found."""
    return {bucket(f"r{name}") for name in names}
