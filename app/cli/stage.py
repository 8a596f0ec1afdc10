"""A whole Makegood with sandbox vendors around it, for the demo: set up, connected, running.

Everything is on loopback and in one folder. The vendors are processes of their own, so that our
processes can be killed without them. Each helpdesk is an account, and each account has all stores.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from app.bootstrap import Services, build_services
from app.cli.desks import DESKS, Desk
from app.cli.processes import Supervisor
from app.cli.shops import SHOPS, Shop
from app.cli.vendor import Vendor
from app.domain.errors import ConfigurationError
from app.ports import Account
from app.queue import embedded_redis
from app.settings import Settings
from app.storage.migrate import upgrade
from integrations.http import BoundedSession

_START_SECONDS = 30.0


@dataclass(frozen=True)
class Show:
    """How a stage is to be set up. `port` 0 takes a free one.

    `settles_after_seconds` is how long the slow payment provider takes (None: for ever).
    `high_volume` puts helpdesks and stores on the plans that large merchants have.
    """

    folder: Path
    port: int = 0
    workers: int = 2
    hold_seconds: float = 5.0
    settles_after_seconds: float | None = None
    log_file: Path | None = None
    high_volume: bool = False
    helpdesks: tuple[str, ...] = ("zendesk",)
    stores: tuple[str, ...] = ("shopify",)


class Stage:
    """Sandboxes, Redis, database and our processes. A context manager that stops all of it."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.port = show.port or free_port()
        self._stack = ExitStack()
        self.desks: dict[str, Desk] = {name: DESKS[name]() for name in show.helpdesks}
        self.shops: dict[str, Shop] = {name: SHOPS[name]() for name in show.stores}
        # By helpdesk.
        self.accounts: dict[str, Account] = {}
        self.services: Services
        self.supervisor: Supervisor

    @property
    def url(self) -> str:
        """Where our own web process answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def account(self) -> Account:
        """The first helpdesk's account."""
        return self.accounts[self.show.helpdesks[0]]

    @property
    def desk_url(self) -> str:
        """The first helpdesk's workspace."""
        return self.desks[self.show.helpdesks[0]].url

    @property
    def zendesk(self) -> Vendor:
        return self.desks["zendesk"].vendor

    @property
    def shopify(self) -> Vendor:
        return self.shops["shopify"].vendor

    @property
    def vendors(self) -> list[Vendor]:
        """All sandboxes."""
        desks = [desk.vendor for desk in self.desks.values()]
        return [*desks, *(shop.vendor for shop in self.shops.values())]

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def on_end(self, act: Any) -> None:
        """Have something done when the stage is taken down."""
        self._stack.callback(act)

    def _set_up(self) -> None:
        show = self.show
        show.folder.mkdir(parents=True, exist_ok=True)
        for desk in self.desks.values():
            desk.start(self._stack, self._log(), is_large=show.high_volume)
        for shop in self.shops.values():
            shop.start(
                self._stack,
                settles_after_seconds=show.settles_after_seconds,
                is_large=show.high_volume,
            )
        environment = self._environment(
            self._stack.enter_context(embedded_redis(show.folder / "redis"))
        )
        # What the person's own environment says must not lead the demo to a real database.
        os.environ.update(environment)
        self.services = build_services(Settings())
        self._stack.callback(self.services.close)
        upgrade(self.services.database)
        self.supervisor = Supervisor(environment, output=self._log())
        self._stack.callback(self.supervisor.stop)
        # The web process answers before it is connected: a helpdesk may try the webhook at once.
        self.supervisor.start("web", "web", "--host", "127.0.0.1")
        self._connect()
        self.supervisor.start("clock", "clock")
        for number in range(show.workers):
            self.supervisor.start(f"worker-{number + 1}", "worker")
        self._wait_for_web()

    def _connect(self) -> None:
        """Run the product's own connect steps against the sandboxes."""
        for name, desk in self.desks.items():
            account = desk.connect(self.services, self.show.folder)
            for shop in self.shops.values():
                shop.connect(self.services, account)
            self.accounts[name] = account

    def _log(self) -> Any:
        if self.show.log_file is None:
            return None
        return self._stack.enter_context(self.show.log_file.open("ab"))

    def _environment(self, redis_url: str) -> dict[str, str]:
        ours = {
            "MAKEGOOD_DATA_DIR": str(self.show.folder.resolve()),
            "MAKEGOOD_DATABASE_URL": "",
            "MAKEGOOD_REDIS_URL": redis_url,
            "MAKEGOOD_PORT": str(self.port),
            "MAKEGOOD_PUBLIC_URL": self.url,
            "MAKEGOOD_SECRET_KEYS": "",
            "MAKEGOOD_HOLD_SECONDS": str(self.show.hold_seconds),
            "MAKEGOOD_PATIENCE_SECONDS": "20",
            "MAKEGOOD_REQUEUE_SECONDS": "2",
            "MAKEGOOD_READ_TIMEOUT_SECONDS": "5",
            "MAKEGOOD_LOG_LEVEL": "INFO" if self.show.log_file else "WARNING",
            "PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path),
        }
        for desk in self.desks.values():
            ours |= desk.environment()
        for shop in self.shops.values():
            ours |= shop.environment()
        return ours

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with BoundedSession(1.0, 5.0) as session:
            while time.monotonic() < deadline:
                try:
                    if session.get(f"{self.url}/health").status_code < 500:
                        return
                except requests.RequestException:
                    self.supervisor.keep_alive()
                time.sleep(0.1)
        raise ConfigurationError(f"The web process doesn't answer at {self.url}.")


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
