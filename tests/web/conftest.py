"""An application around fakes, and people who are signed in."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from werkzeug.test import TestResponse

from app import create_app
from app.domain.case import Case
from app.domain.refund import Refund
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Check
from app.settings import Settings
from app.storage.engine import Database
from app.usecases.cases import open_ticket
from app.usecases.refunds import work_on_refund
from app.usecases.triage import triage_delivery
from tests.support.fakes import KEYS, World, make_line, make_order, make_world


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path) -> Iterator[World]:
    def copy(database: Database) -> None:
        shutil.copy(migrated_sqlite, database.url.removeprefix("sqlite:///"))

    made = make_world(tmp_path, copy)
    yield made
    made.database.dispose()


@pytest.fixture
def checks() -> list[Check]:
    """What /health finds; a test adds to it."""
    return []


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates that were compiled for one application needn't be for the next."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(world: World, checks: list[Check], compiled_templates: BytecodeCache) -> Flask:
    settings = Settings(
        zendesk_sdk_url="https://static.example.com/sdk/zaf.js",
        public_url="https://makegood.example.com",
    )
    made = create_app(settings, world.deps, session_keys=KEYS, probe=lambda: checks)
    made.jinja_env.bytecode_cache = compiled_templates
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


_numbers = itertools.count(1)


@dataclass
class Person:
    """Somebody with an open sidebar."""

    client: FlaskClient
    session: str

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._send("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> TestResponse:
        return self._send("POST", path, json={} if body is None else body, **options)

    def put(self, path: str, body: object) -> TestResponse:
        return self._send("PUT", path, json=body)

    def _send(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.session}"}
        return self.client.open(path, method=method, headers=headers, **options)


def sign_in(app: Flask, agent_id: str = "11", account_id: str = "acme") -> Person:
    """A person whose session is as a fresh sidebar would hold it."""
    signer = app.extensions["makegood"].signer
    return Person(app.test_client(), signer.issue_session(account_id, agent_id, "71"))


@pytest.fixture
def agent(app: Flask) -> Person:
    """May refund up to 500."""
    return sign_in(app, "11")


@pytest.fixture
def lead(app: Flask) -> Person:
    """May refund up to 2,000, and look at deliveries."""
    return sign_in(app, "12")


@pytest.fixture
def onlooker(app: Flask) -> Person:
    """May look, not act."""
    return sign_in(app, "13")


@pytest.fixture
def stranger(app: Flask) -> Person:
    """An agent of another account."""
    return sign_in(app, "11", "other")


@dataclass
class Desk:
    """What customers do, and what workers do with it."""

    world: World

    def receive(self, ticket_id: str, text: str, email: str = "mara.lindt@example.com") -> str:
        """A ticket comes in and is triaged."""
        self.world.helpdesk.add_ticket(ticket_id, text, email)
        event = TicketEvent(
            ticket_id=ticket_id,
            kind=TicketEventKind.CREATED,
            dedupe_key=ticket_id,
            vendor_kind="created",
        )
        now = self.world.clock.now()
        delivery_id = self.world.deps.inbox.add("acme", event, ticket_id, now)
        assert delivery_id is not None
        return triage_delivery(self.world.deps, delivery_id)

    def case(self, ticket_id: str) -> Case:
        found = open_ticket(self.world.deps, self.world.account(), ticket_id).case
        assert found is not None
        return found

    def work(self, refund: Refund | str, seconds: float = 6) -> str:
        """Time passes, and a worker takes the refund up."""
        self.world.clock.advance(seconds)
        refund_id = refund if isinstance(refund, str) else refund.id
        return work_on_refund(self.world.deps, refund_id)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture
def eligible(world: World, desk: Desk) -> Case:
    """Ticket 501: two beanies and a pair of socks, 60.00 in all, delivered 12 days ago."""
    lines = (
        make_line(1, "Merino beanie", "20.00", quantity=2),
        make_line(2, "Wool socks", "20.00"),
    )
    world.add_order(make_order("#1042", lines))
    desk.receive("501", "I want a refund for my order")
    return desk.case("501")


def body_of(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    found = answer.json
    assert isinstance(found, dict), answer.text
    return found


def plan_token(person: Person, ticket_id: str = "501") -> str:
    """What stands behind the ticket's button, once the person's role is known."""
    assert person.get("/api/v1/me").status_code == 200
    plan = body_of(person.get(f"/api/v1/tickets/{ticket_id}"))["plan"]
    assert isinstance(plan["plan"], str)
    return plan["plan"]
