"""Outbound webhooks: signatures, envelopes, retries, switching off, disorder."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.kustomer.model import Conversation, Customer
from tests.sandbox.kustomer.conftest import Client
from tests.sandbox.zendesk.receiver import Receiver

MINUTES = (1, 1, 2, 5, 10, 15, 30)


def _events(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in receiver.received]


def test_events_of_a_new_conversation_are_signed(
    kustomer: KustomerSandbox, receiver: Receiver, customer: Customer
) -> None:
    webhook = kustomer.add_webhook(receiver.url)
    made = kustomer.add_conversation(customer.id, "Refund for #1001", "My money back, please")
    assert kustomer.dispatcher.drain(5)
    by_name = {event["name"]: event for event in _events(receiver)}
    assert set(by_name) == {"kustomer.conversation.create", "kustomer.message.create"}
    for one in receiver.received:
        wanted = hmac.new(webhook.token.encode(), one.body, hashlib.sha256).hexdigest()
        assert one.headers["X-Kustomer-Webhook-Signature"] == wanted
        assert one.headers["X-Kustomer-Webhook-Event"] == json.loads(one.body)["name"]
    event = by_name["kustomer.message.create"]
    assert (event["org"], event["orgName"]) == (kustomer.org.id, "acme")
    assert event["client"] == "postmark-hooks"
    message = event["data"]
    assert message["attributes"]["preview"] == "My money back, please"
    assert (message["attributes"]["direction"], message["attributes"]["auto"]) == ("in", False)
    assert message["relationships"]["conversation"]["data"]["id"] == made.id
    assert message["relationships"]["customer"]["data"] == {"type": "customers", "id": customer.id}
    assert by_name["kustomer.conversation.create"]["data"]["attributes"]["messageCount"] == 1


@pytest.mark.parametrize("switch", ["null", "absent"])
def test_changes_of_a_creation(
    kustomer: KustomerSandbox, receiver: Receiver, customer: Customer, switch: Any
) -> None:
    kustomer.org.switches.changes_on_create = switch
    kustomer.add_webhook(receiver.url)
    kustomer.add_conversation(customer.id, "Refund", "text")
    assert kustomer.dispatcher.drain(5)
    for event in _events(receiver):
        assert ("changes" in event) == (switch == "null")
        assert event.get("changes") is None


@pytest.mark.parametrize("switch", ["whole", "dotted"])
def test_our_own_writes_raise_updates_only(
    kustomer: KustomerSandbox,
    api: Client,
    receiver: Receiver,
    conversation: Conversation,
    switch: Any,
) -> None:
    kustomer.org.switches.custom_changes = switch
    api.call("PUT", "/metadata/conversation", {"properties": {"refundStatusStr": {}}})
    kustomer.add_webhook(
        receiver.url,
        ["kustomer.conversation.create", "kustomer.message.create", "kustomer.conversation.update"],
    )
    path = f"/conversations/{conversation.id}"
    api.post(f"{path}/notes", {"body": "Eligible"})
    api.patch(path, {"custom": {"refundStatusStr": "eligible"}})
    api.patch(path, {"custom": {"refundStatusStr": "eligible"}})  # changes nothing
    assert kustomer.dispatcher.drain(5)
    events = sorted(_events(receiver), key=lambda one: one["data"]["attributes"]["rev"])
    assert [one["name"] for one in events] == ["kustomer.conversation.update"] * 2
    assert events[0]["changes"]["attributes"] == {
        "noteCount": {"op": "replace", "before": 0, "after": 1}
    }
    name = "custom" if switch == "whole" else "custom.refundStatusStr"
    assert list(events[1]["changes"]["attributes"]) == [name]
    assert events[1]["meta"]["customChanged"] is True
    me = kustomer.machine_user.id
    assert all(one["data"]["relationships"]["modifiedBy"]["data"]["id"] == me for one in events)
    assert {one["client"] for one in events} == {"api-gw"}


def test_retries_come_at_the_vendors_times_and_then_it_is_switched_off(
    kustomer: KustomerSandbox, api: Client, receiver: Receiver, customer: Customer
) -> None:
    webhook = kustomer.add_webhook(receiver.url, ["kustomer.conversation.create"])
    receiver.answers = [500] * 8
    kustomer.add_conversation(customer.id, "Refund", "text")
    for number, minutes in enumerate(MINUTES, start=1):
        assert kustomer.dispatcher.drain(5)
        assert len(receiver.received) == number
        kustomer.clock.advance(minutes * 60 - 5)
        assert kustomer.dispatcher.drain(5)
        assert len(receiver.received) == number, "it came too early"
        kustomer.clock.advance(5)
    assert kustomer.dispatcher.drain(5)
    assert len(receiver.received) == 8
    assert len({one.body for one in receiver.received}) == 1
    shown = api.get(f"/outbound-webhooks/{webhook.id}").json()["data"]["attributes"]
    assert (shown["enabled"], shown["isError"]) == (False, True)
    kustomer.add_conversation(customer.id, "Another", "text")
    assert kustomer.dispatcher.drain(5)
    assert len(receiver.received) == 8
    log = api.get(f"/outbound-webhooks/{webhook.id}/transactions").json()["data"]
    assert [one["attributes"]["status"] for one in log] == [500] * 8
    assert log[0]["attributes"]["nextRetry"] is None
    # An admin, or we, may switch it on again.
    assert api.patch(f"/outbound-webhooks/{webhook.id}", {"enabled": True}).status_code == 200
    assert not webhook.is_error
    kustomer.add_conversation(customer.id, "Third", "text")
    assert kustomer.dispatcher.drain(5)
    assert len(receiver.received) == 9


def test_an_answer_that_is_late_is_a_failure(customer: Customer) -> None:
    with KustomerSandbox(webhook_timeout_seconds=0.3) as kustomer, Receiver() as receiver:
        kustomer.add_webhook(receiver.url, ["kustomer.conversation.create"])
        receiver.answers = ["hang"]
        who = kustomer.add_customer("Jo", "jo@example.com")
        kustomer.add_conversation(who.id, "Refund", "text")
        assert kustomer.dispatcher.drain(5)
        kustomer.clock.advance(60)
        assert kustomer.dispatcher.drain(5)
        assert len(receiver.received) == 2
        assert kustomer.dispatcher.counters.timeouts == 1


def test_duplicates_disorder_and_lost_deliveries(
    kustomer: KustomerSandbox, receiver: Receiver, customer: Customer
) -> None:
    kustomer.add_webhook(receiver.url, ["kustomer.conversation.create"])
    kustomer.dispatcher.disturbances.duplicate_next = 1
    kustomer.add_conversation(customer.id, "twice", "text")
    assert kustomer.dispatcher.drain(5)
    first, second = _events(receiver)
    assert first["id"] == second["id"]
    kustomer.dispatcher.disturbances.lose_next = 1
    kustomer.add_conversation(customer.id, "never", "text")
    kustomer.dispatcher.disturbances.reorder_next = 2
    kustomer.add_conversation(customer.id, "early", "text")
    kustomer.add_conversation(customer.id, "late", "text")
    assert kustomer.dispatcher.drain(5)
    assert len(receiver.received) == 4
    assert kustomer.dispatcher.counters.lost == 1


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "url": "http://example.com/hook", "events": ["kustomer.message.create"]},
        {"name": "x", "url": "https://example.com/hook", "events": ["kustomer.note.create"]},
        {"name": "x", "url": "https://example.com/hook", "events": []},
        {"name": "x" * 256, "url": "https://example.com", "events": ["kustomer.message.create"]},
        {"name": "x", "url": "https://example.com", "events": ["kustomer.message.create"],
         "headers": [{"key": "a", "value": "b"}]},
        {"name": "x", "events": ["kustomer.message.create"]},
    ],
)  # fmt: skip
def test_webhooks_that_are_refused(kustomer: KustomerSandbox, api: Client, body: Any) -> None:
    assert api.post("/outbound-webhooks", body).status_code == 400
    assert kustomer.org.webhooks == {}


def test_an_org_has_five_and_a_list_of_events(kustomer: KustomerSandbox, api: Client) -> None:
    assert len(api.get("/outbound-webhooks/events").json()["events"]) == 12
    body = {"name": "x", "url": "https://example.com", "events": ["kustomer.tag.create"]}
    made = [api.post("/outbound-webhooks", body).status_code for _ in range(6)]
    assert made == [201] * 5 + [400]
    [first, *_] = api.get("/outbound-webhooks").json()["data"]
    assert len(first["attributes"]["token"]) == 64
    assert api.call("DELETE", f"/outbound-webhooks/{first['id']}").status_code == 204
