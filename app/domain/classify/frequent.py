"""The language a text is written in: alphabets, frequent words and letters of their own.

No model is loaded. The seven supported languages must be told from their neighbours, and any other
language must not be taken for one of them: a mail in Danish is for a person, not "no refund".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache

from app.domain.classify.lexicon import SUPPORTED_LANGUAGES, blocks

# What is longer tells no more than its beginning.
_READ_CHARACTERS = 2500
_MAX_WORDS = 400
# The least score, and how far ahead of the next language, for an answer.
_LEAST = 0.75
_AHEAD = 1.1
# A language that many customers write is likelier than a neighbour that few do.
_LIKELIER = 1.3

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LETTER = re.compile(r"[^\W\d_]")

# Alphabets that one language writes, or a few that letters of their own tell apart.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("el", re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_PERSIAN = re.compile(r"[پچژگ]")
_URDU = re.compile(r"[ٹڈڑںے]")
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
_SERBIAN = re.compile(r"[јљњћђџ]", re.IGNORECASE)
_BULGARIAN = frozenset(
    ("на", "да", "за", "от", "съм", "ми", "ще", "беше", "това", "поръчка", "парите", "моята")
)

# Letters that few languages have, and what one of them in a text is worth.
_LETTERS: dict[str, dict[str, float]] = {
    "de": {"ß": 1.5, "ü": 0.3, "ä": 0.25, "ö": 0.2},
    "fr": {"ç": 0.2, "œ": 1.0, "è": 0.25, "ê": 0.3, "û": 0.4, "à": 0.1, "é": 0.1, "î": 0.3},
    "es": {"ñ": 0.8, "¿": 1.5, "¡": 1.5, "ó": 0.15, "í": 0.1, "á": 0.1, "ú": 0.1},
    "pt": {"ã": 0.8, "õ": 1.0, "ç": 0.3, "ê": 0.2, "á": 0.1, "â": 0.3},
    "it": {"ò": 0.5, "ì": 0.5, "è": 0.3, "ù": 0.4, "à": 0.15},
    "nl": {"ë": 0.4, "ij": 0.15},
    "ca": {"l·l": 1.5, "ò": 0.2, "ï": 0.3},
    "da": {"ø": 0.6, "æ": 0.8, "å": 0.4},
    "no": {"ø": 0.6, "æ": 0.5, "å": 0.5},
    "sv": {"å": 0.5, "ä": 0.35, "ö": 0.35},
    "fi": {"ä": 0.4, "ö": 0.2, "yy": 0.3, "ää": 0.8},
    "pl": {"ł": 1.0, "ą": 0.8, "ę": 0.8, "ś": 0.8, "ż": 1.0, "ź": 1.0, "ć": 0.5, "ń": 0.6},
    "cs": {"ř": 1.5, "ě": 1.2, "ů": 1.5, "č": 0.3, "š": 0.3, "ž": 0.3, "ý": 0.3},
    "sk": {"ľ": 1.2, "ĺ": 1.5, "ô": 0.3, "ď": 0.5, "č": 0.3, "š": 0.3, "ž": 0.3, "ý": 0.3},
    "sl": {"č": 0.4, "š": 0.4, "ž": 0.4},
    "hr": {"đ": 1.0, "ć": 0.9, "č": 0.4, "š": 0.4, "ž": 0.4},
    "hu": {"ő": 1.5, "ű": 1.5, "á": 0.15, "é": 0.1, "ö": 0.1},
    "ro": {"ș": 1.2, "ț": 1.2, "ă": 1.0, "ş": 0.4, "ţ": 1.0, "î": 0.4},
    "tr": {"ğ": 1.5, "ı": 1.2, "ş": 0.9, "ç": 0.1, "ü": 0.1},
    "vi": {"đ": 0.8, "ư": 1.2, "ơ": 1.2, "ạ": 1.0, "ế": 1.0, "ủ": 1.0, "ộ": 1.0},
    "et": {"õ": 0.6, "ää": 0.5, "üü": 0.5},
    "lv": {"ā": 0.8, "ē": 0.8, "ī": 0.8, "ū": 0.6, "ņ": 1.0, "ļ": 1.0, "ģ": 1.0},
    "lt": {"ė": 1.2, "ų": 1.0, "į": 0.9, "ū": 0.5, "š": 0.2, "ž": 0.2},
}

# Those of them that a text without accents can have.
_PLAIN_LETTERS = {
    language: plain
    for language, letters in _LETTERS.items()
    if (plain := {letter: worth for letter, worth in letters.items() if letter.isascii()})
}


@cache
def _words() -> dict[str, tuple[tuple[str, float], ...]]:
    """Each word with the languages that have it; a word that many share is worth little."""
    owners: dict[str, list[str]] = {}
    for language, text in blocks("languages.txt").items():
        for word in dict.fromkeys(text.split()):
            owners.setdefault(word, []).append(language)
    return {
        word: tuple((language, 1.0 / len(languages) ** 0.8) for language in languages)
        for word, languages in owners.items()
    }


def _by_script(letters: int, text: str) -> str | None:
    """The language by its alphabet, None for Latin letters."""
    if text.isascii():
        return None
    for language, pattern in _SCRIPTS:
        count = len(pattern.findall(text))
        # Chinese signs stand for words, so few of them are much of a text.
        enough = 0.1 if language in {"ja", "ko"} else 0.4
        if count and count >= enough * letters:
            return _within_script(language, text)
    return None


def _within_script(language: str, text: str) -> str:
    if language == "ar":
        if _URDU.search(text):
            return "ur"
        return "fa" if len(_PERSIAN.findall(text)) >= 2 else "ar"
    if language == "ru":
        if _UKRAINIAN.search(text):
            return "uk"
        if _SERBIAN.search(text):
            return "sr"
        words = Counter(_WORD.findall(text.lower()))
        if words["ъ"] or (sum(words[w] for w in _BULGARIAN) >= 3 and "ы" not in text.lower()):
            return "bg"
    return language


def scores(text: str) -> dict[str, float]:
    """How much speaks for each language, for a text in Latin letters."""
    text = text[:_READ_CHARACTERS].lower().replace("’", "'")
    total: dict[str, float] = {}
    for word, count in Counter(_WORD.findall(text)[:_MAX_WORDS]).items():
        times = 1.0 + math.log(count)
        found = _words().get(word)
        if found is None and "'" in word:
            found = _words().get(word.partition("'")[2]) or ()
        for language, weight in found or ():
            total[language] = total.get(language, 0.0) + times * weight
    for language, letters in (_PLAIN_LETTERS if text.isascii() else _LETTERS).items():
        for letter, weight in letters.items():
            count = text.count(letter)
            if count:
                total[language] = total.get(language, 0.0) + weight * min(count, 6)
    return total


def by_frequent_words(text: str) -> str | None:
    """The ISO 639-1 code of the language, or None where it can't be told."""
    head = text[:_READ_CHARACTERS]
    letters = len(_LETTER.findall(head))
    if letters < 3:
        return None
    by_script = _by_script(letters, head)
    if by_script is not None:
        return by_script
    weighed = {
        language: score * (_LIKELIER if language in SUPPORTED_LANGUAGES else 1.0)
        for language, score in scores(head).items()
    }
    ranked = sorted(weighed.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < _LEAST:
        return None
    if len(ranked) > 1 and ranked[0][1] < _AHEAD * ranked[1][1]:
        return None
    words = min(len(_WORD.findall(head)), _MAX_WORDS)
    # Words that nobody knows, whatever the few known ones are: an unknown language.
    if words >= 12 and ranked[0][1] < 0.10 * words:
        return None
    return ranked[0][0]
