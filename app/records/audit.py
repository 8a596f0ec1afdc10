"""The record of every act."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime

from app.domain.base import Value


class AuditEvent(Value):
    """One entry of an account's chain; `hash` covers everything here and `previous_hash`."""

    account_id: str
    sequence: int
    at: AwareDatetime
    actor: str
    action: str
    subject: str
    data: dict[str, object]
    previous_hash: str
    hash: str


class AuditTrail(Protocol):
    """The hash-chained record of every act."""

    def append(
        self,
        account_id: str,
        actor: str,
        action: str,
        subject: str,
        data: Mapping[str, object],
        now: datetime,
    ) -> None:
        """Add one event."""

    def of_subject(self, account_id: str, subject: str) -> list[AuditEvent]:
        """The events about one thing, oldest first."""

    def verify(self, account_id: str) -> tuple[int, str | None]:
        """How many events hold, and the first fault in words (None: the chain is whole)."""
