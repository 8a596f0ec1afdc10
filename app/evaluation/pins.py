"""Scores that are kept on the model card, so that a drop is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PINNED = (
    "refund_f1",
    "refund_precision",
    "kind_macro_f1",
    "decided",
    "decided_accuracy",
    "language",
    "orders_exact",
    "amounts_exact",
)


def pins_of(sets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a card keeps of measured scores."""
    return {
        name: {key: scores[key] for key in PINNED if key in scores} for name, scores in sets.items()
    }


def falls(sets: Mapping[str, Mapping[str, Any]], card: Mapping[str, Any]) -> list[str]:
    """Each score that lies below the interval which the card has for the same set."""
    found: list[str] = []
    for name, pinned in card.get("pinned", {}).items():
        for key, pin in pinned.items():
            now = sets.get(name, {}).get(key)
            if now is not None and now["score"] < pin["low"]:
                found.append(f"{name}: {key} is {now['score']:.3f}, was {pin['score']:.3f}")
    return found
