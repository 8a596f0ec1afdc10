"""What is searched for, and what of the answer is believed."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.matching import FoundBy, Lookup, OrderQuery
from integrations.stores.shopify.answers import Answer, GraphQLError, SearchWarning
from integrations.stores.shopify.lookup import email_query, name_query, plan_lookup, read_lookup
from tests.unit.shopify.answers import bag, page

IDA = "ida@example.com"

ATTACKS = [
    "",
    " ",
    "*",
    "1001*",
    "1001 OR 1002",
    "name:1001",
    "1001\n",
    "10\x0001",
    '1001"',
    "1001'",
    "(1001)",
    "1001\\",
    "-1001",
    "##1001",
    "<1001",
    "1001:",
    "\u0661\u0660\u0660\u0661",
    "\u2116" + "1001",
    "a" * 33,
]


@pytest.mark.parametrize("text", ATTACKS)
def test_no_operator_reaches_the_search_as_a_name(text: str) -> None:
    assert name_query(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *ATTACKS,
        "*@example.com",
        "a b@example.com",
        "a@b@c",
        "@b.co",
        'a"@example.com',
        "a@exa mple.com",
        "a@example.com\n",
    ],
)
def test_no_operator_reaches_the_search_as_an_address(text: str) -> None:
    assert email_query(text) is None


@pytest.mark.parametrize("text", ["1001", "#1001", "EN1001", "1001-A", "2024.1001_b"])
def test_ordinary_names_are_searched_with_and_without_the_sign(text: str) -> None:
    bare = text.removeprefix("#")
    assert name_query(text) == f"name:#{bare} OR name:{bare}"


def test_addresses_are_quoted() -> None:
    assert email_query("ida+shop@example.com") == 'email:"ida+shop@example.com"'


def test_only_what_is_asked_is_switched_on() -> None:
    plan = plan_lookup(OrderQuery(emails=(IDA,), order_names=("#1001",)))
    assert plan.variables == {
        "withEmail1": True,
        "email1": IDA,
        "emailQuery1": 'email:"ida@example.com"',
        "withName1": True,
        "nameQuery1": "name:#1001 OR name:1001",
    }
    assert plan.cost == 36
    assert plan.problems == []


def test_what_cant_be_asked_is_told() -> None:
    query = OrderQuery(
        emails=tuple(f"ida{n}@example.com" for n in range(5)),
        phones=("030 1234",),
        order_names=("1001 OR 1",),
    )
    assert plan_lookup(query).problems == [
        "only 4 of 5 e-mail addresses were looked up",
        "some order numbers have a form that the store can't be searched for",
    ]
    assert plan_lookup(OrderQuery(phones=("030 1234",))).problems == [
        "some phone numbers have a form that the store can't be searched for"
    ]


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#100{number}",
        "email": IDA,
        "phone": None,
        "createdAt": "2026-10-27T09:00:00Z",
        "cancelledAt": None,
        "test": False,
        "displayFinancialStatus": "PAID",
        "customer": None,
        "totalPriceSet": bag("28.9"),
        "totalRefundedSet": bag("0.0"),
        **changes,
    }


def customer(*orders: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/Customer/1",
        "defaultEmailAddress": {"emailAddress": "Ida@Example.com"},
        "defaultPhoneNumber": {"phoneNumber": "+4930555010"},
        "numberOfOrders": str(len(orders)),
        "orders": page(*orders),
        **changes,
    }


QUERY = OrderQuery(emails=(IDA,), phones=("+4930555010",), order_names=("1001",))


def believe(
    data: dict[str, Any],
    *errors: GraphQLError,
    warned: tuple[str, ...] = (),
    scopes: frozenset[str] | None = None,
) -> Lookup:
    warnings = {alias: (SearchWarning("email", "invalid_field"),) for alias in warned}
    answer = Answer(data=data, errors=errors, search_warnings=warnings)
    return read_lookup(plan_lookup(QUERY), answer, store_id="store_1", scopes=scopes)


def ways(lookup: Lookup) -> dict[str, FoundBy]:
    return {one.order.name: one.found_by for one in lookup.candidates}


def test_an_order_found_twice_is_listed_once_by_the_surest_way() -> None:
    data = {
        "ordersByName1": page(row()),
        "ordersByEmail1": page(row(), row(2)),
        "customerByPhone1": customer(row(2)),
        "customerByEmail1": customer(row()),
    }
    assert ways(believe(data)) == {"#1001": FoundBy.EMAIL, "#1002": FoundBy.PHONE}


def test_another_customer_than_asked_for_is_not_believed() -> None:
    stranger = customer(row(), defaultEmailAddress={"emailAddress": "kim@example.com"})
    lookup = believe({"customerByEmail1": stranger})
    assert lookup.candidates == ()
    assert lookup.problems == ("the store answered with another customer than the one asked for",)
    other_phone = customer(row(), defaultPhoneNumber={"phoneNumber": "+4930555011"})
    assert believe({"customerByPhone1": other_phone}).candidates == ()


def test_a_hidden_address_of_an_exact_lookup_is_believed() -> None:
    hidden = customer(row(email=None), defaultEmailAddress=None)
    assert ways(believe({"customerByEmail1": hidden})) == {"#1001": FoundBy.EMAIL}


def test_orders_of_another_address_or_name_are_dropped() -> None:
    data = {
        "ordersByEmail1": page(row(email="kim@example.com"), row(2, email="IDA@example.com")),
        "ordersByName1": page(row(3, name="#10011"), row(4, name="1001")),
    }
    assert ways(believe(data)) == {"#1002": FoundBy.ORDER_EMAIL, "1001": FoundBy.ORDER_NUMBER}


def test_orders_whose_address_is_hidden_prove_nothing() -> None:
    lookup = believe({"ordersByEmail1": page(row(email=None))})
    assert lookup.candidates == ()
    assert lookup.problems == ("orders' e-mail addresses may not be read in this store",)


@pytest.mark.parametrize("warned", [("ordersByEmail1",), ("",)])
def test_an_ignored_filter_spoils_its_list(warned: tuple[str, ...]) -> None:
    lookup = believe({"ordersByEmail1": page(row())}, warned=warned)
    assert lookup.candidates == ()
    assert "ignored a search filter" in lookup.problems[0]


def test_what_was_denied_is_told() -> None:
    denied = GraphQLError(
        message="m", path=("customerByEmail1",), extensions={"code": "ACCESS_DENIED"}
    )
    lookup = believe({"customerByEmail1": None, "ordersByEmail1": page()}, denied)
    assert lookup.problems == ("customers may not be read in this store",)


@pytest.mark.parametrize(
    "data",
    [
        {"customerByEmail1": customer(row(), numberOfOrders="2")},
        {"customerByEmail1": customer(row(), orders=page(row(), more=True))},
        {"ordersByEmail1": page(row(), more=True)},
        {"ordersByName1": page(row(2), more=True)},
    ],
)
def test_more_orders_than_were_listed_are_admitted(data: dict[str, Any]) -> None:
    assert believe(data).has_more


def test_a_crowd_of_similar_names_doesnt_hide_the_exact_one() -> None:
    assert believe({"ordersByName1": page(row(), more=True)}).has_more is False


def test_nothing_found_isnt_proof_while_old_orders_are_hidden() -> None:
    scopes = frozenset({"read_orders"})
    assert believe({}, scopes=scopes).problems == (
        "orders older than 60 days are hidden from Makegood in this store",
    )
    assert believe({}, scopes=scopes | {"read_all_orders"}).problems == ()
    assert believe({"ordersByEmail1": page(row())}, scopes=scopes).problems == ()
