"""Deliveries in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, func, select, update

from app.domain.ticket import TicketEvent
from app.gather import Gathered
from app.records import Delivery, DeliveryState
from app.storage.audit import append_event
from app.storage.engine import Database
from app.storage.tables import deliveries

_RECEIVED = DeliveryState.RECEIVED.value


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        account_id=row["account_id"],
        event=TicketEvent.from_json(row["event"]),
        received_at=row["received_at"],
        attempts=row["attempts"],
        state=DeliveryState(row["state"]),
        outcome=row["outcome"],
    )


class SqlInbox:
    """`app.records.Inbox`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._insert = Gathered(self._insert_together)
        # Built once: a statement costs more to build than to run.
        self._statement = database.insert_or_skip(deliveries).returning(
            deliveries.c.id, deliveries.c.account_id, deliveries.c.dedupe_key
        )

    def add(
        self, account_id: str, event: TicketEvent, body_sha256: str, now: datetime
    ) -> int | None:
        """Insert once; the unique key tells repetitions."""
        row: dict[str, object] = {
            "account_id": account_id,
            "dedupe_key": event.dedupe_key,
            "ticket_id": event.ticket_id,
            "event": event.to_json(),
            "body_sha256": body_sha256,
            "state": _RECEIVED,
            "attempts": 0,
            "received_at": now,
            "next_attempt_at": now,
        }
        return self._insert(row)

    def _insert_together(self, rows: Sequence[dict[str, object]]) -> list[int | None]:
        """One transaction for rows that came at the same time; None for repetitions."""
        with self._db.write() as tx:
            found = tx.execute(self._statement, list(rows))
            kept = {(account, key): number for number, account, key in found}
        # Of two equal rows in one batch only the first was kept: the second finds nothing left.
        return [kept.pop((row["account_id"], row["dedupe_key"]), None) for row in rows]

    def claim(self, delivery_id: int, now: datetime, lease_seconds: float) -> Delivery | None:
        """Push the next attempt behind the lease: whoever gets the row works on it."""
        with self._db.write() as tx:
            taken = tx.execute(
                update(deliveries)
                .where(
                    deliveries.c.id == delivery_id,
                    deliveries.c.state == _RECEIVED,
                    deliveries.c.next_attempt_at <= now,
                )
                .values(
                    next_attempt_at=now + timedelta(seconds=lease_seconds),
                    attempts=deliveries.c.attempts + 1,
                )
            )
            if taken.rowcount != 1:
                return None
            row = tx.execute(select(deliveries).where(deliveries.c.id == delivery_id))
            return _delivery(row.mappings().one())

    def finish(self, delivery_id: int, outcome: str, now: datetime) -> None:
        """Done."""
        self._set(delivery_id, state=DeliveryState.DONE.value, outcome=outcome, done_at=now)

    def postpone(self, delivery_id: int, until: datetime, cause: str) -> None:
        """Later."""
        self._set(delivery_id, next_attempt_at=until, outcome=cause)

    def park(self, delivery_id: int, cause: str, now: datetime) -> None:
        """For a person."""
        self._set(delivery_id, state=DeliveryState.PARKED.value, outcome=cause, done_at=now)

    def _set(self, delivery_id: int, **values: object) -> None:
        with self._db.write() as tx:
            tx.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery_id, deliveries.c.state == _RECEIVED)
                .values(**values)
            )

    def replay(self, account_id: str, delivery_id: int, actor: str, now: datetime) -> bool:
        """Back to the queue, with the act on record."""
        with self._db.write() as tx:
            taken = tx.execute(
                update(deliveries)
                .where(
                    deliveries.c.id == delivery_id,
                    deliveries.c.account_id == account_id,
                    deliveries.c.state == DeliveryState.PARKED.value,
                )
                .values(state=_RECEIVED, attempts=0, next_attempt_at=now, done_at=None)
            )
            if taken.rowcount != 1:
                return False
            append_event(
                tx, account_id, actor, "delivery_replayed", f"delivery:{delivery_id}", {}, now
            )
            return True

    def due(self, now: datetime, limit: int) -> list[int]:
        """Oldest first."""
        with self._db.read() as tx:
            return list(
                tx.execute(
                    select(deliveries.c.id)
                    .where(deliveries.c.state == _RECEIVED, deliveries.c.next_attempt_at <= now)
                    .order_by(deliveries.c.next_attempt_at)
                    .limit(limit)
                ).scalars()
            )

    def with_state(self, account_id: str, state: DeliveryState, limit: int) -> list[Delivery]:
        """Newest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(deliveries)
                .where(deliveries.c.account_id == account_id, deliveries.c.state == state.value)
                .order_by(deliveries.c.id.desc())
                .limit(limit)
            )
            return [_delivery(row) for row in rows.mappings()]

    def counts(self) -> dict[str, int]:
        """Per state."""
        with self._db.read() as tx:
            rows = tx.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
            return {row[0]: row[1] for row in rows}
