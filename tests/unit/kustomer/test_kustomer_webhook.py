"""Webhook bodies as they are captured: proven by the org's token, reduced to ids."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.errors import BadDelivery
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account
from integrations.helpdesks.kustomer import KUSTOMER
from integrations.helpdesks.kustomer.signature import MAX_BODY_BYTES, SIGNATURE_HEADER, sign
from integrations.helpdesks.kustomer.vocabulary import WEBHOOK_TOKENS
from tests.support.surroundings import MemoryVault

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ORG, BOT = "64c0000000000000000000ff", "64c0000000000000000000dd"
CONVERSATION, MESSAGE = "64c0000000000000000000b2", "64c0000000000000000000c3"
TOKEN, OLD_TOKEN = "newer-token", "older-token"
ACCOUNT = Account(
    id="acc_1",
    helpdesk="kustomer",
    name="Acme",
    config={"org": "acme", "org_id": ORG, "machine_user_id": BOT},
)


@pytest.fixture
def vault() -> MemoryVault:
    vault = MemoryVault()
    vault.put("helpdesk", {WEBHOOK_TOKENS: f"{TOKEN}\n{OLD_TOKEN}"})
    return vault


def message_event(**changes: Any) -> dict[str, Any]:
    """As captured: `changes` absent, a plural type of customer, keys that nobody promised."""
    attributes = {
        "channel": "email",
        "direction": "in",
        "directionType": "followup-in",
        "preview": "Hi, I would like my money back",
        "auto": False,
        **changes.pop("attributes", {}),
    }
    relationships = {
        "customer": {"data": {"type": "customers", "id": "64c0000000000000000000a1"}},
        "conversation": {"data": {"type": "conversation", "id": CONVERSATION}},
        "createdBy": {"data": None},
        "attachments": {"data": []},
        "messages": {"links": {"self": "/v1/x"}},
        **changes.pop("relationships", {}),
    }
    body: dict[str, Any] = {
        "id": "64c0000000000000000000e1",
        "name": "kustomer.message.create",
        "org": ORG,
        "orgName": "acme",
        "data": {
            "type": "message",
            "id": MESSAGE,
            "attributes": attributes,
            "relationships": relationships,
        },
        "createdAt": "2026-11-21T11:59:58.010Z",
        "snsFilters": [],
    }
    return {**body, **changes}


def conversation_event(**changes: Any) -> dict[str, Any]:
    body = message_event(name="kustomer.conversation.create", changes=None)
    body["data"] = {"type": "conversation", "id": CONVERSATION, "attributes": {"status": "open"}}
    return {**body, **changes}


def receive(
    vault: MemoryVault, body: Any, token: str = TOKEN, **headers: str
) -> TicketEvent | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {SIGNATURE_HEADER: sign(token, raw), **headers}
    return KUSTOMER.receive(ACCOUNT, vault, sent, raw, NOW)


def refusal(vault: MemoryVault, body: Any, token: str = TOKEN, **headers: str) -> int:
    with pytest.raises(BadDelivery) as refused:
        receive(vault, body, token, **headers)
    return refused.value.status


def test_a_reply_is_one_unit_of_work_per_message(vault: MemoryVault) -> None:
    event = receive(vault, message_event())
    assert event is not None
    assert (event.ticket_id, event.kind) == (CONVERSATION, TicketEventKind.CUSTOMER_REPLIED)
    assert event.dedupe_key == f"message:{CONVERSATION}:{MESSAGE}"
    assert receive(vault, message_event(id="64c0000000000000000000e9")) == event
    assert "money" not in event.to_json()


def test_a_beginning_is_one_unit_however_it_is_told(vault: MemoryVault) -> None:
    told = conversation_event()
    first = message_event(attributes={"directionType": "initial-in"})
    events = [receive(vault, one) for one in (first, told, told)]
    assert {one.dedupe_key for one in events if one} == {f"created:{CONVERSATION}"}
    assert {one.kind for one in events if one} == {TicketEventKind.CREATED}


@pytest.mark.parametrize(
    "body",
    [
        message_event(attributes={"direction": "out"}),
        message_event(attributes={"auto": True}),
        message_event(relationships={"createdBy": {"data": {"type": "user", "id": BOT}}}),
        message_event(relationships={"conversation": {"data": None}}),
        message_event(name="kustomer.conversation.update"),
        message_event(name="kustomer.something.new"),
    ],
    ids=["outgoing", "automatic", "our own", "no conversation", "an update", "unknown"],
)
def test_what_starts_nothing_is_ignored(vault: MemoryVault, body: dict[str, Any]) -> None:
    assert receive(vault, body) is None


def test_the_token_before_a_rotation_still_fits(vault: MemoryVault) -> None:
    assert receive(vault, message_event(), OLD_TOKEN) is not None
    assert refusal(vault, message_event(), "another-token") == 401


def test_the_signature_is_lower_case_hex_over_the_raw_bytes(vault: MemoryVault) -> None:
    raw = json.dumps(message_event(), indent=3).encode()
    assert receive(vault, raw) is not None
    assert receive(vault, raw, **{SIGNATURE_HEADER.lower(): sign(TOKEN, raw)}) is not None
    assert refusal(vault, raw, **{SIGNATURE_HEADER: sign(TOKEN, raw + b" ")}) == 401
    assert refusal(vault, raw, **{SIGNATURE_HEADER: sign(TOKEN, raw).upper()}) == 401
    assert refusal(vault, raw, **{SIGNATURE_HEADER: ""}) == 401
    assert refusal(vault, raw, **{SIGNATURE_HEADER: "é" * 64}) == 401


def test_an_org_without_a_token_accepts_nothing() -> None:
    assert refusal(MemoryVault(), message_event()) == 401


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        (timedelta(hours=2), True),
        (timedelta(hours=3, seconds=1), False),
        (timedelta(minutes=-9), True),
        (timedelta(minutes=-11), False),
    ],
)
def test_retries_are_young_enough_and_replays_are_not(
    vault: MemoryVault, age: timedelta, accepted: bool
) -> None:
    body = message_event(createdAt=(NOW - age).isoformat())
    if accepted:
        assert receive(vault, body) is not None
    else:
        assert refusal(vault, body) == 401


def test_another_orgs_event_is_refused_though_its_signature_fits(vault: MemoryVault) -> None:
    assert refusal(vault, message_event(org="64c0000000000000000000fe")) == 401


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b"{}", b'{"id": 1}', b"\xff\xfe"], ids=repr
)
def test_what_is_no_event_is_refused_in_words(vault: MemoryVault, body: bytes) -> None:
    assert refusal(vault, body) == 400


def test_a_body_beyond_the_limit_is_refused_unread(vault: MemoryVault) -> None:
    assert refusal(vault, b"x" * (MAX_BODY_BYTES + 1)) == 413


def test_the_org_is_read_from_the_body_before_anything_is_proven() -> None:
    assert KUSTOMER.speaks_of(json.dumps(message_event()).encode()) == {"org_id": ORG}
    for body in (b"", b"{", b"[]", b'{"org": 5}', b'{"org": ""}'):
        assert KUSTOMER.speaks_of(body) == {}
