"""A bench for each test, on a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.engine import Database
from tests.support.bench import Bench, make_bench


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    def copy(database: Database) -> None:
        shutil.copy(migrated_sqlite, database.url.removeprefix("sqlite:///"))

    made = make_bench(tmp_path, copy)
    yield made
    assert made.chain_is_whole()
    made.database.dispose()
