"""One shop of the sandbox: its settings, its records and its lock."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile
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
    `closed_with` answers every API call with that status: 402 for a frozen shop, 423 for a
    locked one. `full_refund_includes_tip` decides whether the full suggestion offers the tip.
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
    closed_with: int | None = None
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
        self._customers_by_email: dict[str, Customer] = {}
        self._orders_by_customer: dict[str, list[Order]] = {}
        self._orders_by_email: dict[str, list[Order]] = {}
        self._names: list[tuple[str, str]] = []  # (name without "#", order id), sorted
        self._awaited: list[tuple[Order, Transaction]] = []
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
        return self.only_visible(self.orders.values(), all_orders=all_orders)

    def only_visible(self, orders: Iterable[Order], *, all_orders: bool) -> list[Order]:
        oldest = self.clock.now() - HIDDEN_AFTER
        return [order for order in orders if all_orders or order.created_at >= oldest]

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

    def add_customer(self, customer: Customer) -> None:
        self.customers[customer.id] = customer
        if customer.email is not None:
            self._customers_by_email[customer.email.casefold()] = customer

    def add_order(self, order: Order) -> None:
        self.orders[order.id] = order
        insort(self._names, (order.name.casefold().lstrip("#"), order.id))
        if order.email is not None:
            self._orders_by_email.setdefault(order.email.casefold(), []).append(order)
        if order.customer is not None:
            self._orders_by_customer.setdefault(order.customer.id, []).append(order)

    def customer_by_email(self, email: str) -> Customer | None:
        return self._customers_by_email.get(email.strip().casefold())

    def orders_of(self, customer: Customer) -> list[Order]:
        return list(self._orders_by_customer.get(customer.id, ()))

    def orders_with_email(self, email: str) -> list[Order]:
        return list(self._orders_by_email.get(email.casefold(), ()))

    def orders_with_name_prefix(self, prefix: str) -> list[Order]:
        wanted = prefix.casefold().lstrip("#")
        start = bisect_left(self._names, (wanted, ""))
        found = takewhile(lambda n: n[0].startswith(wanted), islice(self._names, start, None))
        return [self.orders[order_id] for _, order_id in found]

    def await_provider(self, order: Order, transaction: Transaction) -> None:
        """Remember a pending refund whose provider will answer at `settles_at`."""
        self._awaited.append((order, transaction))

    def settle_due(self) -> None:
        """Settle the pending refunds whose provider has answered by now."""
        now, still_awaited = self.clock.now(), []
        for order, transaction in self._awaited:
            due = transaction.settles_at
            if not transaction.is_open_refund or due is None:
                continue  # settled by hand meanwhile
            if due <= now:
                self.settle(order, transaction, transaction.settles_as, due)
            else:
                still_awaited.append((order, transaction))
        self._awaited = still_awaited

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
