"""Requests for approval, and authority that was lent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.approval import ApprovalRequest, Delegation
from app.records.outbox import PendingWrite


class Approvals(Protocol):
    """Requests for approval. Each change but a reminder is made with its refund, by the ledger."""

    def get(self, account_id: str, approval_id: str) -> ApprovalRequest | None:
        """A request by its id."""

    def find(self, approval_id: str) -> ApprovalRequest | None:
        """A request by its id alone, for jobs."""

    def of_refund(self, account_id: str, refund_id: str) -> ApprovalRequest | None:
        """The request about a refund; None when nobody had to be asked."""

    def of_case(self, account_id: str, case_id: str) -> list[ApprovalRequest]:
        """All requests of a case, oldest first."""

    def waiting(self, account_id: str, limit: int) -> list[ApprovalRequest]:
        """Open requests, oldest first."""

    def decided(self, account_id: str, limit: int) -> list[ApprovalRequest]:
        """Requests that are over, newest decision first."""

    def count_waiting(self, account_id: str) -> int:
        """How many are open."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Open requests whose reminder is due."""

    def remind(
        self,
        before: ApprovalRequest,
        after: ApprovalRequest,
        now: datetime,
        actor: str,
        write: PendingWrite,
    ) -> None:
        """Store a reminder of a request that still is as `before` says, with the ticket write and
        the audit event, in one step. Raises Conflict."""


class Delegations(Protocol):
    """Authority that people have lent to others."""

    def add(self, delegation: Delegation, actor: str, now: datetime) -> None:
        """Store a new one."""

    def get(self, account_id: str, delegation_id: str) -> Delegation | None:
        """One by its id."""

    def present(self, account_id: str, now: datetime) -> Sequence[Delegation]:
        """Those that hold now or will hold."""

    def end(self, delegation: Delegation, actor: str, now: datetime) -> Delegation:
        """End one now; one that is over already stays as it is."""
