"""The sandbox stores of the demo: started, connected, filled, and their books in one form.

Amounts of the books are in the currency that the customer paid in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, Protocol

from app.bootstrap import Services
from app.cli.connect import connect_magento_store, connect_shopify_store
from app.cli.vendor import Vendor
from app.domain.base import Value
from app.ports import Account, StoreRecord
from integrations.sandbox.magento.app import DEMO_CREDENTIALS
from integrations.sandbox.scenario import MAGENTO_STORIES, SHOP, SLOW_GATEWAY, STORIES, Scene, Story
from integrations.sandbox.scenario import magento as magento_scenario
from integrations.sandbox.server import ChildServer
from integrations.stores.magento.config import AuthMode as MagentoMode
from integrations.stores.shopify.tokens import AuthMode

# How a store loses an answer: it has paid, and the connection ends.
LOST_ANSWER_KINDS = ("timeout_after", "disconnect_after", "malformed")


class BookedRefund(Value):
    """A refund in a store's own books. `paid` is what really went out so far."""

    is_by_api: bool
    requested: Decimal
    paid: Decimal


class BookedOrder(Value):
    """An order in a store's own books; `id` is the one that the product knows it by.

    `received` and `paid_back` are in `currency`, the refunds in what the customer paid in.
    """

    kind: str
    id: str
    name: str
    currency: str
    received: Decimal
    paid_back: Decimal
    refunds: tuple[BookedRefund, ...]

    @property
    def by_api(self) -> tuple[BookedRefund, ...]:
        """What we refunded, not the shop's own people."""
        return tuple(one for one in self.refunds if one.is_by_api)


class BookedCredit(Value):
    """Store credit in a store's own books that no refund gave."""

    kind: str
    id: str
    amount: Decimal
    currency: str


class Shop(Protocol):
    """One sandbox store."""

    kind: str
    name: str
    vendor: Vendor
    stories: Sequence[Story]

    def order_name(self, number: int) -> str:
        """An order's number as this kind of shop writes it."""

    def start(
        self, stack: ExitStack, *, settles_after_seconds: float | None, is_large: bool
    ) -> None:
        """Run it until `stack` ends. `is_large`: on the plan of a large merchant."""

    def environment(self) -> dict[str, str]:
        """The settings by which the product finds it."""

    def connect(self, services: Services, account: Account) -> StoreRecord:
        """As an admin connects it."""

    def seed(self, scenes: Iterable[Scene]) -> None:
        """Put the orders of these scenes into the shop."""

    def lose_answers(self, count: int) -> None:
        """The next refunds are paid, and their answers never come."""

    def orders(self) -> list[BookedOrder]:
        """The books."""

    def credits(self) -> list[BookedCredit]:
        """Store credit that was given beside refunds."""

    def faults(self) -> list[str]:
        """What the shop's own books find wrong with themselves."""

    def calls(self) -> list[tuple[str, ...]]:
        """What each call was about: addresses, order numbers or an order's id."""


class ShopifyShop:
    """The Shopify sandbox with the scenario's shop."""

    kind = "shopify"
    name = "Northwind Outfitters"
    stories: Sequence[Story] = STORIES

    def __init__(self) -> None:
        self.vendor: Vendor

    def order_name(self, number: int) -> str:
        return f"#{number}"

    def start(
        self, stack: ExitStack, *, settles_after_seconds: float | None, is_large: bool
    ) -> None:
        plan = "create_plus_app" if is_large else "create_app"
        server = ChildServer(f"integrations.sandbox.scenario.shop:{plan}")
        stack.callback(server.stop)
        self.vendor = Vendor(server.start().url)
        slow = {"status": "PENDING", "settles_after_seconds": settles_after_seconds}
        self.vendor.post("settings", {"gateways": {SLOW_GATEWAY: slow}})

    def environment(self) -> dict[str, str]:
        return {"MAKEGOOD_SHOPIFY_URL": f"{self.vendor.url}/shops/{{shop}}"}

    def connect(self, services: Services, account: Account) -> StoreRecord:
        record, _ = connect_shopify_store(
            services,
            account,
            SHOP,
            AuthMode.CLIENT_CREDENTIALS,
            {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"},
        )
        return record

    def seed(self, scenes: Iterable[Scene]) -> None:
        orders = [order for scene in scenes for order in scene.orders]
        if orders:
            self.vendor.post("orders", {"orders": orders})

    def lose_answers(self, count: int) -> None:
        for number in range(count):
            kind = LOST_ANSWER_KINDS[number % len(LOST_ANSWER_KINDS)]
            self.vendor.post("faults", {"operation": "RefundCreate", "kind": kind, "seconds": 1})

    def orders(self) -> list[BookedOrder]:
        return [
            BookedOrder(
                kind=self.kind,
                id=order["id"],
                name=order["name"],
                currency=order["currency"],
                received=Decimal(order["received"]),
                paid_back=Decimal(order["paid_back"]),
                refunds=tuple(
                    BookedRefund(
                        is_by_api=one["source"] == "api",
                        requested=Decimal(one["requested"]),
                        paid=Decimal(one["paid"]),
                    )
                    for one in order["refunds"]
                ),
            )
            for order in self.vendor.get("books")["orders"]
        ]

    def credits(self) -> list[BookedCredit]:
        return [
            BookedCredit(
                kind=self.kind,
                id=one["id"],
                amount=Decimal(one["amount"]),
                currency=one["currency"],
            )
            for one in self.vendor.get("books")["store_credit"]
            if one["event"] == "ADJUSTMENT"
        ]

    def faults(self) -> list[str]:
        used_twice = self.vendor.get("books")["counters"]["keys_used_twice"]
        return ["an idempotency key stands on two refunds"] if used_twice else []

    def calls(self) -> list[tuple[str, ...]]:
        found = self.vendor.get("calls")["calls"]
        return [(call["subject"],) for call in found if call["operation"] != "oauth"]


class MagentoShop:
    """The Magento sandbox with the scenario's site."""

    kind = "magento"
    name = "Northwind Outfitters (Magento)"
    stories: Sequence[Story] = MAGENTO_STORIES

    def __init__(self) -> None:
        self.vendor: Vendor

    def order_name(self, number: int) -> str:
        return magento_scenario.order_name(number)

    def start(
        self, stack: ExitStack, *, settles_after_seconds: float | None, is_large: bool
    ) -> None:
        server = ChildServer("integrations.sandbox.scenario.magento:create_app")
        stack.callback(server.stop)
        self.vendor = Vendor(server.start().url)

    def environment(self) -> dict[str, str]:
        return {"MAKEGOOD_MAGENTO_URL": f"{self.vendor.url}/sites/{magento_scenario.SITE}"}

    def connect(self, services: Services, account: Account) -> StoreRecord:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        record, _ = connect_magento_store(
            services,
            account,
            magento_scenario.SITE_URL,
            MagentoMode.OAUTH,
            dict(zip(names, DEMO_CREDENTIALS, strict=True)),
            options={
                "delivered_after_days": magento_scenario.DELIVERED_AFTER_DAYS,
                "final_sale_skus": list(magento_scenario.FINAL_SALE_SKUS),
            },
        )
        return record

    def seed(self, scenes: Iterable[Scene]) -> None:
        placed = [
            (spec, magento_scenario.magento_order(spec, scene.story, place))
            for scene in scenes
            for place, spec in enumerate(scene.orders)
        ]
        if placed:
            self.vendor.post("orders", {"orders": [order for _, order in placed]})
        for spec, _ in placed:
            for refund in magento_scenario.refunds_before(spec):
                self.vendor.post("refunds", refund)

    def lose_answers(self, count: int) -> None:
        for number in range(count):
            kind = LOST_ANSWER_KINDS[number % len(LOST_ANSWER_KINDS)]
            self.vendor.post("faults", {"operation": "refund_invoice", "kind": kind, "seconds": 1})

    def orders(self) -> list[BookedOrder]:
        return [self._order(one) for one in self.vendor.get("books")["orders"]]

    def _order(self, order: dict[str, Any]) -> BookedOrder:
        payouts = {one["txn_id"] for one in order["payouts"]}
        refunds = tuple(
            BookedRefund(
                is_by_api=one["source"] == "api",
                requested=Decimal(one["grand_total"]),
                # What no gateway pays back is paid by hand as soon as it is recorded.
                paid=Decimal(one["grand_total"])
                if not one["online"] or one["transaction_id"] in payouts
                else Decimal(0),
            )
            for one in order["refunds"]
        )
        return BookedOrder(
            kind=self.kind,
            id=str(order["id"]),
            name=order["increment_id"],
            currency=order["base_currency"],
            received=Decimal(order["received"]),
            # In the shop's own currency, as `received` is.
            paid_back=Decimal(order["refunded_by_memos"]),
            refunds=refunds,
        )

    def credits(self) -> list[BookedCredit]:
        # Magento Open Source has no store credit.
        return []

    def faults(self) -> list[str]:
        counters = self.vendor.get("books")["counters"]
        lost = counters["payouts_without_memo"]
        return [f"{lost} payouts of the gateway have no credit memo"] if lost else []

    def calls(self) -> list[tuple[str, ...]]:
        return [
            tuple(call["subject"].split(","))
            for call in self.vendor.get("calls")["calls"]
            if call["operation"] != "version"
        ]


SHOPS: dict[str, Callable[[], Shop]] = {"shopify": ShopifyShop, "magento": MagentoShop}
