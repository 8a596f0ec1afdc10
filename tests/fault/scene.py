"""Vendors in their sandboxes, a database, and workers that are killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.bootstrap import Services, build_services
from app.domain.approval import ApprovalRequest
from app.domain.case import Case
from app.domain.money import Money
from app.domain.people import Agent, Tier
from app.domain.plan import Destination, RefundChoice, Terms
from app.domain.pricing import everything_left
from app.domain.refund import Refund, RefundState
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account, StoreRecord
from app.settings import Settings
from app.storage.migrate import upgrade
from app.usecases.approvals import request_approval
from app.usecases.plans import offer_choice
from app.usecases.refunds import request_refund
from app.usecases.triage import triage_delivery
from integrations.helpdesks.zendesk.oauth import StoredToken
from integrations.sandbox.server import SandboxServer
from integrations.sandbox.shopify import ShopifySandbox
from integrations.sandbox.zendesk import ZendeskSandbox
from tests.fault.worker_that_dies import FastClock, FreePace, Job, LocalQueue, Order
from tests.support.forking import Forking

AGENT = Agent(id="11", name="Noor Haddad", email=None, role="agent", tier=Tier.AGENT)
PRICE = Decimal("48.60")
PART = Decimal("10.00")
DEAR = Decimal("640.00")
KILLED = -9
SUBJECT, TEXT = "Refund", "I changed my mind, please refund my order."
# Steps before which nothing changed anywhere since the step before: a kill there shows nothing
# that a kill before the next one doesn't.
READS = frozenset(
    {
        "cases.case",
        "cases.triaged",
        "cases.offered",
        "cases.open_case_of_order",
        "learning.order_forms",
        "ledger.find",
        "ledger.of_case",
        "ledger.of_order",
        "ledger.totals_of_requester",
        "store.prepare_refund",
    }
)


class Workers(Forking):
    """Worker processes, forked one after another by a process that has imported everything."""

    def __init__(self) -> None:
        super().__init__("tests.fault.worker_that_dies")

    def send(self, order: Order) -> None:
        """Start a worker and don't wait for its end."""
        self.send_order(asdict(order))

    def run(self, order: Order) -> int:
        """A worker's life, to its end."""
        self.send(order)
        return self.ended()


@dataclass(frozen=True)
class Asked:
    """A customer's ticket and order."""

    ticket_id: int | str
    order_id: str


@dataclass
class Victim:
    """A refund whose worker was killed: where, and how the worker ended."""

    where: str
    asked: Asked
    refund: Refund
    ended: int


class Scene:
    """One account with its helpdesk and store, and everything that can be looked at afterwards."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        zendesk: ZendeskSandbox,
        shopify: ShopifySandbox,
        shopify_url: str,
        workers: Workers,
        redis_url: str,
    ) -> None:
        self.zendesk, self.shopify, self.workers = zendesk, shopify, workers
        self.folder = folder
        self.shop = shopify.add_shop("demo", bucket_size=1e6, restore_rate=1e5)
        self.settings: dict[str, Any] = {
            "database_url": database_url,
            "redis_url": redis_url,
            "data_dir": str(folder),
            "secret_keys": "an invented key",
            "zendesk_url": zendesk.base,
            "shopify_url": f"{shopify_url}/shops/{{shop}}",
            "hold_seconds": 0.0,
            "patience_seconds": 1.0,
            "log_level": "ERROR",
            **self._settings(),
        }
        self.queue, self.clock = LocalQueue([]), FastClock()
        self.services: Services = build_services(
            Settings(**self.settings),
            notifier=self.queue,
            pace=FreePace(),
            wrap=lambda deps: replace(deps, clock=self.clock),
        )
        self.deps = self.services.deps
        upgrade(self.services.database)
        self._customers = 0
        self._logs = 0
        self._connect()

    def _settings(self) -> dict[str, Any]:
        """Further settings of a scene with other vendors."""
        return {}

    def _connect(self) -> None:
        now, accounts = self.deps.clock.now(), self.deps.accounts
        account = Account(
            id="acme",
            helpdesk="zendesk",
            name="Acme",
            config={"subdomain": self.zendesk.account.subdomain, "auth": "static"},
        )
        accounts.save(account, "tests", now)
        accounts.save_store(
            StoreRecord(
                id="store-1",
                account_id="acme",
                kind="shopify",
                name="Demo",
                config={"shop": self.shop.domain, "mode": "static", "currency": "EUR"},
            ),
            "tests",
            now,
        )
        vault = accounts.vault("acme")
        token = StoredToken(access_token=self.zendesk.static_token or "")
        vault.put("helpdesk", {"token": token.model_dump_json()})
        vault.put("store-1", {"access_token": self.shopify.issue_token(self.shop)})

    # what happens

    def ask(self, price: Decimal = PRICE) -> Asked:
        """A new customer with one delivered order asks for its money back."""
        self._customers += 1
        email = f"customer{self._customers}@example.com"
        return Asked(self.write(email), self.sell(email, price))

    def sell(self, email: str, price: Decimal) -> str:
        """An order of this customer that arrived five days ago; its id."""
        now = datetime.now(UTC)
        order = self.shopify.add_order(
            self.shop,
            {
                "email": email,
                "customer": {"name": "Ida Example", "email": email},
                "line_items": [
                    {
                        "title": "Mug",
                        "quantity": 1,
                        "price": str(price),
                        "product": {"type": "Mugs", "tags": []},
                    }
                ],
                "created_at": (now - timedelta(days=9)).isoformat(),
                "fulfillments": [{"delivered_at": (now - timedelta(days=5)).isoformat()}],
            },
        )
        return order.id

    def write(self, email: str) -> int | str:
        """This customer's ticket; its id."""
        user = self.zendesk.add_user("Ida Example", email)
        return self.zendesk.add_ticket(user.id, SUBJECT, TEXT).id

    def deliver(self, asked: Asked, key: str = "created") -> str:
        """A delivery about the ticket is kept; its number."""
        event = TicketEvent(
            ticket_id=str(asked.ticket_id),
            kind=TicketEventKind.CREATED,
            dedupe_key=f"{asked.ticket_id}:{key}",
            vendor_kind="created",
        )
        number = self.deps.inbox.add("acme", event, "0" * 64, self.deps.clock.now())
        assert number is not None
        return str(number)

    def case(self, asked: Asked) -> Case:
        found = self.deps.cases.case_of_ticket("acme", str(asked.ticket_id))
        assert found is not None
        return found

    def clicked(self, *, whole: bool = False) -> tuple[Asked, Refund]:
        """A triaged ticket and a clicked refund whose hold is over.

        Unless the `whole` order goes back, it is a plain amount, of which the store would pay
        several: nothing but our own care stands between a fault and a second payment.
        """
        asked = self.ask()
        assert triage_delivery(self.deps, int(self.deliver(asked))) == "triaged"
        account, case = self.deps.account("acme"), self.case(asked)
        if whole:
            offered = self.deps.cases.current_offer("acme", case.id)
        else:
            choice = RefundChoice(amount_override=Money.of(PART, "EUR"))
            offered = offer_choice(self.deps, account, case.id, choice, AGENT)
        assert offered is not None
        refund, is_new = request_refund(self.deps, account, offered.id, AGENT, True)
        assert is_new
        return asked, refund

    def clicked_for_credit(self, bonus_percent: int) -> tuple[Asked, Refund]:
        """A clicked refund of the whole order to store credit, with a bonus, whose hold is over."""
        asked = self.ask()
        assert triage_delivery(self.deps, int(self.deliver(asked))) == "triaged"
        account, case = self.deps.account("acme"), self.case(asked)
        assert case.decision is not None
        terms = Terms(bonus_percent=Decimal(bonus_percent))
        lines = tuple(one.model_copy(update={"terms": terms}) for one in case.decision.lines)
        decision = case.decision.model_copy(update={"lines": lines})
        case = case.model_copy(update={"decision": decision, "revision": case.revision + 1})
        now = self.deps.clock.now()
        assert self.deps.cases.save_decision(case, None, "tests", "case_refreshed", now, None)
        assert case.order is not None
        whole = everything_left(case.order).model_copy(
            update={"destination": Destination.STORE_CREDIT}
        )
        offered = offer_choice(self.deps, account, case.id, whole, AGENT)
        refund, is_new = request_refund(self.deps, account, offered.id, AGENT, False)
        assert is_new
        return asked, refund

    def waiting(self) -> tuple[Asked, ApprovalRequest]:
        """A triaged ticket whose plan waits for a team lead."""
        asked = self.ask(DEAR)
        assert triage_delivery(self.deps, int(self.deliver(asked))) == "triaged"
        account, case = self.deps.account("acme"), self.case(asked)
        offered = self.deps.cases.current_offer("acme", case.id)
        assert offered is not None
        request, is_new = request_approval(self.deps, account, offered.id, AGENT, None, True)
        assert is_new
        return asked, request

    # workers

    def pass_time(self, seconds: float) -> None:
        """What is for later becomes due, here and for the workers that start from now on."""
        self.clock.ahead += seconds

    def order(self, *jobs: Job, **more: Any) -> Order:
        return Order(settings=self.settings, jobs=list(jobs), ahead=self.clock.ahead, **more)

    def steps_of(self, *jobs: Job) -> list[str]:
        """The steps that a worker takes when nothing goes wrong."""
        self._logs += 1
        log = self.folder / f"steps-{self._logs}.log"
        assert self.workers.run(self.order(*jobs, log=str(log))) == 0
        return log.read_text().split()

    def recover(self) -> None:
        """A clean worker and the clock's announcements, until nothing is left to do."""
        assert self.workers.run(self.order(stays=True, hurries=True)) == 0

    # what came of it

    def refunds_in_store(self, order_id: str) -> list[Decimal]:
        """What the store's own books say was paid back, refund by refund."""
        return [refund.paid() for refund in self.shop.orders[order_id].refunds]

    def credits_in_store(self, order_id: str) -> list[tuple[str, Decimal]]:
        """What the customer of an order got as store credit, by the store's own books."""
        customer = self.shop.orders[order_id].customer
        assert customer is not None
        return [
            (one.event, one.amount)
            for account in customer.store_credit
            for one in account.transactions
        ]

    def notes(self, ticket_id: int | str) -> list[str]:
        """The markers of all that we wrote on a ticket, in the helpdesk's own books."""
        ticket = self.zendesk.account.tickets[int(ticket_id)]
        markers = {audit.id: audit.custom_metadata.get("makegood") for audit in ticket.audits}
        return [str(markers[one.audit_id]) for one in ticket.comments[1:]]

    def refund(self, refund: Refund) -> Refund:
        found = self.deps.ledger.find(refund.id)
        assert found is not None
        return found

    def faults_of_refund(self, asked: Asked, refund: Refund) -> list[str]:
        """What is wrong with a refund that should be settled once; empty when nothing is."""
        found = []
        paid = self.refunds_in_store(asked.order_id)
        if paid != [refund.plan.total.amount]:
            found.append(f"the store paid {paid}")
        state = self.refund(refund).state
        if state is not RefundState.SETTLED:
            found.append(f"the ledger says {state}")
        notes = self.notes(asked.ticket_id)
        decision = f"decision-{self.first_decision(asked)}"
        if sorted(notes) != sorted([decision, f"refund-{refund.id}-settled"]):
            found.append(f"the ticket has {notes}")
        return found

    def faults_of(self, victims: list[Victim]) -> list[str]:
        """The same for many, each with its place."""
        return [
            f"{one.where}: {fault}"
            for one in victims
            for fault in self.faults_of_refund(one.asked, one.refund)
        ]

    def not_killed(self, ended: list[int]) -> list[int]:
        """The lives that ended otherwise, if they are too many.

        On a machine that stands still for longer than the time of patience, a worker stops by
        itself before its step: the next one takes over. That may happen, but not as a rule.
        """
        others = [one for one in ended if one != KILLED]
        wrong = any(one != 0 for one in others) or len(others) > len(ended) / 4
        return others if wrong else []

    def first_decision(self, asked: Asked) -> str:
        """The decision that triage made."""
        case = self.case(asked)
        [triaged] = [
            event
            for event in self.deps.audit.of_subject("acme", f"case:{case.id}")
            if event.action == "case_triaged"
        ]
        return str(triaged.data["decision"])

    def faults_of_triage(self, asked: Asked) -> list[str]:
        """What is wrong with a ticket that should have one note; empty when nothing is."""
        notes = self.notes(asked.ticket_id)
        if self.deps.cases.case_of_ticket("acme", str(asked.ticket_id)) is None:
            return [f"there is no case; the ticket has {notes}"]
        expected = f"decision-{self.first_decision(asked)}"
        return [] if notes == [expected] else [f"the ticket has {notes}"]

    def chain_fault(self) -> str | None:
        return self.deps.audit.verify("acme")[1]


@contextmanager
def make_scene(
    database_url: str, folder: Path, workers: Workers, redis_url: str = "unix:///nowhere"
) -> Iterator[Scene]:
    """Sandboxes on loopback ports around an empty database."""
    with ExitStack() as stack:
        zendesk = stack.enter_context(ZendeskSandbox(limits_enabled=False))
        shopify = ShopifySandbox()
        server = stack.enter_context(SandboxServer(shopify.app))
        scene = Scene(database_url, folder, zendesk, shopify, server.url, workers, redis_url)
        stack.callback(scene.services.close)
        yield scene
