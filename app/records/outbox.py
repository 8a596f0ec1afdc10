"""What is to be written into the helpdesk."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.domain.base import Value
from app.domain.crm import TicketWrite


class WriteState(StrEnum):
    """A ticket write. `sending` and `unknown` are left only by reading the ticket's history."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class PendingWrite(Value):
    """A ticket write that was decided and is to be sent once."""

    id: str
    account_id: str
    case_id: str | None
    purpose: str
    write: TicketWrite
    state: WriteState
    attempts: int
    cause: str | None = None


class Outbox(Protocol):
    """Ticket writes and customers whose fields changed."""

    def add(self, write: PendingWrite, now: datetime) -> bool:
        """Queue a write; False when its marker is already known."""

    def claim(self, write_id: str, now: datetime, lease_seconds: float) -> PendingWrite | None:
        """Take a write that nobody works on. The answer shows the state before it was taken:
        SENDING or UNKNOWN mean that it may have been written already."""

    def sent(self, write_id: str, change_id: str, now: datetime) -> None:
        """It is in the helpdesk."""

    def requeue(self, write_id: str, until: datetime, cause: str, *, unknown: bool) -> None:
        """Try again later; `unknown` when it may have been written."""

    def refuse(self, write_id: str, cause: str, now: datetime) -> None:
        """The helpdesk's final no."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Writes that should be worked on now."""

    def of_ticket(self, account_id: str, ticket_id: str) -> list[PendingWrite]:
        """All writes of a ticket, oldest first."""

    def claim_customer(
        self, account_id: str, requester_id: str, now: datetime, lease_seconds: float
    ) -> int | None:
        """Take a customer whose fields changed; the number of the change, or None."""

    def customer_written(self, account_id: str, requester_id: str, change: int) -> None:
        """Done, unless it changed again meanwhile."""

    def postpone_customer(
        self, account_id: str, requester_id: str, until: datetime, cause: str
    ) -> None:
        """Try again later."""

    def due_customers(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """(account, requester) pairs to be written now."""
