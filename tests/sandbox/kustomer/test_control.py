"""The control endpoints that runs without a person use."""

from __future__ import annotations

import pytest
import requests

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.kustomer.model import Conversation
from integrations.sandbox.server import ChildServer
from tests.sandbox.kustomer.conftest import Client


def control(kustomer: KustomerSandbox, path: str, body: object = None) -> requests.Response:
    url = f"{kustomer.base}/_sandbox/{path}"
    if body is None:
        return requests.get(url, timeout=10)
    return requests.post(url, json=body, timeout=10)


def test_seed_notes_and_books(kustomer: KustomerSandbox, api: Client) -> None:
    seeds = {
        "customers": [
            {"name": "Aiko Sander", "email": "aiko@example.com", "other_emails": ["a@example.org"]}
        ],
        "conversations": [
            {"customer": "a@example.org", "subject": "Refund", "text": "Order 1042",
             "channel": "chat", "tags": ["vip"], "age_seconds": 600}
        ],
    }  # fmt: skip
    made = control(kustomer, "seed", seeds).json()
    [conversation_id] = made["conversations"]
    api.post(f"/conversations/{conversation_id}/notes", {"body": "n", "externalId": "k"})
    [note] = control(kustomer, f"conversations/{conversation_id}/notes").json()["notes"]
    assert (note["body"], note["externalId"]) == ("n", "k")
    assert list(control(kustomer, "notes").json()["notes"]) == [conversation_id]
    control(kustomer, f"conversations/{conversation_id}/reply", {"body": "Any news?"})
    [booked] = control(kustomer, "state").json()["conversations"]
    assert (booked["tagNames"], len(booked["messages"])) == (["vip"], 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("seed", {"conversations": [{"customer": "nobody@example.com", "subject": "x"}]}),
        ("seed", {"customers": [{"email": "x@example.com"}]}),
        ("clock", {"advance_seconds": -1}),
        ("deliveries", {"lose_everything": True}),
        ("switches", {"identity_headers": "perhaps"}),
        ("switches", {"weather": "fine"}),
        ("limits", {"nonsense": 3}),
        ("keys", {"name": "x", "roles": ["everything"]}),
        ("run-command", {"agent": "nobody", "name": "x"}),
    ],
)
def test_controls_that_make_no_sense(kustomer: KustomerSandbox, path: str, body: object) -> None:
    answer = control(kustomer, path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_faults_by_operation_and_the_call_log(
    kustomer: KustomerSandbox, api: Client, conversation: Conversation
) -> None:
    path = f"/conversations/{conversation.id}/notes"
    control(kustomer, "faults", {"operation": "notes.create", "kind": "disconnect_after"})
    with pytest.raises(requests.ConnectionError):
        api.post(path, {"body": "once"})
    assert [one["body"] for one in kustomer.notes(conversation.id)] == ["once"]
    kustomer.faults.add("notes.create", "timeout_before")
    with pytest.raises(requests.ConnectionError):
        api.post(path, {"body": "never"})
    assert len(kustomer.notes(conversation.id)) == 1
    kustomer.faults.add("conversations.show", "http_429", retry_after="7")
    refused = api.get(f"/conversations/{conversation.id}")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert refused.json()["errors"][0]["code"] == "rate_limit_exceeded"
    kustomer.faults.add("notes.list", "malformed")
    with pytest.raises(requests.JSONDecodeError):
        api.get(path).json()
    kustomer.faults.add("notes.list", "html_502")
    assert api.get(path).headers["Content-Type"].startswith("text/html")
    assert [one.status for one in kustomer.calls.entries("notes.create")] == [0, 0]
    assert kustomer.calls.by_subject()[conversation.id] == 5


def test_it_runs_as_a_process_of_its_own() -> None:
    with ChildServer("integrations.sandbox.kustomer.app:wsgi_app") as child:
        assert requests.get(f"{child.url}/v1/users/current", timeout=5).status_code == 401
        people = requests.get(f"{child.url}/_sandbox/people", timeout=5).json()["users"]
        assert "Mira Holt" in [one["attributes"]["name"] for one in people]
