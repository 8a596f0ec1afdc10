"""What an editor offers at a position, from the same grammar that reads the policy."""

from __future__ import annotations

from app.domain.base import Value
from app.domain.policy.language.parse import what_follows
from app.domain.policy.language.problems import Place
from app.domain.policy.language.words import MAX_SENTENCE_WORDS, read_sentences


class Completion(Value):
    """What can be written at a position; `replaces` is the begun word that each would replace."""

    replaces: str
    choices: tuple[str, ...]


def position_of(text: str, place: Place) -> int:
    """The position of a line and column; beyond a line's end it is the end of that line."""
    lines = text.split("\n")
    if place.line > len(lines):
        return len(text)
    before = sum(len(line) + 1 for line in lines[: place.line - 1])
    return before + min(place.column - 1, len(lines[place.line - 1]))


def complete(text: str, place: Place) -> Completion:
    """What can follow at a place of a policy's text: words, as far as each is certain.

    Where a word is begun only what continues it is offered; where the sentence up to there
    doesn't fit the grammar, what could stand at its first fault.
    """
    before = text[: position_of(text, place)]
    sentences, _ = read_sentences(before)
    words = []
    if sentences and not sentences[-1].is_finished:
        last = sentences[-1]
        gap = before[last.words[-1].end :]
        # A blank line or a heading ended that sentence: the next one is meant.
        if "\n\n" not in gap.replace(" ", "") and "#" not in gap:
            words = last.words[:MAX_SENTENCE_WORDS]
    begun = ""
    if words and before.endswith(words[-1].text) and words[-1].kind == "WORD":
        begun = words[-1].text
        words = words[:-1]
    choices = what_follows(words)
    if begun:
        fitting = tuple(one for one in choices if one.lower().startswith(begun.lower()))
        choices = fitting or what_follows([*words, *sentences[-1].words[len(words) :]])
        begun = begun if fitting else ""
    return Completion(replaces=begun, choices=choices)
