"""Phrases matched word by word, and the tokens they are matched against.

A phrase is written as words without accents: `refund*` is a beginning, `~3` lets up to three words
stand between, `a|b` is either. Matching looks up each word of the text in a table, so its cost
grows with the text and not with the number of phrases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[.!?\n;]")
# Words that are written together with the next one: l'argent, j'ai, dell'ordine.
_ELISION = re.compile(r"(?i)(?<![^\W_])([cdjlmnst]|qu|un|dell|all|nell|dall|quest)['’](?=[^\W_])")
_MAX_WORDS = 4000
_MAX_WORD_LENGTH = 40
# What looks around a phrase looks through its sentence: text without stops mustn't make that long.
_MAX_SENTENCE = 80


@lru_cache(maxsize=8192)
def plain_word(word: str) -> str:
    """A word case folded and without accents, so that typing habits don't matter."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKD", word.casefold().replace("’", "'"))
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


def _is_inside_number(text: str, place: int) -> bool:
    """Whether digits stand on both sides of a sign."""
    return text[max(0, place - 1) : place].isdigit() and text[place + 1 : place + 2].isdigit()


class Sentence(NamedTuple):
    """Words of one sentence, whether it asks, and where it stands in the text."""

    words: tuple[str, ...]
    is_question: bool
    start: int = 0
    end: int = 0


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text, at most its first few thousand words.

    A line end closes a sentence only when the line is short or empty: mails are wrapped.
    """
    found: list[Sentence] = []
    words: list[str] = []
    count = 0
    first = 0

    def close(is_question: bool, end: int) -> None:
        if words:
            found.append(Sentence(tuple(words), is_question, first, end))
            words.clear()

    # An apostrophe becomes a blank, so places in the text stay what they are.
    text = _ELISION.sub(r"\1 ", text)
    line_start = 0
    for line in text.split("\n"):
        line_end = line_start + len(line)
        if not line:
            close(False, line_start)
        for match in _WORD.finditer(text, line_start, line_end):
            piece = match.group()
            if piece in ".!?;":
                # The point in 149.99 or 12.11. ends no sentence.
                if not (piece == "." and _is_inside_number(text, match.start())):
                    close(piece == "?", match.end())
                continue
            if not words:
                first = match.start()
            words.append(plain_word(piece[:_MAX_WORD_LENGTH]))
            count += 1
            if len(words) >= _MAX_SENTENCE:
                close(False, match.end())
        if len(line) < 45:
            close(False, line_end)
        if count > _MAX_WORDS:
            break
        line_start = line_end + 1
    close(False, min(line_start, len(text)))
    return found


class _Step(NamedTuple):
    """One word of a phrase: alternatives, whole or beginnings, and how many words may precede."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    gap: int


class Hit(NamedTuple):
    """A phrase that was found: its group, and where in which sentence."""

    group: str
    sentence: int
    start: int
    end: int


def _parse(phrase: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    gap = 0
    for part in phrase.split():
        if part.startswith("~"):
            gap = int(part[1:])
            continue
        names = part.split("|")
        steps.append(
            _Step(
                whole=frozenset(name for name in names if not name.endswith("*")),
                beginnings=tuple(name[:-1] for name in names if name.endswith("*")),
                gap=gap,
            )
        )
        gap = 0
    return tuple(steps)


class CueBook:
    """Phrases in named groups, indexed by their first word or its first letters."""

    _KEY = 4

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        self._whole: dict[str, list[tuple[str, tuple[_Step, ...]]]] = {}
        self._beginnings: dict[str, list[tuple[str, tuple[_Step, ...]]]] = {}
        for group, phrases in groups.items():
            for phrase in phrases:
                steps = _parse(phrase)
                for word in steps[0].whole:
                    self._whole.setdefault(word, []).append((group, steps))
                for key in {name[: self._KEY] for name in steps[0].beginnings}:
                    self._beginnings.setdefault(key, []).append((group, steps))
        self._sizes = sorted({len(key) for key in self._beginnings})

    def find(self, text: list[Sentence]) -> list[Hit]:
        """All phrases found, in the order of the text."""
        hits: list[Hit] = []
        # Threads and forms say the same again: what was found in a sentence holds for its like.
        known: dict[tuple[str, ...], list[tuple[str, int, int]]] = {}
        for number, sentence in enumerate(text):
            found = known.get(sentence.words)
            if found is None:
                found = known[sentence.words] = self._find_in(sentence.words)
            hits += [Hit(group, number, start, end) for group, start, end in found]
        return hits

    def _find_in(self, words: tuple[str, ...]) -> list[tuple[str, int, int]]:
        """The phrases in one sentence: group, start and end."""
        found: list[tuple[str, int, int]] = []
        beginning_with: dict[str, list[tuple[str, tuple[_Step, ...]]]] = {}
        for start, word in enumerate(words):
            phrases = beginning_with.get(word)
            if phrases is None:
                phrases = beginning_with[word] = self._beginning_with(word)
            for group, steps in phrases:
                end = _match(words, start + 1, steps)
                if end:
                    found.append((group, start, end))
        return found

    def _beginning_with(self, word: str) -> list[tuple[str, tuple[_Step, ...]]]:
        """Phrases whose first word this is; the word itself has been compared."""
        found = self._whole.get(word)
        candidates = list(found) if found else []
        for size in self._sizes:
            if size > len(word):
                break
            for group, steps in self._beginnings.get(word[:size], ()):
                # A phrase that lists the word as a whole too is in the list already.
                if word.startswith(steps[0].beginnings) and word not in steps[0].whole:
                    candidates.append((group, steps))
        return candidates


def _match(words: tuple[str, ...], position: int, steps: tuple[_Step, ...]) -> int:
    """Where a phrase whose first word stands before `position` ends, or 0; steps are near."""
    for whole, beginnings, gap in steps[1:]:
        for word in words[position : position + gap + 1]:
            position += 1
            if word in whole or word.startswith(beginnings):
                break
        else:
            return 0
    return position
