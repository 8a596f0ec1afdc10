"""The audit trail: each event's hash covers the one before, so a changed past shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from app.records import AuditEvent
from app.storage.engine import Database
from app.storage.tables import audit_events, audit_heads

_START = "0" * 64


def _digest(
    account_id: str,
    sequence: int,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    data: str,
    previous_hash: str,
) -> str:
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    record = [account_id, sequence, instant, actor, action, subject, data, previous_hash]
    return hashlib.sha256(json.dumps(record, ensure_ascii=False).encode()).hexdigest()


def append_event(
    tx: Connection,
    account_id: str,
    actor: str,
    action: str,
    subject: str,
    data: Mapping[str, object],
    now: datetime,
) -> None:
    """Add one event inside a write transaction. The head row is locked until that ends."""
    head = tx.execute(
        select(audit_heads.c.sequence, audit_heads.c.hash)
        .where(audit_heads.c.account_id == account_id)
        .with_for_update()
    ).one_or_none()
    if head is None:
        raise LookupError(f"account {account_id} has no audit trail")
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)
    sequence = head.sequence + 1
    digest = _digest(account_id, sequence, now, actor, action, subject, text, head.hash)
    tx.execute(
        insert(audit_events).values(
            account_id=account_id,
            sequence=sequence,
            at=now,
            actor=actor,
            action=action,
            subject=subject,
            data=text,
            previous_hash=head.hash,
            hash=digest,
        )
    )
    tx.execute(
        update(audit_heads)
        .where(audit_heads.c.account_id == account_id)
        .values(sequence=sequence, hash=digest)
    )


def start_trail(tx: Connection, account_id: str) -> None:
    """Create an account's empty trail."""
    tx.execute(insert(audit_heads).values(account_id=account_id, sequence=0, hash=_START))


class SqlAuditTrail:
    """`app.records.AuditTrail` in the database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def append(
        self,
        account_id: str,
        actor: str,
        action: str,
        subject: str,
        data: Mapping[str, object],
        now: datetime,
    ) -> None:
        """Add one event in a transaction of its own."""
        with self._db.write() as tx:
            append_event(tx, account_id, actor, action, subject, data, now)

    def of_subject(self, account_id: str, subject: str) -> list[AuditEvent]:
        """The events about one thing, oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(audit_events)
                .where(audit_events.c.account_id == account_id, audit_events.c.subject == subject)
                .order_by(audit_events.c.sequence)
            )
            return [
                AuditEvent.model_validate({**row, "data": json.loads(row["data"])})
                for row in rows.mappings()
            ]

    def verify(self, account_id: str) -> tuple[int, str | None]:
        """Walk the whole chain; memory stays flat."""
        previous, expected = _START, 1
        with self._db.read() as tx:
            rows = tx.execution_options(yield_per=1000).execute(
                select(audit_events)
                .where(audit_events.c.account_id == account_id)
                .order_by(audit_events.c.sequence)
            )
            for row in rows.mappings():
                if row["sequence"] != expected:
                    return expected - 1, f"event {expected} is missing"
                if row["previous_hash"] != previous:
                    return expected - 1, f"event {expected} doesn't follow the one before it"
                if row["hash"] != _digest(
                    account_id,
                    row["sequence"],
                    row["at"],
                    row["actor"],
                    row["action"],
                    row["subject"],
                    row["data"],
                    previous,
                ):
                    return expected - 1, f"event {expected} ({row['action']}) was altered"
                previous, expected = row["hash"], expected + 1
            head = tx.execute(
                select(audit_heads).where(audit_heads.c.account_id == account_id)
            ).one_or_none()
        if head is None:
            return 0, "the account has no audit trail"
        if (head.sequence, head.hash) != (expected - 1, previous):
            return expected - 1, f"events after {expected - 1} were removed"
        return expected - 1, None
