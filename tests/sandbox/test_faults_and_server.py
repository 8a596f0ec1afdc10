"""The fault board, the call log, and the server that really drops connections."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
from flask import Flask, Response, jsonify

from integrations.sandbox.faults import BadFault, CallLog, FaultBoard
from integrations.sandbox.server import (
    ChildServer,
    SandboxServer,
    answer_with_fault,
    logged_status,
    register_controls,
)


class EchoVendor:
    """The smallest vendor: one operation that counts how often it was processed."""

    def __init__(self) -> None:
        self.faults = FaultBoard()
        self.calls = CallLog()
        self.processed = 0
        self.app = Flask("echo-vendor")
        register_controls(self.app, self.faults, self.calls)

        @self.app.post("/echo")
        def echo() -> Response:
            response = answer_with_fault(self.faults.take("echo"), self._process)
            self.calls.record("echo", status=logged_status(response), subject="ticket-1")
            return response

    def _process(self) -> Response:
        self.processed += 1
        return jsonify(processed=self.processed)


def echo_app() -> Flask:
    return EchoVendor().app


@pytest.fixture
def vendor() -> EchoVendor:
    return EchoVendor()


@pytest.fixture
def url(vendor: EchoVendor) -> Iterator[str]:
    with SandboxServer(vendor.app) as server:
        yield server.url


@pytest.mark.parametrize(
    ("kind", "processed"),
    [
        ("timeout_before", 0),
        ("disconnect_before", 0),
        ("timeout_after", 1),
        ("disconnect_after", 1),
    ],
)
def test_dropped_connection(vendor: EchoVendor, url: str, kind: str, processed: int) -> None:
    vendor.faults.add("echo", kind)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{url}/echo", timeout=5)
    assert vendor.processed == processed
    assert [c.status for c in vendor.calls.entries()] == [0]
    assert requests.post(f"{url}/echo", timeout=5).json() == {"processed": processed + 1}


def test_held_connection_runs_into_the_callers_time_limit(vendor: EchoVendor, url: str) -> None:
    vendor.faults.add("echo", "timeout_after", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{url}/echo", timeout=0.3)
    assert vendor.processed == 1


@pytest.mark.parametrize(
    ("kind", "status"), [("http_429", 429), ("http_500", 500), ("http_503", 503), ("html_502", 502)]
)
def test_error_answers_are_not_processed(
    vendor: EchoVendor, url: str, kind: str, status: int
) -> None:
    vendor.faults.add("*", kind, retry_after="2.0")
    answer = requests.post(f"{url}/echo", timeout=5)
    assert answer.status_code == status
    assert vendor.processed == 0
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    assert answer.headers["Content-Type"].startswith("text/html") == (kind == "html_502")


def test_malformed_is_processed_but_unreadable(vendor: EchoVendor, url: str) -> None:
    vendor.faults.add("echo", "malformed")
    answer = requests.post(f"{url}/echo", timeout=5)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert vendor.processed == 1


def test_slow_is_processed_and_answered(vendor: EchoVendor, url: str) -> None:
    vendor.faults.add("echo", "slow", seconds=0.05)
    assert requests.post(f"{url}/echo", timeout=5).json() == {"processed": 1}


def test_times_and_skip() -> None:
    board = FaultBoard()
    board.add("a", "http_500", times=2, skip=1)
    board.add("*", "http_503", times=None)
    taken = [board.take(name) for name in ("a", "b", "a", "a", "a")]
    assert [f.kind if f else None for f in taken] == [
        "http_503", "http_503", "http_500", "http_500", "http_503",
    ]  # fmt: skip
    board.clear()
    assert board.take("a") is None


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "a", "kind": "nonsense"},
        {"operation": "a", "kind": "http_500", "times": 0},
        {"operation": "a", "kind": "http_500", "skip": -1},
        {"operation": "a", "kind": "http_500", "colour": "red"},
        {"kind": "http_500"},
    ],
)
def test_bad_faults_are_refused(url: str, vendor: EchoVendor, body: dict[str, object]) -> None:
    with pytest.raises(BadFault):
        vendor.faults.add_json(body)
    assert requests.post(f"{url}/_sandbox/faults", json=body, timeout=5).status_code == 400
    assert vendor.faults.waiting() == []


def test_controls_over_http(url: str) -> None:
    fault = {"operation": "echo", "kind": "http_500", "times": None}
    assert requests.post(f"{url}/_sandbox/faults", json=fault, timeout=5).status_code == 201
    assert requests.post(f"{url}/echo", timeout=5).status_code == 500
    requests.delete(f"{url}/_sandbox/faults", timeout=5)
    assert requests.post(f"{url}/echo", timeout=5).status_code == 200
    log = requests.get(f"{url}/_sandbox/calls", timeout=5).json()
    assert [c["status"] for c in log["calls"]] == [500, 200]
    assert log["by_subject"] == {"ticket-1": 2}
    requests.post(f"{url}/_sandbox/reset-calls", timeout=5)
    assert requests.get(f"{url}/_sandbox/calls", timeout=5).json()["total"] == 0


def test_controls_refuse_other_machines(vendor: EchoVendor) -> None:
    client = vendor.app.test_client()
    stranger = {"REMOTE_ADDR": "192.0.2.7"}
    answer = client.post(
        "/_sandbox/faults", json={"operation": "*", "kind": "http_500"}, environ_base=stranger
    )
    assert answer.status_code == 403
    assert vendor.faults.waiting() == []
    assert client.get("/_sandbox/calls", environ_base=stranger).status_code == 403


def test_server_refuses_other_interfaces(vendor: EchoVendor) -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(vendor.app, host="192.0.2.7")


def test_child_process_serves_the_same_app() -> None:
    with ChildServer(f"{__name__}:echo_app") as child:
        assert requests.post(f"{child.url}/echo", timeout=5).json() == {"processed": 1}
        assert json.loads(requests.get(f"{child.url}/_sandbox/faults", timeout=5).text) == {
            "faults": []
        }
