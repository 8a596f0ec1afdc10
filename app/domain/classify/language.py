"""The language a text is written in."""

from __future__ import annotations

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# The supported languages and others that customers write. Without Galician and Occitan, which
# short mails in Portuguese, Spanish and French are taken for.
_CANDIDATES = (
    "en de fr es nl pt it ca da sv no is fi et lv lt pl cs sk sl hr sr bs hu ro bg mk el uk ru"
    " tr ar he fa hi ur bn ta th vi id ms zh ja ko eu af ga cy mt sq"
)
# What is longer tells no more than its beginning.
_READ_CHARACTERS = 2000
_SURE = 0.5


@cache
def _identifier() -> LanguageIdentifier:
    """The model, loaded at the first call (about a second, once a process)."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(set(_CANDIDATES.split()) & set(identifier.labels)))
    return identifier


def find_language(text: str) -> str | None:
    """The ISO 639-1 code of the language, or None where it can't be told."""
    letters = "".join(sign if sign.isalpha() else " " for sign in text[:_READ_CHARACTERS])
    words = " ".join(letters.split())
    if len(words) < 4:
        return None
    language, probability = _identifier().classify(words)
    return str(language) if probability >= _SURE else None
