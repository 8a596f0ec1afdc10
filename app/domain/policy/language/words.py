"""From text to sentences of words, each with its line and column.

A sentence ends with a full stop. A blank line or a heading (a line that begins with `#`) also ends
one, so that a forgotten full stop spoils no more than its own sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.domain.policy.language.problems import Place, Problem

MAX_CHARACTERS = 200_000
MAX_SENTENCE_WORDS = 400
MAX_SENTENCES = 2_000

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH = "|".join(_MONTHS)

_PIECES = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<ISO>\d{{4}}-\d\d-\d\d(?!\w))
  | (?P<DATE>(?:\d{{1,2}}[^\S\n]+(?:{_MONTH})|(?:{_MONTH})[^\S\n]+\d{{1,2}},?)[^\S\n]+\d{{4}}(?!\w))
  | (?P<DAY>(?:\d{{1,2}}[^\S\n]+(?:{_MONTH})|(?:{_MONTH})[^\S\n]+\d{{1,2}})(?!\w))
  | (?P<percent>%|percent(?!\w)|per[^\S\n]+cent(?!\w))
  | (?P<NUMBER>\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)
  | (?P<FACT>[a-z]+\.[a-z][a-z0-9_]*)
  | (?P<WORD>[^\W\d_](?:[\w'’-]*\w)?)
  | (?P<mark>[.,;:()])
  | (?P<other>.)
    """,
    re.VERBOSE,
)
_QUOTES = {'"': '"', "“": '"', "”": '"', "„": '"'}
_CLOSING = frozenset('"”“')


@dataclass(frozen=True)
class Word:
    """One word, number, quoted text or mark. `kind` is what the grammar knows it by.

    `text` is as written; `value` is what it means: lower case for words, the inside of quotes.
    `end` is the position in the text just behind it.
    """

    kind: str
    text: str
    value: str
    place: Place
    start: int
    end: int


@dataclass
class Sentence:
    """The words of one sentence, without its full stop. `is_finished`: the full stop was there."""

    words: list[Word] = field(default_factory=list)
    is_finished: bool = False
    end: int = 0

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.words[0].place

    def source(self, text: str, words: int | None = None) -> str:
        """What was written, or its first `words` words, on one line."""
        part = self.words if words is None else self.words[:words]
        return " ".join(text[part[0].start : part[-1].end].split()) if part else ""


class _Lines:
    """Line and column of a position, both from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._line = 0

    def place(self, position: int) -> Place:
        """Positions are asked for in rising order."""
        while self._line + 1 < len(self._starts) and self._starts[self._line + 1] <= position:
            self._line += 1
        return Place(line=self._line + 1, column=position - self._starts[self._line] + 1)


def _quoted(text: str, start: int) -> tuple[str, int] | None:
    """The inside of quotes that open at `start`, and the position behind them.

    A quoted text may run over lines, not over a blank one. None when it isn't closed.
    """
    position = start + 1
    while position < len(text):
        mark = text[position]
        if mark in _CLOSING:
            return " ".join(text[start + 1 : position].split()), position + 1
        if mark == "\n" and re.match(r"\n[^\S\n]*(\n|$)", text[position : position + 200]):
            return None
        position += 1
    return None


def read_sentences(text: str) -> tuple[list[Sentence], list[Problem]]:
    """Every sentence of a policy's text, and what can't be read in it at all."""
    problems: list[Problem] = []
    if len(text) > MAX_CHARACTERS:
        problems.append(
            Problem(
                place=Place(line=1, column=1),
                code="too_long",
                message=f"The policy has {len(text):,} characters; the limit is "
                f"{MAX_CHARACTERS:,}. Split it into policies of their own.",
            )
        )
        return [], problems
    sentences: list[Sentence] = []
    current = Sentence()
    lines = _Lines(text)
    position = 0

    def finish(end: int, is_finished: bool) -> None:
        nonlocal current
        if current.words:
            current.is_finished = is_finished
            current.end = end
            sentences.append(current)
        current = Sentence()

    at_line_start = True
    while position < len(text):
        char = text[position]
        if char == "#" and at_line_start:
            finish(position, False)
            newline = text.find("\n", position)
            position = len(text) if newline < 0 else newline
            continue
        if char in _QUOTES:
            inside = _quoted(text, position)
            place = lines.place(position)
            at_line_start = False
            if inside is None:
                problems.append(
                    Problem(
                        place=place,
                        code="open_quote",
                        message="This quotation mark is never closed. Write one at the end of "
                        "the quoted words.",
                    )
                )
                position += 1
                current.words.append(Word("other", char, char, place, position - 1, position))
                continue
            value, end = inside
            current.words.append(Word("STRING", text[position:end], value, place, position, end))
            position = end
            continue
        found = _PIECES.match(text, position)
        if found is None:  # pragma: no cover - `other` and `space` take any character
            position += 1
            continue
        kind, end = found.lastgroup or "other", found.end()
        if kind == "space":
            at_line_start = at_line_start or "\n" in found.group()
            if re.search(r"\n[^\S\n]*\n", found.group()):
                finish(position, False)
        else:
            at_line_start = False
            is_stop = kind == "mark" and char == "."
            place = lines.place(position)
            if is_stop and (end == len(text) or text[end].isspace() or text[end] in "#)"):
                if not current.words:
                    problems.append(
                        Problem(place=place, code="stray_stop", message="A full stop alone.")
                    )
                finish(end, True)
            else:
                current.words.append(_word(kind, found.group(), place, position, end))
        position = end
        if len(sentences) > MAX_SENTENCES:
            problems.append(
                Problem(
                    place=sentences[-1].place,
                    code="too_long",
                    message=f"The policy has more than {MAX_SENTENCES:,} sentences.",
                )
            )
            return [], problems
    finish(len(text), False)
    return sentences, problems


def _word(kind: str, text: str, place: Place, start: int, end: int) -> Word:
    value = text
    if kind == "ISO":
        kind = "DATE"
    elif kind == "percent":
        kind, value = "%", "%"
    elif kind == "NUMBER":
        value = text.replace(",", "")
    elif kind == "WORD":
        value = text.lower().replace("’", "'")
    elif kind == "mark":
        kind = text
    return Word(kind, text, value, place, start, end)


def month_number(name: str) -> int:
    """1 for January to 12 for December."""
    return _MONTHS.index(name) + 1


def month_name(number: int) -> str:
    """January for 1 to December for 12."""
    return _MONTHS[number - 1]
