"""Phrases and words that customers write, by what they mean, as the `.txt` files here list them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from app.domain.classify.cues import CueBook

SUPPORTED_LANGUAGES = frozenset({"en", "de", "fr", "es", "nl", "pt", "it"})

# Groups that are sets of single words, looked up around a phrase and never searched for.
_WORD_SETS = ("negation", "condition", "contrast", "waiting")


@cache
def blocks(file_name: str) -> dict[str, str]:
    """The text under each heading of a file in this package."""
    text = files("app.domain.classify").joinpath(file_name).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for block in text.split("\n["):
        name, closed, content = block.partition("]\n")
        if closed:
            found[name] = " ".join(content.split())
    return found


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(phrase.strip() for phrase in text.split(",") if phrase.strip())
        for file_name in ("lexicon.txt", "signals.txt")
        for name, text in blocks(file_name).items()
    }


@cache
def cue_book() -> CueBook:
    """All phrases, ready to be searched for; built once a process."""
    return CueBook({name: p for name, p in _phrases().items() if name not in _WORD_SETS})


def _book(file_name: str) -> CueBook:
    return CueBook(
        {
            name: tuple(phrase.strip() for phrase in text.split(",") if phrase.strip())
            for name, text in blocks(file_name).items()
        }
    )


@cache
def agreement_book() -> CueBook:
    """Phrases of yes, no and of offers; built once a process."""
    return _book("agreement.txt")


@cache
def reason_book() -> CueBook:
    """Phrases that tell a reason, beside those of `cue_book`; built once a process.

    Words with an apostrophe are known without it too: "doesnt", "wont".
    """
    return CueBook(
        {
            name: tuple(_with_plain_words(phrase) for phrase in text.split(",") if phrase.strip())
            for name, text in blocks("reasons.txt").items()
        }
    )


def _with_plain_words(phrase: str) -> str:
    return " ".join(
        f"{word}|{word.replace(chr(39), '')}" if "'" in word else word for word in phrase.split()
    )


@cache
def word_set(name: str) -> frozenset[str]:
    """The single words of a group, as they are matched: folded, without accents."""
    return frozenset(_phrases()[name])


@cache
def beside_numbers(name: str) -> frozenset[str]:
    """The words beside numbers of a group of `words.txt`, in small letters with their accents."""
    return frozenset(blocks("words.txt")[name].split())


@cache
def plain_group(name: str) -> frozenset[str]:
    """The words around things of a group of `things.txt`, folded, without accents."""
    return frozenset(blocks("things.txt")[name].split())
