"""One shop of the sandbox: its settings, its records and its lock."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.shopify.clock import Clock
from integrations.sandbox.shopify.idempotency import IdempotencyKeys
from integrations.sandbox.shopify.model import (
    CancelJob,
    Customer,
    GidFactory,
    Location,
    Order,
    Refund,
    Transaction,
)

HIDDEN_AFTER = timedelta(days=60)


@dataclass(slots=True)
class GatewayRule:
    """How a payment provider answers refunds: `status` at once, and for `PENDING` what becomes
    of it after `settles_after` (None: only a control call settles it)."""

    status: str = "SUCCESS"
    error_code: str | None = None
    settles_after: timedelta | None = None
    settles_as: str = "SUCCESS"


@dataclass(slots=True)
class WebhookSubscription:
    id: str
    topic: str
    uri: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Shop:
    """Settings and records of one shop. Change records only while holding `lock`.

    `search_index_lag` is how long a new order stays invisible to `orders(query:)`.
    `name_search_is_prefix` makes `name:#100` find `#1001` too. `refund_seconds` is how long
    a refund takes before it is booked, so that a twin can meet it half-way.
    `full_refund_includes_tip` decides whether the full suggestion offers the tip.
    """

    domain: str
    clock: Clock
    name: str = "Example Shop"
    currency: str = "EUR"
    timezone: str = "Europe/Berlin"
    taxes_included: bool = True
    plan_name: str = "Basic"
    is_plus: bool = False
    is_development: bool = False
    same_organisation: bool = True
    installed: bool = True
    search_index_lag: timedelta = timedelta()
    name_search_is_prefix: bool = True
    refund_seconds: float = 0.0
    cancel_takes: timedelta = timedelta()
    full_refund_includes_tip: bool = False
    store_credit_enabled: bool = True
    bucket_size: float = 2000.0
    restore_rate: float = 100.0
    gateways: dict[str, GatewayRule] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.gids = GidFactory()
        self.id = self.gids.new("Shop")
        self.orders: dict[str, Order] = {}
        self.customers: dict[str, Customer] = {}
        self.cancel_jobs: dict[str, tuple[CancelJob, datetime]] = {}
        self.cancel_work: dict[str, dict[str, Any]] = {}
        self.idempotency = IdempotencyKeys(self.clock)
        self.webhooks: list[WebhookSubscription] = []
        self.locations = [
            Location(self.gids.new("Location"), "Main warehouse", is_primary=True),
            Location(self.gids.new("Location"), "Returns desk"),
        ]
        self.return_reasons = [
            (self.gids.new("ReturnReasonDefinition"), handle, text)
            for handle, text in (
                ("unwanted", "Changed my mind"),
                ("defective", "Defective or damaged"),
                ("wrong-item", "Wrong item"),
                ("other", "Other"),
            )
        ]

    def visible_orders(self, *, all_orders: bool) -> list[Order]:
        """Orders that a token may see; without `read_all_orders` only those of 60 days.

        https://shopify.dev/docs/api/usage/access-scopes
        """
        oldest = self.clock.now() - HIDDEN_AFTER
        return [o for o in self.orders.values() if all_orders or o.created_at >= oldest]

    def find_order(self, order_id: str, *, all_orders: bool = True) -> Order | None:
        order = self.orders.get(order_id)
        if order is None or all_orders:
            return order
        return order if order.created_at >= self.clock.now() - HIDDEN_AFTER else None

    def find_refund(self, refund_id: str) -> tuple[Order, Refund] | None:
        for order in self.orders.values():
            for refund in order.refunds:
                if refund.id == refund_id:
                    return order, refund
        return None

    def customer_by_email(self, email: str) -> Customer | None:
        wanted = email.strip().casefold()
        for customer in self.customers.values():
            if customer.email is not None and customer.email.casefold() == wanted:
                return customer
        return None

    def orders_of(self, customer: Customer) -> list[Order]:
        return [o for o in self.orders.values() if o.customer is customer]

    def settle_due(self) -> None:
        """Settle the pending refunds whose provider has answered by now."""
        now = self.clock.now()
        for order in self.orders.values():
            for transaction in order.transactions:
                due = transaction.settles_at
                if transaction.is_open_refund and due is not None and due <= now:
                    self.settle(order, transaction, transaction.settles_as, due)

    @staticmethod
    def settle(
        order: Order,
        transaction: Transaction,
        status: str,
        at: datetime,
        error_code: str | None = None,
    ) -> None:
        """Give a pending refund its final status."""
        transaction.status = status
        transaction.settles_at = None
        transaction.processed_at = at
        if status in ("FAILURE", "ERROR"):
            transaction.error_code = error_code or "GENERIC_ERROR"
        order.updated_at = at
        for refund in order.refunds:
            if transaction in refund.transactions:
                refund.updated_at = at
