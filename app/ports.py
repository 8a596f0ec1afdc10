"""What the product needs of the world outside: helpdesks, stores, classifier, time.

An adapter in `integrations/` implements one of these; use cases see nothing else of a vendor.
All errors that cross these borders are those of `app.domain.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.bonus import Bonus
from app.domain.classification import Classification
from app.domain.classify.clean import Cleaned
from app.domain.crm import CustomerFields, TicketFields, TicketWrite
from app.domain.matching import Lookup, OrderQuery
from app.domain.money import Money
from app.domain.order import Order, PaymentStatus, Suggestion, TransactionStatus
from app.domain.orders_elsewhere import KeptOrder
from app.domain.people import Agent
from app.domain.plan import RefundChoice
from app.domain.refund import Refund
from app.domain.ticket import Message, Requester, Ticket, TicketEvent


class Account(Value):
    """One installation in one helpdesk. `config` is what its adapter keeps (ids, no secrets)."""

    id: str
    helpdesk: str
    name: str
    config: dict[str, object] = Field(default_factory=dict)
    is_active: bool = True


class StoreRecord(Value):
    """One connected shop of an account. `config` is what its adapter keeps (no secrets)."""

    id: str
    account_id: str
    kind: str
    name: str
    config: dict[str, object] = Field(default_factory=dict)
    is_active: bool = True


class CheckStatus(StrEnum):
    """How a connection check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(Value):
    """One thing that `makegood doctor` looked at, and the mend where it is broken."""

    name: str
    status: CheckStatus
    detail: str
    mend: str | None = None


class SecretVault(Protocol):
    """Secrets of one account, encrypted at rest. `owner` is "helpdesk" or a store's id."""

    def get(self, owner: str, name: str) -> str | None:
        """The secret, or None."""

    def put(self, owner: str, values: Mapping[str, str | None]) -> None:
        """Store several secrets in one transaction, durably, before returning. None deletes."""


class Locks(Protocol):
    """Named locks shared by all processes, kept in the database."""

    def hold(self, name: str, seconds: float, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold a lock for at most `seconds`; raises TimeoutError when it isn't free in time."""


class VendorPace(Protocol):
    """The shared budget of calls to one vendor, kept in Redis; without Redis nothing is paced."""

    def acquire(self, key: str, *, limit: int, per_seconds: int, cost: int = 1) -> float:
        """Seconds to wait before a call may go out; 0 when it may go now (and is counted)."""

    def reserve_cost(self, key: str, cost: float) -> float:
        """Seconds until a leaky bucket has `cost` points free; 0 when they are reserved now."""

    def report_cost(self, key: str, *, available: float, maximum: float, restore: float) -> None:
        """What the vendor says about its bucket, after an answer."""


# --- helpdesk -----------------------------------------------------------------------------------


class WriteReceipt(Value):
    """Proof that a ticket was written: the helpdesk's id of that change, and the new revision."""

    change_id: str
    revision: str | None = None


class TicketPage(Value):
    """Tickets that a sweep found. `cursor` continues; None at the end."""

    events: tuple[TicketEvent, ...]
    cursor: str | None = None


class Helpdesk(Protocol):
    """One account's helpdesk. Made per job; not shared between threads."""

    def read_ticket(self, ticket_id: str) -> Ticket:
        """The ticket with its requester, in one call. Raises NotFound, Unavailable..."""

    def read_messages(self, ticket_id: str) -> tuple[Message, ...]:
        """A ticket's public messages, oldest first, at most the newest hundred, in one call."""

    def read_requester(self, requester_id: str) -> Requester:
        """The requester with all other addresses on their profile, in one call."""

    def read_agent(self, agent_id: str) -> Agent:
        """A person of the merchant with role and tier, as the helpdesk's server says now."""

    def write_ticket(self, write: TicketWrite, seen: Ticket) -> WriteReceipt:
        """Write note, tags and fields in one call, never resent here.

        Raises StaleWrite when the ticket changed since `seen` (nothing was written),
        OutcomeUnknown when it may have been written.
        """

    def find_write(self, ticket_id: str, marker: str) -> WriteReceipt | None:
        """The change that carries `marker`, or None when there surely is none."""

    def write_customer(self, requester_id: str, fields: CustomerFields) -> None:
        """Set the customer's fields; setting the same values twice is harmless."""

    def recent_tickets(self, since: datetime, cursor: str | None) -> TicketPage:
        """Tickets that changed since then and that we haven't marked, by time of their change."""

    def kept_orders(self, requester_id: str) -> tuple[KeptOrder, ...]:
        """Orders that the merchant keeps in the helpdesk itself, newest first; shown, no more.

        Empty without a call where the account keeps none there.
        """

    def check(self) -> list[Check]:
        """Connection, permissions, fields, webhook, each with its mend."""


@runtime_checkable
class ProvesPeople(Protocol):
    """A helpdesk that can say whose signed-in session wrote a given text."""

    def who_wrote(self, challenge: str) -> str | None:
        """The id of the person, as the helpdesk's server set it; None where nobody wrote it.

        What was written is removed on the way, as far as that is possible.
        """


class SidebarVisit(Value):
    """Who opened the sidebar, proven by the helpdesk's signature."""

    account_id: str
    agent_id: str
    installation_id: str
    origin: str
    token_hash: str
    expires_at: AwareDatetime


# --- store --------------------------------------------------------------------------------------


class StoreRefund(Value):
    """A refund as the store has it. `status` SUCCESS means that the money went out."""

    id: str
    order_id: str
    created_at: AwareDatetime
    amount: Money
    status: TransactionStatus
    note: str | None = None
    is_manual: bool = False
    explanation: str | None = None


class StoreCredit(Value):
    """An amount that was added to a customer's store credit by itself, as the store has it."""

    id: str
    created_at: AwareDatetime
    amount: Money


class Recheck(Value):
    """The facts that a plan rests on, read again right before money moves.

    `suggestion` is the store's figure for exactly the plan's choice; `refundable` maps line id to
    units still refundable; `notes` are the notes of all refunds that the store has.
    """

    suggestion: Suggestion
    refundable: dict[str, int]
    refunded: Money
    payment_status: PaymentStatus
    is_refundable: bool
    is_cancelled: bool
    is_disputed: bool | None
    notes: tuple[str, ...] = ()


class Store(Protocol):
    """One connected shop. Made per job; not shared between threads.

    `resend_is_safe`: the store knows a refund's key, so sending the same input again never pays
    twice. Where it is False, a refund is sent once: a first call whose answer was lost may still
    be at work, and nothing would stop a second one.
    """

    record: StoreRecord
    resend_is_safe: bool

    def find_orders(self, query: OrderQuery) -> Lookup:
        """Look for orders by all of the query's addresses and numbers, in one call."""

    def read_order(self, order_id: str) -> Order:
        """The order with everything that a decision needs, in one call, by its id."""

    def recheck(self, order: Order, choice: RefundChoice) -> Recheck:
        """Price exactly this choice and read what the plan rests on, in one call."""

    def prepare_refund(self, refund: Refund, recheck: Recheck) -> str:
        """The exact input to send, as text to be stored before it is sent."""

    def send_refund(self, refund: Refund) -> StoreRefund:
        """Send `refund.store_input` once with its key. Moves money.

        Raises Rejected when it was surely refused, RateLimited or Unavailable when it surely
        wasn't processed, OutcomeUnknown for everything else.
        """

    def find_refund(self, refund: Refund) -> StoreRefund | None:
        """The store's refund that carries `refund.marker`, or None when there is none now."""

    def read_refund(self, store_refund_id: str) -> StoreRefund:
        """A refund's present state, read by its id."""

    def refunds_of(self, order_id: str) -> tuple[StoreRefund, ...]:
        """All refunds that the store has for an order, whoever made them."""

    def prepare_credit(self, bonus: Bonus) -> str:
        """The exact input of a bonus on store credit, with what was in the account before.

        Raises Rejected where the store has no store credit.
        """

    def send_credit(self, bonus: Bonus) -> StoreCredit:
        """Send `bonus.store_input` once; never again, no store knows a key for it. Raises as
        `send_refund`."""

    def find_credits(self, bonus: Bonus) -> tuple[StoreCredit, ...]:
        """Credits of the bonus's amount that weren't in the account when it was prepared."""

    def read_credit(self, store_credit_id: str) -> StoreCredit:
        """A credit, by its id. Raises NotFound."""

    def check(self) -> list[Check]:
        """Connection, scopes, API version, each with its mend."""


# --- classifier and time ------------------------------------------------------------------------


class Classifier(Protocol):
    """Reads one message. Rules and a trained model are both one of these."""

    def classify_message(self, message: Cleaned) -> Classification:
        """What a message is about that `clean` took apart and masked; never raises on any."""


class Clock(Protocol):
    """Time, so that tests can move it."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""


class Notifier(Protocol):
    """Tells workers that the database has work; losing a message loses nothing."""

    def wake(self, job: str, *ids: str, at: datetime | None = None) -> None:
        """Ask for a job by name with ids only, now or at a time."""


# --- integrations -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Surroundings:
    """What an adapter may use of the product.

    `endpoints` maps an integration's name to its URL template (the vendor's public one unless the
    settings say otherwise); `timeouts` are connect and read seconds for ordinary calls.
    """

    vault: SecretVault
    locks: Locks
    pace: VendorPace
    clock: Clock
    endpoints: Mapping[str, str]
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 10.0


class HelpdeskIntegration(Protocol):
    """One kind of helpdesk; one instance of this stands in `integrations.HELPDESKS`."""

    name: str

    def open(self, account: Account, surroundings: Surroundings) -> Helpdesk:
        """A client for one account, for one job."""

    def receive(
        self,
        account: Account,
        vault: SecretVault,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> TicketEvent | None:
        """Check a webhook POST and reduce it to typed values; None when it is to be ignored.

        Raises BadDelivery. Does no I/O beyond reading the account's secret.
        """

    def visit(
        self, accounts: AccountDirectory, form: Mapping[str, str], now: datetime
    ) -> SidebarVisit:
        """Prove who opens the sidebar; raises NotAllowed with a sentence for the person."""

    def speaks_of(self, body: bytes) -> Mapping[str, str]:
        """The config values of the account that a webhook POST to the common address speaks of.

        Nothing is proven by that: the account's own secret is checked afterwards. Empty where each
        account has an address of its own.
        """

    def form_values(self, account: Account, fields: TicketFields) -> Mapping[str, str]:
        """The open ticket form's own path and value for each field, for the sidebar to set there.

        E.g. `ticket.customField:custom_field_81` to `makegood_refunded`. Empty where the helpdesk's
        form can't be set.
        """

    def frame_ancestor(self, account: Account, surroundings: Surroundings) -> str:
        """The origin that may frame the sidebar of this account."""


class CommandCaller(Value):
    """Who the helpdesk's servers say that clicked, None where they don't say.

    `is_proof`: an admin has seen that nobody else can say it, so it stands by itself.
    """

    agent_id: str | None
    is_proof: bool = False


@runtime_checkable
class CardIntegration(Protocol):
    """A helpdesk whose sidebar is a static page, and whose servers carry all of its calls."""

    name: str

    def card_boot(self, app_name: str) -> Mapping[str, object]:
        """What the page's script must know of the helpdesk; nothing of any account."""

    def is_service_token(self, vault: SecretVault, given: str) -> bool:
        """Whether `given` is what the account's own servers send with each call."""

    def caller(self, account: Account, headers: Mapping[str, str]) -> CommandCaller:
        """Whom the call names. Raises NotAllowed when it comes from another account."""

    def challenge_request(self, account: Account, challenge: str) -> Mapping[str, object] | None:
        """What the page asks the helpdesk to write as the signed-in person; None: it can't."""


class AccountDirectory(Protocol):
    """How an integration finds the account that a signed token speaks of."""

    def find(self, helpdesk: str, **config: str) -> Account | None:
        """The active account of this helpdesk whose `config` has these values, or None."""

    def vault(self, account_id: str) -> SecretVault:
        """The secrets of an account."""


class StoreIntegration(Protocol):
    """One kind of store; one instance of this stands in `integrations.STORES`."""

    name: str

    def open(self, store: StoreRecord, surroundings: Surroundings) -> Store:
        """A client for one shop, for one job."""
