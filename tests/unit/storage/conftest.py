"""Every test of the records runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy

from app.storage.engine import Database
from app.storage.migrate import upgrade
from tests.support.postgres import empty_database
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


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """Name of a PostgreSQL database with every table, to be copied for each test."""
    with empty_database(postgres_url) as url:
        made = Database(url)
        upgrade(made)
        made.dispose()
        yield str(sqlalchemy.make_url(url).database)


@contextmanager
def copied(server_url: str, template: str) -> Iterator[str]:
    """A copy of a PostgreSQL database, dropped at the end; gives its URL."""
    url = sqlalchemy.make_url(server_url)
    name = f"test_{uuid4().hex}"
    admin = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        with admin.connect() as connection:
            connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(
    request: pytest.FixtureRequest, empty_sqlite: Path, tmp_path: Path
) -> Iterator[Database]:
    """An empty database with tables."""
    if request.param == "sqlite":
        path = tmp_path / "records.sqlite3"
        shutil.copy(empty_sqlite, path)
        made = Database(f"sqlite:///{path}")
        yield made
        made.dispose()
        return
    server = request.getfixturevalue("postgres_url")
    with copied(server, request.getfixturevalue("postgres_template")) as url:
        made = Database(url)
        yield made
        made.dispose()


@pytest.fixture
def records(database: Database) -> Records:
    """All records on this database, with the account "acme" and its store "store-1"."""
    return Records.on(database)
