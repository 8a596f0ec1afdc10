"""Approval requests and delegations in the database.

A request changes together with its refund (see `app.storage.ledger`); only a reminder changes it
alone. Who wants to change it must have seen it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from app.domain.approval import ApprovalRequest, ApprovalState, Delegation
from app.domain.errors import Conflict
from app.records import PendingWrite
from app.storage.audit import append_event
from app.storage.engine import Database
from app.storage.outbox import insert_write
from app.storage.tables import approvals, delegations


def _columns(request: ApprovalRequest) -> dict[str, object]:
    return {
        "state": request.state.value,
        "body": request.to_json(),
        "next_reminder_at": request.next_reminder_at,
        "decided_at": request.decided_at,
    }


def insert_approval(tx: Connection, request: ApprovalRequest) -> None:
    """A new request, inside the transaction that opens its refund."""
    tx.execute(
        insert(approvals).values(
            id=request.id,
            account_id=request.account_id,
            case_id=request.case_id,
            refund_id=request.refund_id,
            requested_by=request.requested_by,
            created_at=request.created_at,
            **_columns(request),
        )
    )


def replace_approval(tx: Connection, before: ApprovalRequest, after: ApprovalRequest) -> None:
    """Change a request that still is as `before` says. Raises Conflict."""
    body = tx.execute(
        select(approvals.c.body).where(approvals.c.id == before.id).with_for_update()
    ).scalar_one_or_none()
    if body is None or ApprovalRequest.from_json(body) != before:
        raise Conflict("This request was changed by somebody else meanwhile.")
    tx.execute(update(approvals).where(approvals.c.id == before.id).values(**_columns(after)))


def audit_approval(
    tx: Connection,
    request: ApprovalRequest,
    actor: str,
    action: str,
    now: datetime,
    more: Mapping[str, object] | None = None,
) -> None:
    """The event about a request, in the timeline of its case."""
    data: dict[str, object] = {
        "approval": request.id,
        "refund": request.refund_id,
        "amount": str(request.amount),
        "needed": request.needed.value,
        "state": request.state.value,
        "requested_by": request.requested_by,
        "reason": request.reason,
        "overrides": request.overrides,
        "decided_for": request.decided_for,
        "answer": request.answer,
        "changes": list(request.changes),
        **(more or {}),
    }
    append_event(tx, request.account_id, actor, action, f"case:{request.case_id}", data, now)


class SqlApprovals:
    """`app.records.Approvals`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def _one(self, *where: object) -> ApprovalRequest | None:
        with self._db.read() as tx:
            body = tx.execute(select(approvals.c.body).where(*where)).scalar_one_or_none()  # type: ignore[arg-type]
        return ApprovalRequest.from_json(body) if body is not None else None

    def get(self, account_id: str, approval_id: str) -> ApprovalRequest | None:
        """Within an account."""
        return self._one(approvals.c.account_id == account_id, approvals.c.id == approval_id)

    def find(self, approval_id: str) -> ApprovalRequest | None:
        """For jobs, which carry ids only."""
        return self._one(approvals.c.id == approval_id)

    def of_refund(self, account_id: str, refund_id: str) -> ApprovalRequest | None:
        """By the refund that it is about."""
        return self._one(approvals.c.account_id == account_id, approvals.c.refund_id == refund_id)

    def of_case(self, account_id: str, case_id: str) -> list[ApprovalRequest]:
        """Oldest first."""
        with self._db.read() as tx:
            bodies = tx.execute(
                select(approvals.c.body)
                .where(approvals.c.account_id == account_id, approvals.c.case_id == case_id)
                .order_by(approvals.c.created_at)
            ).scalars()
            return [ApprovalRequest.from_json(body) for body in bodies]

    def waiting(self, account_id: str, limit: int) -> list[ApprovalRequest]:
        """Oldest first: who waits longest stands on top."""
        with self._db.read() as tx:
            bodies = tx.execute(
                select(approvals.c.body)
                .where(
                    approvals.c.account_id == account_id,
                    approvals.c.state == ApprovalState.OPEN.value,
                )
                .order_by(approvals.c.created_at)
                .limit(limit)
            ).scalars()
            return [ApprovalRequest.from_json(body) for body in bodies]

    def decided(self, account_id: str, limit: int) -> list[ApprovalRequest]:
        """Newest decision first."""
        with self._db.read() as tx:
            bodies = tx.execute(
                select(approvals.c.body)
                .where(
                    approvals.c.account_id == account_id,
                    approvals.c.state != ApprovalState.OPEN.value,
                )
                .order_by(approvals.c.decided_at.desc())
                .limit(limit)
            ).scalars()
            return [ApprovalRequest.from_json(body) for body in bodies]

    def count_waiting(self, account_id: str) -> int:
        """By the index alone."""
        with self._db.read() as tx:
            return tx.execute(
                select(func.count())
                .select_from(approvals)
                .where(
                    approvals.c.account_id == account_id,
                    approvals.c.state == ApprovalState.OPEN.value,
                )
            ).scalar_one()

    def due(self, now: datetime, limit: int) -> list[str]:
        """By `next_reminder_at`."""
        with self._db.read() as tx:
            return list(
                tx.execute(
                    select(approvals.c.id)
                    .where(
                        approvals.c.state == ApprovalState.OPEN.value,
                        approvals.c.next_reminder_at <= now,
                    )
                    .order_by(approvals.c.next_reminder_at)
                    .limit(limit)
                ).scalars()
            )

    def remind(
        self,
        before: ApprovalRequest,
        after: ApprovalRequest,
        now: datetime,
        actor: str,
        write: PendingWrite,
    ) -> None:
        """The reminder, its audit event and the ticket write in one step."""
        with self._db.write() as tx:
            replace_approval(tx, before, after)
            more = {"reminder": after.reminders, "asked": after.asked.value}
            audit_approval(tx, after, actor, "approval_reminded", now, more)
            insert_write(tx, write, now)


class SqlDelegations:
    """`app.records.Delegations`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def _audit(
        self, tx: Connection, delegation: Delegation, actor: str, action: str, now: datetime
    ) -> None:
        data: dict[str, object] = {
            "from": delegation.from_id,
            "to": delegation.to_id,
            "tier": delegation.tier.value,
            "starts_at": delegation.starts_at.isoformat(),
            "ends_at": delegation.ends_at.isoformat(),
        }
        subject = f"delegation:{delegation.id}"
        append_event(tx, delegation.account_id, actor, action, subject, data, now)

    def add(self, delegation: Delegation, actor: str, now: datetime) -> None:
        """With its audit event."""
        with self._db.write() as tx:
            tx.execute(
                insert(delegations).values(
                    id=delegation.id,
                    account_id=delegation.account_id,
                    from_id=delegation.from_id,
                    to_id=delegation.to_id,
                    body=delegation.to_json(),
                    starts_at=delegation.starts_at,
                    ends_at=delegation.ends_at,
                    created_at=delegation.created_at,
                )
            )
            self._audit(tx, delegation, actor, "delegation_made", now)

    def get(self, account_id: str, delegation_id: str) -> Delegation | None:
        """By id."""
        with self._db.read() as tx:
            body = tx.execute(
                select(delegations.c.body).where(
                    delegations.c.account_id == account_id, delegations.c.id == delegation_id
                )
            ).scalar_one_or_none()
        return Delegation.from_json(body) if body is not None else None

    def present(self, account_id: str, now: datetime) -> Sequence[Delegation]:
        """Those that hold now or will hold, by their start."""
        with self._db.read() as tx:
            bodies = tx.execute(
                select(delegations.c.body)
                .where(delegations.c.account_id == account_id, delegations.c.ends_at > now)
                .order_by(delegations.c.starts_at)
            ).scalars()
            found = [Delegation.from_json(body) for body in bodies]
        return [one for one in found if not one.is_over(now)]

    def end(self, delegation: Delegation, actor: str, now: datetime) -> Delegation:
        """Earlier than planned; one that is over stays as it is."""
        with self._db.write() as tx:
            body = tx.execute(
                select(delegations.c.body)
                .where(
                    delegations.c.account_id == delegation.account_id,
                    delegations.c.id == delegation.id,
                )
                .with_for_update()
            ).scalar_one()
            present = Delegation.from_json(body)
            if present.is_over(now):
                return present
            ended = present.model_copy(update={"ended_at": now, "ended_by": actor})
            tx.execute(
                update(delegations)
                .where(delegations.c.id == delegation.id)
                .values(body=ended.to_json(), ends_at=min(now, ended.ends_at))
            )
            self._audit(tx, ended, actor, "delegation_ended", now)
            return ended
