"""Refunds and bonuses on store credit: where money may move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.approval import ApprovalRequest
from app.domain.base import Value
from app.domain.bonus import Bonus, BonusState
from app.domain.case import Case
from app.domain.money import Money
from app.domain.policy.history import HistoryFigure
from app.domain.policy.limits import Subject
from app.domain.refund import Refund, RefundState
from app.records.outbox import PendingWrite


class HistoryAsked(Value):
    """Refunds of which subject, within how many hours (0: ever), and by which keys it is known.

    A customer is known by `requester_id` and `key` (the store's own id), either of which counts;
    an order by `store_id` and `key`; the others by `key`.
    """

    subject: Subject
    hours: int
    key: str
    store_id: str | None = None
    requester_id: str | None = None


class RefundLedger(Protocol):
    """Refunds. The only place where a refund changes its state."""

    def open(
        self,
        refund: Refund,
        now: datetime,
        *,
        approval: ApprovalRequest | None = None,
        write: PendingWrite | None = None,
    ) -> tuple[Refund, bool]:
        """Store a new intent. Answers the intent and whether it is new.

        With `approval` it waits for a person; request, intent and ticket write are one step.

        The same plan gives the same intent. Raises Conflict when another refund of the same
        order is open.
        """

    def get(self, account_id: str, refund_id: str) -> Refund | None:
        """A refund by its id."""

    def find(self, refund_id: str) -> Refund | None:
        """A refund by its id alone, for jobs."""

    def of_case(self, account_id: str, case_id: str) -> list[Refund]:
        """All refunds of a case, oldest first."""

    def of_order(self, account_id: str, store_id: str, order_id: str) -> list[Refund]:
        """All refunds of an order, from whichever ticket."""

    def move(
        self,
        refund: Refund,
        to: RefundState,
        now: datetime,
        actor: str,
        *,
        changes: Mapping[str, object] | None = None,
        write: PendingWrite | None = None,
        customer_of: Case | None = None,
        bonus: Bonus | None = None,
        approval: tuple[ApprovalRequest, ApprovalRequest] | None = None,
    ) -> Refund:
        """Move a refund that still is as `refund` says. Writes the audit event, the ticket write,
        the note that the customer's fields changed, the bonus to be given now and the approval
        (before, after) in the same step.

        Raises IllegalTransition, or Conflict when somebody else moved it first.
        """

    def record(
        self, refund: Refund, now: datetime, actor: str, action: str, changes: Mapping[str, object]
    ) -> Refund:
        """Note something about a refund without changing its state. Raises Conflict as `move`."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Refunds that need work now: ended holds, stuck sends, unknown and pending ones."""

    def all_of(self, account_id: str, states: Sequence[RefundState]) -> list[Refund]:
        """Every refund of an account in these states, oldest first."""

    def history(
        self, account_id: str, asks: Sequence[HistoryAsked], now: datetime
    ) -> tuple[HistoryFigure, ...]:
        """The figures that are asked for, in that order.

        A refund counts while its money has moved or may move (`counts_as_spent`); one that waits
        for a person doesn't yet, so that asking for it is not held against it.
        """

    def totals_of_requester(
        self, account_id: str, requester_id: str
    ) -> tuple[int, Money | None, datetime | None]:
        """Settled refunds of a customer: how many, their sum (None when currencies differ or
        there are none), and when the last one settled."""


class Bonuses(Protocol):
    """Bonuses on store credit. They come into being with the step that settles their refund
    (`RefundLedger.move`)."""

    def find(self, bonus_id: str) -> Bonus | None:
        """By its id."""

    def of_case(self, account_id: str, case_id: str) -> list[Bonus]:
        """Those of a case, oldest first."""

    def of_refund(self, account_id: str, refund_id: str) -> Bonus | None:
        """The one of a refund, or None."""

    def all_of(self, account_id: str) -> list[Bonus]:
        """Every bonus of an account, oldest first."""

    def is_another_undecided(self, bonus: Bonus) -> bool:
        """Whether another bonus of the same customer may be on its way at this moment."""

    def known_credits(self, account_id: str, store_id: str) -> frozenset[str]:
        """The store's ids of all credits that are known to be a bonus of ours."""

    def move(
        self,
        bonus: Bonus,
        to: BonusState,
        now: datetime,
        *,
        changes: Mapping[str, object],
        write: PendingWrite | None = None,
    ) -> Bonus:
        """Change the state if nobody changed the bonus meanwhile, else raise Conflict; with the
        audit event and a ticket write in the same step."""

    def record(
        self, bonus: Bonus, now: datetime, action: str, *, changes: Mapping[str, object]
    ) -> Bonus:
        """Note something without changing the state. Raises Conflict as `move`."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Bonuses that need work now."""
