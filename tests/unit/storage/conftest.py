"""Every test of the records runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.engine import Database
from app.storage.migrate import upgrade
from tests.unit.storage.records import Records


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and nothing in it."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    made = Database(f"sqlite:///{path}")
    upgrade(made)
    made.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database without tables."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_database"))
    return f"sqlite:///{tmp_path / 'records.sqlite3'}"


@pytest.fixture
def database(
    database_url: str, request: pytest.FixtureRequest, empty_sqlite: Path
) -> Iterator[Database]:
    """An empty database with tables."""
    made = Database(database_url)
    if made.is_sqlite:
        shutil.copy(empty_sqlite, database_url.removeprefix("sqlite:///"))
    else:
        upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def records(database: Database) -> Records:
    """All records on this database, with the account "acme" and its store "store-1"."""
    return Records.on(database)
