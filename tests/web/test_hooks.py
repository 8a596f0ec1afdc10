"""Webhooks: what is kept, what is refused, and what makes the helpdesk come again."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from app.records import DeliveryState
from tests.support.fakes import NOON, World, signature_of

URL = "/webhooks/zendesk/acme"


def deliver(
    client: FlaskClient, body: bytes, *, url: str = URL, sent_at: str | None = None, sign: str = ""
) -> TestResponse:
    stamp = sent_at or NOON.isoformat()
    headers = {"X-Sent-At": stamp, "X-Signature": sign or signature_of(stamp, body)}
    return client.post(url, data=body, headers=headers, content_type="application/json")


def kept(world: World) -> int:
    return len(world.deps.inbox.with_state("acme", DeliveryState.RECEIVED, 100))


def test_a_signed_delivery_is_kept_and_announced(client: FlaskClient, world: World) -> None:
    answer = deliver(client, b'{"ticket_id": "501"}')
    assert (answer.status_code, answer.json) == (202, {"accepted": True})
    assert kept(world) == 1
    assert [heard[0] for heard in world.notifier.heard] == ["triage"]


def test_a_repetition_is_accepted_and_kept_once(client: FlaskClient, world: World) -> None:
    answers = [deliver(client, b'{"ticket_id": "501"}') for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert kept(world) == 1


def test_what_is_not_for_us_is_accepted_and_not_kept(client: FlaskClient, world: World) -> None:
    answer = deliver(client, b'{"ticket_id": "501", "kind": "other"}')
    assert answer.status_code == 202
    assert kept(world) == 0


@pytest.mark.parametrize(
    ("body", "options", "status"),
    [
        (b'{"ticket_id": "501"}', {"sign": "0" * 64}, 401),
        (b'{"ticket_id": "501"}', {"sent_at": "2026-11-19T00:00:00+00:00"}, 401),
        (b"not JSON", {}, 400),
        (b'{"other": 1}', {}, 400),
        (b"", {}, 400),
        (b'{"ticket_id": "501"}', {"url": "/webhooks/zendesk/nobody"}, 404),
        (b'{"ticket_id": "501"}', {"url": "/webhooks/elsewhere/acme"}, 404),
    ],
)
def test_what_is_refused_is_not_kept(
    client: FlaskClient, world: World, body: bytes, options: dict[str, str], status: int
) -> None:
    answer = deliver(client, body, **options)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert kept(world) == 0
    assert not world.notifier.heard


def test_a_body_over_the_limit_is_refused_by_its_declared_length(
    client: FlaskClient, world: World
) -> None:
    answer = deliver(client, b"x" * (256 * 1024 + 1))
    assert answer.status_code == 413
    assert kept(world) == 0


class Endless(io.RawIOBase):
    """A body that never ends; counts what was taken of it."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "read without a limit"
        self.given += size
        return b"x" * size


def test_a_body_without_a_length_is_read_no_further_than_the_limit(app: Flask) -> None:
    body = Endless()
    environ = EnvironBuilder(URL, method="POST").get_environ()
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_X_SIGNATURE": "0"}
    environ.pop("CONTENT_LENGTH", None)
    _, status, _ = run_wsgi_app(app, environ)
    assert status.startswith("413")
    assert body.given <= 256 * 1024 + 1


def test_a_database_that_cannot_keep_it_makes_the_helpdesk_come_again(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("database is locked"))

    monkeypatch.setattr(world.deps.inbox, "add", fail)
    answer = deliver(client, b'{"ticket_id": "501"}')
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "locked" not in answer.text


def test_a_fault_of_ours_is_503_as_well(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a slip of ours")

    monkeypatch.setattr(world.helpdesk, "receive", fail)
    answer = deliver(client, json.dumps({"ticket_id": "501"}).encode())
    assert answer.status_code == 503
    assert "slip" not in answer.text


def test_only_post(client: FlaskClient) -> None:
    answer = client.get(URL)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
