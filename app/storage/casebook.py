"""Tickets, cases, decisions and offered plans in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.case import Case
from app.domain.channel import Channel
from app.domain.decision import Decision
from app.domain.order import Order
from app.records import (
    SYSTEM,
    AskedOn,
    DeliveryState,
    OfferedPlan,
    PendingWrite,
    Triaged,
    TriageResult,
)
from app.storage.audit import append_event
from app.storage.engine import Database
from app.storage.outbox import insert_write
from app.storage.tables import cases, decisions, deliveries, plans, tickets


def _insert_decision(tx: Connection, case: Case, now: datetime) -> None:
    if case.decision is None or case.order is None or case.decision_id is None:
        return
    tx.execute(
        insert(decisions).values(
            id=case.decision_id,
            account_id=case.account_id,
            case_id=case.id,
            verdict=case.decision.verdict.value,
            policy_id=case.decision.policy_id,
            policy_version=case.decision.policy_version,
            body=case.decision.to_json(),
            order_snapshot=case.order.to_json(),
            request=case.request.to_json(),
            made_at=now,
        )
    )


def _insert_plan(tx: Connection, offered: OfferedPlan, decision_id: str | None) -> None:
    tx.execute(
        insert(plans).values(
            id=offered.id,
            account_id=offered.account_id,
            case_id=offered.case_id,
            decision_id=decision_id,
            body=offered.to_json(),
            created_at=offered.created_at,
        )
    )


def _product(case: Case) -> str | None:
    """The product that a case is about: the only line, or the first of those meant."""
    if case.order is None:
        return None
    meant = [line for line in case.order.lines if line.id in case.request.line_ids]
    lines = meant or (case.order.lines if len(case.order.lines) == 1 else ())
    return lines[0].name[:120] if lines else None


def _columns(case: Case) -> dict[str, object]:
    return {
        "store_id": case.order.store_id if case.order else None,
        "order_id": case.order.order_id if case.order else None,
        "verdict": case.decision.verdict.value if case.decision else None,
        "decision_id": case.decision_id,
        "body": case.to_json(),
        "kind": case.request.kind.value,
        "reason": case.request.reason.value,
        "product": _product(case),
        "revision": case.revision,
        "updated_at": case.updated_at,
    }


def _audit_decision(
    tx: Connection,
    case: Case,
    offered: OfferedPlan | None,
    actor: str,
    action: str,
    now: datetime,
    noted: Mapping[str, object] | None = None,
) -> None:
    data: dict[str, object] = {
        "ticket": case.ticket_id,
        "match": case.match.outcome.value,
        "decision": case.decision_id,
        "verdict": case.decision.verdict.value if case.decision else None,
        "order": case.order.order_id if case.order else None,
        "store": case.order.store_id if case.order else None,
    }
    if case.decision is not None:
        data["policy"] = f"{case.decision.policy_id} v{case.decision.policy_version}"
    if offered is not None:
        data["plan"] = offered.id
        data["amount"] = str(offered.plan.total)
    data |= noted or {}
    append_event(tx, case.account_id, actor, action, f"case:{case.id}", data, now)


class SqlCaseBook:
    """`app.records.CaseBook`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def is_triaged(self, account_id: str, ticket_id: str) -> bool:
        """Whether the ticket has a row."""
        return self.triaged(account_id, ticket_id) is not None

    def triaged(self, account_id: str, ticket_id: str) -> Triaged | None:
        """From the ticket's row; of one that doesn't tell, as far as when it was triaged."""
        with self._db.read() as tx:
            row = tx.execute(
                select(tickets.c.outcome, tickets.c.read_until, tickets.c.triaged_at).where(
                    tickets.c.account_id == account_id, tickets.c.ticket_id == ticket_id
                )
            ).one_or_none()
        if row is None:
            return None
        return Triaged(outcome=row.outcome, read_until=row.read_until or row.triaged_at)

    def read_again(self, account_id: str, ticket_id: str, until: datetime) -> None:
        """A later time in the ticket's row."""
        with self._db.write() as tx:
            tx.execute(
                update(tickets)
                .where(tickets.c.account_id == account_id, tickets.c.ticket_id == ticket_id)
                .values(read_until=until)
            )

    def save_triage(self, result: TriageResult, now: datetime) -> bool:
        """All or nothing; the ticket's primary key decides which worker was first."""
        try:
            with self._db.write() as tx:
                self._insert_triage(tx, result, now)
        except IntegrityError:
            if self.is_triaged(result.account_id, result.ticket_id):
                return False
            raise
        return True

    def _insert_triage(self, tx: Connection, result: TriageResult, now: datetime) -> None:
        values = {
            "requester_id": result.requester_id,
            "is_refund": result.is_refund,
            "outcome": result.outcome,
            "triaged_at": now,
            "read_until": result.read_until,
            "case_id": result.joins,
            "channel": result.channel.value,
        }
        taken_up = False
        if result.is_refund and result.takes_up:
            left_alone = tx.execute(
                update(tickets)
                .where(
                    tickets.c.account_id == result.account_id,
                    tickets.c.ticket_id == result.ticket_id,
                    tickets.c.is_refund.is_(False),
                )
                .values(**values)
            )
            taken_up = left_alone.rowcount == 1
        if not taken_up:
            tx.execute(
                insert(tickets).values(
                    account_id=result.account_id, ticket_id=result.ticket_id, **values
                )
            )
        case = result.case
        if case is not None:
            tx.execute(
                insert(cases).values(
                    id=case.id,
                    account_id=case.account_id,
                    ticket_id=case.ticket_id,
                    requester_id=case.requester_id,
                    created_at=case.created_at,
                    **_columns(case),
                )
            )
            _insert_decision(tx, case, now)
            if result.offered is not None:
                _insert_plan(tx, result.offered, case.decision_id)
            if result.write is not None:
                insert_write(tx, result.write, now)
            _audit_decision(tx, case, result.offered, SYSTEM, "case_triaged", now)
        if result.joins is not None:
            if result.write is not None:
                insert_write(tx, result.write, now)
            joined = {"ticket": result.ticket_id, "channel": result.channel.value}
            subject = f"case:{result.joins}"
            append_event(tx, result.account_id, SYSTEM, "case_asked_again", subject, joined, now)
        if result.delivery_id is not None:
            tx.execute(
                update(deliveries)
                .where(deliveries.c.id == result.delivery_id)
                .values(state=DeliveryState.DONE.value, outcome=result.outcome, done_at=now)
            )

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
        """Compare-and-set on the case's revision."""
        with self._db.write() as tx:
            taken = tx.execute(
                update(cases)
                .where(
                    cases.c.id == case.id,
                    cases.c.account_id == case.account_id,
                    cases.c.revision == case.revision - 1,
                )
                .values(**_columns(case))
            )
            if taken.rowcount != 1:
                return False
            known = tx.execute(select(decisions.c.id).where(decisions.c.id == case.decision_id))
            if known.first() is None:
                _insert_decision(tx, case, now)
            if offered is not None:
                _insert_plan(tx, offered, case.decision_id)
            if write is not None:
                insert_write(tx, write, now)
            _audit_decision(tx, case, offered, actor, action, now, noted)
            return True

    def decided(self, account_id: str, decision_id: str) -> tuple[Order, Decision] | None:
        """By id."""
        with self._db.read() as tx:
            row = tx.execute(
                select(decisions.c.order_snapshot, decisions.c.body).where(
                    decisions.c.account_id == account_id, decisions.c.id == decision_id
                )
            ).first()
        if row is None:
            return None
        return Order.from_json(row.order_snapshot), Decision.from_json(row.body)

    def case_of_ticket(self, account_id: str, ticket_id: str) -> Case | None:
        """By ticket; the second read only for a ticket that joined another one's case."""
        own = self._case(cases.c.account_id == account_id, cases.c.ticket_id == ticket_id)
        if own is not None:
            return own
        joined = (
            select(tickets.c.case_id)
            .where(tickets.c.account_id == account_id, tickets.c.ticket_id == ticket_id)
            .scalar_subquery()
        )
        return self._case(cases.c.account_id == account_id, cases.c.id == joined)

    def open_case_of_order(
        self, account_id: str, store_id: str, order_id: str, since: datetime
    ) -> Case | None:
        """By order, the newest."""
        with self._db.read() as tx:
            body = tx.execute(
                select(cases.c.body)
                .where(
                    cases.c.account_id == account_id,
                    cases.c.store_id == store_id,
                    cases.c.order_id == order_id,
                    cases.c.updated_at >= since,
                )
                .order_by(cases.c.created_at.desc())
                .limit(1)
            ).scalar_one_or_none()
        return Case.from_json(body) if body is not None else None

    def tickets_of_case(self, account_id: str, case_id: str) -> list[AskedOn]:
        """The case's own ticket and those that joined."""
        own = select(cases.c.ticket_id).where(cases.c.id == case_id).scalar_subquery()
        with self._db.read() as tx:
            rows = tx.execute(
                select(tickets.c.ticket_id, tickets.c.channel, tickets.c.triaged_at)
                .where(
                    tickets.c.account_id == account_id,
                    or_(tickets.c.case_id == case_id, tickets.c.ticket_id == own),
                )
                .order_by(tickets.c.triaged_at, tickets.c.ticket_id)
            ).all()
        return [
            AskedOn(
                ticket_id=row.ticket_id,
                channel=Channel(row.channel) if row.channel in set(Channel) else Channel.UNKNOWN,
                at=row.triaged_at,
            )
            for row in rows
        ]

    def case(self, account_id: str, case_id: str) -> Case | None:
        """By id."""
        return self._case(cases.c.account_id == account_id, cases.c.id == case_id)

    def _case(self, *where: object) -> Case | None:
        with self._db.read() as tx:
            body = tx.execute(select(cases.c.body).where(*where)).scalar_one_or_none()  # type: ignore[arg-type]
        return Case.from_json(body) if body is not None else None

    def offer(self, offered: OfferedPlan) -> None:
        """Keep a plan that no decision proposes by itself (an agent's own choice)."""
        with self._db.write() as tx:
            _insert_plan(tx, offered, None)

    def offered(self, account_id: str, plan_id: str) -> OfferedPlan | None:
        """By id."""
        with self._db.read() as tx:
            body = tx.execute(
                select(plans.c.body).where(plans.c.account_id == account_id, plans.c.id == plan_id)
            ).scalar_one_or_none()
        return OfferedPlan.from_json(body) if body is not None else None

    def current_offer(self, account_id: str, case_id: str) -> OfferedPlan | None:
        """The plan stored with the case's present decision."""
        with self._db.read() as tx:
            body = tx.execute(
                select(plans.c.body)
                .join(cases, cases.c.id == plans.c.case_id)
                .where(
                    plans.c.account_id == account_id,
                    plans.c.case_id == case_id,
                    plans.c.decision_id == cases.c.decision_id,
                )
                .order_by(plans.c.created_at.desc())
                .limit(1)
            ).scalar_one_or_none()
        return OfferedPlan.from_json(body) if body is not None else None
