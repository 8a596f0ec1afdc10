"""A Shopify shop behind the adapter, for the tests that every store runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.ports import Store, StoreRecord
from integrations.sandbox.server import SandboxServer
from integrations.sandbox.shopify import GatewayRule, ShopifySandbox
from integrations.stores.shopify import SHOPIFY
from tests.support.store_words import Booked, Traits
from tests.support.surroundings import (
    CallableClock,
    MemoryVault,
    RecordingPace,
    make_surroundings,
)

SHOPIFY_STEPS = {
    "find": "FindCandidates",
    "read": "DecisionContext",
    "recheck": "RefundPreview",
    "send": "RefundCreate",
    "search": "RefundFind",
    "status": "RefundStatus",
    "list": "RefundsOf",
}

_LINES = [
    {"title": "Mug", "sku": "MUG", "quantity": 2, "price": "12.00", "tax_rate": "0.19"},
    {"title": "Book", "sku": "BOOK", "quantity": 1, "price": "9.50", "tax_rate": "0.07"},
]
_PLAIN: dict[str, Any] = {
    "email": "ida@example.com",
    "customer": {"name": "Ida Example", "email": "ida@example.com", "phone": "+4930555010"},
    "line_items": _LINES,
    "shipping": {"title": "Parcel", "price": "4.90", "tax_rate": "0.19"},
    "fulfillments": [{"delivered_at": "2026-11-01T10:00:00Z"}],
}
# What can be sold. All cost 38.40 unless they say otherwise.
SHOPIFY_KINDS: dict[str, dict[str, Any]] = {
    "plain": _PLAIN,
    "guest": {**_PLAIN, "customer": None},
    "unshipped": {**_PLAIN, "fulfillments": []},
    "partly_shipped": {**_PLAIN, "fulfillments": [{"lines": {"0": 1, "1": 1}}]},
    "discounted": {**_PLAIN, "order_discount": "3.35"},
    "tax_on_top": {**_PLAIN, "taxes_included": False},
    "dollars": {**_PLAIN, "currency": "USD", "rate": "1.10", "taxes_included": False},
    "yen": {
        **_PLAIN,
        "currency": "JPY",
        "rate": "160",
        "line_items": [{"title": "Cup", "quantity": 3, "price": "1000", "tax_rate": "0.10"}],
        "order_discount": "100",
        "shipping": None,
    },
    "two_payments": {
        **_PLAIN,
        "transactions": [
            {"gateway": "gift_card", "amount": "20.00"},
            {"gateway": "shopify_payments", "amount": "18.40"},
        ],
    },
    "by_hand": {
        **_PLAIN,
        "transactions": [{"gateway": "bank transfer", "amount": "38.40", "manual": True}],
    },
    "authorized": {
        **_PLAIN,
        "transactions": [{"kind": "AUTHORIZATION", "amount": "38.40"}],
    },
    "disputed": {**_PLAIN, "disputes": [{"type": "CHARGEBACK", "status": "NEEDS_RESPONSE"}]},
    "business": {**_PLAIN, "company": "Example Trading"},
}


class ShopifyBench:
    """`StoreBench` for a Shopify shop that sells in EUR."""

    traits = Traits(
        calls_to_read={"read": 1},
        calls_to_recheck=1,
        orders_on_a_page=10,
        taxes=("3.83", "0.62"),
        delivered_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        finds_by_phone=True,
        knows_disputes=True,
        knows_businesses=True,
        tells_its_budget=True,
        has_pending_refunds=True,
        gives_store_credit=True,
    )

    def __init__(self, server: SandboxServer, sandbox: ShopifySandbox) -> None:
        self.sandbox = sandbox
        self.shop = sandbox.add_shop("demo")
        self.vault = MemoryVault()
        self.pace = RecordingPace()
        self.endpoint = f"{server.url}/shops/{{shop}}"
        self.record = StoreRecord(
            id="store_1",
            account_id="account_1",
            kind="shopify",
            name="Demo",
            config={"shop": self.shop.domain, "mode": "static", "currency": "EUR"},
        )
        self.vault.put("store_1", {"access_token": sandbox.issue_token(self.shop)})

    def order_name(self, number: int) -> str:
        return f"#{number}"

    def store(self, read_timeout_seconds: float = 5.0) -> Store:
        surroundings = make_surroundings(
            {"shopify": self.endpoint},
            CallableClock(self.sandbox.clock.now),
            vault=self.vault,
            pace=self.pace,
            read_timeout_seconds=read_timeout_seconds,
        )
        return SHOPIFY.open(self.record, surroundings)

    def use_scopes(self, *scopes: str, sees_protected_data: bool = True) -> None:
        """Connect again with other scopes."""
        token = self.sandbox.issue_token(
            self.shop, set(scopes), sees_protected_data=sees_protected_data
        )
        self.vault.put("store_1", {"access_token": token})

    def remember_scopes(self, *scopes: str) -> None:
        """The record knows which scopes were granted."""
        config = {**self.record.config, "scopes": list(scopes)}
        self.record = self.record.model_copy(update={"config": config})

    def sell(self, kind: str, **changes: Any) -> str:
        street = changes.pop("street", None)
        if street is not None:
            changes["address"] = {"address1": street, "city": "Musterstadt", "zip": "12345"}
        spec = {**SHOPIFY_KINDS[kind], **changes}
        spec = {key: value for key, value in spec.items() if value is not None}
        return self.sandbox.add_order(self.shop, spec).id

    def fault(self, step: str, kind: str, **more: Any) -> None:
        operation = SHOPIFY_STEPS.get(step, step)
        self.sandbox.faults.add(operation, kind, **more)

    def calls(self) -> dict[str, int]:
        names = {operation: step for step, operation in SHOPIFY_STEPS.items()}
        counted = self.sandbox.calls.by_operation()
        return {names.get(name, name): count for name, count in counted.items()}

    def count(self, step: str) -> int:
        return self.calls().get(step, 0)

    def books(self, order_id: str) -> list[Booked]:
        order = self.shop.orders[order_id]
        return [
            Booked(
                id=refund.id,
                note=refund.note or "",
                requested=sum((t.amount for t in refund.transactions), Decimal(0)),
                paid=refund.paid(),
                shipping=refund.shipping,
                units=sum(line.quantity for line in refund.lines),
            )
            for refund in order.refunds
        ]

    def credit(self, order_id: str) -> Decimal:
        order = self.shop.orders[order_id]
        accounts = order.customer.store_credit if order.customer else []
        return sum((a.balance for a in accounts if a.currency == order.currency), Decimal(0))

    def refund_elsewhere(self, order_id: str, amount: str) -> None:
        from integrations.sandbox.shopify.builder import refund_by_merchant

        order = self.shop.orders[order_id]
        refund_by_merchant(self.shop, order, {"amount": amount, "note": "by the merchant"})

    def provider(self, status: str) -> None:
        words = {"success": "SUCCESS", "pending": "PENDING", "failed": "FAILURE"}
        rule = GatewayRule(status=words[status], error_code="CARD_DECLINED")
        self.shop.gateways["shopify_payments"] = rule

    def settle(self, order_id: str, succeeds: bool) -> None:
        order = self.shop.orders[order_id]
        for transaction in order.transactions:
            if transaction.is_open_refund:
                status = "SUCCESS" if succeeds else "FAILURE"
                self.shop.settle(order, transaction, status, self.sandbox.clock.now())


@contextmanager
def shopify_bench() -> Iterator[ShopifyBench]:
    """A Shopify sandbox with one shop and a token of all scopes."""
    sandbox = ShopifySandbox()
    with SandboxServer(sandbox.app) as server:
        yield ShopifyBench(server, sandbox)
