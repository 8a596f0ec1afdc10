"""Words of seven languages by what they mean, so that one language teaches the others."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# The longest beginning that is looked up; longer ones would never be found. Nor would shorter ones.
_LONGEST = 14
_SHORTEST = 3


@cache
def _book() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Whole words, and beginnings of words, each with the names of its concepts."""
    whole: dict[str, list[str]] = {}
    beginnings: dict[str, list[str]] = {}
    text = files("app.domain.classify").joinpath("concepts.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        name, colon, words = line.partition(": ")
        if line.startswith("#") or not colon:
            continue
        for word in words.split():
            table = beginnings if word.endswith("*") else whole
            names = table.setdefault(word.rstrip("*")[:_LONGEST], [])
            if name not in names:
                names.append(name)
    return (
        {word: tuple(names) for word, names in whole.items()},
        {word: tuple(names) for word, names in beginnings.items()},
    )


@cache
def _starts() -> frozenset[str]:
    """The first letters of all beginnings: what starts otherwise needn't be looked up."""
    return frozenset(word[:_SHORTEST] for word in _book()[1])


def concepts_of(word: str) -> tuple[str, ...]:
    """The concepts that a plain word (case folded, no accents) stands for, mostly none or one."""
    whole, beginnings = _book()
    found = whole.get(word, ())
    if word[:_SHORTEST] not in _starts():
        return found
    for length in range(min(len(word), _LONGEST), _SHORTEST - 1, -1):
        more = beginnings.get(word[:length])
        if more is not None:
            return tuple(dict.fromkeys((*found, *more)))
    return found
