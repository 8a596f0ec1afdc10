"""A scene for each test, and one process that forks all workers."""

from __future__ import annotations

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
def scene(tmp_path: Path, workers: Workers) -> Iterator[Scene]:
    """On SQLite."""
    with make_scene(f"sqlite:///{tmp_path / 'makegood.sqlite3'}", tmp_path, workers) as made:
        yield made


@pytest.fixture
def postgres_scene(tmp_path: Path, workers: Workers, postgres_database: str) -> Iterator[Scene]:
    """On PostgreSQL."""
    with make_scene(postgres_database, tmp_path, workers) as made:
        yield made
