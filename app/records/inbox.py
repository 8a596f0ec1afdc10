"""Deliveries: webhook POSTs and what the sweep found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime

from app.domain.base import Value
from app.domain.ticket import TicketEvent


class DeliveryState(StrEnum):
    """`parked` deliveries wait, with their cause, for a person to replay them."""

    RECEIVED = "received"
    DONE = "done"
    PARKED = "parked"


class Delivery(Value):
    """One webhook POST (or one find of the sweep), as it is kept."""

    id: int
    account_id: str
    event: TicketEvent
    received_at: AwareDatetime
    attempts: int
    state: DeliveryState = DeliveryState.RECEIVED
    outcome: str | None = None


class Inbox(Protocol):
    """Deliveries."""

    def add(
        self, account_id: str, event: TicketEvent, body_sha256: str, now: datetime
    ) -> int | None:
        """Keep a delivery durably; None when it is a repetition of one that is kept."""

    def claim(self, delivery_id: int, now: datetime, lease_seconds: float) -> Delivery | None:
        """Take a delivery that nobody works on; None when it is done, parked or taken."""

    def finish(self, delivery_id: int, outcome: str, now: datetime) -> None:
        """Nothing more is to be done."""

    def postpone(self, delivery_id: int, until: datetime, cause: str) -> None:
        """Try again later."""

    def park(self, delivery_id: int, cause: str, now: datetime) -> None:
        """Wait for a person, with the cause."""

    def replay(self, account_id: str, delivery_id: int, actor: str, now: datetime) -> bool:
        """Take a parked delivery up again; False when it isn't parked."""

    def due(self, now: datetime, limit: int) -> list[int]:
        """Deliveries that should be worked on now."""

    def with_state(self, account_id: str, state: DeliveryState, limit: int) -> list[Delivery]:
        """The newest deliveries of an account in a state."""

    def counts(self) -> dict[str, int]:
        """How many deliveries are in each state, over all accounts."""
