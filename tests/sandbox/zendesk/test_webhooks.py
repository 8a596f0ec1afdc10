from __future__ import annotations

import json
import threading

import pytest

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket, User, Webhook
from integrations.sandbox.zendesk.signing import TEST_SECRET, webhook_signature
from tests.sandbox.zendesk.conftest import Client
from tests.sandbox.zendesk.receiver import Receiver

ON_CREATE = {"field": "update_type", "operator": "is", "value": "Create"}
UNCHECKED = {"field": "current_tags", "operator": "not_includes", "value": "refund_checked"}


def connect(zendesk: ZendeskSandbox, receiver: Receiver, *conditions: dict[str, str]) -> Webhook:
    webhook = zendesk.add_webhook(receiver.url)
    body = '{"v":1,"ticket_id":"{{ticket.id}}","by":"{{ticket.requester.id}}","x":"{{nothing}}"}'
    zendesk.add_trigger(
        {
            "title": "New ticket",
            "conditions": {"all": list(conditions or (ON_CREATE, UNCHECKED)), "any": []},
            "actions": [{"field": "notification_webhook", "value": [webhook.id, body]}],
        }
    )
    return webhook


@pytest.mark.parametrize(
    ("timestamp", "body", "signature"),
    [
        (
            "2021-03-25T05:09:27Z",
            b'{"event":"ticket.updated","id":123}',
            "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=",
        ),
        (
            "2026-11-21T12:00:00Z",
            b'{"ticket_id":"35436"}',
            "3BjKG+OswJUzdIeFnc2dMymTZFzpRxnjFEw5UgKsrgE=",
        ),
        ("2026-11-21T12:00:00Z", b"", "1XQ8JbRl2BZ78gCIzGc5I5ycjIo5L42fYld0VOhZK4w="),
    ],
)
def test_signature_vectors(timestamp: str, body: bytes, signature: str) -> None:
    assert webhook_signature(TEST_SECRET, timestamp, body) == signature


def test_trigger_sends_a_signed_body_with_ids(
    zendesk: ZendeskSandbox, receiver: Receiver, customer: User
) -> None:
    webhook = connect(zendesk, receiver)
    ticket = zendesk.add_ticket(customer.id, 'A "quoted" subject', "text")
    assert zendesk.dispatcher.drain(10)
    [got] = receiver.received
    assert json.loads(got.body) == {
        "v": 1, "ticket_id": str(ticket.id), "by": str(customer.id), "x": "",
    }  # fmt: skip
    assert got.headers["X-Zendesk-Webhook-Id"] == webhook.id
    assert got.headers["X-Zendesk-Account-Id"] == str(zendesk.account.account_id)
    made = webhook_signature(
        webhook.secret, got.headers["X-Zendesk-Webhook-Signature-Timestamp"], got.body
    )
    assert got.headers["X-Zendesk-Webhook-Signature"] == made
    assert zendesk.dispatcher.counters.acked == 1


def test_our_own_note_runs_the_triggers_and_the_guard_stops_the_loop(
    zendesk: ZendeskSandbox, receiver: Receiver, api: Client, ticket: Ticket
) -> None:
    connect(zendesk, receiver, UNCHECKED)
    note = {"comment": {"body": "note", "public": False}}
    assert api.call("PUT", f"/tickets/{ticket.id}", {"ticket": note}).ok
    assert zendesk.dispatcher.drain(10)
    assert len(receiver.received) == 1
    guarded = {"ticket": {**note, "additional_tags": ["refund_checked"]}}
    assert api.call("PUT", f"/tickets/{ticket.id}", guarded).ok
    assert api.call("PUT", f"/tickets/{ticket.id}", {"ticket": note}).ok
    assert zendesk.dispatcher.drain(10)
    assert len(receiver.received) == 1


def test_event_subscription_sends_both_envelopes(
    zendesk: ZendeskSandbox, receiver: Receiver, customer: User, api: Client
) -> None:
    zendesk.add_webhook(
        receiver.url,
        subscriptions=["zen:event-type:ticket.created", "zen:event-type:ticket.comment_added"],
    )
    ticket = zendesk.add_ticket(customer.id, "S", "text")
    body = {"ticket": {"comment": {"body": "note", "public": False}}}
    assert api.call("PUT", f"/tickets/{ticket.id}", body).ok
    assert zendesk.dispatcher.drain(10)
    events = {event["type"]: event for event in (json.loads(r.body) for r in receiver.received)}
    created = events["zen:event-type:ticket.created"]
    assert created["subject"] == f"zen:ticket:{ticket.id}"
    assert created["account_id"] == zendesk.account.account_id
    assert (created["detail"]["id"], created["detail"]["status"]) == (str(ticket.id), "NEW")
    assert created["detail"]["via"] == {"channel": "mail"}
    assert "custom_fields" not in created["detail"]
    added = events["zen:event-type:ticket.comment_added"]["event"]["comment"]
    assert (added["is_public"], added["author"]["is_staff"]) == (False, True)
    assert added["author"]["id"] == str(zendesk.integration_user.id)


@pytest.mark.parametrize(
    ("answers", "attempts"),
    [
        ([200], 1),
        ([409] * 5, 4),
        ([(429, "20")], 2),
        ([(503, "59")], 2),
        ([(503, "60")], 1),
        ([503], 1),
        ([429], 1),
        ([500], 1),
        ([404], 1),
        ([502], 1),
        (["hang"] * 8, 6),
        ([409, 202], 2),
    ],
)
def test_retry_table(
    zendesk: ZendeskSandbox,
    receiver: Receiver,
    customer: User,
    answers: list[int | tuple[int, str] | str],
    attempts: int,
) -> None:
    webhook = connect(zendesk, receiver)
    receiver.answers = list(answers)
    if "hang" in answers:
        zendesk.dispatcher.timeout_seconds = 0.3
    zendesk.add_ticket(customer.id, "S", "text")
    for _ in range(10):
        assert zendesk.dispatcher.drain(20)
        zendesk.clock.advance(61)
    assert zendesk.dispatcher.drain(20)
    assert len(receiver.received) == attempts
    assert zendesk.dispatcher.waiting() == 0
    [invocation] = zendesk.dispatcher.invocations(webhook.id)
    assert len(invocation.attempts) == attempts
    same = {one.headers["X-Zendesk-Webhook-Invocation-Id"] for one in receiver.received}
    assert same == {invocation.id}


def test_a_retry_waits_for_its_time(
    zendesk: ZendeskSandbox, receiver: Receiver, customer: User
) -> None:
    connect(zendesk, receiver)
    receiver.answers = [(503, "50")]
    zendesk.add_ticket(customer.id, "S", "text")
    assert zendesk.dispatcher.drain(10)
    assert (len(receiver.received), zendesk.dispatcher.waiting()) == (1, 1)
    zendesk.clock.advance(50)
    assert zendesk.dispatcher.drain(10)
    assert len(receiver.received) == 2
    assert zendesk.dispatcher.counters.retries == 1


def test_circuit_breaker_opens_and_closes(
    zendesk: ZendeskSandbox, receiver: Receiver, customer: User
) -> None:
    connect(zendesk, receiver)
    receiver.answers = [500] * 100
    for number in range(100):
        zendesk.add_ticket(customer.id, f"S{number}", "text")
    assert zendesk.dispatcher.drain(30)
    zendesk.add_ticket(customer.id, "while open", "text")
    assert zendesk.dispatcher.drain(10)
    assert zendesk.dispatcher.counters.circuit_broken >= 1
    tried = len(receiver.received)
    zendesk.clock.advance(6)
    zendesk.add_ticket(customer.id, "after", "text")
    assert zendesk.dispatcher.drain(10)
    assert len(receiver.received) == tried + 1


def test_duplicates_losses_and_reordering_on_demand(
    zendesk: ZendeskSandbox, receiver: Receiver, customer: User
) -> None:
    connect(zendesk, receiver)
    spoil = zendesk.dispatcher.disturbances
    spoil.duplicate_next = 1
    twice = zendesk.add_ticket(customer.id, "twice", "text")
    assert zendesk.dispatcher.drain(10)
    spoil.lose_next = 1
    zendesk.add_ticket(customer.id, "lost", "text")
    assert zendesk.dispatcher.drain(10)
    ids = [json.loads(one.body)["ticket_id"] for one in receiver.received]
    assert ids == [str(twice.id)] * 2
    assert zendesk.dispatcher.counters.lost == 1
    spoil.delay_next, spoil.delay_seconds = 1, 300.0
    zendesk.add_ticket(customer.id, "late", "text")
    assert zendesk.dispatcher.drain(10)
    assert len(receiver.received) == 2
    zendesk.clock.advance(301)
    assert zendesk.dispatcher.drain(10)
    assert len(receiver.received) == 3
    spoil.lose_answer_next = 1
    zendesk.add_ticket(customer.id, "answer lost", "text")
    assert zendesk.dispatcher.drain(10)
    zendesk.clock.advance(10)
    assert zendesk.dispatcher.drain(10)
    bodies = [one.body for one in receiver.received[3:]]
    assert len(bodies) == 2 and bodies[0] == bodies[1]


def test_reordered_deliveries_arrive_last_first(customer_names: list[str]) -> None:
    with ZendeskSandbox(webhook_concurrency=1) as zendesk, Receiver() as receiver:
        connect(zendesk, receiver)
        zendesk.dispatcher.disturbances.reorder_next = 3
        people = [zendesk.add_user(name, None) for name in customer_names]
        made = [zendesk.add_ticket(one.id, "S", "text").id for one in people]
        assert zendesk.dispatcher.drain(10)
        ids = [int(json.loads(one.body)["ticket_id"]) for one in receiver.received]
        assert ids == made[::-1]


@pytest.fixture
def customer_names() -> list[str]:
    return ["Aiko Sander", "Tomas Reyl", "Noor Haddad"]


def test_webhooks_by_rest(api: Client, zendesk: ZendeskSandbox, receiver: Receiver) -> None:
    body = {
        "name": "Makegood",
        "endpoint": receiver.url,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["conditional_ticket_events"],
    }
    both = {**body, "subscriptions": [*body["subscriptions"], "zen:event-type:ticket.created"]}
    refused = api.call("POST", "/webhooks", {"webhook": both})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "InvalidParameter"
    made = api.call("POST", "/webhooks", {"webhook": body}).json()["webhook"]
    assert "secret" not in json.dumps(made)
    path = f"/webhooks/{made['id']}"
    kind = {"webhook": {"subscriptions": ["zen:event-type:ticket.created"]}}
    assert api.call("PATCH", path, kind).status_code == 400
    assert api.call("PATCH", path, {"webhook": {"status": "inactive"}}).status_code == 204
    assert api.get(path).json()["webhook"]["status"] == "inactive"
    secret = api.get(f"{path}/signing_secret").json()["signing_secret"]["secret"]
    reset = api.call("POST", f"{path}/signing_secret").json()["signing_secret"]["secret"]
    assert reset != secret
    listed = api.get("/webhooks", **{"filter[name_contains]": "make", "page[size]": 10}).json()
    assert [one["id"] for one in listed["webhooks"]] == [made["id"]]


def test_test_request_before_creation_is_signed_with_the_public_secret(
    api: Client, receiver: Receiver
) -> None:
    request = {"endpoint": receiver.url, "payload": '{"hello":1}'}
    assert api.call("POST", "/webhooks/test", {"request": request}).status_code == 200
    [got] = receiver.received
    made = webhook_signature(
        TEST_SECRET, got.headers["X-Zendesk-Webhook-Signature-Timestamp"], got.body
    )
    assert got.headers["X-Zendesk-Webhook-Signature"] == made


def test_invocations_and_attempts_are_kept(
    api: Client, zendesk: ZendeskSandbox, receiver: Receiver, customer: User
) -> None:
    webhook = connect(zendesk, receiver)
    receiver.answers = [409]
    zendesk.add_ticket(customer.id, "S", "text")
    zendesk.dispatcher.drain(10)
    zendesk.clock.advance(10)
    zendesk.dispatcher.drain(10)
    path = f"/webhooks/{webhook.id}/invocations"
    [invocation] = api.get(path).json()["invocations"]
    assert (invocation["status"], invocation["status_code"]) == ("success", 202)
    attempts = api.get(f"{path}/{invocation['id']}/attempts").json()["attempts"]
    assert [one["status_code"] for one in attempts] == [409, 202]


@pytest.mark.parametrize(
    "change",
    [
        {"conditions": {"all": [{"field": "mood", "operator": "is", "value": "x"}]}},
        {"conditions": {"all": [{"field": "status", "operator": "includes", "value": "new"}]}},
        {"conditions": {"all": []}},
        {"actions": []},
        {"actions": [{"field": "notification_webhook", "value": ["01NOPE", "{}"]}]},
        {"title": " "},
    ],
)
def test_triggers_that_are_refused(api: Client, change: dict[str, object]) -> None:
    body = {
        "title": "T",
        "conditions": {"all": [ON_CREATE]},
        "actions": [{"field": "set_tags", "value": "a"}],
        **change,
    }
    assert api.call("POST", "/triggers", {"trigger": body}).status_code == 422


def test_trigger_actions_change_the_ticket_once_per_update(
    zendesk: ZendeskSandbox, customer: User
) -> None:
    zendesk.add_trigger(
        {
            "title": "Sort",
            "conditions": {
                "all": [
                    ON_CREATE,
                    {"field": "subject_includes_word", "operator": "includes", "value": "refund"},
                ]
            },
            "actions": [
                {"field": "current_tags", "value": "money"},
                {"field": "priority", "value": "high"},
            ],
        }
    )
    sorted_in = zendesk.add_ticket(customer.id, "Refund please", "text")
    left = zendesk.add_ticket(customer.id, "Refunds? No", "text")
    assert (sorted_in.tags, sorted_in.priority) == (["money"], "high")
    assert (left.tags, left.priority) == ([], None)
    via = [event["via"] for event in sorted_in.audits[0].events if "via" in event]
    assert {one["source"]["rel"] for one in via} == {"trigger"}


def test_hundreds_at_once_all_arrive(zendesk: ZendeskSandbox, receiver: Receiver) -> None:
    connect(zendesk, receiver)
    people = [zendesk.add_user(f"Customer {n}", f"c{n}@example.com") for n in range(300)]
    threads = [
        threading.Thread(
            target=lambda part: [zendesk.add_ticket(one.id, "S", "t") for one in part],
            args=(people[n::4],),
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert zendesk.dispatcher.drain(60)
    ids = sorted(int(json.loads(one.body)["ticket_id"]) for one in receiver.received)
    assert ids == sorted(zendesk.account.tickets)
