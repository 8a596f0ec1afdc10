"""The phrases of `lexicon.txt` by group: what customers write, by what it means."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from app.domain.classify.cues import CueBook

SUPPORTED_LANGUAGES = frozenset({"en", "de", "fr", "es", "nl", "pt", "it"})

# Groups that are sets of single words, looked up around a phrase and never searched for.
_WORD_SETS = ("negation", "condition", "waiting")


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    text = files("app.domain.classify").joinpath("lexicon.txt").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for block in text.split("\n["):
        name, closed, phrases = block.partition("]\n")
        if closed:
            cut = " ".join(phrases.split()).split(",")
            found[name] = tuple(phrase.strip() for phrase in cut if phrase.strip())
    return found


@cache
def cue_book() -> CueBook:
    """All phrases, ready to be searched for; built once a process."""
    return CueBook({name: p for name, p in _groups().items() if name not in _WORD_SETS})


@cache
def word_set(name: str) -> frozenset[str]:
    """The single words of a group: "negation", "condition" or "waiting"."""
    return frozenset(_groups()[name])
