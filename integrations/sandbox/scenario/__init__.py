"""An invented shop's tickets and orders, each with the answer that it should get."""

from integrations.sandbox.scenario.cast import Scene, play
from integrations.sandbox.scenario.model import Act, Expected, Item, Purchase, Story
from integrations.sandbox.scenario.shop import SHOP, SLOW_GATEWAY, open_shop
from integrations.sandbox.scenario.stories import STORIES

__all__ = [
    "SHOP",
    "SLOW_GATEWAY",
    "STORIES",
    "Act",
    "Expected",
    "Item",
    "Purchase",
    "Scene",
    "Story",
    "open_shop",
    "play",
]
