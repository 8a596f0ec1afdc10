"""One account with a scripted helpdesk and store over a real database, and a day of its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.domain.case import Case
from app.domain.classification import Classification
from app.domain.classify.clean import Cleaned
from app.domain.order import Order
from app.domain.people import Agent
from app.domain.refund import Refund
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account
from app.storage.engine import Database
from app.storage.migrate import upgrade
from app.usecases.bonuses import work_on_bonus
from app.usecases.customers import write_customer
from app.usecases.deps import Deps
from app.usecases.refunds import request_refund, work_on_refund
from app.usecases.reminders import remind
from app.usecases.resume import requeue_unfinished
from app.usecases.ticket_writes import deliver_write
from app.usecases.triage import triage_delivery
from tests.support.fakes import (
    TEAM,
    HandClock,
    HeardNotifier,
    make_line,
    make_order,
    make_world,
)
from tests.support.scripted import Script, ScriptedHelpdesk, ScriptedStore

JOBS: dict[str, Callable[..., object]] = {
    "triage": lambda deps, number: triage_delivery(deps, int(number)),
    "ticket_write": deliver_write,
    "refund": work_on_refund,
    "bonus": work_on_bonus,
    "customer": write_customer,
    "reminder": remind,
}


class FixedClassifier:
    """`app.ports.Classifier`: always the same answer, or raises it."""

    def __init__(self, answer: Classification | Exception) -> None:
        self.answer = answer

    def classify_message(self, message: Cleaned) -> Classification:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


MARA = "mara.lindt@example.com"


@dataclass
class Bench:
    """One account with a scripted helpdesk and store over a real database."""

    deps: Deps
    clock: HandClock
    script: Script
    helpdesk: ScriptedHelpdesk
    store: ScriptedStore
    notifier: HeardNotifier
    database: Database

    @property
    def account(self) -> Account:
        return self.deps.account("acme")

    @property
    def agent(self) -> Agent:
        return TEAM["11"]

    @property
    def lead(self) -> Agent:
        return TEAM["12"]

    def add_order(self, name: str, *prices: str, email: str = MARA, **changes: Any) -> Order:
        """A delivered order with one unit per price."""
        lines = tuple(
            make_line(number, f"Item {number}", price)
            for number, price in enumerate(prices or ("48.60",), start=1)
        )
        order = make_order(name, lines, **changes)
        self.store.orders[order.order_id] = order
        self.store.owners[order.order_id] = email
        return order

    def deliver(self, ticket_id: str, key: str = "", kind: str = "created") -> int | None:
        """A delivery about a ticket, as the web process keeps it."""
        event = TicketEvent(
            ticket_id=ticket_id,
            kind=TicketEventKind(kind),
            dedupe_key=key or f"{ticket_id}:{kind}",
            vendor_kind=kind,
        )
        return self.deps.inbox.add("acme", event, "0" * 64, self.clock.now())

    def triage(self, ticket_id: str = "7", text: str = "refund please") -> Case:
        """A ticket of the customer, triaged; its case."""
        self.helpdesk.add_ticket(ticket_id, text)
        delivery = self.deliver(ticket_id)
        assert delivery is not None
        assert triage_delivery(self.deps, delivery) == "triaged"
        case = self.deps.cases.case_of_ticket("acme", ticket_id)
        assert case is not None
        return case

    def click(self, case: Case, agent: Agent | None = None) -> Refund:
        """The refund of the plan that the case proposes."""
        offered = self.deps.cases.current_offer("acme", case.id)
        assert offered is not None
        refund, _ = request_refund(self.deps, self.account, offered.id, agent or self.agent, True)
        return refund

    @property
    def manager(self) -> Agent:
        return TEAM["14"]

    def held(self, ticket_id: str = "7", text: str = "refund please") -> Refund:
        """A clicked refund whose hold is over; nothing was sent yet."""
        refund = self.click(self.triage(ticket_id, text))
        self.clock.advance(6)
        self.script.calls.clear()
        return refund

    def work(self, refund: Refund) -> Refund:
        """One step of a worker; the refund as it stands after it."""
        work_on_refund(self.deps, refund.id)
        return self.refund(refund)

    def refund(self, refund: Refund) -> Refund:
        found = self.deps.ledger.find(refund.id)
        assert found is not None
        return found

    def pass_time(self, seconds: float = 30.0, rounds: int = 10) -> None:
        """What the clock and the workers do while time passes."""
        for _ in range(rounds):
            self.clock.advance(seconds)
            requeue_unfinished(self.deps)
            heard, self.notifier.heard = self.notifier.heard, []
            for job, *ids in heard:
                JOBS[job](self.deps, *ids)

    def chain_is_whole(self) -> bool:
        return self.deps.audit.verify("acme")[1] is None


def outcome_writes(bench: Bench, refund: Refund) -> list[str]:
    """The states of a refund that its ticket was, or will be, told about."""
    marker = f"refund-{refund.id}-"
    return [
        write.write.marker.removeprefix(marker)
        for write in bench.deps.outbox.of_ticket("acme", refund.ticket_id)
        if write.write.marker.startswith(marker)
    ]


def make_bench(
    folder: Path,
    prepare: Callable[[Database], None] = upgrade,
    database: Database | None = None,
) -> Bench:
    """A fresh bench in a folder of the test's own, or on a database that is there already."""
    world = make_world(folder, prepare, database=database)
    script = Script()
    helpdesk = ScriptedHelpdesk(world.clock, script)
    helpdesk.agents.update(TEAM)
    store = ScriptedStore(world.clock, script)
    deps = replace(world.deps, helpdesks={"zendesk": helpdesk}, stores={"shopify": store})
    return Bench(deps, world.clock, script, helpdesk, store, world.notifier, world.database)
