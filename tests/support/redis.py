"""A Redis server of the tests' own, reached by a unix socket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.queue import embedded_redis


@contextmanager
def redis_server() -> Iterator[str]:
    """Starts the product's embedded Redis in a folder of its own; gives its URL."""
    # A socket's path may have 107 characters at most: a short folder, not pytest's.
    with (
        tempfile.TemporaryDirectory(prefix="mg-redis-") as folder,
        embedded_redis(Path(folder)) as url,
    ):
        yield url
