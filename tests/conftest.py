"""Servers that tests share: each is started once a run, when the first test asks for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from app.storage.engine import Database
from app.storage.migrate import upgrade
from tests.support.commands import Commands
from tests.support.postgres import empty_database, postgres_server
from tests.support.redis import redis_server

# A property says what holds, never how quickly: speed is measured in benchmarks.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


# Where tests wait longest, for holds, restarts and pages: they begin first, so that no process is
# left alone with them at the end.
_LONGEST = (
    "tests/contract/test_headless_demo.py",
    "tests/fault/",
    "tests/browser/",
    "tests/sandbox/",
    "tests/contract/",
)


# Folders in memory, where the system has them.
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 * 1024**3


def pytest_configure() -> None:
    """Folders of tests lie in memory where there is room.

    A committed SQLite transaction is on the disk; to wait for that is half of a storage test's
    time, and no test switches the machine off.
    """
    is_usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    if is_usable and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest parts first; else the order stays."""

    def rank(item: pytest.Item) -> int:
        places = (n for n, part in enumerate(_LONGEST) if item.nodeid.startswith(part))
        return next(places, len(_LONGEST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server. For tables take `postgres_database`: it's the test's own."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database, dropped after the test."""
    with empty_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """URL of a PostgreSQL database with every table; `remove_rows` before each use."""
    with empty_database(postgres_url) as url:
        made = Database(url)
        upgrade(made)
        made.dispose()
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    made = Database(f"sqlite:///{path}")
    upgrade(made)
    made.dispose()
    return path


@pytest.fixture(scope="session")
def redis_socket_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_socket_url: str) -> str:
    """URL (unix://) of an empty Redis."""
    with redis.Redis.from_url(redis_socket_url) as client:
        client.flushall()
    return redis_socket_url


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Runs `makegood` commands, each in a process of its own."""
    with Commands() as running:
        yield running
