"""Records of Kustomer as domain values, and domain values as attributes and notes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.channel import Channel
from app.domain.classification import Reason
from app.domain.crm import CustomerFields, Note, RefundStatus, TicketFields
from app.domain.errors import ConfigurationError, NotFound
from app.domain.money import Money
from app.domain.people import Tier
from integrations.helpdesks.kustomer import fields, kept_orders, people, setup
from integrations.helpdesks.kustomer.channels import channel_of
from integrations.helpdesks.kustomer.client import path_name, path_value, record_id
from integrations.helpdesks.kustomer.commands import possible_names
from integrations.helpdesks.kustomer.config import address, org_name
from integrations.helpdesks.kustomer.note import MAX_CHARACTERS, carries, note_text
from integrations.helpdesks.kustomer.payloads import (
    Customer,
    KObject,
    MessagesAnswer,
    to_ticket,
)

LENA = "64c0000000000000000000a1"


def message(number: int, text: str, **attributes: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "id": f"64c00000000000000000{number:04d}",
        "attributes": {
            "channel": "email",
            "direction": "in",
            "preview": text,
            "subject": "Refund",
            "createdAt": f"2026-11-21T10:{number:02d}:00.000Z",
            **attributes,
        },
        "relationships": {"customer": {"data": {"type": "customers", "id": LENA}}},
    }


def customer(**attributes: Any) -> Customer:
    return Customer.model_validate({"id": LENA, "attributes": attributes})


def test_a_ticket_is_all_that_the_customer_wrote_oldest_first() -> None:
    found = MessagesAnswer.model_validate(
        {
            "data": [
                message(3, "I want my money back", subject=None),
                message(2, "How can I help?", direction="out"),
                message(4, "I am away", auto=True),
                message(1, "Hello", sentAt="2026-11-21T10:00:30"),
            ]
        }
    ).data
    ticket = to_ticket("64c0000000000000000000b2", found, customer(displayName="Lena"), "US")
    assert ticket.description == "Hello\n\nI want my money back"
    assert ticket.subject == "Refund"
    assert ticket.channel is Channel.EMAIL
    assert ticket.created_at == datetime(2026, 11, 21, 10, 0, 30, tzinfo=UTC)
    assert ticket.requester.name == "Lena"


@pytest.mark.parametrize(
    ("relations", "told"),
    [
        ([None, None], None),
        ([[], []], False),
        ([[], None], None),
        ([[{"type": "attachment", "id": "64c0000000000000000000f1"}], None], True),
    ],
)
def test_files_that_came_with_any_of_the_customers_messages_are_told_of(
    relations: list[list[dict[str, str]] | None], told: bool | None
) -> None:
    rows = [message(number, "It is broken") for number in (1, 2)]
    rows.append(message(3, "See our terms", direction="out"))
    files = [{"type": "attachment", "id": "64c0000000000000000000f2"}]
    for row, data in zip(rows, [*relations, files], strict=True):
        row["relationships"]["attachments"] = {"links": {"self": "/v1/x"}, "data": data}
    found = MessagesAnswer.model_validate({"data": rows}).data
    ticket = to_ticket("64c0000000000000000000b2", found, customer(displayName="Lena"), "US")
    assert ticket.has_attachments is told
    assert found[2].to_domain().has_attachments is True


def test_addresses_of_the_profile_identify_and_shared_ones_do_not() -> None:
    found = customer(
        emails=[{"email": "lena@example.com", "type": "home", "verified": False}, {"email": None}],
        phones=[{"phone": "0151 12345678", "verified": True}, {"phone": "call me"}],
        sharedEmails=[{"email": "office@example.com"}],
        sharedPhones=[{"phone": "+4930555010"}],
    ).to_requester("DE")
    assert [(one.value, one.is_verified) for one in found.emails] == [("lena@example.com", None)]
    assert [(one.value, one.is_verified) for one in found.phones] == [("+4915112345678", True)]


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("chat", Channel.CHAT),
        ("SMS", Channel.SMS),
        ("pigeon", Channel.UNKNOWN),
        ("", Channel.UNKNOWN),
    ],
)
def test_channels_are_named_and_unknown_ones_survive(name: str, channel: Channel) -> None:
    assert channel_of(name) is channel


@pytest.mark.parametrize(
    ("attributes", "role", "tier"),
    [
        ({"roles": ["org.user"]}, "agent", Tier.AGENT),
        ({"roles": ["org.admin", "org.user"]}, "admin", Tier.MANAGER),
        ({"roles": ["org.permission.conversation.update"]}, "agent", Tier.AGENT),
        ({"roles": ["org.permission.conversation.read"]}, "viewer", None),
        ({"roles": None}, "viewer", None),
        ({"roles": ["org.admin"], "userType": "machine"}, "machine", None),
    ],
)
def test_roles_become_a_default_tier(
    attributes: dict[str, Any], role: str, tier: Tier | None
) -> None:
    user = people.User.model_validate({"id": LENA, "attributes": attributes})
    agent = user.to_agent(("Leads",))
    assert (agent.role, agent.tier) == (role, tier)
    assert agent.groups == (() if role == "machine" else ("Leads",))
    assert agent.is_active


def test_somebody_who_was_removed_is_not_active() -> None:
    user = people.User.model_validate(
        {"id": LENA, "attributes": {"roles": ["org.user"], "deletedAt": "2026-11-01T00:00:00Z"}}
    )
    assert not user.to_agent(()).is_active


@pytest.mark.parametrize("is_on_user", [True, False])
def test_teams_are_known_from_either_side(is_on_user: bool) -> None:
    relations = {"teams": {"data": [{"type": "team", "id": "t-1"}]}} if is_on_user else {}
    user = people.User.model_validate({"id": LENA, "attributes": {}, "relationships": relations})
    members = [] if is_on_user else [LENA]
    teams = (
        people.Team.model_validate(
            {"id": "t-1", "attributes": {"name": "Leads", "members": members}}
        ),
        people.Team.model_validate({"id": "t-2", "attributes": {"name": "Others", "members": []}}),
    )
    assert people.teams_of(user, teams) == ("Leads",)


# --- attributes ---------------------------------------------------------------------------------


def test_only_what_is_to_change_is_written_under_the_orgs_own_names() -> None:
    values = fields.conversation_values(
        TicketFields(status=RefundStatus.ELIGIBLE, amount=Money.of("48.60", "EUR"))
    )
    assert fields.stored_as(
        values, {"status": "@mkgoodRefundStatusStr", "amount": "amountNum"}
    ) == {
        "@mkgoodRefundStatusStr": "Eligible",
        "amountNum": 48.6,
    }
    assert fields.conversation_values(TicketFields(reason=Reason.DAMAGED)) == {"reason": "Damaged"}
    assert fields.customer_values(CustomerFields()) == {}
    assert fields.customer_values(
        CustomerFields(refund_count=0, last_refund_on=date(2026, 11, 2))
    ) == {
        "refund_count": 0,
        "last_refund": "2026-11-02T00:00:00.000Z",
    }


@given(st.integers(min_value=0, max_value=10**14))
def test_an_amount_is_a_number_to_the_cent(cents: int) -> None:
    amount = Money.from_minor_units(cents, "EUR")
    written = fields.conversation_values(TicketFields(amount=amount))["amount"]
    assert Money.of(repr(written), "EUR") == amount if cents < 10**13 else True
    assert f"{written:.2f}" == format(amount.amount, "f")


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        ({"refundStatusStr": "Refund status"}, "refundStatusStr"),
        ({"@mkgoodRefundStatusStr": "Refund status"}, "@mkgoodRefundStatusStr"),
        ({"refundStatusStr": "Theirs", "@mkgoodRefundStatusStr": "x"}, "@mkgoodRefundStatusStr"),
        (
            {"@aaaRefundStatusStr": "Theirs", "@mkgoodRefundStatusStr": "Refund status"},
            "@mkgoodRefundStatusStr",
        ),
        ({"refundStatusStr": "Somebody else's"}, None),
        ({"otherStr": "Refund status"}, None),
    ],
)
def test_the_stored_name_is_found_prefixed_or_not(titles: dict[str, str], name: str | None) -> None:
    assert setup.stored_name(fields.CONVERSATION_ATTRIBUTES[0], titles) == name


# --- notes --------------------------------------------------------------------------------------


def test_a_note_is_plain_text_that_can_be_found_again() -> None:
    note = Note(
        headline="Eligible", facts=(("Amount", "48.60 EUR"),), bullets=("a",), footer="End."
    )
    text = note_text(note, "decision-1")
    assert text.startswith("Eligible\n\nAmount: 48.60 EUR\n\n• a\n\nEnd.\nRef. ")
    assert carries(text, "decision-1") and carries(f"{text} \n", "decision-1")
    assert not carries(text, "decision-2")


@given(st.text(max_size=300), st.integers(min_value=0, max_value=60))
def test_no_note_is_longer_than_kustomer_takes(text: str, times: int) -> None:
    note = Note(headline="Eligible", paragraphs=(text,) * times, footer="End.")
    written = note_text(note, "decision-1")
    assert len(written) <= MAX_CHARACTERS
    assert carries(written, "decision-1")
    assert not any(ord(one) < 32 and one not in "\t\n\r" for one in written)


# --- orders kept as objects ---------------------------------------------------------------------


def test_kept_orders_are_facts_in_words_newest_first() -> None:
    def made(number: int, **attributes: Any) -> KObject:
        return KObject.model_validate({"id": f"k-{number}", "attributes": attributes})

    found = kept_orders.to_orders(
        [
            made(1, title="Old", createdAt="2026-01-01T00:00:00Z"),
            made(
                2,
                title="New",
                createdAt="2026-11-01T00:00:00Z",
                custom={"@shopOrderTotalNum": 18.5, "shippedAt": "2026-11-03T09:00:00Z"},
                data={
                    "lines": [1, 2],
                    "address": {"city": "Bonn", "deep": {"x": 1}},
                    "paid": True,
                    "gone": None,
                },
            ),
            made(3, externalId="77"),
        ]
    )
    assert [one.title for one in found] == ["New", "Old", "77"]
    assert dict(found[0].facts) == {
        "Shop order total": "18.5",
        "Shipped": "2026-11-03",
        "Lines": "2",
        "Address, city": "Bonn",
        "Paid": "yes",
    }


def test_a_hostile_object_is_bounded() -> None:
    data = {f"field{number}": "x" * 5000 for number in range(500)}
    [found] = kept_orders.to_orders(
        [KObject.model_validate({"id": "k", "attributes": {"data": data}})]
    )
    assert len(found.facts) <= kept_orders.MAX_FACTS
    assert all(len(value) <= kept_orders.MAX_TEXT for _, value in found.facts)


# --- what goes into addresses -------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile", ["", "../x", "a" * 23, "a" * 25, "é" * 24, "64c0/0000000000000000000", "a\n"]
)
def test_an_id_that_is_none_goes_into_no_address(hostile: str) -> None:
    with pytest.raises(NotFound):
        record_id(hostile)


@pytest.mark.parametrize("hostile", ["", "..", "../x", "a/b", "a b", "a?b", ".hidden", "a" * 201])
def test_a_name_that_is_none_goes_into_no_address(hostile: str) -> None:
    with pytest.raises(NotFound):
        path_name(hostile)


def test_a_value_in_a_path_is_encoded() -> None:
    assert path_value("a+b@example.com/../x") == "a%2Bb%40example.com%2F..%2Fx"


@pytest.mark.parametrize("org", ["acme.evil.example", "acme/", "", "-a", "a" * 64, "ACME", None])
def test_an_org_that_is_no_label_gets_no_key(org: Any) -> None:
    with pytest.raises(ConfigurationError):
        org_name(org)


def test_an_orgs_address_is_https_or_this_machine() -> None:
    template = "https://{org}.api.kustomerapp.com"
    assert address(template, "acme") == "https://acme.api.kustomerapp.com"
    assert address("http://127.0.0.1:9/", "acme") == "http://127.0.0.1:9"
    with pytest.raises(ConfigurationError):
        address("http://{org}.api.kustomerapp.com", "acme")


def test_commands_are_looked_for_by_every_documented_form() -> None:
    assert possible_names("makegood", "64c0", "look") == (
        "kustomer.app.makegood_64c0.look",
        "kustomer.app.makegood.look",
        "makegood_64c0.app.look",
        "makegood.app.look",
    )
