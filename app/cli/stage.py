"""A whole Makegood with sandbox vendors around it, for the demo: set up, connected, running.

Everything is on loopback and in one folder. The vendors are processes of their own, so that our
processes can be killed without them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from app.bootstrap import Services, build_services
from app.cli.connect import connect_shopify_store, connect_zendesk_account
from app.cli.processes import Supervisor
from app.domain.errors import ConfigurationError
from app.domain.people import Tier, TierMap
from app.ports import Account
from app.queue import embedded_redis
from app.settings import Settings
from app.storage.migrate import upgrade
from integrations.helpdesks.zendesk.connect import Credentials
from integrations.http import BoundedSession
from integrations.sandbox.scenario import SHOP, SLOW_GATEWAY
from integrations.sandbox.server import ChildServer
from integrations.stores.shopify.tokens import AuthMode
from manifest.build import build_zendesk

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_SUBDOMAIN = "acme"
_ACTOR = "makegood demo"
# The vendor's own names for an account with the High Volume API add-on.
# https://developer.zendesk.com/api-reference/introduction/rate-limits/
_HIGH_VOLUME = {"account": 2500, "ticket-updates-account": 300}


class Vendor:
    """The control endpoints of one sandbox vendor."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = BoundedSession(5.0, 60.0)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """GET below `/_sandbox/`."""
        return self._read(self._session.get(f"{self.url}/_sandbox/{path}", params=query))

    def post(self, path: str, body: object) -> dict[str, Any]:
        """POST below `/_sandbox/`."""
        return self._read(self._session.post(f"{self.url}/_sandbox/{path}", json=body))

    def _read(self, response: requests.Response) -> dict[str, Any]:
        if not response.ok:
            raise ConfigurationError(f"the sandbox refuses {response.url}: {response.text[:300]}")
        found: dict[str, Any] = response.json()
        return found


@dataclass(frozen=True)
class Show:
    """How a stage is to be set up. `port` 0 takes a free one.

    `settles_after_seconds` is how long the slow payment provider takes (None: for ever).
    `high_volume` puts helpdesk and store on the plans that large merchants have.
    """

    folder: Path
    port: int = 0
    workers: int = 2
    hold_seconds: float = 5.0
    settles_after_seconds: float | None = None
    log_file: Path | None = None
    high_volume: bool = False


class Stage:
    """Sandboxes, Redis, database and our processes. A context manager that stops all of it."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.port = show.port or free_port()
        self._stack = ExitStack()
        self.zendesk: Vendor
        self.shopify: Vendor
        self.services: Services
        self.account: Account
        self.supervisor: Supervisor
        self.desk_url = ""

    @property
    def url(self) -> str:
        """Where our own web process answers."""
        return f"http://127.0.0.1:{self.port}"

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

    def _set_up(self) -> None:
        show = self.show
        show.folder.mkdir(parents=True, exist_ok=True)
        self._start_vendors()
        environment = self._environment(
            self._stack.enter_context(embedded_redis(show.folder / "redis"))
        )
        # What the person's own environment says must not lead the demo to a real database.
        os.environ.update(environment)
        self.services = build_services(Settings())
        self._stack.callback(self.services.close)
        upgrade(self.services.database)
        self.supervisor = self._supervisor(environment)
        self._stack.callback(self.supervisor.stop)
        # The web process answers before it is connected: Zendesk may try the webhook at once.
        self.supervisor.start("web", "web", "--host", "127.0.0.1")
        self.account = connect_everything(self.services, self)
        self.supervisor.start("clock", "clock")
        for number in range(show.workers):
            self.supervisor.start(f"worker-{number + 1}", "worker")
        self._wait_for_web()

    def _start_vendors(self) -> None:
        command = [sys.executable, "-m", "integrations.sandbox.zendesk"]
        zendesk = subprocess.Popen(
            [*command, "--subdomain", _SUBDOMAIN],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            stderr=self._log(),
            text=True,
            start_new_session=True,
        )
        self._stack.callback(_end, zendesk)
        plan = "create_plus_app" if self.show.high_volume else "create_app"
        shopify = ChildServer(f"integrations.sandbox.scenario.shop:{plan}")
        self._stack.callback(shopify.stop)
        shopify.start()
        line = zendesk.stdout.readline() if zendesk.stdout else ""
        if not line:
            raise ConfigurationError("The Zendesk sandbox didn't start; see what it wrote above.")
        self.zendesk = Vendor(json.loads(line)["url"])
        self.desk_url = json.loads(line)["desk"]
        self.shopify = Vendor(shopify.url)
        slow = {"status": "PENDING", "settles_after_seconds": self.show.settles_after_seconds}
        self.shopify.post("settings", {"gateways": {SLOW_GATEWAY: slow}})
        if self.show.high_volume:
            self.zendesk.post("limits", dict(_HIGH_VOLUME))

    def _log(self) -> Any:
        if self.show.log_file is None:
            return None
        return self._stack.enter_context(self.show.log_file.open("ab"))

    def _environment(self, redis_url: str) -> dict[str, str]:
        return {
            "MAKEGOOD_DATA_DIR": str(self.show.folder.resolve()),
            "MAKEGOOD_DATABASE_URL": "",
            "MAKEGOOD_REDIS_URL": redis_url,
            "MAKEGOOD_PORT": str(self.port),
            "MAKEGOOD_PUBLIC_URL": self.url,
            "MAKEGOOD_SECRET_KEYS": "",
            "MAKEGOOD_ZENDESK_URL": self.zendesk.url,
            "MAKEGOOD_ZENDESK_SDK_URL": f"{self.zendesk.url}/sdk/zaf_sdk.js",
            "MAKEGOOD_SHOPIFY_URL": f"{self.shopify.url}/shops/{{shop}}",
            "MAKEGOOD_HOLD_SECONDS": str(self.show.hold_seconds),
            "MAKEGOOD_PATIENCE_SECONDS": "20",
            "MAKEGOOD_REQUEUE_SECONDS": "2",
            "MAKEGOOD_READ_TIMEOUT_SECONDS": "5",
            "MAKEGOOD_LOG_LEVEL": "INFO" if self.show.log_file else "WARNING",
            "PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path),
        }

    def _supervisor(self, environment: dict[str, str]) -> Supervisor:
        return Supervisor(environment, output=self._log())

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


def connect_everything(services: Services, stage: Stage) -> Account:
    """Run the product's own connect steps against the sandboxes."""
    client = {"identifier": "makegood-demo", "secret": f"demo-{os.urandom(12).hex()}"}
    stage.zendesk.post("clients", client)
    # The vendor takes http only for the name localhost.
    package = build_zendesk(
        f"http://localhost:{stage.port}", stage.show.folder, version("makegood")
    )
    account, _ = connect_zendesk_account(
        services,
        _SUBDOMAIN,
        Credentials(client_id=client["identifier"], client_secret=client["secret"]),
        package=package,
        # Who may release what: the sandbox has a custom role of this name.
        tiers=TierMap(roles={"Team lead": Tier.TEAM_LEAD}),
    )
    if stage.show.high_volume:
        config = {
            **account.config,
            "requests_per_minute": _HIGH_VOLUME["account"],
            "ticket_updates_per_minute": _HIGH_VOLUME["ticket-updates-account"],
        }
        account = account.model_copy(update={"config": config})
        services.deps.accounts.save(account, _ACTOR, services.deps.clock.now())
    connect_shopify_store(
        services,
        account,
        SHOP,
        AuthMode.CLIENT_CREDENTIALS,
        {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"},
    )
    return account


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
