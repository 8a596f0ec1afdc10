"""Tickets, cases, decisions and the plans that people were shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.case import Case
from app.domain.channel import Channel
from app.domain.decision import Decision
from app.domain.money import Money
from app.domain.order import Order
from app.domain.override import Override
from app.domain.plan import Plan, RefundChoice
from app.records.outbox import PendingWrite


class Basis(Value):
    """What a plan was made from, to be compared with the store right before money moves.

    `returned` holds the units of lines that had to come back first, and had.
    """

    refundable: dict[str, int]
    refunded: Money
    refund_pending: Money
    is_cancelled: bool
    returned: dict[str, int] = Field(default_factory=dict)

    @classmethod
    def of(cls, order: Order) -> Basis:
        """The basis that an order snapshot gives."""
        return cls(
            refundable={line.id: line.refundable_quantity for line in order.lines},
            refunded=order.refunded,
            refund_pending=order.refund_pending,
            is_cancelled=order.is_cancelled,
        )


class OfferedPlan(Value):
    """A plan that a person was shown. It can be executed at most once.

    `decision_id` is the decision that it was offered by. `chosen_by` is the agent who chose it,
    None for the decision's own plan. `override` is the person's reason where the plan goes against
    the policy.
    """

    id: str
    account_id: str
    case_id: str
    store_id: str
    plan: Plan
    choice: RefundChoice
    basis: Basis
    case_revision: int
    created_at: AwareDatetime
    decision_id: str | None = None
    chosen_by: str | None = None
    override: Override | None = None


class AskedOn(Value):
    """A ticket on which a case was asked for."""

    ticket_id: str
    channel: Channel = Channel.UNKNOWN
    at: AwareDatetime


class TriageResult(Value):
    """All that one triage found, stored in one step. `case` is None for other tickets.

    `takes_up`: a person, or the customer's later message, says that a ticket which was left alone
    is about a refund; a repeated delivery of its beginning can't. `joins`: the case of another
    ticket that this one asks for too; `case` is None then. `read_until`: see `Triaged`.
    """

    delivery_id: int | None
    account_id: str
    ticket_id: str
    requester_id: str
    is_refund: bool
    outcome: str
    case: Case | None = None
    offered: OfferedPlan | None = None
    write: PendingWrite | None = None
    takes_up: bool = False
    joins: str | None = None
    channel: Channel = Channel.UNKNOWN
    read_until: AwareDatetime | None = None


class Triaged(Value):
    """What came of a ticket's triage, in a word, and how far its messages were read.

    `read_until` is a time by the helpdesk's clock, as are those of messages.
    """

    outcome: str
    read_until: AwareDatetime


class CaseBook(Protocol):
    """Tickets, cases, decisions and offered plans."""

    def is_triaged(self, account_id: str, ticket_id: str) -> bool:
        """Whether a triage of this ticket was stored."""

    def triaged(self, account_id: str, ticket_id: str) -> Triaged | None:
        """What came of the triage of this ticket; None when none was stored."""

    def read_again(self, account_id: str, ticket_id: str, until: datetime) -> None:
        """The ticket's messages were read up to then, and what came of it stays."""

    def save_triage(self, result: TriageResult, now: datetime) -> bool:
        """Store a triage and finish its delivery. False when another worker was first: then
        nothing of it is kept."""

    def save_decision(
        self,
        case: Case,
        offered: OfferedPlan | None,
        actor: str,
        action: str,
        now: datetime,
        write: PendingWrite | None = None,
        noted: Mapping[str, object] | None = None,
    ) -> bool:
        """Store a new match, order snapshot or decision of a case at `case.revision` - 1.

        `noted` is kept with the audit event. False when the case was changed meanwhile: then
        nothing is kept.
        """

    def decided(self, account_id: str, decision_id: str) -> tuple[Order, Decision] | None:
        """An earlier decision, and the order that it was made from."""

    def case_of_ticket(self, account_id: str, ticket_id: str) -> Case | None:
        """The case of a ticket, its own or the one it joined."""

    def open_case_of_order(
        self, account_id: str, store_id: str, order_id: str, since: datetime
    ) -> Case | None:
        """The newest case of an order that was changed since then."""

    def tickets_of_case(self, account_id: str, case_id: str) -> list[AskedOn]:
        """All tickets that ask for what a case is about, the first one first."""

    def case(self, account_id: str, case_id: str) -> Case | None:
        """A case by its id."""

    def offer(self, offered: OfferedPlan) -> None:
        """Keep a plan that is about to be shown."""

    def offered(self, account_id: str, plan_id: str) -> OfferedPlan | None:
        """A plan that was shown."""

    def current_offer(self, account_id: str, case_id: str) -> OfferedPlan | None:
        """The plan that the case's present decision proposes."""
