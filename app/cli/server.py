"""gunicorn, told about our app without a configuration file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from app import create_app
from app.settings import Settings

# Threads wait for the disk more than they compute: the more of them wait, the more share a commit.
THREADS = 24


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, load: Callable[[], Flask], options: dict[str, object]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return self._load()


def run_gunicorn(settings: Settings, *, host: str, threads: int, processes: int) -> None:
    """Serve Makegood until told to stop."""
    serve(
        lambda: create_app(settings),
        bind=f"{host}:{settings.port}",
        threads=threads,
        processes=processes,
    )


def serve(load: Callable[[], Flask], *, bind: str, threads: int, processes: int) -> None:
    """Serve an application; `load` makes it in each process. Threads answer side by side, and a
    request may take 60 s at most."""
    options: dict[str, Any] = {
        "bind": bind,
        "worker_class": "gthread",
        "workers": processes,
        "threads": threads,
        "timeout": 60,
        "graceful_timeout": 10,
        "keepalive": 15,
        "loglevel": "warning",
        "control_socket_disable": True,
    }
    _Server(load, options).run()
