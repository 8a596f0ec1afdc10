"""Zendesk's JSON, with all the forms in which nothing is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.people import Tier, TierMap
from app.domain.ticket import Contact
from integrations.helpdesks.zendesk.payloads import (
    AuditPayload,
    GroupsAnswer,
    IdentitiesAnswer,
    TicketAnswer,
    UserPayload,
    to_e164,
)


def user(**changes: Any) -> dict[str, Any]:
    return {
        "id": 900,
        "name": "Mona Berg",
        "email": "mona@example.com",
        "verified": True,
        "phone": "+49 151 12345678",
        "role": "end-user",
        "locale": "de",
        "active": True,
        "suspended": False,
        "something_new": {"deep": 1},
        **changes,
    }


def ticket(**changes: Any) -> dict[str, Any]:
    return {
        "id": 35436,
        "subject": "Refund",
        "description": "Order #1001",
        "status": "new",
        "requester_id": 900,
        "submitter_id": 900,
        "created_at": "2026-11-21T12:00:00Z",
        "updated_at": "2026-11-21T12:00:05Z",
        "via": {"channel": "email", "source": {}},
        "tags": ["vip"],
        "custom_fields": [{"id": 1, "value": None}, {"id": 2, "value": "x"}],
        **changes,
    }


def read(ticket_: dict[str, Any], *users: dict[str, Any]):
    return TicketAnswer.model_validate({"ticket": ticket_, "users": list(users)}).to_domain("US")


def test_a_ticket_is_read_whole() -> None:
    found = read(ticket(), user())
    assert found.id == "35436"
    assert found.requester.id == "900"
    assert found.requester.emails == (Contact(value="mona@example.com", is_verified=True),)
    assert found.requester.phones == (Contact(value="+4915112345678"),)
    assert found.channel == "email"
    assert found.tags == ("vip",)
    assert found.fields == {"1": None, "2": "x"}
    assert found.updated_at == datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
    assert found.revision == "2026-11-21T12:00:05Z"
    assert found.language_hint == "de"
    assert not found.is_closed and not found.is_from_agent


def test_an_id_beyond_53_bits_stays_exact() -> None:
    found = read(ticket(id=9007199254740993, requester_id=9007199254740995))
    assert (found.id, found.requester.id) == ("9007199254740993", "9007199254740995")


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_ticket_that_says_nothing_is_still_a_ticket(nothing: object) -> None:
    bare = ticket(subject=nothing, description=nothing, submitter_id=nothing)
    bare |= {"via": None, "tags": None, "custom_fields": None}
    found = read(bare)
    assert (found.subject, found.description, found.channel) == ("", "", "unknown")
    assert found.requester.emails == ()
    assert found.fields == {}


@pytest.mark.parametrize("missing", ["id", "requester_id", "created_at", "updated_at"])
def test_what_we_cannot_do_without_must_be_there(missing: str) -> None:
    broken = ticket()
    del broken[missing]
    with pytest.raises(ValidationError):
        read(broken, user())


def test_a_time_without_zone_is_not_guessed() -> None:
    with pytest.raises(ValidationError):
        read(ticket(created_at="2026-11-21T12:00:00"), user())


def test_a_closed_ticket_says_so() -> None:
    assert read(ticket(status="closed"), user()).is_closed


@pytest.mark.parametrize(
    ("requester_role", "submitter_role", "from_agent"),
    [
        ("end-user", "end-user", False),
        ("end-user", "agent", False),
        ("agent", "end-user", True),
        ("admin", "admin", True),
    ],
)
def test_a_ticket_that_staff_typed_for_a_customer_is_the_customers(
    requester_role: str, submitter_role: str, from_agent: bool
) -> None:
    people = (user(role=requester_role), user(id=901, role=submitter_role))
    assert read(ticket(submitter_id=901), *people).is_from_agent is from_agent


def test_a_shared_phone_identifies_nobody() -> None:
    assert read(ticket(), user(shared_phone_number=True)).requester.phones == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (5, "5"), (True, "true"), (False, "false"), (["a", "b"], "a b"), ([], None)],
)
def test_field_values_become_text(value: object, text: str | None) -> None:
    found = read(ticket(custom_fields=[{"id": 1, "value": value}]), user())
    assert found.fields == {"1": text}


@pytest.mark.parametrize(
    ("number", "region", "normal"),
    [
        ("+49 151 12345678", "US", "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("call me", "US", None),
        ("12", "US", None),
        ("", "US", None),
        (None, "US", None),
    ],
)
def test_phones_are_brought_into_one_form(
    number: str | None, region: str, normal: str | None
) -> None:
    assert to_e164(number, region) == normal


def test_identities_are_sorted_by_kind() -> None:
    answer = {
        "identities": [
            {"type": "email", "value": "mona@example.com", "verified": True},
            {"type": "email", "value": "m.berg@example.com", "verified": False},
            {"type": "phone_number", "value": "+4915112345678", "verified": True},
            {"type": "phone_number", "value": "unknown", "verified": True},
            {"type": "twitter", "value": "mona", "verified": True},
        ]
    }
    found = IdentitiesAnswer.model_validate(answer).to_domain("900", "US")
    assert [one.value for one in found.emails] == ["mona@example.com", "m.berg@example.com"]
    assert [one.is_verified for one in found.emails] == [True, False]
    assert [one.value for one in found.phones] == ["+4915112345678"]


TIERS = TierMap(roles={"77": Tier.TEAM_LEAD, "Refund desk": Tier.MANAGER})
ROLES = {"77": "Team lead", "78": "Refund desk", "79": "Light agent"}


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({"role": "end-user"}, None),
        ({"role": "agent"}, Tier.AGENT),
        ({"role": "admin"}, Tier.MANAGER),
        ({"role": "agent", "custom_role_id": 77}, Tier.TEAM_LEAD),
        ({"role": "agent", "custom_role_id": 78}, Tier.MANAGER),
        ({"role": "agent", "custom_role_id": 80}, Tier.AGENT),
        ({"role": "agent", "custom_role_id": 79, "role_type": 1}, None),
        ({"role": "agent", "role_type": 3}, None),
        ({"role": "agent", "only_private_comments": True}, None),
        ({"role": "end-user", "custom_role_id": 77}, None),
        ({"role": "something_new"}, None),
    ],
)
def test_roles_become_tiers(changes: dict[str, Any], tier: Tier | None) -> None:
    agent = UserPayload.model_validate(user(**changes)).to_agent(ROLES)
    assert TIERS.applied_to(agent).tier is tier


def test_a_role_itself_can_be_given_another_tier() -> None:
    admin = UserPayload.model_validate(user(role="admin")).to_agent({})
    assert admin.tier is Tier.MANAGER
    assert TierMap(roles={"admin": Tier.TEAM_LEAD}).applied_to(admin).tier is Tier.TEAM_LEAD


def test_a_mapped_base_role_does_not_lift_a_light_agent() -> None:
    light = UserPayload.model_validate(user(role="agent", role_type=1)).to_agent({}, ("Leads",))
    mapped = TierMap(roles={"agent": Tier.TEAM_LEAD}, groups={"Leads": Tier.MANAGER})
    assert mapped.applied_to(light).tier is None


def test_groups_are_read_without_deleted_ones() -> None:
    groups = {"groups": [{"id": 1, "name": "Leads"}, {"id": 2, "name": "Old", "deleted": True}]}
    assert GroupsAnswer.model_validate(groups).names() == ("Leads",)


@pytest.mark.parametrize("changes", [{"active": False}, {"suspended": True}])
def test_a_suspended_agent_is_not_active(changes: dict[str, Any]) -> None:
    agent = UserPayload.model_validate(user(role="agent", **changes)).to_agent({})
    assert not agent.is_active


@pytest.mark.parametrize("metadata", [None, {}, {"custom": None}])
def test_a_change_without_metadata_is_read(metadata: object) -> None:
    assert AuditPayload.model_validate({"id": 1, "metadata": metadata}).metadata.custom == {}
