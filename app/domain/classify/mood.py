"""Tone and urgency, by words that customers use when something went wrong.

Lexicons made for reviews call half of all tickets positive, since people say "thanks" and "great"
while they complain. Here thanks are no joy, and a fault told without anger is neutral.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.classify.cues import Hit, Sentence
from app.domain.classify.lexicon import word_set

_THREATS = ("chargeback", "lawyer", "regulator", "police", "press", "bad_review")
_FAULTS = ("damaged", "wrong_item", "not_as_described", "not_arrived", "duplicate", "lost")
_URGENT_THREATS = ("chargeback", "lawyer", "regulator", "police")


def _is_denied(sentence: Sentence, hit: Hit) -> bool:
    before = sentence.words[max(0, hit.start - 4) : hit.start]
    return bool(word_set("negation") & set(before))


def _shouting(text: str) -> float:
    """0 to 1: capitals over several words, and rows of exclamation marks."""
    head = text[:3000]
    words = [word for word in head.split() if len(word) > 3 and word.isalpha()]
    loud = sum(word.isupper() for word in words)
    score = 0.6 if loud >= 4 and loud >= 0.25 * len(words) else 0.0
    return min(1.0, score + (0.4 if "!!" in head or "?!" in head else 0.0))


def mood_of(
    text: str, spans: Sequence[Sentence], hits: Mapping[str, Sequence[Hit]]
) -> tuple[float, bool]:
    """Sentiment from -1 (angry) to 1 (happy), and whether the writer presses for an answer."""
    angry = sum(not _is_denied(spans[hit.sentence], hit) for hit in hits.get("angry", ()))
    threats = sum(bool(hits.get(group)) for group in _THREATS)
    faults = any(hits.get(group) for group in _FAULTS)
    happy = sum(not _is_denied(spans[hit.sentence], hit) for hit in hits.get("happy", ()))
    if faults or angry:
        # "It looked great, but": praise in a complaint is no praise.
        happy = 0
    shouting = _shouting(text)
    weight = angry + 0.8 * threats + (1.0 if shouting and (angry or faults or threats) else 0.0)
    weight *= 1.0 + shouting
    score = (happy - weight) / (happy + weight + 1.0) if happy or weight else 0.0
    urgent = bool(hits.get("urgent")) or any(hits.get(group) for group in _URGENT_THREATS)
    return round(max(-1.0, min(1.0, score)), 2), urgent
