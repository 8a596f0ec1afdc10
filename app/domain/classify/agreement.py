"""Short answers that only mean something together with what was asked: "Yes please, do that"."""

from __future__ import annotations

from app.domain.classify.cues import plain_word, sentences
from app.domain.classify.lexicon import agreement_book

_MOST_WORDS = 14
_YES = frozenset({"yes", "ja", "oui", "si", "sim", "ok"})


def may_agree(answer: str) -> bool:
    """Whether a text says yes, and nothing but that: what it says yes to is another question."""
    spans = sentences(answer[:600])
    words = [word for span in spans for word in span.words]
    if not words or len(words) > _MOST_WORDS:
        return False
    said = {hit.group for hit in agreement_book().find(spans)}
    opens = plain_word(words[0])
    return "no" not in said and ("yes" in said or opens in _YES)


def agrees_to_refund(answer: str, asked: str) -> bool:
    """Whether a short text says yes to a quoted or earlier one that offers money back.

    Never true when the answer also says no ("yes, but I don't want a refund").
    """
    if not asked or not may_agree(answer):
        return False
    offered = {hit.group for hit in agreement_book().find(sentences(asked[:4000]))}
    return "offer" in offered
