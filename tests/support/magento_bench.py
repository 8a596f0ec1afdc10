"""A Magento site behind the adapter, for the tests that every store runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from app.ports import Store, StoreRecord
from integrations.sandbox.magento import MagentoSandbox
from integrations.sandbox.magento.books import read_books
from integrations.sandbox.magento.controls import refund_by_merchant
from integrations.sandbox.server import SandboxServer
from integrations.stores.magento import MAGENTO
from integrations.stores.magento.lookup import PAGE
from tests.support.store_words import Booked, Traits
from tests.support.surroundings import (
    CallableClock,
    MemoryVault,
    RecordingPace,
    make_surroundings,
)

# Several steps may be the same route: a memo list both finds one refund and lists all.
MAGENTO_STEPS = {
    "find": ("orders",),
    "read": ("order",),
    "recheck": ("order",),
    "send": ("refund_invoice", "refund_order"),
    "search": ("creditmemos",),
    "list": ("creditmemos",),
    "status": ("creditmemo",),
}

_CARD = {"method": "fakepay", "title": "Credit Card"}
_LINES = [
    {"sku": "MUG", "name": "Mug", "qty": 2, "price": "12.00"},
    {"sku": "BOOK", "name": "Book", "qty": 1, "price": "9.50"},
]
_PLAIN: dict[str, Any] = {
    "email": "ida@example.com",
    "firstname": "Ida",
    "lastname": "Example",
    "customer_id": 7,
    "items": _LINES,
    "shipping": {"amount": "4.90"},
    "payment": _CARD,
    "shipments": [{"created_at": "2026-11-01T10:00:00+00:00"}],
}
_TAXED = [{**line, "tax_percent": "19"} for line in _LINES]
# What can be sold. All cost 38.40 EUR unless they say otherwise.
MAGENTO_KINDS: dict[str, dict[str, Any]] = {
    "plain": _PLAIN,
    "guest": {**_PLAIN, "customer_id": None},
    "unshipped": {**_PLAIN, "shipments": []},
    "partly_shipped": {**_PLAIN, "shipments": [{"rows": {"0": 1, "1": 1}}]},
    "discounted": {
        **_PLAIN,
        "items": [{**_LINES[0], "discount": "2.41"}, {**_LINES[1], "discount": "0.94"}],
    },
    "tax_on_top": {
        **_PLAIN,
        "items": _TAXED,
        "shipping": {"amount": "4.90", "tax_percent": "19"},
    },
    "dollars": {**_PLAIN, "currency": "USD", "rate": "1.10", "items": _TAXED},
    "yen": {
        **_PLAIN,
        "currency": "JPY",
        "rate": "160",
        "items": [{"sku": "CUP", "name": "Cup", "qty": 3, "price": "6.25", "discount": "0.50"}],
        "shipping": None,
    },
    "two_payments": {**_PLAIN, "invoices": [{"rows": {"0": 1}}, {"rows": {"0": 1, "1": 1}}]},
    "by_hand": {**_PLAIN, "payment": {"method": "checkmo"}},
    "authorized": {**_PLAIN, "authorized": True, "invoices": [], "shipments": []},
    # 30.00 + 2 x 5.00 + 8.00 + 20.00: a size, a set of parts, and a set at one price.
    "composites": {
        **_PLAIN,
        "items": [
            {
                "sku": "TEE-M",
                "name": "Tee",
                "type": "configurable",
                "qty": 1,
                "price": "30.00",
                "children": [{"sku": "TEE-M", "name": "Tee M"}],
            },
            {
                "sku": "SET",
                "name": "Set",
                "type": "bundle",
                "dynamic": True,
                "qty": 1,
                "children": [
                    {"sku": "CUP", "name": "Cup", "qty": 2, "price": "5.00"},
                    {"sku": "POT", "name": "Pot", "qty": 1, "price": "8.00"},
                ],
            },
            {
                "sku": "BOX",
                "name": "Box",
                "type": "bundle",
                "qty": 1,
                "price": "20.00",
                "children": [{"sku": "CUP", "name": "Cup", "qty": 2}],
            },
        ],
    },
}


class MagentoBench:
    """`StoreBench` for a Magento site that keeps its books in EUR."""

    traits = Traits(
        calls_to_read={"read": 1, "invoices": 1},
        calls_to_recheck=3,
        orders_on_a_page=PAGE,
        taxes=("0", "0"),
        delivered_at=None,
        finds_by_phone=False,
        knows_disputes=False,
        knows_businesses=False,
        tells_its_budget=False,
        has_pending_refunds=False,
        gives_store_credit=False,
        whole_kinds_refused=frozenset({"two_payments"}),
    )

    def __init__(self, server: SandboxServer, sandbox: MagentoSandbox) -> None:
        self.sandbox = sandbox
        self.site = sandbox.add_site("demo", base_currency="EUR")
        self.vault = MemoryVault()
        self.pace = RecordingPace()
        self.endpoint = sandbox.site_url(server.url, self.site)
        self.record = StoreRecord(
            id="store_1",
            account_id="account_1",
            kind="magento",
            name="Demo",
            config={"base_url": "https://demo.example.com", "currency": "EUR"},
        )
        self.use_integration(sandbox.add_integration(self.site))

    def use_integration(self, integration: Any) -> None:
        """Connect with another integration's four values."""
        self.vault.put(
            "store_1",
            {
                "consumer_key": integration.consumer_key,
                "consumer_secret": integration.consumer_secret,
                "access_token": integration.token,
                "access_token_secret": integration.token_secret,
            },
        )

    def configure(self, **config: object) -> None:
        """Change the store's record."""
        changed = {**self.record.config, **config}
        self.record = self.record.model_copy(update={"config": changed})

    def order_name(self, number: int) -> str:
        return f"{number:09d}"

    def store(self, read_timeout_seconds: float = 5.0) -> Store:
        surroundings = make_surroundings(
            {"magento": self.endpoint},
            CallableClock(self.sandbox.clock.now),
            vault=self.vault,
            pace=self.pace,
            read_timeout_seconds=read_timeout_seconds,
        )
        return MAGENTO.open(self.record, surroundings)

    def sell(self, kind: str, **changes: Any) -> str:
        spec = {**MAGENTO_KINDS[kind], **_in_magentos_words(changes)}
        spec = {key: value for key, value in spec.items() if value is not None}
        return str(self.sandbox.add_order(self.site, spec).entity_id)

    def fault(self, step: str, kind: str, **more: Any) -> None:
        for operation in MAGENTO_STEPS.get(step, (step,))[:1]:
            self.sandbox.faults.add(operation, kind, **more)

    def calls(self) -> dict[str, int]:
        names = {
            "orders": "find",
            "order": "read",
            "refund_invoice": "send",
            "refund_order": "send",
            "creditmemo": "status",
        }
        counted: dict[str, int] = {}
        for operation, count in self.sandbox.calls.by_operation().items():
            name = names.get(operation, operation)
            counted[name] = counted.get(name, 0) + count
        return counted

    def count(self, step: str) -> int:
        counted = self.sandbox.calls.by_operation()
        return sum(counted.get(operation, 0) for operation in MAGENTO_STEPS[step])

    def books(self, order_id: str) -> list[Booked]:
        books = read_books(self.site)
        (order,) = (one for one in books["orders"] if one["id"] == int(order_id))
        went_out = {one["txn_id"]: Decimal(one["amount"]) for one in order["payouts"]}
        return [
            Booked(
                id=str(memo["id"]),
                note=memo["comment"] or "",
                requested=Decimal(memo["grand_total"]),
                # Only what the gateway paid has gone out, whatever the memo says.
                paid=Decimal(memo["grand_total"])
                if went_out.get(memo["transaction_id"]) == Decimal(memo["base_grand_total"])
                else Decimal(0),
                shipping=Decimal(memo["shipping"]),
                units=sum(int(Decimal(line["quantity"])) for line in memo["lines"]),
            )
            for memo in order["refunds"]
        ]

    def paid_out(self, order_id: str) -> Decimal:
        """What the gateway really paid for an order, in the shop's currency."""
        books = read_books(self.site)
        (order,) = (one for one in books["orders"] if one["id"] == int(order_id))
        return Decimal(order["paid_out"])

    def credit(self, order_id: str) -> Decimal:
        return Decimal(0)

    def refund_elsewhere(self, order_id: str, amount: str) -> None:
        order = self.site.orders[int(order_id)]
        spec = {
            "rows": {"0": 0},
            "shipping": "0",
            "adjustment_positive": amount,
            "comment": "by the merchant",
            "online": True,
        }
        refund_by_merchant(self.site, order, spec)

    def provider(self, status: str) -> None:
        self.site.gateway.behaviour = {"success": "pay", "failed": "decline"}[status]

    def settle(self, order_id: str, succeeds: bool) -> None:
        raise NotImplementedError("a credit memo is final")


def _in_magentos_words(changes: dict[str, Any]) -> dict[str, Any]:
    """What tests say of an order, as the sandbox's seed has it."""
    words = dict(changes)
    if "name" in words:
        words["increment_id"] = words.pop("name")
    customer = words.pop("customer", None)
    if customer is not None:
        words["email"] = customer["email"]
        words["customer_id"] = 8
    if "street" in words:
        words["street"] = [words["street"]]
    return words


@contextmanager
def magento_bench() -> Iterator[MagentoBench]:
    """A Magento sandbox with one site and an integration of all permissions."""
    sandbox = MagentoSandbox()
    with SandboxServer(sandbox.app) as server:
        yield MagentoBench(server, sandbox)
