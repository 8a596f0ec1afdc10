"""Ticket writes, and customers whose fields changed, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.crm import TicketWrite
from app.records import PendingWrite, WriteState
from app.storage.engine import Database
from app.storage.tables import customer_writes, ticket_writes

_OPEN = (WriteState.QUEUED.value, WriteState.SENDING.value, WriteState.UNKNOWN.value)


def insert_write(tx: Connection, write: PendingWrite, now: datetime) -> None:
    """Queue a ticket write inside a transaction."""
    tx.execute(
        insert(ticket_writes).values(
            id=write.id,
            account_id=write.account_id,
            ticket_id=write.write.ticket_id,
            case_id=write.case_id,
            purpose=write.purpose,
            marker=write.write.marker,
            body=write.write.to_json(),
            state=WriteState.QUEUED.value,
            attempts=0,
            created_at=now,
            next_attempt_at=now,
        )
    )


def touch_customer(tx: Connection, account_id: str, requester_id: str, now: datetime) -> None:
    """Note that a customer's fields changed; many changes become one write."""
    taken = tx.execute(
        update(customer_writes)
        .where(
            customer_writes.c.account_id == account_id,
            customer_writes.c.requester_id == requester_id,
        )
        .values(change=customer_writes.c.change + 1, next_attempt_at=now)
    )
    if taken.rowcount == 0:
        tx.execute(
            insert(customer_writes).values(
                account_id=account_id,
                requester_id=requester_id,
                change=1,
                written=0,
                next_attempt_at=now,
            )
        )


def _pending(row: RowMapping) -> PendingWrite:
    return PendingWrite(
        id=row["id"],
        account_id=row["account_id"],
        case_id=row["case_id"],
        purpose=row["purpose"],
        write=TicketWrite.from_json(row["body"]),
        state=WriteState(row["state"]),
        attempts=row["attempts"],
        cause=row["cause"],
    )


class SqlOutbox:
    """`app.records.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, write: PendingWrite, now: datetime) -> bool:
        """Once per marker."""
        try:
            with self._db.write() as tx:
                insert_write(tx, write, now)
        except IntegrityError:
            return False
        return True

    def claim(self, write_id: str, now: datetime, lease_seconds: float) -> PendingWrite | None:
        """To SENDING, committed before the helpdesk is called. UNKNOWN stays UNKNOWN."""
        with self._db.write() as tx:
            row = (
                tx.execute(
                    select(ticket_writes).where(ticket_writes.c.id == write_id).with_for_update()
                )
                .mappings()
                .one_or_none()
            )
            if row is None or row["state"] not in _OPEN or row["next_attempt_at"] > now:
                return None
            state = row["state"]
            tx.execute(
                update(ticket_writes)
                .where(ticket_writes.c.id == write_id)
                .values(
                    state=WriteState.SENDING.value if state == WriteState.QUEUED.value else state,
                    attempts=ticket_writes.c.attempts + 1,
                    next_attempt_at=now + timedelta(seconds=lease_seconds),
                )
            )
            return _pending(row)

    def sent(self, write_id: str, change_id: str, now: datetime) -> None:
        """Done."""
        self._set(write_id, state=WriteState.SENT.value, change_id=change_id, sent_at=now)

    def requeue(self, write_id: str, until: datetime, cause: str, *, unknown: bool) -> None:
        """Later; an UNKNOWN write is looked for before it is sent again."""
        state = WriteState.UNKNOWN if unknown else WriteState.QUEUED
        self._set(write_id, state=state.value, next_attempt_at=until, cause=cause)

    def refuse(self, write_id: str, cause: str, now: datetime) -> None:
        """Final."""
        self._set(write_id, state=WriteState.REFUSED.value, cause=cause, sent_at=now)

    def _set(self, write_id: str, **values: object) -> None:
        with self._db.write() as tx:
            tx.execute(
                update(ticket_writes)
                .where(ticket_writes.c.id == write_id, ticket_writes.c.state.in_(_OPEN))
                .values(**values)
            )

    def due(self, now: datetime, limit: int) -> list[str]:
        """Oldest first."""
        with self._db.read() as tx:
            return list(
                tx.execute(
                    select(ticket_writes.c.id)
                    .where(ticket_writes.c.state.in_(_OPEN), ticket_writes.c.next_attempt_at <= now)
                    .order_by(ticket_writes.c.next_attempt_at)
                    .limit(limit)
                ).scalars()
            )

    def of_ticket(self, account_id: str, ticket_id: str) -> list[PendingWrite]:
        """Oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(ticket_writes)
                .where(
                    ticket_writes.c.account_id == account_id,
                    ticket_writes.c.ticket_id == ticket_id,
                )
                .order_by(ticket_writes.c.created_at)
            )
            return [_pending(row) for row in rows.mappings()]

    def claim_customer(
        self, account_id: str, requester_id: str, now: datetime, lease_seconds: float
    ) -> int | None:
        """The change to be written."""
        with self._db.write() as tx:
            taken = tx.execute(
                update(customer_writes)
                .where(
                    customer_writes.c.account_id == account_id,
                    customer_writes.c.requester_id == requester_id,
                    customer_writes.c.change > customer_writes.c.written,
                    customer_writes.c.next_attempt_at <= now,
                )
                .values(next_attempt_at=now + timedelta(seconds=lease_seconds))
            )
            if taken.rowcount != 1:
                return None
            change = tx.execute(
                select(customer_writes.c.change).where(
                    customer_writes.c.account_id == account_id,
                    customer_writes.c.requester_id == requester_id,
                )
            ).scalar_one()
            return int(change)

    def customer_written(self, account_id: str, requester_id: str, change: int) -> None:
        """A later change stays to be written."""
        self._set_customer(account_id, requester_id, written=change, cause=None)

    def postpone_customer(
        self, account_id: str, requester_id: str, until: datetime, cause: str
    ) -> None:
        """Later."""
        self._set_customer(account_id, requester_id, next_attempt_at=until, cause=cause)

    def _set_customer(self, account_id: str, requester_id: str, **values: object) -> None:
        with self._db.write() as tx:
            tx.execute(
                update(customer_writes)
                .where(
                    customer_writes.c.account_id == account_id,
                    customer_writes.c.requester_id == requester_id,
                )
                .values(**values)
            )

    def due_customers(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(customer_writes.c.account_id, customer_writes.c.requester_id)
                .where(
                    customer_writes.c.change > customer_writes.c.written,
                    customer_writes.c.next_attempt_at <= now,
                )
                .order_by(customer_writes.c.next_attempt_at)
                .limit(limit)
            )
            return [(account, requester) for account, requester in rows]
