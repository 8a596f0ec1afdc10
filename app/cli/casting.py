"""Who plays where: the scenes of a run, shared out among the pairs of helpdesk and store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, zip_longest

from app.cli.shops import SHOPS, Shop
from integrations.sandbox.scenario import Scene, play


@dataclass(frozen=True)
class Part:
    """A scene that is played at one helpdesk, with its orders in one store."""

    helpdesk: str
    store: str
    scene: Scene

    @property
    def pair(self) -> str:
        """Both names, for reports."""
        return f"{self.helpdesk}+{self.store}"


def stories_of(stores: tuple[str, ...]) -> int:
    """How many stories it takes until each store has told all of its own."""
    return sum(len(SHOPS[name]().stories) for name in stores)


def cast(
    tickets: int, now: datetime, helpdesks: tuple[str, ...], shops: Mapping[str, Shop]
) -> list[Part]:
    """`tickets` parts in the order in which their customers write; the pairs take turns."""
    pairs = [(desk, shop) for desk in helpdesks for shop in shops.values()]
    groups = []
    first = 0
    for place, (desk, shop) in enumerate(pairs):
        count = tickets // len(pairs) + (place < tickets % len(pairs))
        scenes = play(
            count,
            now,
            seed=place + 1,
            stories=shop.stories,
            first=first,
            order_name=shop.order_name,
        )
        groups.append([Part(desk, shop.kind, scene) for scene in scenes])
        first += count
    turns = chain.from_iterable(zip_longest(*groups))
    return [part for part in turns if part is not None]
