"""The database itself: migrations, SQLite's settings, instants, transactions."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from app.domain.refund import OPEN_STATES
from app.storage import migrate
from app.storage.engine import Database
from app.storage.tables import leases, metadata, used_tokens
from tests.unit.storage.records import NOW, at_once


def test_the_migrations_make_exactly_the_tables(database_url: str) -> None:
    database = Database(database_url)
    migrate.upgrade(database)
    with database.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        names = set(inspect(tx).get_table_names())
    assert names == {*metadata.tables, "alembic_version"}
    # Partial indexes are compared by nobody: this is the one that money rests on.
    with database.read() as tx:
        indexes = {item["name"]: item for item in inspect(tx).get_indexes("refunds")}
    where = indexes["uq_refunds_open_order"]["dialect_options"]
    condition = str(next(value for key, value in where.items() if key.endswith("_where")))
    assert indexes["uq_refunds_open_order"]["unique"]
    states = {"approved", "awaiting_approval", "holding", "sending", "unknown"}
    assert set(re.findall(r"'(\w+)'", condition)) == states
    # Whoever changes what "open" means must change the index in a migration.
    assert {state.value for state in OPEN_STATES} == states
    database.dispose()


def test_upgrading_twice_and_at_once_is_harmless(database_url: str) -> None:
    database = Database(database_url)
    migrate.upgrade(database)
    migrate.upgrade(database)
    present, newest = migrate.revisions(database)
    assert present == newest is not None
    database.dispose()


def test_a_database_without_tables_has_no_revision(database_url: str) -> None:
    database = Database(database_url)
    present, newest = migrate.revisions(database)
    assert present is None
    assert newest is not None
    database.dispose()


def test_the_migrations_can_be_undone(database_url: str) -> None:
    database = Database(database_url)
    migrate.upgrade(database)
    command.downgrade(migrate._config(database), "base")
    with database.read() as tx:
        assert set(inspect(tx).get_table_names()) == {"alembic_version"}
    migrate.upgrade(database)
    with database.read() as tx:
        assert set(metadata.tables) <= set(inspect(tx).get_table_names())
    database.dispose()


def test_sqlite_is_set_up_on_every_connection(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'file.sqlite3'}")
    with database.read() as first, database.read() as second:
        for tx in (first, second):
            values = {
                name: tx.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
            # synchronous 2 is FULL: what was committed survives a power cut.
            assert values == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
                "busy_timeout": 10000,
            }
    database.dispose()


def test_a_write_takes_sqlites_lock_at_its_start_and_readers_go_on(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'file.sqlite3'}")
    migrate.upgrade(database)
    other = sqlite3.connect(tmp_path / "file.sqlite3", timeout=0, isolation_level=None)
    with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    with database.read() as tx:
        tx.execute(select(leases))
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()
    database.dispose()


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(
            text(
                "INSERT INTO tickets (account_id, ticket_id, requester_id, is_refund, outcome, "
                "triaged_at) VALUES ('nobody', '7', 'x', true, 'x', '2026-01-01 00:00:00')"
            )
        )


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="without a time zone"), database.write() as tx:
        tx.execute(
            insert(used_tokens).values(
                token_hash="h",
                expires_at=datetime(2026, 1, 1),
            )
        )
    with database.read() as tx:
        assert tx.execute(select(used_tokens)).all() == []


def test_instants_come_back_as_they_went_in(database: Database) -> None:
    cairo = timezone(timedelta(hours=2))
    moment = datetime(2026, 11, 20, 14, 30, 15, 123456, tzinfo=cairo)
    with database.write() as tx:
        tx.execute(insert(used_tokens).values(token_hash="h", expires_at=moment))
    with database.read() as tx:
        kept = tx.execute(select(used_tokens.c.expires_at)).scalar_one()
    assert kept == moment
    assert kept.tzinfo is UTC or kept.utcoffset() == timedelta(0)


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        tx.execute(insert(used_tokens).values(token_hash="h", expires_at=NOW))
        raise ZeroDivisionError
    with database.read() as tx:
        assert tx.execute(select(used_tokens)).all() == []


def test_many_writers_at_once_all_get_through(database: Database) -> None:
    def write(number: int) -> bool:
        for part in range(10):
            with database.write() as tx:
                tx.execute(
                    insert(used_tokens).values(token_hash=f"{number}-{part}", expires_at=NOW)
                )
        return True

    results = at_once(*[lambda number=number: write(number) for number in range(8)])
    assert results == [True] * 8
    with database.read() as tx:
        assert len(tx.execute(select(used_tokens)).all()) == 80
