"""Refunds in the database: the ledger, and the only place where a refund changes its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.approval import ApprovalRequest
from app.domain.bonus import Bonus
from app.domain.case import Case
from app.domain.errors import Conflict
from app.domain.money import Money
from app.domain.policy.history import HistoryFigure
from app.domain.refund import OPEN_STATES, Refund, RefundState
from app.records import HistoryAsked, PendingWrite
from app.storage.approvals import audit_approval, insert_approval, replace_approval
from app.storage.audit import append_event
from app.storage.bonuses import insert_bonus
from app.storage.engine import Database
from app.storage.history import figures, history_columns, insert_items
from app.storage.outbox import insert_write, touch_customer
from app.storage.tables import cases, refunds

# States in which something is still to be done at `next_check_at`.
_WORK_LEFT = (
    RefundState.APPROVED,
    RefundState.HOLDING,
    RefundState.SENDING,
    RefundState.UNKNOWN,
    RefundState.PENDING,
)


def _columns(refund: Refund) -> dict[str, object]:
    # Totals are sums of what the store really paid, where that is known.
    amount = refund.settled_amount or refund.plan.total
    return {
        "state": refund.state.value,
        "amount_minor": amount.minor_units,
        "currency": amount.currency,
        "store_refund_id": refund.store_refund_id,
        "body": refund.to_json(),
        "next_check_at": refund.next_check_at,
        "settled_at": refund.settled_at,
    }


def _audit(
    tx: Connection,
    refund: Refund,
    actor: str,
    action: str,
    now: datetime,
    previous: RefundState | None = None,
) -> None:
    data: dict[str, object] = {
        "state": refund.state.value,
        "from": previous.value if previous else None,
        "amount": str(refund.plan.total),
        "order": refund.order_id,
        "store": refund.store_id,
        "ticket": refund.ticket_id,
        "marker": refund.marker,
        "attempts": refund.attempts,
        "store_refund": refund.store_refund_id,
        "explanation": refund.explanation,
    }
    if refund.override is not None:
        data["override"] = refund.override.model_dump(mode="json")
    append_event(tx, refund.account_id, actor, action, f"refund:{refund.id}", data, now)


class SqlRefundLedger:
    """`app.records.RefundLedger`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def open(
        self,
        refund: Refund,
        now: datetime,
        *,
        approval: ApprovalRequest | None = None,
        write: PendingWrite | None = None,
    ) -> tuple[Refund, bool]:
        """The unique keys on plan and open order decide; no lock is needed."""
        try:
            with self._db.write() as tx:
                case = tx.execute(
                    select(cases.c.requester_id, cases.c.body).where(
                        cases.c.id == refund.case_id, cases.c.account_id == refund.account_id
                    )
                ).one()
                order = Case.from_json(case.body).order
                tx.execute(
                    insert(refunds).values(
                        id=refund.id,
                        account_id=refund.account_id,
                        case_id=refund.case_id,
                        requester_id=case.requester_id,
                        plan_id=refund.plan_id,
                        store_id=refund.store_id,
                        order_id=refund.order_id,
                        marker=refund.marker,
                        idempotency_key=refund.idempotency_key,
                        created_at=refund.created_at,
                        revision=1,
                        **_columns(refund),
                        **history_columns(refund, order),
                    )
                )
                insert_items(tx, refund, order)
                if approval is None:
                    _audit(tx, refund, refund.requested_by, "refund_requested", now)
                else:
                    insert_approval(tx, approval)
                    audit_approval(tx, approval, refund.requested_by, "approval_requested", now)
                    _audit(tx, refund, refund.requested_by, "refund_awaiting_approval", now)
                if write is not None:
                    insert_write(tx, write, now)
        except IntegrityError:
            same = self._one(refunds.c.plan_id == refund.plan_id)
            if same is not None and same.account_id == refund.account_id:
                return same, False
            other = self._one(
                and_(
                    refunds.c.store_id == refund.store_id,
                    refunds.c.order_id == refund.order_id,
                    refunds.c.state.in_([state.value for state in OPEN_STATES]),
                )
            )
            if other is None:
                raise
            how = "already under way"
            if other.state is RefundState.AWAITING_APPROVAL:
                how = "waiting for approval"
            raise Conflict(
                f"A refund of {other.plan.total} for {other.order_name} by "
                f"{other.requested_by_name} is {how} ({other.marker}). "
                "No second one was started."
            ) from None
        return refund, True

    def _one(self, where: object) -> Refund | None:
        with self._db.read() as tx:
            body = tx.execute(select(refunds.c.body).where(where)).scalars().first()  # type: ignore[arg-type]
        return Refund.from_json(body) if body is not None else None

    def _many(self, *where: object) -> list[Refund]:
        with self._db.read() as tx:
            bodies = tx.execute(
                select(refunds.c.body).where(*where).order_by(refunds.c.created_at)  # type: ignore[arg-type]
            ).scalars()
            return [Refund.from_json(body) for body in bodies]

    def get(self, account_id: str, refund_id: str) -> Refund | None:
        """Within an account."""
        return self._one(and_(refunds.c.account_id == account_id, refunds.c.id == refund_id))

    def find(self, refund_id: str) -> Refund | None:
        """For jobs, which carry ids only."""
        return self._one(refunds.c.id == refund_id)

    def of_case(self, account_id: str, case_id: str) -> list[Refund]:
        """Oldest first."""
        return self._many(refunds.c.account_id == account_id, refunds.c.case_id == case_id)

    def of_order(self, account_id: str, store_id: str, order_id: str) -> list[Refund]:
        """Oldest first."""
        return self._many(
            refunds.c.account_id == account_id,
            refunds.c.store_id == store_id,
            refunds.c.order_id == order_id,
        )

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
        """Compare-and-set on the stored refund: only who saw it as it is may change it."""
        moved = refund.moved_to(to).model_copy(update=dict(changes or {}))
        with self._db.write() as tx:
            self._replace(tx, refund, moved)
            if approval is not None:
                replace_approval(tx, *approval)
                action = f"approval_{approval[1].state.value}"
                audit_approval(tx, approval[1], actor, action, now)
            _audit(tx, moved, actor, f"refund_{to.value}", now, previous=refund.state)
            if write is not None:
                insert_write(tx, write, now)
            if customer_of is not None:
                touch_customer(tx, customer_of.account_id, customer_of.requester_id, now)
            if bonus is not None:
                insert_bonus(tx, bonus, now)
        return moved

    def record(
        self, refund: Refund, now: datetime, actor: str, action: str, changes: Mapping[str, object]
    ) -> Refund:
        """The same, without a move."""
        changed = refund.model_copy(update=dict(changes))
        with self._db.write() as tx:
            self._replace(tx, refund, changed)
            _audit(tx, changed, actor, action, now)
        return changed

    def _replace(self, tx: Connection, old: Refund, new: Refund) -> None:
        # Values are compared, not texts: a body that an older version wrote stays the same refund.
        row = tx.execute(
            select(refunds.c.body, refunds.c.revision)
            .where(refunds.c.id == old.id)
            .with_for_update()
        ).one_or_none()
        if row is None or Refund.from_json(row.body) != old:
            raise Conflict("This refund was changed by somebody else meanwhile.")
        tx.execute(
            update(refunds)
            .where(refunds.c.id == old.id)
            .values(revision=row.revision + 1, **_columns(new))
        )

    def due(self, now: datetime, limit: int) -> list[str]:
        """By `next_check_at`."""
        with self._db.read() as tx:
            return list(
                tx.execute(
                    select(refunds.c.id)
                    .where(
                        refunds.c.state.in_([state.value for state in _WORK_LEFT]),
                        or_(refunds.c.next_check_at.is_(None), refunds.c.next_check_at <= now),
                    )
                    .order_by(refunds.c.next_check_at)
                    .limit(limit)
                ).scalars()
            )

    def all_of(self, account_id: str, states: Sequence[RefundState]) -> list[Refund]:
        """Oldest first."""
        return self._many(
            refunds.c.account_id == account_id,
            refunds.c.state.in_([state.value for state in states]),
        )

    def history(
        self, account_id: str, asks: Sequence[HistoryAsked], now: datetime
    ) -> tuple[HistoryFigure, ...]:
        """One read for each figure."""
        with self._db.read() as tx:
            return tuple(figures(tx, account_id, ask, now) for ask in asks)

    def totals_of_requester(
        self, account_id: str, requester_id: str
    ) -> tuple[int, Money | None, datetime | None]:
        """From the ledger's columns."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(
                    refunds.c.currency,
                    func.count(),
                    func.sum(refunds.c.amount_minor),
                    func.max(refunds.c.settled_at),
                )
                .where(
                    refunds.c.account_id == account_id,
                    refunds.c.requester_id == requester_id,
                    refunds.c.state == RefundState.SETTLED.value,
                )
                .group_by(refunds.c.currency)
            ).all()
        count = sum(row[1] for row in rows)
        last = max((row[3] for row in rows), default=None)
        if len(rows) != 1:
            return count, None, last
        currency, _, minor, _ = rows[0]
        return count, Money.from_minor_units(int(minor), currency), last
