"""What the product keeps, as use cases see it: each method is one durable step.

A method either happened completely or not at all, whatever dies in between; the audit event of an
act is written in the same transaction as the act. `app.storage` implements all of these.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime

from app.domain.approval import ApprovalRequest, Delegation
from app.domain.base import Value
from app.domain.bonus import Bonus, BonusState
from app.domain.case import Case
from app.domain.channel import Channel
from app.domain.classify.order_forms import OrderForm
from app.domain.crm import TicketWrite
from app.domain.feedback import DayCount, Label, LabelKind, WeekOfReading
from app.domain.money import Money
from app.domain.order import Order
from app.domain.override import Override
from app.domain.people import Agent
from app.domain.plan import Plan, RefundChoice
from app.domain.policy.history import HistoryFigure
from app.domain.policy.limits import Subject
from app.domain.policy.model import Policy
from app.domain.policy.replay import PastCase, Replay
from app.domain.policy.version import PolicyVersion
from app.domain.refund import Refund, RefundState
from app.domain.ticket import TicketEvent
from app.ports import Account, SecretVault, StoreRecord

SYSTEM = "makegood"


def new_id(prefix: str) -> str:
    """A new identifier such as `case_3f2a…`; the prefix says what it names."""
    return f"{prefix}_{uuid.uuid4().hex}"


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


class Basis(Value):
    """What a plan was made from, to be compared with the store right before money moves."""

    refundable: dict[str, int]
    refunded: Money
    refund_pending: Money
    is_cancelled: bool

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

    `chosen_by` is the agent who chose it, None for the decision's own plan. `override` is the
    person's reason where the plan goes against the policy.
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
    chosen_by: str | None = None
    override: Override | None = None


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


class AskedOn(Value):
    """A ticket on which a case was asked for."""

    ticket_id: str
    channel: Channel = Channel.UNKNOWN
    at: AwareDatetime


class TriageResult(Value):
    """All that one triage found, stored in one step. `case` is None for other tickets.

    `takes_up`: a person, or the customer's later message, says that a ticket which was left alone
    is about a refund; a repeated delivery of its beginning can't. `joins`: the case of another
    ticket that this one asks for too; `case` is None then.
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


class CaseBook(Protocol):
    """Tickets, cases, decisions and offered plans."""

    def is_triaged(self, account_id: str, ticket_id: str) -> bool:
        """Whether a triage of this ticket was stored."""

    def triage_outcome(self, account_id: str, ticket_id: str) -> str | None:
        """What came of the triage of this ticket, in a word; None when none was stored."""

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
    ) -> bool:
        """Store a new match, order snapshot or decision of a case at `case.revision` - 1.

        False when the case was changed meanwhile: then nothing is kept.
        """

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


class Learning(Protocol):
    """What agents corrected, what the stores' order numbers look like, and counts of readings."""

    def add(self, label: Label, now: datetime) -> None:
        """Keep a label in place of an earlier one of the same ticket and `what`."""

    def labels(self, account_id: str, since: datetime, limit: int = 50_000) -> list[Label]:
        """An account's labels made since then, oldest first."""

    def withdraw(self, account_id: str, ticket_id: str, what: LabelKind) -> None:
        """Delete a label that its maker took back."""

    def erase_texts(self, before: datetime) -> int:
        """Empty the texts of labels made before then, in all accounts; answers how many."""

    def erase_requester(self, account_id: str, requester_id: str) -> int:
        """Delete all labels that a customer's tickets gave; answers how many."""

    def order_forms(self, account_id: str) -> tuple[OrderForm, ...]:
        """What order names look like in the account's stores, as far as orders were seen."""

    def learn_order_names(
        self, account_id: str, store_id: str, names: Sequence[str], now: datetime
    ) -> None:
        """Widen a store's forms by names of its orders; nothing is written when they fit."""

    def days(self, account_id: str, since: datetime) -> list[DayCount]:
        """Refund cases since then by day, kind, reason and product."""

    def weeks(self, account_id: str, since: datetime) -> list[WeekOfReading]:
        """Each week since then, oldest first."""


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


class StoredClassifier(Value):
    """A classifier that learned from an account's labels, as it is kept.

    `base` names the shipped weights that `weights` differ from; `report` is what learning showed.
    """

    account_id: str
    version: int
    base: str
    weights: bytes = b""
    report: dict[str, object]
    is_active: bool
    created_at: AwareDatetime


class Classifiers(Protocol):
    """Classifiers of accounts, by version; without an active one the shipped weights are used."""

    def add(
        self,
        account_id: str,
        base: str,
        weights: bytes,
        report: Mapping[str, object],
        *,
        activate: bool,
        actor: str,
        now: datetime,
    ) -> StoredClassifier:
        """Store the next version, and use it from now on when it is to be activated."""

    def active_version(self, account_id: str) -> int | None:
        """The number of the version in use, cheaply; None for the shipped weights."""

    def get(self, account_id: str, version: int) -> StoredClassifier | None:
        """One version with its weights."""

    def versions(self, account_id: str) -> Sequence[StoredClassifier]:
        """All versions without their weights, newest first."""

    def activate(self, account_id: str, version: int | None, actor: str, now: datetime) -> None:
        """Use a version from now on, or the shipped weights. Raises LookupError when unknown."""


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


class Policies(Protocol):
    """Versions of an account's policies, their replays, and past cases to replay."""

    def in_force(self, account_id: str, store_id: str | None, now: datetime) -> Policy:
        """The policy that decides about an order of a store now: the store's own, else its
        brand's, else the account's. Raises LookupError when there is none."""

    def versions(self, account_id: str) -> list[PolicyVersion]:
        """All versions, newest first."""

    def version(self, account_id: str, number: int) -> PolicyVersion | None:
        """One version."""

    def add(self, version: PolicyVersion, now: datetime) -> PolicyVersion:
        """Keep a new version under the next number, with the audit event of its last step. An
        active one ends what is in force in its scope when it begins."""

    def replace(self, old: PolicyVersion, new: PolicyVersion, now: datetime) -> PolicyVersion:
        """Keep a version after a step, likewise. Raises Conflict when it isn't `old` any more."""

    def save_replay(self, replay: Replay) -> None:
        """Keep a replay and its progress."""

    def replay(self, account_id: str, replay_id: str) -> Replay | None:
        """A replay."""

    def past_ids(self, account_id: str, store_ids: Sequence[str] | None) -> list[str]:
        """The present decision of each case (of some stores, or of all), oldest first."""

    def past_cases(self, account_id: str, decision_ids: Sequence[str]) -> list[PastCase]:
        """These decisions with their orders and requests."""


class Accounts(Protocol):
    """Accounts, their stores, people and secrets."""

    def get(self, account_id: str) -> Account | None:
        """An account by its id."""

    def door(self, account_id: str) -> tuple[Account, SecretVault] | None:
        """An active account and its secrets, at most some seconds old, for checking webhooks."""

    def door_of(self, helpdesk: str, **config: str) -> str | None:
        """The id of the active account whose config has these values, at most some seconds old."""

    def find(self, helpdesk: str, **config: str) -> Account | None:
        """The active account of this helpdesk whose config has these values."""

    def all(self) -> list[Account]:
        """All active accounts."""

    def everyone(self) -> list[Account]:
        """All accounts, also those that were disconnected."""

    def save(self, account: Account, actor: str, now: datetime) -> None:
        """Create or replace an account."""

    def stores(self, account_id: str) -> list[StoreRecord]:
        """The active stores of an account."""

    def store(self, account_id: str, store_id: str) -> StoreRecord | None:
        """One store of an account."""

    def save_store(self, store: StoreRecord, actor: str, now: datetime) -> None:
        """Create or replace a store."""

    def policy(self, account_id: str) -> Policy:
        """The account's general policy at present; for an order's decision and the amounts of its
        refunds it is `Policies.in_force` that counts."""

    def vault(self, account_id: str) -> SecretVault:
        """The secrets of an account."""

    def known_agent(self, account_id: str, agent_id: str, since: datetime) -> Agent | None:
        """A person as read from the helpdesk after `since`, or None."""

    def remember_agent(self, account_id: str, agent: Agent, now: datetime) -> None:
        """Keep what the helpdesk said about a person."""

    def known_people(self, account_id: str) -> list[Agent]:
        """Everybody who was ever read from the helpdesk, as last read, by name."""

    def use_token_once(self, token_hash: str, expires_at: datetime, now: datetime) -> bool:
        """True for the first use of a signed token, False for every further one."""

    def sweep_mark(self, account_id: str) -> datetime | None:
        """Until when the sweep has looked."""

    def set_sweep_mark(self, account_id: str, until: datetime) -> None:
        """Remember how far the sweep has looked."""
