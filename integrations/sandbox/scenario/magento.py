"""The same stories in a Magento shop, with a few that only happen there.

Left out is what this shop can't tell: prices with tax in another currency than the shop's, gift
cards, tips, disputes, test orders, returns, customers known by phone alone, and a payment provider
that takes its time. Magento knows no delivery date; the shop says that a parcel takes two days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask

from integrations.sandbox.magento import MagentoSandbox
from integrations.sandbox.magento.app import DEMO_CREDENTIALS
from integrations.sandbox.scenario.model import Act, Item, Purchase, Story, eligible, needs_review
from integrations.sandbox.scenario.stories import STORIES

SITE = "northwind"
SITE_URL = "https://shop.northwind-outfitters.example.com"
DELIVERED_AFTER_DAYS = 2
FINAL_SALE_SKUS = ("OUTLET-*", "CARDIGAN")

_NOT_TOLD = frozenset(
    {
        "euros_tax_included", "yen", "dinars", "gift_card_and_card", "tipped",
        "pounds_in_a_dollar_shop", "known_by_phone", "bank_takes_its_time", "french", "spanish",
        "authorised_only", "cancelled", "disputed", "gift_card_line", "test_order", "open_return",
        "delivery_date_unknown", "value_that_nobody_knows", "fully_refunded",
        "part_refunded_before",
    }
)  # fmt: skip
# The sandbox's gateway, under the title that shops give a card method.
_CARD = {"method": "fakepay", "title": "Credit Card"}
_BY_HAND = {"cash_on_delivery": {"method": "cashondelivery"}}

_OWN: tuple[Story, ...] = (
    Story(
        key="a_size_of_a_shirt",
        subject="Refund for the shirt, order {order}",
        text="Hi, the linen shirt of order {order} does not fit me. I'd like to return it and get "
        "my money back. {name}",
        # The chosen size is a row of its own without a price: 40.00 and tax 3.20.
        expected=eligible("43.20", why="Delivered within 30 days"),
        orders=(
            Purchase(
                (Item("Linen shirt", "40.00", tax_rate="0.08", kind="Clothing"),),
                delivered_days=6,
                magento={
                    "items": [
                        {
                            "sku": "LINEN-SHIRT-M",
                            "name": "Linen shirt",
                            "type": "configurable",
                            "price": "40.00",
                            "tax_percent": "8",
                            "children": [{"sku": "LINEN-SHIRT-M", "name": "Linen shirt M"}],
                        }
                    ]
                },
            ),
        ),
        act=Act.TWO_AGENTS,
    ),
    Story(
        key="euros_at_a_rate",
        subject="Refund for order {order}",
        text="Hello, the lantern of order {order} is not what I hoped for. Please give me my "
        "money back. {name}",
        # The shop counts dollars: 20.00 and tax 1.60 at 0.9 are 18.00 and 1.44 euros.
        expected=eligible("19.44", "EUR", why="Delivered within 30 days"),
        orders=(
            Purchase(
                (Item("Lantern", "20.00", tax_rate="0.08"),),
                delivered_days=8,
                magento={"currency": "EUR", "rate": "0.9"},
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="part_refunded_by_the_shop",
        subject="The other half of {order}",
        text="Hi, you refunded one of the two planters of order {order} last week. I do not want "
        "the other one either, please refund it as well. {name}",
        # An order with refunds costs a look at its credit memos instead of at its parcels.
        expected=needs_review("no delivery date"),
        orders=(
            Purchase(
                (Item("Planter", "31.00", 2, tax_rate="0.08"),),
                delivered_days=15,
                more={"refunds": [{"lines": {"0": 1}, "note": "Goodwill by phone"}]},
            ),
        ),
    ),
    Story(
        key="card_whose_answer_is_lost",
        subject="Refund of order {order}",
        text="Hi, I changed my mind about the mirror of order {order} and would like a refund. "
        "{name}",
        expected=eligible("64.80", why="Delivered within 30 days"),
        orders=(Purchase((Item("Mirror", "60.00", tax_rate="0.08"),), delivered_days=5),),
        act=Act.LOST_ANSWER,
    ),
)

MAGENTO_STORIES: tuple[Story, ...] = (
    *(story for story in STORIES if story.key not in _NOT_TOLD),
    *_OWN,
)


def order_name(number: int) -> str:
    """An order's number as Magento writes it."""
    return f"{number:09d}"


def open_site() -> MagentoSandbox:
    """A sandbox with this shop: dollars, taxes on top, two refunds at once really race."""
    sandbox = MagentoSandbox()
    sandbox.add_integration(sandbox.add_site(SITE), credentials=DEMO_CREDENTIALS)
    return sandbox


def create_app() -> Flask:
    """The sandbox's application, for `ChildServer`."""
    return open_site().app


def magento_order(spec: Mapping[str, Any], story: Story, place: int) -> dict[str, Any]:
    """An order of a scene (its Shopify spec) as the Magento sandbox's builder takes it."""
    parcels = spec["fulfillments"]
    customer = spec.get("customer") or {}
    first, _, last = str(customer.get("name", "Guest Guest")).partition(" ")
    made: dict[str, Any] = {
        "increment_id": spec["name"],
        "email": spec.get("email"),
        "firstname": first,
        "lastname": last or first,
        "customer_id": 1 + int(spec["name"]) if customer else None,
        "created_at": spec["created_at"],
        "items": _rows(spec),
        "payment": _BY_HAND.get(story.key, _CARD),
        "shipments": [_shipment(one) for one in parcels],
        **(story.orders[place].magento or {}),
    }
    if spec.get("shipping"):
        made["shipping"] = {
            "amount": spec["shipping"]["price"],
            "tax_percent": _percent(spec["shipping"].get("tax_rate")),
        }
    return made


def refunds_before(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Refunds that the shop's own people made, for the sandbox's `/_sandbox/refunds`."""
    return [
        {
            "order": spec["name"],
            "rows": {place: str(units) for place, units in one["lines"].items()},
            "shipping": "0",
            "comment": one.get("note"),
            "online": True,
        }
        for one in spec.get("refunds", [])
    ]


def _rows(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    lines = spec["line_items"]
    sums = [Decimal(one["price"]) * one["quantity"] for one in lines]
    left = whole = Decimal(spec.get("order_discount") or "0")
    rows = []
    for one, worth in zip(lines, sums, strict=True):
        # As the other shop spreads it: by worth, and the last row takes what is left.
        part = (whole * worth / sum(sums)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        part = left if one is lines[-1] else part
        left -= part
        rows.append(
            {
                "sku": one["sku"],
                "name": one["title"],
                "price": one["price"],
                "qty": one["quantity"],
                "tax_percent": _percent(one.get("tax_rate")),
                "discount": f"{Decimal(one['discount']) + part:f}",
            }
        )
    return rows


def _percent(rate: str | None) -> str:
    return f"{Decimal(rate or '0') * 100:f}"


def _shipment(parcel: Mapping[str, Any]) -> dict[str, Any]:
    """A parcel that arrived was sent so long before as this shop's parcels take."""
    sent = parcel["created_at"]
    if "delivered_at" in parcel:
        arrived = datetime.fromisoformat(parcel["delivered_at"])
        sent = (arrived - timedelta(days=DELIVERED_AFTER_DAYS)).isoformat()
    made: dict[str, Any] = {"created_at": sent}
    if "lines" in parcel:
        made["rows"] = {place: str(units) for place, units in parcel["lines"].items()}
    return made
