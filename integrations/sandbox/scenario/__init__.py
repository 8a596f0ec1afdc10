"""An invented shop's tickets and orders, each with the answer that it should get."""

from integrations.sandbox.scenario.cast import Scene, play
from integrations.sandbox.scenario.kustomer import kustomer_conversation, kustomer_customer
from integrations.sandbox.scenario.magento import MAGENTO_STORIES
from integrations.sandbox.scenario.model import Act, Expected, Item, Purchase, Story
from integrations.sandbox.scenario.shop import SHOP, SLOW_GATEWAY, open_shop
from integrations.sandbox.scenario.stories import STORIES

__all__ = [
    "MAGENTO_STORIES",
    "SHOP",
    "SLOW_GATEWAY",
    "STORIES",
    "Act",
    "Expected",
    "Item",
    "Purchase",
    "Scene",
    "Story",
    "kustomer_conversation",
    "kustomer_customer",
    "open_shop",
    "play",
]
