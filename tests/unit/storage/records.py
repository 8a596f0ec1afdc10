"""The records on one database, and values to put into them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from app.domain.case import Case
from app.domain.classification import Classification, Kind, Reason, Request
from app.domain.crm import Note, TicketWrite
from app.domain.decision import Decision, Verdict
from app.domain.matching import Match, MatchOutcome
from app.domain.plan import Plan, RefundChoice
from app.domain.pricing import build_plan, everything_left
from app.domain.refund import Refund, RefundState, new_marker
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account, StoreRecord
from app.records import Basis, OfferedPlan, PendingWrite, TriageResult, WriteState, new_id
from app.storage.accounts import SqlAccounts
from app.storage.audit import SqlAuditTrail
from app.storage.casebook import SqlCaseBook
from app.storage.engine import Database
from app.storage.inbox import SqlInbox
from app.storage.ledger import SqlRefundLedger
from app.storage.locks import SqlLocks
from app.storage.outbox import SqlOutbox
from app.storage.vault import make_cipher
from tests.support.fakes import make_line, make_order

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDER = make_order("#1001", (make_line(1, "Mug", "48.60"),))
T = TypeVar("T")


def at_once(*actions: Callable[[], T]) -> list[T | Exception]:
    """Run every action in a thread of its own, all starting together; what came out of each."""
    start = threading.Barrier(len(actions), timeout=30)
    results: list[T | Exception] = [TimeoutError("not run")] * len(actions)

    def run(number: int, action: Callable[[], T]) -> None:
        start.wait()
        try:
            results[number] = action()
        except Exception as error:
            results[number] = error

    threads = [
        threading.Thread(target=run, args=(number, action)) for number, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@dataclass(frozen=True)
class Records:
    database: Database
    accounts: SqlAccounts
    inbox: SqlInbox
    cases: SqlCaseBook
    ledger: SqlRefundLedger
    outbox: SqlOutbox
    audit: SqlAuditTrail
    locks: SqlLocks

    @classmethod
    def on(cls, database: Database, keys: Sequence[str] = ("an invented key",)) -> Records:
        made = cls.open(database, keys)
        made.accounts.save(
            Account(id="acme", helpdesk="zendesk", name="Acme", config={"subdomain": "acme"}),
            "tests",
            NOW,
        )
        made.accounts.save_store(
            StoreRecord(id="store-1", account_id="acme", kind="shopify", name="Shop"), "tests", NOW
        )
        return made

    @classmethod
    def open(cls, database: Database, keys: Sequence[str] = ("an invented key",)) -> Records:
        """The records alone, as another process has them."""
        return cls(
            database,
            SqlAccounts(database, make_cipher(keys)),
            SqlInbox(database),
            SqlCaseBook(database),
            SqlRefundLedger(database),
            SqlOutbox(database),
            SqlAuditTrail(database),
            SqlLocks(database),
        )

    def add_case(self, ticket_id: str = "7", order: bool = True) -> Case:
        case = make_case(ticket_id, order)
        assert self.cases.save_triage(triaged(case, None), NOW)
        return case

    def add_plan(self, case: Case, plan_id: str | None = None) -> OfferedPlan:
        offered = make_offered(case, plan_id)
        self.cases.offer(offered)
        return offered

    def add_refund(self, ticket_id: str = "7", **changes: object) -> Refund:
        case = self.add_case(ticket_id)
        refund, is_new = self.ledger.open(make_refund(self.add_plan(case), **changes), NOW)
        assert is_new
        return refund


def make_case(ticket_id: str = "7", order: bool = True, case_id: str | None = None) -> Case:
    return Case(
        id=case_id or new_id("case"),
        account_id="acme",
        ticket_id=ticket_id,
        requester_id="customer-1",
        requester_name="Mara Lindt",
        subject="My order",
        classification=Classification(
            refund=True,
            refund_related=True,
            kind=Kind.REFUND_ITEM,
            confidence=0.9,
            needs_human=False,
            classifier="tests",
        ),
        request=Request(kind=Kind.REFUND_ITEM, reason=Reason.DAMAGED),
        match=Match(outcome=MatchOutcome.MATCHED, explanation="the only one"),
        order=ORDER if order else None,
        decision=make_decision() if order else None,
        decision_id=new_id("dec") if order else None,
        created_at=NOW,
        updated_at=NOW,
    )


def make_decision() -> Decision:
    return Decision(
        verdict=Verdict.ELIGIBLE,
        headline="yes",
        policy_id="default",
        policy_version=1,
        decided_at=NOW,
        plan=make_plan(),
        is_money_allowed=True,
    )


def make_plan() -> Plan:
    return build_plan(ORDER, everything_left(ORDER))


def make_offered(case: Case, plan_id: str | None = None) -> OfferedPlan:
    return OfferedPlan(
        id=plan_id or new_id("plan"),
        account_id="acme",
        case_id=case.id,
        store_id="store-1",
        plan=make_plan(),
        choice=RefundChoice(),
        basis=Basis.of(ORDER),
        case_revision=case.revision,
        created_at=NOW,
    )


def triaged(case: Case, delivery_id: int | None, **more: object) -> TriageResult:
    values = {
        "delivery_id": delivery_id,
        "account_id": "acme",
        "ticket_id": case.ticket_id,
        "requester_id": case.requester_id,
        "is_refund": True,
        "outcome": "triaged",
        "case": case,
    }
    return TriageResult.model_validate({**values, **more})


def make_refund(offered: OfferedPlan, **changes: object) -> Refund:
    values: dict[str, object] = {
        "id": new_id("refund"),
        "account_id": "acme",
        "case_id": offered.case_id,
        "plan_id": offered.id,
        "ticket_id": "7",
        "store_id": "store-1",
        "order_id": offered.plan.order_id,
        "order_name": offered.plan.order_name,
        "state": RefundState.HOLDING,
        "plan": offered.plan,
        "marker": new_marker(),
        "idempotency_key": str(uuid.uuid4()),
        "requested_by": "11",
        "requested_by_name": "Noor Haddad",
        "notify_customer": True,
        "created_at": NOW,
        "hold_until": NOW + timedelta(seconds=5),
        "next_check_at": NOW + timedelta(seconds=5),
    }
    return Refund.model_validate({**values, **changes})


def make_write(marker: str = "m-1", ticket_id: str = "7") -> PendingWrite:
    return PendingWrite(
        id=new_id("write"),
        account_id="acme",
        case_id=None,
        purpose="decision",
        write=TicketWrite(ticket_id=ticket_id, marker=marker, note=Note(headline="Hello")),
        state=WriteState.QUEUED,
        attempts=0,
    )


def make_event(ticket_id: str = "7", key: str = "event-1") -> TicketEvent:
    return TicketEvent(
        ticket_id=ticket_id,
        kind=TicketEventKind.CREATED,
        dedupe_key=key,
        vendor_kind="created",
        occurred_at=NOW,
    )
