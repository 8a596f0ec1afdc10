"""Classifiers that learned from an account's labels, in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from app.records import StoredClassifier
from app.storage.audit import append_event
from app.storage.engine import Database
from app.storage.tables import classifiers

_WITHOUT_WEIGHTS = [column for column in classifiers.c if column.name != "weights"]


def _stored(row: RowMapping) -> StoredClassifier:
    return StoredClassifier(
        account_id=row["account_id"],
        version=row["version"],
        base=row["base"],
        weights=row.get("weights", b""),
        report=json.loads(row["report"]),
        is_active=row["is_active"],
        created_at=row["created_at"],
    )


def _use(tx: Connection, account_id: str, version: int | None) -> None:
    tx.execute(
        update(classifiers)
        .where(classifiers.c.account_id == account_id)
        .values(is_active=False if version is None else classifiers.c.version == version)
    )


class SqlClassifiers:
    """`app.records.Classifiers` in the database; using one and its audit event are one step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        account_id: str,
        base: str,
        weights: bytes,
        report: Mapping[str, object],
        *,
        activate: bool,
        actor: str,
        now: datetime,
    ) -> StoredClassifier:
        """Store the next version, and use it from now on when it is to be activated."""
        with self._database.write() as tx:
            newest = tx.execute(
                select(func.max(classifiers.c.version)).where(
                    classifiers.c.account_id == account_id
                )
            ).scalar()
            made = StoredClassifier(
                account_id=account_id,
                version=(newest or 0) + 1,
                base=base,
                weights=weights,
                report=dict(report),
                is_active=activate,
                created_at=now,
            )
            tx.execute(
                insert(classifiers).values(
                    account_id=account_id,
                    version=made.version,
                    base=base,
                    weights=weights,
                    report=json.dumps(made.report),
                    is_active=False,
                    created_at=now,
                )
            )
            if activate:
                _use(tx, account_id, made.version)
            what = "classifier_activated" if activate else "classifier_trained"
            append_event(tx, account_id, actor, what, f"version {made.version}", made.report, now)
        return made

    def active_version(self, account_id: str) -> int | None:
        """The number of the version in use, cheaply; None for the shipped weights."""
        with self._database.read() as tx:
            return tx.execute(
                select(classifiers.c.version).where(
                    classifiers.c.account_id == account_id, classifiers.c.is_active
                )
            ).scalar()

    def get(self, account_id: str, version: int) -> StoredClassifier | None:
        """One version with its weights."""
        with self._database.read() as tx:
            row = (
                tx.execute(
                    select(classifiers).where(
                        classifiers.c.account_id == account_id, classifiers.c.version == version
                    )
                )
                .mappings()
                .one_or_none()
            )
        return _stored(row) if row else None

    def versions(self, account_id: str) -> Sequence[StoredClassifier]:
        """All versions without their weights, newest first."""
        with self._database.read() as tx:
            rows = (
                tx.execute(
                    select(*_WITHOUT_WEIGHTS)
                    .where(classifiers.c.account_id == account_id)
                    .order_by(classifiers.c.version.desc())
                )
                .mappings()
                .all()
            )
        return [_stored(row) for row in rows]

    def activate(self, account_id: str, version: int | None, actor: str, now: datetime) -> None:
        """Use a version from now on, or the shipped weights. Raises LookupError when unknown."""
        with self._database.write() as tx:
            if version is not None:
                known = tx.execute(
                    select(classifiers.c.version).where(
                        classifiers.c.account_id == account_id, classifiers.c.version == version
                    )
                ).scalar()
                if known is None:
                    raise LookupError(f"account {account_id} has no classifier version {version}")
            _use(tx, account_id, version)
            name = "the shipped weights" if version is None else f"version {version}"
            append_event(tx, account_id, actor, "classifier_activated", name, {}, now)
