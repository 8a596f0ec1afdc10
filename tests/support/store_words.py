"""What a bench of any kind of store is, in words that all of them understand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from app.ports import Store
from tests.support.surroundings import RecordingPace


@dataclass(frozen=True)
class Booked:
    """One refund in the sandbox's own books. Amounts in the customer's currency."""

    id: str
    note: str
    requested: Decimal
    paid: Decimal
    shipping: Decimal
    units: int


@dataclass(frozen=True)
class Traits:
    """Where kinds of stores differ by nature. A test asks for these, and checks both ways.

    `calls_to_read` is what one reading of a plain order costs, by step; `calls_to_recheck` how many
    calls a re-check is. `taxes` are those of the plain order's two lines, `delivered_at` its
    delivery. `whole_kinds_refused` can't be refunded in one piece.
    """

    calls_to_read: dict[str, int]
    calls_to_recheck: int
    orders_on_a_page: int
    taxes: tuple[str, str]
    delivered_at: datetime | None
    finds_by_phone: bool
    knows_disputes: bool
    knows_businesses: bool
    tells_its_budget: bool
    has_pending_refunds: bool
    gives_store_credit: bool
    whole_kinds_refused: frozenset[str] = frozenset()


class StoreBench(Protocol):
    """A store, what was sold in it, its books and its faults."""

    pace: RecordingPace
    traits: Traits

    def order_name(self, number: int) -> str:
        """How this store writes an order's number."""

    def store(self, read_timeout_seconds: float = 5.0) -> Store:
        """A fresh client, as a job makes one."""

    def sell(self, kind: str, **changes: Any) -> str:
        """Make an order of one of the kinds in `KINDS`; answers its id."""

    def fault(self, step: str, kind: str, **more: Any) -> None:
        """Switch a fault on for "find", "read", "recheck", "send", "search" or "status"."""

    def calls(self) -> dict[str, int]:
        """Calls so far, by step."""

    def count(self, step: str) -> int:
        """Calls of one step so far."""

    def books(self, order_id: str) -> list[Booked]:
        """The refunds that the store really made."""

    def credit(self, order_id: str) -> Decimal:
        """The store credit that the order's customer has, in the order's currency."""

    def refund_elsewhere(self, order_id: str, amount: str) -> None:
        """Somebody refunds in the store's own admin."""

    def provider(self, status: str) -> None:
        """How the payment provider answers refunds from now on: success, pending or failed."""

    def settle(self, order_id: str, succeeds: bool) -> None:
        """The provider answers what was pending."""
