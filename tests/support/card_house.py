"""A whole Kustomer day in one process: the sandbox's desk, our web application, and a worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from app.domain.order import Order
from app.ports import Account
from app.records import AuditEvent
from app.settings import Settings
from app.usecases.cases import open_ticket
from app.usecases.resume import requeue_unfinished
from integrations.helpdesks.kustomer import KustomerIntegration
from integrations.helpdesks.kustomer.connect import Credentials, Options, connect
from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.server import SandboxServer
from manifest.kustomer import checked_definition
from tests.support.bench import JOBS
from tests.support.fakes import KEYS, World, make_line, make_order, make_world
from tests.support.surroundings import CallableClock, make_surroundings

ACCOUNT = "acme"
HOLD_SECONDS = 1.0
_PATIENCE_SECONDS = 20.0


@dataclass
class CardHouse:
    """One org with our card installed. Conversations are delivered and worked on by themselves."""

    sandbox: KustomerSandbox
    world: World
    app: Flask
    server: SandboxServer
    stopped: threading.Event = field(default_factory=threading.Event)
    numbers: int = 1000

    @property
    def account(self) -> Account:
        return self.world.deps.account(ACCOUNT)

    @property
    def vault_token(self) -> str:
        """The org's service token."""
        token = self.world.deps.accounts.vault(ACCOUNT).get("helpdesk", "service_tokens")
        assert token is not None
        return token.split()[0]

    @property
    def commands(self) -> dict[str, str]:
        """Our commands' registered names."""
        found = self.account.config["commands"]
        assert isinstance(found, dict)
        return found

    def connect(self, options: Options | None = None) -> None:
        """What `makegood connect kustomer` does."""
        deps = self.world.deps
        account = deps.account(ACCOUNT)
        made = connect(
            account,
            deps.surroundings(ACCOUNT),
            Credentials(self.sandbox.api_key),
            checked_definition(self.server.url, "1.0.0"),
            options,
        )
        account = account.model_copy(update={"config": made.config})
        deps.accounts.save(account, "tests", deps.clock.now())
        deps.accounts.vault(ACCOUNT).put("helpdesk", made.secrets)

    def order(self, email: str, *prices: str) -> Order:
        """A delivered order of the customer with this address."""
        self.numbers += 1
        now = datetime.now(UTC)
        lines = tuple(
            make_line(number, f"Item {number}", price, delivered_at=now - timedelta(days=12))
            for number, price in enumerate(prices, start=1)
        )
        made = make_order(
            f"#{self.numbers}",
            lines,
            created_at=now - timedelta(days=18),
            updated_at=now - timedelta(days=12),
            read_at=now,
        )
        return self.world.add_order(made, email)

    def write(self, price: str = "48.60", email: str = "") -> tuple[str, Order]:
        """A customer of their own asks for a refund; waits for the note. Conversation and order."""
        email = email or f"customer-{self.numbers}@example.com"
        customer = self.sandbox.add_customer("Lena Brandt", email)
        order = self.order(email, price)
        made = self.sandbox.add_conversation(
            customer.id, "My order", f"I want a refund for {order.name}, it is broken."
        )
        self.wait(lambda: self.sandbox.notes(made.id), "a note")
        return made.id, order

    def refunds(self, order: Order) -> list[str]:
        """What the store was told to pay for an order."""
        sent = self.world.store.sent
        return [str(one.plan.total) for one in sent if one.order_id == order.order_id]

    def history(self, conversation_id: str) -> list[AuditEvent]:
        """What is on record about a conversation's case."""
        return list(open_ticket(self.world.deps, self.account, conversation_id).history)

    def run(self, name: str, person_id: str, body: object, **more: Any) -> dict[str, Any]:
        """A person runs one of our commands, as the card does; the attributes of the run."""
        given = {"args": {}, "body": body, "headers": {}, **more}
        return self.sandbox.run_command(self.commands[name], person_id, given)

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        """Until `is_so` answers something true."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, f"never came: {what}"
            time.sleep(0.02)

    def work(self) -> None:
        """What clock and workers do, until the house is closed."""
        heard = self.world.notifier.heard
        while not self.stopped.wait(0.02):
            requeue_unfinished(self.world.deps)
            while heard:
                job, *ids = heard.pop(0)
                with suppress(LookupError):
                    JOBS[job](self.world.deps, *ids)


@contextmanager
def open_card_house(folder: Path) -> Iterator[CardHouse]:
    """A connected org, our application on a port of its own, and a worker."""
    with KustomerSandbox(limits_enabled=False) as sandbox:
        world = make_world(folder)
        clock = CallableClock(lambda: datetime.now(UTC))
        world.store.clock = clock  # type: ignore[assignment]
        account = Account(
            id=ACCOUNT,
            helpdesk="kustomer",
            name="Acme",
            config={
                "org": sandbox.org.name,
                "tiers": {"groups": {"Team leads": "team_lead"}},
                "requests_per_minute": 100_000,
            },
        )
        endpoints = {"kustomer": sandbox.base, "kustomer_app": sandbox.base}
        world.deps = replace(
            world.deps,
            clock=clock,
            helpdesks={"kustomer": KustomerIntegration()},
            hold_seconds=HOLD_SECONDS,
            surroundings=lambda account_id: replace(
                make_surroundings(endpoints, clock), vault=world.deps.accounts.vault(account_id)
            ),
        )
        world.deps.accounts.save(account, "tests", clock.now())
        settings = Settings(
            public_url="http://127.0.0.1",
            kustomer_url=sandbox.base,
            kustomer_app_url=sandbox.base,
            kustomer_sdk_url=f"{sandbox.base}/sdk/kustomer-card.min.js",
        )
        app = create_app(settings, world.deps, session_keys=KEYS, probe=lambda: [])
        server = SandboxServer(app.wsgi_app, port=0)
        server.start()
        house = CardHouse(sandbox, world, app, server)
        house.connect()
        worker = threading.Thread(target=house.work, daemon=True)
        worker.start()
        try:
            yield house
        finally:
            house.stopped.set()
            worker.join(10)
            server.stop()
            world.database.dispose()
