"""Every test of the records runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.engine import Database
from tests.support.postgres import remove_rows
from tests.unit.storage.records import Records


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database without tables."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_database"))
    return f"sqlite:///{tmp_path / 'records.sqlite3'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(
    request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path: Path
) -> Iterator[Database]:
    """An empty database with tables."""
    if request.param == "sqlite":
        path = tmp_path / "records.sqlite3"
        shutil.copy(migrated_sqlite, path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("migrated_postgres")
        remove_rows(url)
    made = Database(url)
    yield made
    made.dispose()


@pytest.fixture
def records(database: Database) -> Records:
    """All records on this database, with the account "acme" and its store "store-1"."""
    return Records.on(database)
