"""The client on the wire: where it goes, what it carries, and what it never does."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.domain.errors import (
    AccessDenied,
    ConfigurationError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.helpdesks.zendesk import ZendeskIntegration
from integrations.helpdesks.zendesk.client import (
    AccountSession,
    Address,
    Marketplace,
    ZendeskClient,
)
from integrations.helpdesks.zendesk.oauth import FixedToken
from integrations.helpdesks.zendesk.pace import Pacer
from tests.support.helpdesk_bench import ZendeskBench, outcome_of
from tests.support.surroundings import RecordingPace


@dataclass
class Answer:
    """What the little server says next, and what it was asked."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)


@contextmanager
def little_server(answer: Answer) -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)
            answer.ports.append(self.client_address[1])
            answer.asked.append((self.command, self.path, dict(self.headers.items())))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_PUT = do_POST = do_DELETE = do_GET

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def answer() -> Answer:
    return Answer()


@pytest.fixture
def client(answer: Answer) -> Iterator[ZendeskClient]:
    with little_server(answer) as base:
        address = Address.of("acme", base)
        yield ZendeskClient(
            AccountSession(
                address,
                1.0,
                1.0,
                tokens=FixedToken("t0ken"),
                marketplace=Marketplace("Makegood", "17", "42"),
            )
        )


def test_every_call_names_who_we_are(client: ZendeskClient, answer: Answer) -> None:
    client.get("tickets/1.json")
    ((verb, path, headers),) = answer.asked
    assert (verb, path) == ("GET", "/api/v2/tickets/1.json")
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["User-Agent"].startswith("Makegood")
    assert headers["X-Zendesk-Marketplace-Name"] == "Makegood"
    assert headers["X-Zendesk-Marketplace-Organization-Id"] == "17"
    assert headers["X-Zendesk-Marketplace-App-Id"] == "42"


def test_a_private_app_sends_no_marketplace_headers(bench: ZendeskBench) -> None:
    assert Marketplace().headers() == {}
    assert ZendeskIntegration().marketplace == Marketplace()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["GET", "PUT"])
def test_a_redirect_is_not_followed(verb: str, status: int) -> None:
    elsewhere = Answer()
    with little_server(elsewhere) as other:
        here = Answer(status=status, headers={"Location": f"{other}/api/v2/tickets/1.json"})
        with little_server(here) as base:
            session = AccountSession(Address.of("acme", base), 1, 1, tokens=FixedToken("t"))
            path = "https://acme.zendesk.com/api/v2/tickets/1.json"
            assert outcome_of(lambda: session.request(verb, path)) is Rejected
    assert elsewhere.asked == []
    assert len(here.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://other.zendesk.com/api/v2/tickets/1.json",
        "https://attacker.example.com/",
        "https://acme.zendesk.com.attacker.example.com/",
        "http://acme.zendesk.com/api/v2/tickets/1.json",
        "https://acme.zendesk.com@attacker.example.com/",
    ],
)
def test_the_token_goes_to_no_other_address(
    client: ZendeskClient, answer: Answer, url: str
) -> None:
    assert outcome_of(lambda: client.session.get(url)) is Rejected
    assert answer.asked == []


@pytest.mark.parametrize(
    "subdomain",
    ["", "Acme", "a.b", "a/b", "a@b", "-a", "a-", "a b", "ä", "a" * 64, None, 5, "a\n", "a#"],
)
def test_a_subdomain_is_one_label(subdomain: object) -> None:
    with pytest.raises(ConfigurationError):
        Address.of(subdomain, "https://{subdomain}.zendesk.com")


@pytest.mark.parametrize(
    "template", ["http://{subdomain}.zendesk.com", "ftp://127.0.0.1", "http://10.0.0.1:80", ""]
)
def test_only_loopback_may_be_without_tls(template: str) -> None:
    with pytest.raises(ConfigurationError):
        Address.of("acme", template)


def test_the_real_address_is_https() -> None:
    address = Address.of("acme", "https://{subdomain}.zendesk.com")
    assert address.base == address.claimed == "https://acme.zendesk.com"


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"ticket": ', b"<html></html>", b"\xff"])
def test_an_unreadable_success_is_no_success(
    client: ZendeskClient, answer: Answer, body: bytes
) -> None:
    answer.body = body
    path = client.url("tickets/1.json")
    assert outcome_of(lambda: client.session.put(path, json={})) is OutcomeUnknown
    with pytest.raises(Exception, match="can't be read"):
        client.get("tickets/1.json")


def test_zenpy_does_not_sleep_through_a_limit(
    client: ZendeskClient, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sleep(seconds: float) -> None:
        raise AssertionError("zenpy sleeps")

    monkeypatch.setattr("zenpy.lib.api.sleep", no_sleep)
    answer.status, answer.headers = 429, {"Retry-After": "60"}
    assert outcome_of(lambda: client.zenpy.users(id=1)) is RateLimited
    assert len(answer.asked) == 1


def test_zenpy_reads_anew_every_time(client: ZendeskClient, answer: Answer) -> None:
    answer.body = json.dumps({"user": {"id": 1, "name": "Mona"}}).encode()
    assert [client.zenpy.users(id=1).name for _ in range(3)] == ["Mona"] * 3
    assert len(answer.asked) == 3


def test_zenpys_whole_bodies_are_not_logged() -> None:
    assert not logging.getLogger("zenpy.lib.api").isEnabledFor(logging.DEBUG)


def test_nothing_of_a_body_or_token_is_logged(
    client: ZendeskClient, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer.body = b'{"user": {"id": 1, "name": "Mona Berg"}}'
    assert client.zenpy.users(id=1).name == "Mona Berg"
    answer.status = 422
    outcome_of(lambda: client.session.put(client.url("users/1.json"), json={"a": "Mona Berg"}))
    assert "Mona Berg" not in caplog.text
    assert "t0ken" not in caplog.text


def test_the_next_job_uses_the_connection_again(answer: Answer) -> None:
    with little_server(answer) as base:
        address = Address.of("acme", base)
        ports = set()
        for _ in range(3):
            session = AccountSession(address, 1, 1, tokens=FixedToken("t"))
            session.get("https://acme.zendesk.com/api/v2/tickets/1.json")
            ports.add(answer.ports[-1])
    assert len(ports) == 1


def test_an_idle_connection_is_not_trusted(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.helpdesks.zendesk.client._IDLE_SECONDS", -1.0)
    with little_server(answer) as base:
        address = Address.of("acme", base)
        for _ in range(2):
            session = AccountSession(address, 1, 1, tokens=FixedToken("t"))
            session.get("https://acme.zendesk.com/api/v2/tickets/1.json")
    assert len(set(answer.ports)) == 2


def test_nobody_listening_means_not_sent() -> None:
    with little_server(Answer()) as base:
        pass
    session = AccountSession(Address.of("acme", base), 1, 1, tokens=FixedToken("t"))
    url = "https://acme.zendesk.com/api/v2/tickets/1.json"
    assert outcome_of(lambda: session.get(url)) is Unavailable
    assert outcome_of(lambda: session.put(url, json={})) is Unavailable


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (422, {"error": "RecordInvalid", "description": "Bad value"}, "RecordInvalid: Bad value"),
        (
            422,
            {"error": "RecordInvalid", "details": {"a": [{"description": "A: is wrong"}]}},
            "A: is wrong",
        ),
        (400, {"error": {"title": "Invalid", "message": "Not a number"}}, "Not a number"),
        (400, {"errors": [{"code": "X", "title": "T", "detail": "D"}]}, "X: T; D"),
    ],
)
def test_the_vendors_reason_reaches_the_agent(
    client: ZendeskClient, answer: Answer, status: int, body: object, sentence: str
) -> None:
    answer.status, answer.body = status, json.dumps(body).encode()
    with pytest.raises(Rejected, match="refused") as refused:
        client.get("tickets/1.json")
    assert sentence in str(refused.value)


def test_a_missing_scope_is_an_admins_matter(bench: ZendeskBench) -> None:
    token = bench.sandbox.oauth.tokens[str(bench.sandbox.static_token)]
    token.scopes = frozenset({"users:read"})
    with pytest.raises(AccessDenied, match="tickets:read"):
        bench.helpdesk().read_ticket("1")


class ScriptedPace(RecordingPace):
    """Answers `acquire` with the numbers given, then 0, and remembers what was asked."""

    def __init__(self, *waits: float) -> None:
        super().__init__()
        self.answers = list(waits)
        self.asked: list[tuple[str, int, int]] = []

    def acquire(self, key: str, *, limit: int, per_seconds: int, cost: int = 1) -> float:
        self.asked.append((key, limit, per_seconds))
        return self.answers.pop(0) if self.answers else 0.0


@pytest.mark.parametrize(
    ("verb", "path", "budgets"),
    [
        ("GET", "/api/v2/tickets/1.json", [("requests", 200, 60)]),
        (
            "PUT",
            "/api/v2/tickets/1.json",
            [("ticket-updates", 100, 60), ("requests", 200, 60)],
        ),
        (
            "PUT",
            "/api/v2/users/7.json",
            [("user-updates:7", 5, 60), ("user-updates", 1, 2), ("requests", 200, 60)],
        ),
    ],
)
def test_calls_are_counted_against_their_limits(
    verb: str, path: str, budgets: list[tuple[str, int, int]]
) -> None:
    pace = ScriptedPace()
    Pacer(pace, "acc_1", 400).wait_for(verb, path, "x")
    assert pace.asked == [(f"zendesk:acc_1:{key}", *rest) for key, *rest in budgets]


def test_a_short_wait_is_waited_and_a_long_one_is_not() -> None:
    slept: list[float] = []
    Pacer(ScriptedPace(0.5, 1.0), "a", 400, slept.append).wait_for("GET", "/x", "x")
    assert slept == [0.5, 1.0]
    slept.clear()
    with pytest.raises(RateLimited) as limited:
        Pacer(ScriptedPace(2.0, 2.0), "a", 400, slept.append).wait_for("GET", "/x", "x")
    assert slept == [2.0]
    assert limited.value.retry_after_seconds == 2.0


def test_what_may_not_go_out_yet_is_not_sent(bench: ZendeskBench) -> None:
    bench.surroundings = bench.paced(ScriptedPace(40.0))
    assert outcome_of(lambda: bench.helpdesk().read_ticket("1")) is RateLimited
    assert bench.calls() == {}
