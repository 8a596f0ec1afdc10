"""Webhook bodies: our trigger's and Zendesk's events, reduced to typed values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.errors import BadDelivery
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account
from integrations.helpdesks.zendesk import ZENDESK
from integrations.helpdesks.zendesk.hooks import TRIGGERS
from integrations.helpdesks.zendesk.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from integrations.helpdesks.zendesk.webhook import WEBHOOK_SECRETS
from tests.support.surroundings import MemoryVault

SECRET, OLD_SECRET = "newer-secret", "older-secret"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAMP = "2026-11-21T12:00:00Z"
BOT = "380112000104"
ACCOUNT = Account(
    id="acc_1",
    helpdesk="zendesk",
    name="Acme",
    config={"subdomain": "acme", "bot_user_id": BOT},
)


@pytest.fixture
def vault() -> MemoryVault:
    vault = MemoryVault()
    vault.put("helpdesk", {WEBHOOK_SECRETS: f"{SECRET}\n{OLD_SECRET}"})
    return vault


def receive(vault: MemoryVault, body: Any, secret: str = SECRET, **more: str) -> TicketEvent | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {SIGNATURE_HEADER: sign(secret, STAMP, raw), TIMESTAMP_HEADER: STAMP, **more}
    return ZENDESK.receive(ACCOUNT, vault, headers, raw, NOW)


def event_body(name: str, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"zen:event-type:ticket.{name}",
        "account_id": 123456,
        "id": "0f7c2c3e-5d0b-4a7e-9c55-3b1f0e6a1a11",
        "time": "2026-11-21T12:00:00.123456789Z",
        "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:35436",
        "detail": {
            "id": "35436",
            "status": "NEW",
            "subject": "Refund please",
            "description": "Order 1000042",
            "requester_id": "900",
            "actor_id": "900",
            "assignee_id": "0",
            "external_id": "",
            "tags": [],
        },
        "event": {"meta": {"sequence": {"id": "seq-1", "position": 1}}},
    }
    return {**body, **changes}


def comment(author_id: str, *, staff: bool | None, public: bool = True) -> dict[str, Any]:
    author = {"id": author_id, "is_staff": staff, "name": "Somebody"}
    return {"comment": {"id": "1", "body": "Hello", "is_public": public, "author": author}}


def test_the_triggers_own_body_is_understood(vault: MemoryVault) -> None:
    sent = TRIGGERS[0].sent.replace("{{ticket.id}}", "35436").encode()
    assert receive(vault, sent) == TicketEvent(
        ticket_id="35436",
        kind=TicketEventKind.CREATED,
        dedupe_key="created:35436",
        vendor_kind="ticket_created",
    )


def test_the_older_secret_is_accepted_during_a_rotation(vault: MemoryVault) -> None:
    body = {"v": 1, "kind": "ticket_created", "ticket_id": "7"}
    assert receive(vault, body, OLD_SECRET) == receive(vault, body)


def test_another_accounts_secret_is_refused(vault: MemoryVault) -> None:
    with pytest.raises(BadDelivery) as refused:
        receive(vault, {"v": 1, "kind": "ticket_created", "ticket_id": "7"}, "somebody-elses")
    assert refused.value.status == 401


def test_an_account_without_secret_accepts_nothing() -> None:
    with pytest.raises(BadDelivery):
        receive(MemoryVault(), {"v": 1, "kind": "ticket_created", "ticket_id": "7"})


def test_optional_parts_of_the_trigger_are_used(vault: MemoryVault) -> None:
    body = {
        "v": 1,
        "kind": "customer_replied",
        "ticket_id": 35436,
        "requester_id": "900",
        "updated_at": "2026-11-21T11:59:58Z",
    }
    event = receive(vault, body)
    assert event is not None
    assert event.kind is TicketEventKind.CUSTOMER_REPLIED
    assert event.dedupe_key == "customer_replied:35436:2026-11-21T11:59:58Z"
    assert event.occurred_at == datetime(2026, 11, 21, 11, 59, 58, tzinfo=UTC)


def test_an_update_without_a_time_is_told_apart_by_its_invocation(vault: MemoryVault) -> None:
    body = {"v": 1, "kind": "ticket_updated", "ticket_id": "1"}
    one = receive(vault, body, **{"X-Zendesk-Webhook-Invocation-Id": "01A"})
    two = receive(vault, body, **{"X-Zendesk-Webhook-Invocation-Id": "01B"})
    assert one is not None and two is not None
    assert one.dedupe_key != two.dedupe_key


def test_an_unknown_kind_of_trigger_is_kept_as_unknown(vault: MemoryVault) -> None:
    event = receive(vault, {"v": 1, "kind": "moon_phase", "ticket_id": "1"})
    assert event is not None
    assert (event.kind, event.vendor_kind) == (TicketEventKind.UNKNOWN, "moon_phase")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", "not JSON"),
        (b"", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"\xff\xfe", "not JSON"),
        ({}, "isn't one of ours"),
        ({"v": 2, "kind": "ticket_created", "ticket_id": "1"}, "version 2"),
        ({"v": 1, "kind": "ticket_created"}, "ticket_id"),
        ({"v": 1, "kind": "ticket_created", "ticket_id": "{{ticket.id}}"}, "ticket_id"),
        ({"v": 1, "kind": "ticket_created", "ticket_id": "1/../2"}, "ticket_id"),
        ({"v": 1, "kind": "ticket_created", "ticket_id": ""}, "ticket_id"),
        ({"v": 1, "kind": "", "ticket_id": "1"}, "kind"),
        (event_body("created", id=None), "id"),
    ],
)
def test_bodies_that_are_not_ours_are_refused(vault: MemoryVault, body: Any, reason: str) -> None:
    with pytest.raises(BadDelivery, match=reason) as refused:
        receive(vault, body)
    assert refused.value.status == 400


def test_a_refusal_does_not_repeat_the_body(vault: MemoryVault) -> None:
    with pytest.raises(BadDelivery) as refused:
        receive(vault, {"v": 1, "kind": "x", "ticket_id": "my card is 4111"})
    assert "4111" not in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__suppress_context__


def test_a_created_event_is_understood(vault: MemoryVault) -> None:
    assert receive(vault, event_body("created")) == TicketEvent(
        ticket_id="35436",
        kind=TicketEventKind.CREATED,
        dedupe_key="event:0f7c2c3e-5d0b-4a7e-9c55-3b1f0e6a1a11",
        vendor_kind="zen:event-type:ticket.created",
        author_id="900",
        occurred_at=datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (comment("900", staff=False), TicketEventKind.CUSTOMER_REPLIED),
        (comment("901", staff=True), TicketEventKind.UPDATED),
        (comment("901", staff=None), TicketEventKind.UPDATED),
        ({}, TicketEventKind.UPDATED),
        (None, TicketEventKind.UPDATED),
    ],
)
def test_comments_are_told_apart_by_their_author(
    vault: MemoryVault, event: Any, kind: TicketEventKind
) -> None:
    found = receive(vault, event_body("comment_added", event=event))
    assert found is not None and found.kind is kind


def test_our_own_note_starts_nothing(vault: MemoryVault) -> None:
    body = event_body("comment_added", event=comment(BOT, staff=True, public=False))
    assert receive(vault, body) is None


def test_an_update_by_us_starts_nothing(vault: MemoryVault) -> None:
    body = event_body("status_changed")
    body["detail"]["actor_id"] = BOT
    assert receive(vault, body) is None


def test_an_unknown_ticket_event_is_kept_as_unknown(vault: MemoryVault) -> None:
    event = receive(vault, event_body("teleported"))
    assert event is not None
    assert event.kind is TicketEventKind.UNKNOWN
    assert event.vendor_kind == "zen:event-type:ticket.teleported"


@pytest.mark.parametrize("type_", ["zen:event-type:user.created", "something", 5, None])
def test_events_of_other_things_are_ignored(vault: MemoryVault, type_: Any) -> None:
    assert receive(vault, {"type": type_, "id": "1", "detail": {"id": "2"}}) is None


def test_absent_values_come_in_three_forms(vault: MemoryVault) -> None:
    for nothing in (None, "", "0"):
        body = event_body("created")
        body["detail"]["actor_id"] = nothing
        event = receive(vault, body)
        assert event is not None and event.author_id is None


def test_no_text_of_the_customer_is_in_an_event(vault: MemoryVault) -> None:
    event = receive(vault, event_body("created"))
    assert event is not None
    assert "Refund please" not in event.to_json() and "1000042" not in event.to_json()
