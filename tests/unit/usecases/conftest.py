"""A bench for each test: migrations run once a run, every test gets a copy of the file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.engine import Database
from app.storage.migrate import upgrade
from tests.support.bench import Bench, make_bench


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and nothing in it."""
    path = tmp_path_factory.mktemp("migrated") / "empty.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.dispose()
    return path


@pytest.fixture
def bench(migrated_file: Path, tmp_path: Path) -> Iterator[Bench]:
    def copy(database: Database) -> None:
        shutil.copy(migrated_file, database.url.removeprefix("sqlite:///"))

    made = make_bench(tmp_path, copy)
    yield made
    assert made.chain_is_whole()
    made.database.dispose()
