"""Conversations, notes, tags, attributes and customers over the REST API."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.kustomer.model import Conversation, Customer
from tests.sandbox.kustomer.conftest import Client


def _fault(answer: Any) -> str:
    error = answer.json()["errors"][0]
    return str(error.get("message") or error.get("detail"))


def _give_attributes(api: Client, resource: str, **properties: Any) -> None:
    made = api.call("PUT", f"/metadata/{resource}", {"properties": properties})
    assert made.status_code == 200, made.text


def test_a_conversation_with_its_messages(
    api: Client, conversation: Conversation, customer: Customer
) -> None:
    shown = api.get(f"/conversations/{conversation.id}").json()["data"]
    assert shown["type"] == "conversation"
    assert shown["attributes"]["name"] == "Money back please"
    assert len(shown["id"]) == 24
    # Tags are ids in a resource, whatever the tag endpoints take.
    assert shown["attributes"]["tags"] == conversation.tag_ids
    assert shown["relationships"]["customer"]["data"]["id"] == customer.id
    [message] = api.get(f"/conversations/{conversation.id}/messages").json()["data"]
    assert message["attributes"]["preview"] == "Order #1042 arrived broken."
    assert "body" not in message["attributes"]
    assert message["attributes"]["direction"] == "in"
    assert api.get("/conversations/64c0000000000000000000b2").status_code == 404


def test_a_note_is_limited_and_counts(api: Client, conversation: Conversation) -> None:
    path = f"/conversations/{conversation.id}/notes"
    made = api.post(path, {"body": "Eligible", "externalId": "mg-1"})
    assert made.status_code == 201
    assert made.json()["data"]["attributes"]["externalId"] == "mg-1"
    assert api.post(path, {"body": "x" * 10_241}).status_code == 400
    assert api.post(path, {"body": ""}).status_code == 400
    assert api.post(path, {"body": "x", "html": "<b>x</b>"}).status_code == 400
    assert len(api.get(path).json()["data"]) == 1
    assert conversation.note_ids == [made.json()["data"]["id"]]


@pytest.mark.parametrize(
    ("switch", "status", "count"), [("accepted", 201, 2), ("conflict", 409, 1)]
)
def test_the_same_external_id_twice(
    kustomer: KustomerSandbox,
    api: Client,
    conversation: Conversation,
    switch: Any,
    status: int,
    count: int,
) -> None:
    kustomer.org.switches.duplicate_note = switch
    path = f"/conversations/{conversation.id}/notes"
    api.post(path, {"body": "one", "externalId": "mg-1"})
    assert api.post(path, {"body": "one", "externalId": "mg-1"}).status_code == status
    assert len(kustomer.notes(conversation.id)) == count


def test_attributes_are_typed_and_must_exist(api: Client, conversation: Conversation) -> None:
    _give_attributes(
        api,
        "conversation",
        refundStatusStr={"displayName": "Refund status", "enumeration": ["none", "refunded"]},
        refundAmountNum={},
        refundCheckedAt={},
    )
    path = f"/conversations/{conversation.id}"
    good = {"refundStatusStr": "refunded", "refundAmountNum": 24.9,
            "refundCheckedAt": "2026-11-21T10:00:00Z"}  # fmt: skip
    assert api.patch(path, {"custom": good}).json()["data"]["attributes"]["custom"] == good
    for wrong in (
        {"refundAmountNum": "24.90"},
        {"refundStatusStr": "perhaps"},
        {"refundCheckedAt": "yesterday"},
        {"unknownStr": "x"},
    ):
        refused = api.patch(path, {"custom": wrong})
        assert refused.status_code == 400, wrong
        assert refused.json()["errors"][0]["source"]["pointer"].startswith("/custom/")
    assert conversation.custom == good


@pytest.mark.parametrize("switch", ["merge", "replace"])
def test_a_patch_of_one_attribute(
    kustomer: KustomerSandbox, api: Client, conversation: Conversation, switch: Any
) -> None:
    kustomer.org.switches.custom_patch = switch
    _give_attributes(api, "conversation", aStr={}, bStr={})
    path = f"/conversations/{conversation.id}"
    api.patch(path, {"custom": {"aStr": "1"}})
    api.patch(path, {"custom": {"bStr": "2"}})
    kept = {"aStr": "1", "bStr": "2"} if switch == "merge" else {"bStr": "2"}
    assert conversation.custom == kept
    api.patch(path, {"custom": {"bStr": None}})
    assert "bStr" not in conversation.custom


@pytest.mark.parametrize("switch", ["merge", "replace"])
def test_metadata_of_a_resource(kustomer: KustomerSandbox, api: Client, switch: Any) -> None:
    kustomer.org.switches.metadata_put = switch
    _give_attributes(api, "customer", aStr={})
    _give_attributes(api, "customer", lastRefundAt={"displayName": "Last refund"})
    shown = api.get("/metadata/customer").json()["data"]["attributes"]["properties"]
    assert ("aStr" in shown) == (switch == "merge")
    assert shown["lastRefundAt"] == {"displayName": "Last refund", "type": "At"}
    refused = api.call("PUT", "/metadata/customer", {"properties": {"no_suffix": {}}})
    assert refused.status_code == 400


def test_tags_are_added_by_name_and_replaced_by_a_patch(
    kustomer: KustomerSandbox, api: Client, conversation: Conversation
) -> None:
    path = f"/conversations/{conversation.id}/tags"
    assert api.post(path, ["refund", "refund"]).status_code == 201
    assert kustomer.tag_names(conversation.id) == ["vip", "refund"]
    assert api.post(path, {"tags": ["x"]}).status_code == 400
    assert api.call("DELETE", path, ["vip"]).status_code == 200
    assert kustomer.tag_names(conversation.id) == ["refund"]
    # A tag's id in the list is a new tag's name unless the switch says otherwise.
    [tag_id] = conversation.tag_ids
    api.post(path, [tag_id])
    assert kustomer.tag_names(conversation.id) == ["refund", tag_id]
    assert api.patch(f"/conversations/{conversation.id}", {"tags": []}).status_code == 200
    assert kustomer.tag_names(conversation.id) == []


@pytest.mark.parametrize(
    "body",
    [
        {"status": "closed"},
        {"priority": 0},
        {"priority": "high"},
        {"assignedTeams": ["nobody"]},
        {"assignedUsers": "x"},
        {"customer": "x", "name": "y"},
        {"madeUp": 1},
        ["a", "list"],
    ],
)
def test_what_a_conversation_refuses(api: Client, conversation: Conversation, body: Any) -> None:
    rev = conversation.rev
    assert api.patch(f"/conversations/{conversation.id}", body).status_code == 400
    assert conversation.rev == rev


def test_an_old_revision_is_refused(api: Client, conversation: Conversation) -> None:
    path = f"/conversations/{conversation.id}"
    rev = api.get(path).json()["data"]["attributes"]["rev"]
    assert api.patch(path, {"priority": 5, "rev": rev}).status_code == 200
    assert api.patch(path, {"priority": 1, "rev": rev}).status_code == 409
    assert conversation.priority == 5


def test_customers_by_address(api: Client, customer: Customer) -> None:
    for path in ("email=lena.brandt%40example.org", "phone=%2B49305550100"):
        assert api.get(f"/customers/{path}").json()["data"]["id"] == customer.id
    # A plus sign that isn't encoded reaches the vendor as it stands.
    assert api.get("/customers/email=nobody@example.com").status_code == 404
    shown = api.get(f"/customers/{customer.id}").json()["data"]["attributes"]
    assert [one["email"] for one in shown["emails"]] == [
        "lena@example.com",
        "lena.brandt@example.org",
    ]


def test_lists_come_in_pages(kustomer: KustomerSandbox, api: Client, customer: Customer) -> None:
    for number in range(5):
        kustomer.add_conversation(customer.id, f"No {number}", "text")
    first = api.get(f"/customers/{customer.id}/conversations", page=1, pageSize=2).json()
    assert first["meta"] == {"page": 1, "pageSize": 2, "total": 5, "totalPages": 3}
    seen, link = len(first["data"]), first["links"]["next"]
    while link:
        page = api.call("GET", link.removeprefix("/v1")).json()
        seen, link = seen + len(page["data"]), page["links"]["next"]
    assert seen == 5
    refused = api.get(f"/customers/{customer.id}/conversations", pageSize=101)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["source"] == {"parameter": "pageSize"}


def test_search_by_time(kustomer: KustomerSandbox, api: Client, customer: Customer) -> None:
    old = kustomer.add_conversation(customer.id, "old", "text")
    kustomer.clock.advance(3600)
    since = kustomer.clock.now().isoformat()
    kustomer.clock.advance(60)
    new = kustomer.add_conversation(customer.id, "new", "text")
    body = {
        "and": [{"conversation_updated_at": {"gt": since}}],
        "sort": [{"conversation_updated_at": "asc"}],
        "queryContext": "conversation",
    }
    found = api.post("/customers/search", body)
    assert found.status_code == 200
    assert [one["id"] for one in found.json()["data"]] == [new.id]
    assert old.id != new.id
    body["and"] = [{"conversation_weather": {"gt": since}}]
    assert api.post("/customers/search", body).status_code == 400


def test_drafts_wait_for_a_person(
    kustomer: KustomerSandbox, api: Client, customer: Customer, conversation: Conversation
) -> None:
    path = f"/customers/{customer.id}/drafts"
    body = {"channel": "email", "conversation": conversation.id, "subject": "Your refund",
            "to": [{"email": "lena@example.com"}], "body": "It is on its way."}  # fmt: skip
    assert api.post(path, body).status_code == 201
    assert api.post(path, {**body, "scheduled": True}).status_code == 400
    assert len(conversation.message_ids) == 1
    assert [one.values["body"] for one in kustomer.org.drafts.values()] == ["It is on its way."]


def test_custom_objects_of_a_customer(
    kustomer: KustomerSandbox, api: Client, customer: Customer
) -> None:
    kustomer.add_kobject(
        "order", customer.id, title="Order 1001", external_id="1001", data={"total": "24.90"},
        created_by=kustomer.machine_user.id,
    )  # fmt: skip
    [shown] = api.get(f"/customers/{customer.id}/klasses/order").json()["data"]
    assert shown["attributes"]["data"] == {"total": "24.90"}
    assert shown["relationships"]["createdBy"]["data"]["id"] == kustomer.machine_user.id
    assert api.get("/klasses/order/externalId=1001").json()["data"]["id"] == shown["id"]
    reader = Client(kustomer.base, kustomer.api_key)
    assert reader.post("/klasses/order", {"title": "x"}).status_code == 403
    admin = Client(kustomer.base, kustomer.org.issue_key("a", ("org.admin",), kustomer.admin).token)
    path = f"/customers/{customer.id}/klasses/order"
    assert admin.post(path, {"title": "x", "externalId": "1001"}).status_code == 409
    assert admin.post(path, {"externalId": "1002"}).status_code == 400
    assert admin.post(path, {"title": "x", "externalId": "1002"}).status_code == 201
