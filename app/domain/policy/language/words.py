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
# Between the words of one date: blanks and at most one line break.
_GAP = r"(?:[^\S\n]+\n?[^\S\n]*|\n[^\S\n]*)"
_DAY_MONTH = rf"(?:\d{{1,2}}{_GAP}(?:{_MONTH})|(?:{_MONTH}){_GAP}\d{{1,2}})"

_PIECES = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<ISO>\d{{4}}-\d\d-\d\d(?!\w))
  | (?P<FULL_DATE>(?i:{_DAY_MONTH},?{_GAP}\d{{4}})(?!\w))
  | (?P<YEARLY_DAY>(?i:{_DAY_MONTH})(?!\w))
  | (?P<percent>%|percent(?!\w)|per{_GAP}cent(?!\w))
  | (?P<NUMERAL>\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)
  | (?P<FACT_NAME>[a-z]+\.[a-z][a-z0-9_]*)
  | (?P<WORD>[^\W\d_](?:[\w'’-]*\w)?)
  | (?P<mark>[.,;:()])
  | (?P<other>.)
    """,
    re.VERBOSE,
)
_QUOTES = {'"': '"', "“": '"', "”": '"', "„": '"'}
_CLOSING = frozenset('"”“')


@dataclass(frozen=True, slots=True)
class Word:
    """One word, number, quoted text or mark. `kind` is what the grammar knows it by.

    `text` is as written; `value` is what it means: lower case for words, the inside of quotes.
    `end` is the position in the text just behind it.
    """

    kind: str
    text: str
    value: str
    line: int
    column: int
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(line=self.line, column=self.column)


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

    def place(self, position: int) -> tuple[int, int]:
        """Positions are asked for in rising order."""
        while self._line + 1 < len(self._starts) and self._starts[self._line + 1] <= position:
            self._line += 1
        return self._line + 1, position - self._starts[self._line] + 1


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
        if char == " ":
            position += 1
            continue
        if char == "#" and at_line_start:
            finish(position, False)
            newline = text.find("\n", position)
            position = len(text) if newline < 0 else newline
            continue
        line, column = lines.place(position)
        if char in _QUOTES:
            at_line_start = False
            inside = _quoted(text, position)
            if inside is None:
                problems.append(_open_quote(line, column))
                inside, kind = (char, position + 1), "other"
            else:
                kind = "QUOTED"
            value, end = inside
            current.words.append(Word(kind, text[position:end], value, line, column, position, end))
            position = end
            continue
        found = _PIECES.match(text, position)
        assert found is not None  # noqa: S101 - the last pattern takes any character
        kind, end = found.lastgroup or "other", found.end()
        if kind == "space":
            breaks = found.group().count("\n")
            at_line_start = at_line_start or breaks > 0
            if breaks > 1:
                finish(position, False)
        elif kind == "mark" and char == "." and _is_stop(text, end):
            if not current.words:
                where = Place(line=line, column=column)
                problems.append(
                    Problem(place=where, code="stray_stop", message="A full stop alone.")
                )
            finish(end, True)
            at_line_start = False
        else:
            at_line_start = False
            current.words.append(_word(kind, found.group(), line, column, position, end))
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


def _open_quote(line: int, column: int) -> Problem:
    return Problem(
        place=Place(line=line, column=column),
        code="open_quote",
        message="This quotation mark is never closed. Write one at the end of the quoted words.",
    )


def _is_stop(text: str, end: int) -> bool:
    """Whether the full stop before `end` ends a sentence: nothing is written right behind it."""
    return end == len(text) or text[end].isspace() or text[end] in "#)"


def _word(kind: str, text: str, line: int, column: int, start: int, end: int) -> Word:
    value = text
    if kind == "ISO":
        kind = "FULL_DATE"
    elif kind == "percent":
        kind, value = "%", "%"
    elif kind == "NUMERAL":
        value = text.replace(",", "")
    elif kind == "WORD":
        value = text.lower().replace("’", "'")
    elif kind == "mark":
        kind = text
    return Word(kind, text, value, line, column, start, end)


def month_number(name: str) -> int:
    """1 for January to 12 for December."""
    return _MONTHS.index(name.capitalize()) + 1


def month_name(number: int) -> str:
    """January for 1 to December for 12."""
    return _MONTHS[number - 1]
