"""Named locks in the database, shared by all processes on both kinds of database."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from app.storage.engine import Database
from app.storage.tables import leases


class SqlLocks:
    """`app.ports.Locks`: a row per lock; a holder that died frees it when its time is over."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @contextmanager
    def hold(self, name: str, seconds: float, wait_seconds: float) -> Iterator[None]:
        """Hold `name` for at most `seconds`; TimeoutError when it isn't free in time."""
        holder = uuid.uuid4().hex
        deadline = time.monotonic() + wait_seconds
        while not self._take(name, holder, seconds):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{name} is in use elsewhere")
            time.sleep(random.uniform(0.02, 0.08))  # noqa: S311 - spreads waiters, no secret
        try:
            yield
        finally:
            with self._db.write() as tx:
                tx.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    def _take(self, name: str, holder: str, seconds: float) -> bool:
        now = datetime.now(UTC)
        until = now + timedelta(seconds=seconds)
        with self._db.write() as tx:
            taken = tx.execute(
                update(leases)
                .where(leases.c.name == name, leases.c.until < now)
                .values(holder=holder, until=until)
            )
            if taken.rowcount == 1:
                return True
        try:
            with self._db.write() as tx:
                tx.execute(insert(leases).values(name=name, holder=holder, until=until))
        except IntegrityError:
            return False
        return True
