"""All stories in the order in which they are told, mixed so that any first few are varied."""

from __future__ import annotations

from integrations.sandbox.scenario.eligible import ELIGIBLE
from integrations.sandbox.scenario.model import Story
from integrations.sandbox.scenario.other import OTHER
from integrations.sandbox.scenario.unclear import UNCLEAR


def _mixed() -> tuple[Story, ...]:
    """One of each group in turn, each group spread over the whole length."""
    places = [
        ((index + 0.5) / len(group), story)
        for group in (ELIGIBLE, UNCLEAR, OTHER)
        for index, story in enumerate(group)
    ]
    return tuple(story for _, story in sorted(places, key=lambda pair: pair[0]))


STORIES: tuple[Story, ...] = _mixed()
