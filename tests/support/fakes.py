"""A helpdesk and a store in memory, and the use cases' dependencies around them.

The records are the real ones on a SQLite file, so a test sees what the product really keeps.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.domain.bonus import Bonus
from app.domain.channel import Channel
from app.domain.classification import Classification, Kind, Reason
from app.domain.classify.clean import Cleaned
from app.domain.crm import CustomerFields, TicketFields, TicketWrite
from app.domain.errors import BadDelivery, NotAllowed, NotFound
from app.domain.matching import Candidate, FoundBy, Lookup, OrderQuery, normal_name
from app.domain.money import Money
from app.domain.order import (
    FulfilmentStatus,
    LineItem,
    Order,
    OrderSummary,
    PaymentStatus,
    SuggestedLine,
    Suggestion,
    Tender,
    TransactionStatus,
)
from app.domain.orders_elsewhere import KeptOrder
from app.domain.people import Agent, Tier
from app.domain.plan import RefundChoice
from app.domain.pricing import build_plan
from app.domain.refund import Refund
from app.domain.ticket import (
    Contact,
    Message,
    Requester,
    Ticket,
    TicketEvent,
    TicketEventKind,
)
from app.ports import (
    Account,
    AccountDirectory,
    Check,
    Recheck,
    SecretVault,
    SidebarVisit,
    StoreCredit,
    StoreRecord,
    StoreRefund,
    Surroundings,
    TicketPage,
    WriteReceipt,
)
from app.storage.accounts import SqlAccounts
from app.storage.approvals import SqlApprovals, SqlDelegations
from app.storage.audit import SqlAuditTrail
from app.storage.bonuses import SqlBonuses
from app.storage.casebook import SqlCaseBook
from app.storage.engine import Database
from app.storage.inbox import SqlInbox
from app.storage.learning import SqlLearning
from app.storage.ledger import SqlRefundLedger
from app.storage.locks import SqlLocks
from app.storage.migrate import upgrade
from app.storage.outbox import SqlOutbox
from app.storage.policies import SqlPolicies
from app.storage.vault import make_cipher
from app.usecases.deps import Deps
from tests.support.surroundings import RecordingPace

NOON = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)
HOOK_SECRET = b"an invented secret"
KEYS = ["an invented key for tests"]


class HandClock:
    """`app.ports.Clock` that moves only when told to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class HeardNotifier:
    """`app.ports.Notifier` that keeps what it was told."""

    heard: list[tuple[str, ...]] = field(default_factory=list)

    def wake(self, job: str, *ids: str, at: datetime | None = None) -> None:
        self.heard.append((job, *ids))


class TellingClassifier:
    """`app.ports.Classifier`: "refund" asks for money back, "broken" names a fault."""

    def classify_message(self, message: Cleaned) -> Classification:
        text = message.text
        is_refund = "refund" in text.lower()
        return Classification(
            refund=is_refund,
            refund_related=is_refund,
            kind=Kind.REFUND_ITEM if is_refund else Kind.OTHER,
            confidence=0.95,
            needs_human=False,
            orders=tuple(word.strip("#.,") for word in text.split() if word.startswith("#")),
            reason=Reason.DAMAGED if "broken" in text else Reason.CHANGED_MIND,
            language="en",
            classifier="telling",
        )


class MemoryHelpdesk:
    """`app.ports.Helpdesk` and its integration in one: `fault` is raised by every call."""

    name = "zendesk"

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.tickets: dict[str, Ticket] = {}
        self.messages: dict[str, list[Message]] = {}
        self.agents: dict[str, Agent] = {}
        self.written: list[TicketWrite] = []
        self.customers: list[tuple[str, CustomerFields]] = []
        self.agent_reads = 0
        self.kept: dict[str, tuple[KeptOrder, ...]] = {}
        self.fault: Exception | None = None

    # the integration

    def open(self, account: Account, surroundings: Surroundings) -> MemoryHelpdesk:
        return self

    def receive(
        self,
        account: Account,
        vault: SecretVault,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> TicketEvent | None:
        """Signed by hex HMAC in `X-Signature`, stamped in `X-Sent-At` (ISO)."""
        sent_at = headers.get("X-Sent-At", "")
        expected = signature_of(sent_at, body)
        if not hmac.compare_digest(expected, headers.get("X-Signature", "")):
            raise BadDelivery("the signature is wrong", 401)
        if now - datetime.fromisoformat(sent_at) > timedelta(hours=1):
            raise BadDelivery("the delivery is too old", 401)
        try:
            found = json.loads(body)
            ticket_id = str(found["ticket_id"])
        except (ValueError, KeyError, TypeError):
            raise BadDelivery("the body can't be read", 400) from None
        if found.get("kind") == "other":
            return None
        return TicketEvent(
            ticket_id=ticket_id,
            kind=TicketEventKind.CREATED,
            dedupe_key=f"{ticket_id}:created",
            vendor_kind="created",
        )

    def visit(
        self, accounts: AccountDirectory, form: Mapping[str, str], now: datetime
    ) -> SidebarVisit:
        """`token` is `subdomain:agent:nonce`; a token with "bad" in it proves nothing."""
        token = form.get("token", "")
        if token.count(":") != 2 or "bad" in token:
            raise NotAllowed("This helpdesk isn't connected yet. Finish the setup.")
        subdomain, agent_id, _ = token.split(":")
        account = accounts.find(self.name, subdomain=subdomain)
        if account is None:
            raise NotAllowed("This helpdesk isn't connected yet. Finish the setup.")
        return SidebarVisit(
            account_id=account.id,
            agent_id=agent_id,
            installation_id="71",
            origin=f"https://{subdomain}.zendesk.com",
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            expires_at=now + timedelta(minutes=5),
        )

    def frame_ancestor(self, account: Account, surroundings: Surroundings) -> str:
        return str(
            account.config.get("frame", f"https://{account.config['subdomain']}.zendesk.com")
        )

    def form_values(self, account: Account, fields: TicketFields) -> dict[str, str]:
        if fields.status is None:
            return {}
        return {"ticket.customField:custom_field_81": f"makegood_{fields.status.value}"}

    def speaks_of(self, body: bytes) -> dict[str, str]:
        """A body of the common address names its account: `{"org": "acme"}`."""
        try:
            return {"subdomain": str(json.loads(body)["org"])}
        except (ValueError, KeyError, TypeError):
            return {}

    # one account's helpdesk

    def _ready(self) -> None:
        if self.fault is not None:
            raise self.fault

    def read_ticket(self, ticket_id: str) -> Ticket:
        self._ready()
        if ticket_id not in self.tickets:
            raise NotFound("there is no such ticket", vendor=self.name, operation="read a ticket")
        return self.tickets[ticket_id]

    def read_messages(self, ticket_id: str) -> tuple[Message, ...]:
        self._ready()
        ticket = self.tickets[ticket_id]
        first = Message(
            author_id=ticket.requester.id,
            is_from_customer=not ticket.is_from_agent,
            text=ticket.description,
            created_at=ticket.created_at,
        )
        return (first, *self.messages.get(ticket_id, ()))

    def add_message(self, ticket_id: str, text: str, *, is_from_customer: bool = True) -> None:
        """Somebody writes on a ticket, in public."""
        self.clock.advance(1)
        message = Message(
            author_id=self.tickets[ticket_id].requester.id if is_from_customer else "11",
            is_from_customer=is_from_customer,
            text=text,
            created_at=self.clock.now(),
        )
        self.messages.setdefault(ticket_id, []).append(message)

    def read_requester(self, requester_id: str) -> Requester:
        self._ready()
        return next(
            ticket.requester
            for ticket in self.tickets.values()
            if ticket.requester.id == requester_id
        )

    def read_agent(self, agent_id: str) -> Agent:
        self._ready()
        self.agent_reads += 1
        if agent_id not in self.agents:
            raise NotFound("there is no such person", vendor=self.name, operation="read an agent")
        return self.agents[agent_id]

    def write_ticket(self, write: TicketWrite, seen: Ticket) -> WriteReceipt:
        self._ready()
        self.written.append(write)
        return WriteReceipt(change_id=str(len(self.written)))

    def find_write(self, ticket_id: str, marker: str) -> WriteReceipt | None:
        self._ready()
        for number, write in enumerate(self.written, start=1):
            if write.ticket_id == ticket_id and write.marker == marker:
                return WriteReceipt(change_id=str(number))
        return None

    def write_customer(self, requester_id: str, fields: CustomerFields) -> None:
        self._ready()
        self.customers.append((requester_id, fields))

    def recent_tickets(self, since: datetime, cursor: str | None) -> TicketPage:
        return TicketPage(events=())

    def kept_orders(self, requester_id: str) -> tuple[KeptOrder, ...]:
        self._ready()
        return self.kept.get(requester_id, ())

    def check(self) -> list[Check]:
        return []

    def add_ticket(
        self, ticket_id: str, text: str, email: str = "mara.lindt@example.com"
    ) -> Ticket:
        """A ticket of the customer with this address."""
        ticket = Ticket(
            id=ticket_id,
            subject="My order",
            description=text,
            requester=Requester(
                id=f"customer-{email}",
                name="Mara Lindt",
                emails=(Contact(value=email, is_verified=True),),
            ),
            channel=Channel.EMAIL,
            status="new",
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            revision="1",
        )
        self.tickets[ticket_id] = ticket
        return ticket


def signature_of(sent_at: str, body: bytes) -> str:
    """What a delivery to MemoryHelpdesk must carry in `X-Signature`."""
    return hmac.new(HOOK_SECRET, sent_at.encode() + body, hashlib.sha256).hexdigest()


class MemoryStore:
    """`app.ports.Store` and its integration in one, with its own sums for suggestions.

    `answer` decides what becomes of a refund that is sent; `skew` makes its figures differ.
    """

    name = "shopify"
    record: StoreRecord
    resend_is_safe = True

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.orders: dict[str, Order] = {}
        self.owners: dict[str, str] = {}
        self.sent: list[Refund] = []
        self.credits: list[StoreCredit] = []
        self.reads = 0
        self.fault: Exception | None = None
        self.answer: TransactionStatus | Exception = TransactionStatus.SUCCESS
        self.skew = Money.zero("USD")

    def open(self, store: StoreRecord, surroundings: Surroundings) -> MemoryStore:
        self.record = store
        return self

    def _ready(self) -> None:
        if self.fault is not None:
            raise self.fault

    def find_orders(self, query: OrderQuery) -> Lookup:
        self._ready()
        found = []
        for order in self.orders.values():
            owner = self.owners[order.order_id]
            names = {normal_name(name) for name in query.order_names}
            if owner in query.emails:
                found.append(Candidate(order=_summary(order, owner), found_by=FoundBy.EMAIL))
            elif normal_name(order.name) in names:
                found.append(Candidate(order=_summary(order, owner), found_by=FoundBy.ORDER_NUMBER))
        return Lookup(store_id=self.record.id, candidates=tuple(found))

    def read_order(self, order_id: str) -> Order:
        self._ready()
        self.reads += 1
        if order_id not in self.orders:
            raise NotFound("there is no such order", vendor=self.name, operation="read an order")
        order = self.orders[order_id].model_copy(update={"read_at": self.clock.now()})
        return order

    def recheck(self, order: Order, choice: RefundChoice) -> Recheck:
        self._ready()
        present = self.orders[order.order_id]
        # A store knows nothing of what a merchant keeps back.
        choice = choice.model_copy(update={"fees": ()})
        plan = (
            build_plan(present.model_copy(update={"suggestion": None}), choice, None)
            if not (present.suggestion)
            else build_plan(present, choice)
        )
        amount = plan.total + self.skew if plan.total.currency == self.skew.currency else plan.total
        assert present.suggestion is not None
        return Recheck(
            suggestion=present.suggestion.model_copy(
                update={
                    "amount": amount,
                    "amount_in_shop_currency": amount,
                    "tenders": tuple(
                        tender.model_copy(update={"amount": amount})
                        for tender in present.suggestion.tenders[:1]
                    ),
                }
            ),
            refundable={line.id: line.refundable_quantity for line in present.lines},
            refunded=present.refunded,
            payment_status=present.payment_status,
            is_refundable=present.is_refundable,
            is_cancelled=present.is_cancelled,
            is_disputed=present.is_disputed,
        )

    def prepare_refund(self, refund: Refund, recheck: Recheck) -> str:
        return json.dumps({"order": refund.order_id, "amount": str(refund.plan.total)})

    def send_refund(self, refund: Refund) -> StoreRefund:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.sent.append(refund)
        return self.read_refund(str(len(self.sent)))

    def prepare_credit(self, bonus: Bonus) -> str:
        self._ready()
        return json.dumps({"before": len(self.credits), "bonus": bonus.id})

    def send_credit(self, bonus: Bonus) -> StoreCredit:
        credit = StoreCredit(
            id=f"credit-{len(self.credits) + 1}", created_at=self.clock.now(), amount=bonus.amount
        )
        self.credits.append(credit)
        return credit

    def find_credits(self, bonus: Bonus) -> tuple[StoreCredit, ...]:
        self._ready()
        before = json.loads(bonus.store_input or "")["before"]
        return tuple(one for one in self.credits[before:] if one.amount == bonus.amount)

    def read_credit(self, store_credit_id: str) -> StoreCredit:
        self._ready()
        for credit in self.credits:
            if credit.id == store_credit_id:
                return credit
        raise NotFound("there is no such credit", vendor=self.name, operation="read a credit")

    def find_refund(self, refund: Refund) -> StoreRefund | None:
        for number, sent in enumerate(self.sent, start=1):
            if sent.marker == refund.marker:
                return self.read_refund(str(number))
        return None

    def read_refund(self, store_refund_id: str) -> StoreRefund:
        sent = self.sent[int(store_refund_id) - 1]
        assert isinstance(self.answer, TransactionStatus)
        return StoreRefund(
            id=store_refund_id,
            order_id=sent.order_id,
            created_at=self.clock.now(),
            amount=sent.plan.total,
            status=self.answer,
            is_manual=sent.plan.is_manual,
        )

    def refunds_of(self, order_id: str) -> tuple[StoreRefund, ...]:
        return tuple(
            self.read_refund(str(number))
            for number, sent in enumerate(self.sent, start=1)
            if sent.order_id == order_id
        )

    def check(self) -> list[Check]:
        return []


def _summary(order: Order, email: str) -> OrderSummary:
    return OrderSummary(
        store_id=order.store_id,
        order_id=order.order_id,
        name=order.name,
        created_at=order.created_at,
        total=order.total,
        refunded=order.refunded,
        email=email,
        payment_status=order.payment_status,
        is_cancelled=order.is_cancelled,
    )


def make_line(number: int, name: str, price: str, **changes: Any) -> LineItem:
    """One unit of a delivered item without tax; `changes` are LineItem's fields."""
    currency = changes.pop("currency", "USD")
    quantity = changes.get("quantity", 1)
    amount = Money.of(price, currency)
    whole = Money.rounded(amount.amount * quantity, currency)
    values: dict[str, Any] = {
        "id": f"line-{number}",
        "name": name,
        "quantity": quantity,
        "refundable_quantity": quantity,
        "unit_price": amount,
        "discount": Money.zero(currency),
        "total": whole,
        "tax": Money.zero(currency),
        "was_shipped": True,
        "is_final_sale": False,
        "delivered_at": NOON - timedelta(days=12),
    }
    return LineItem(**{**values, **changes})


def make_order(name: str, lines: tuple[LineItem, ...], **changes: Any) -> Order:
    """A paid, delivered order; the store's suggestion is for everything that is left."""
    currency = changes.get("currency", "USD")
    shipping = changes.pop("shipping", Money.zero(currency))
    label = changes.pop("payment", "Visa •••• 4242")
    is_manual = changes.pop("is_manual", False)
    skew = changes.pop("skew", Money.zero(currency))
    zero = Money.zero(currency)
    total = Money.total((line.total + line.tax for line in lines), currency) + shipping
    left = Money.total(
        (
            line.total.share(line.refundable_quantity, line.quantity)
            + line.tax.share(line.refundable_quantity, line.quantity)
            for line in lines
        ),
        currency,
    )
    everything = left + shipping + skew
    values: dict[str, Any] = {
        "store_id": "store-1",
        "store_kind": "shopify",
        "order_id": f"order-{name.strip('#')}",
        "name": name,
        "created_at": NOON - timedelta(days=18),
        "updated_at": NOON - timedelta(days=12),
        "read_at": NOON,
        "currency": currency,
        "shop_currency": currency,
        "payment_status": PaymentStatus.PAID,
        "fulfilment_status": FulfilmentStatus.FULFILLED,
        "can_notify_customer": True,
        "admin_url": f"https://admin.example.com/orders/{name.strip('#')}",
        "total": total,
        "paid": total,
        "refunded": zero,
        "refund_pending": zero,
        "tip": zero,
        "duties": zero,
        "shipping": shipping,
        "shipping_tax": zero,
        "refunded_shipping": zero,
        "lines": lines,
        "suggestion": Suggestion(
            amount=everything,
            amount_in_shop_currency=everything,
            maximum=total,
            shipping=shipping,
            shipping_maximum=shipping,
            shipping_tax=zero,
            lines=tuple(
                SuggestedLine(
                    line_id=line.id,
                    quantity=line.refundable_quantity,
                    subtotal=line.total.share(line.refundable_quantity, line.quantity) + skew
                    if line is lines[0]
                    else line.total.share(line.refundable_quantity, line.quantity),
                    tax=line.tax.share(line.refundable_quantity, line.quantity),
                )
                for line in lines
                if line.refundable_quantity
            ),
            tenders=(
                Tender(
                    transaction_id="t-1",
                    gateway="manual" if is_manual else "cards",
                    label=label,
                    amount=everything,
                    maximum=total,
                    is_manual=is_manual,
                ),
            ),
        ),
    }
    return Order(**{**values, **changes})


@dataclass
class World:
    """Everything a test needs: dependencies, and the fakes behind them."""

    deps: Deps
    clock: HandClock
    helpdesk: MemoryHelpdesk
    store: MemoryStore
    notifier: HeardNotifier
    database: Database

    def add_order(self, order: Order, email: str = "mara.lindt@example.com") -> Order:
        """An order of the customer with this address."""
        self.store.orders[order.order_id] = order
        self.store.owners[order.order_id] = email
        return order

    def account(self, account_id: str = "acme") -> Account:
        return self.deps.account(account_id)


TEAM = {
    "11": Agent(id="11", name="Noor Haddad", email=None, role="agent", tier=Tier.AGENT),
    "12": Agent(id="12", name="Ines Prado", email=None, role="agent", tier=Tier.TEAM_LEAD),
    "13": Agent(id="13", name="Olek Baran", email=None, role="light agent", tier=None),
    "14": Agent(id="14", name="Ada Kern", email="ada@example.com", role="admin", tier=Tier.MANAGER),
}


def make_world(
    folder: Path,
    prepare: Callable[[Database], None] = upgrade,
    frame: str | None = None,
    database: Database | None = None,
) -> World:
    """Two accounts ("acme" with a store, "other"); without a database, in one below `folder`."""
    database = database or Database(f"sqlite:///{folder / 'makegood.sqlite3'}")
    prepare(database)
    clock = HandClock()
    helpdesk, store, notifier = MemoryHelpdesk(clock), MemoryStore(clock), HeardNotifier()
    helpdesk.agents.update(TEAM)
    accounts = SqlAccounts(database, make_cipher(KEYS))
    locks = SqlLocks(database)
    for account_id in ("acme", "other"):
        config: dict[str, object] = {"subdomain": account_id}
        if frame is not None:
            config["frame"] = frame
        account = Account(id=account_id, helpdesk="zendesk", name=account_id.title(), config=config)
        accounts.save(account, "tests", clock.now())
    accounts.save_store(
        StoreRecord(id="store-1", account_id="acme", kind="shopify", name="Linden & Vale"),
        "tests",
        clock.now(),
    )

    def surroundings(account_id: str) -> Surroundings:
        return Surroundings(
            vault=accounts.vault(account_id),
            locks=locks,
            pace=RecordingPace(),
            clock=clock,
            endpoints={},
        )

    deps = Deps(
        accounts=accounts,
        inbox=SqlInbox(database),
        cases=SqlCaseBook(database),
        ledger=SqlRefundLedger(database),
        learning=SqlLearning(database),
        approvals=SqlApprovals(database),
        delegations=SqlDelegations(database),
        bonuses=SqlBonuses(database),
        outbox=SqlOutbox(database),
        policies=SqlPolicies(database),
        audit=SqlAuditTrail(database),
        locks=locks,
        clock=clock,
        notifier=notifier,
        classifier=TellingClassifier(),
        helpdesks={"zendesk": helpdesk},
        stores={"shopify": store},
        surroundings=surroundings,
        hold_seconds=5.0,
    )
    return World(deps, clock, helpdesk, store, notifier, database)
