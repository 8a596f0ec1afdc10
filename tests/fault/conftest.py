"""A scene for each test, and one process that forks all workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.scene import Scene, Workers, make_scene


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Forks workers."""
    with Workers() as running:
        yield running


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """URL of an SQLite database of the test's own."""
    path = tmp_path / "makegood.sqlite3"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def scene(tmp_path: Path, workers: Workers, sqlite_url: str) -> Iterator[Scene]:
    """On SQLite."""
    with make_scene(sqlite_url, tmp_path, workers) as made:
        yield made


@pytest.fixture
def postgres_scene(tmp_path: Path, workers: Workers, postgres_database: str) -> Iterator[Scene]:
    """On PostgreSQL."""
    with make_scene(postgres_database, tmp_path, workers) as made:
        yield made
