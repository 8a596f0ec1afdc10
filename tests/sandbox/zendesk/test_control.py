from __future__ import annotations

import pytest
import requests

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket
from tests.sandbox.zendesk.conftest import Client


def control(zendesk: ZendeskSandbox, path: str, body: object = None) -> requests.Response:
    url = f"{zendesk.base}/_sandbox/{path}"
    if body is None:
        return requests.get(url, timeout=10)
    return requests.post(url, json=body, timeout=10)


def test_seed_notes_and_books(zendesk: ZendeskSandbox, api: Client) -> None:
    seeds = {
        "users": [
            {
                "name": "Aiko Sander",
                "email": "aiko@example.com",
                "identities": [{"type": "email", "value": "aiko@example.org"}],
            }
        ],
        "tickets": [
            {
                "requester": "aiko@example.com",
                "subject": "Refund",
                "description": "Order 1042",
                "channel": "chat",
                "tags": ["vip"],
            }
        ],
    }
    made = control(zendesk, "seed", seeds).json()
    [ticket_id] = made["tickets"]
    note = {"comment": {"body": "n", "public": False}, "metadata": {"key": "k"}}
    assert api.call("PUT", f"/tickets/{ticket_id}", {"ticket": note}).ok
    [shown] = control(zendesk, f"tickets/{ticket_id}/notes").json()["notes"]
    assert (shown["body"], shown["custom"]) == ("n", {"key": "k"})
    assert list(control(zendesk, "notes").json()["notes"]) == [str(ticket_id)]
    [booked] = control(zendesk, "state").json()["tickets"]
    assert (booked["via"]["channel"], booked["tags"]) == ("chat", ["vip"])
    assert len(booked["audits"]) == 2
    control(zendesk, f"tickets/{ticket_id}/reply", {"body": "Any news?"})
    comments = api.get(f"/tickets/{ticket_id}/comments").json()["comments"]
    assert comments[-1]["author_id"] == made["users"][0]


def test_a_ticket_of_ten_minutes_ago_was_not_touched_since(zendesk: ZendeskSandbox) -> None:
    user = zendesk.add_user("Aiko Sander", "aiko@example.com")
    letter = {"requester": str(user.id), "subject": "Refund", "description": "Order 1042"}
    control(zendesk, "seed", {"tickets": [{**letter, "age_seconds": 600}]})
    [ticket] = zendesk.account.tickets.values()
    now = zendesk.clock.now()
    for moment in (ticket.created_at, ticket.updated_at):
        assert 600 <= (now - moment).total_seconds() < 660


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("seed", {"tickets": [{"requester": "nobody@example.com", "subject": "x"}]}),
        ("seed", {"users": [{"email": "x@example.com"}]}),
        ("clock", {"advance_seconds": -1}),
        ("deliveries", {"lose_everything": True}),
        ("options", {"search_lag_seconds": "long"}),
        ("limits", {"nonsense": 3}),
        ("tokens", {"action": "melt"}),
    ],
)
def test_controls_that_make_no_sense(zendesk: ZendeskSandbox, path: str, body: object) -> None:
    answer = control(zendesk, path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_tokens_can_be_expired_and_lose_a_scope(zendesk: ZendeskSandbox, ticket: Ticket) -> None:
    made = control(zendesk, "tokens", {"action": "issue", "scope": "tickets:read"}).json()
    client = Client(zendesk.base, made["access_token"])
    assert client.get(f"/tickets/{ticket.id}").status_code == 200
    control(zendesk, "tokens", {"action": "remove_scope", "scope": "tickets:read"})
    assert client.get(f"/tickets/{ticket.id}").status_code == 403
    control(zendesk, "tokens", {"action": "expire"})
    assert client.get(f"/tickets/{ticket.id}").status_code == 401
    standing = Client(zendesk.base, zendesk.static_token)
    assert standing.get(f"/tickets/{ticket.id}").status_code == 200


def test_faults_by_operation_and_the_call_log(
    zendesk: ZendeskSandbox, api: Client, ticket: Ticket
) -> None:
    note = {"ticket": {"comment": {"body": "once", "public": False}}}
    control(zendesk, "faults", {"operation": "tickets.update", "kind": "disconnect_after"})
    with pytest.raises(requests.ConnectionError):
        api.call("PUT", f"/tickets/{ticket.id}", note)
    assert [one["body"] for one in zendesk.notes(ticket.id)] == ["once"]
    zendesk.faults.add("tickets.update", "disconnect_before")
    with pytest.raises(requests.ConnectionError):
        api.call("PUT", f"/tickets/{ticket.id}", note)
    assert len(zendesk.notes(ticket.id)) == 1
    zendesk.faults.add("tickets.show", "http_429", retry_after="7")
    refused = api.get(f"/tickets/{ticket.id}")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert refused.json()["error"] == "APIRateLimitExceeded"
    zendesk.faults.add("audits.list", "malformed")
    with pytest.raises(requests.JSONDecodeError):
        api.get(f"/tickets/{ticket.id}/audits").json()
    assert [one.status for one in zendesk.calls.entries("tickets.update")] == [0, 0]
    assert zendesk.calls.by_subject()[str(ticket.id)] == 4
