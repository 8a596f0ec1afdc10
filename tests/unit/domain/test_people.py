"""Roles and groups become tiers; one person stays one person."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.people import Agent, Tier, TierMap, is_same_person, mailbox_of


def person(**changes: Any) -> Agent:
    values: dict[str, Any] = {
        "id": "11",
        "name": "Noor Haddad",
        "email": "noor@example.com",
        "role": "agent",
        "tier": Tier.AGENT,
    }
    return Agent(**{**values, **changes})


MAPPED = TierMap(
    roles={"Team lead": Tier.TEAM_LEAD, "agent": Tier.AGENT, "Trainee": None},
    groups={"Refund desk": Tier.TEAM_LEAD, "Head office": Tier.MANAGER, "Temps": None},
)


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({}, Tier.AGENT),
        ({"roles": ("5", "team LEAD ", "agent")}, Tier.TEAM_LEAD),
        ({"groups": ("refund  desk",)}, Tier.TEAM_LEAD),
        ({"groups": ("Refund desk", "Head office")}, Tier.MANAGER),
        ({"roles": ("5", "Trainee", "agent"), "groups": ("Head office",)}, None),
        ({"groups": ("Head office", "Temps")}, None),
        ({"role": "light agent", "tier": None, "groups": ("Head office",)}, None),
        ({"role": "Team lead", "tier": None, "groups": ("Head office",)}, Tier.MANAGER),
        ({"role": "admin", "tier": Tier.MANAGER}, Tier.MANAGER),
        ({"role": "admin", "tier": Tier.MANAGER, "groups": ("Temps",)}, None),
    ],
)
def test_the_mapping_gives_the_tier(changes: dict[str, Any], tier: Tier | None) -> None:
    assert MAPPED.applied_to(person(**changes)).tier is tier


def test_a_mapping_is_kept_and_read_back() -> None:
    assert TierMap.of(MAPPED.to_config()) == MAPPED


@pytest.mark.parametrize("config", [None, [], "x", {"roles": 5}, {"roles": {"agent": "king"}}])
def test_what_is_no_mapping_gives_no_tier(config: object) -> None:
    assert TierMap.of(config) == TierMap()


def test_a_flat_mapping_is_one_of_roles() -> None:
    assert TierMap.of({"Team lead": "team_lead"}).roles == {"Team lead": Tier.TEAM_LEAD}


def test_names_that_the_helpdesk_lacks_are_found() -> None:
    lacking = MAPPED.unknown_to(["team lead", "agent"], ["Refund desk", "Temps"])
    assert lacking == ("role Trainee", "group Head office")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Noor@Example.com", "noor@example.com"),
        ("noor+refunds@example.com", "noor@example.com"),
        ("n.o.o.r@gmail.com", "noor+x@googlemail.com"),
        (" noor@example.com.", "noor@example.com"),
    ],
)
def test_one_mailbox_is_one_person(one: str, other: str) -> None:
    assert mailbox_of(one) == mailbox_of(other)
    assert is_same_person(person(email=one), "99", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("noor@example.com", "noor@example.org"), ("n.oor@example.com", "noor@example.com")],
)
def test_two_mailboxes_are_two_people(one: str, other: str) -> None:
    assert not is_same_person(person(email=one), "99", other)


def test_without_an_address_only_the_account_counts() -> None:
    nobody = person(email=None)
    assert is_same_person(nobody, "11", None)
    assert not is_same_person(nobody, "12", None)
    assert not is_same_person(person(email="@"), "12", "@")
