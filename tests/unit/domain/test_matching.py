"""Matching: only the requester's own order, only when it is unmistakable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.matching import (
    Candidate,
    FoundBy,
    Lookup,
    MatchOutcome,
    OrderQuery,
    match_order,
    query_for,
)
from app.domain.money import Money
from app.domain.order import OrderSummary
from app.domain.ticket import Contact, Requester
from tests.strategies import NOW

OWN, OTHER = "ida@example.com", "mallory@example.com"


def summary(name: str, email: str | None = OWN, **changes: Any) -> OrderSummary:
    values: dict[str, Any] = {
        "store_id": "store-1",
        "order_id": f"id-of-{name}",
        "name": name,
        "created_at": NOW - timedelta(days=len(name)),
        "total": Money.of("10", "EUR"),
        "refunded": Money.zero("EUR"),
        "email": email,
    }
    return OrderSummary(**{**values, **changes})


def found(*orders: OrderSummary, by: FoundBy = FoundBy.ORDER_NUMBER, **changes: Any) -> Lookup:
    candidates = tuple(Candidate(order=order, found_by=by) for order in orders)
    return Lookup(store_id="store-1", candidates=candidates, **changes)


def asking(*names: str) -> OrderQuery:
    return OrderQuery(emails=(OWN,), order_names=names)


@pytest.mark.parametrize(
    ("names", "lookup", "outcome", "chosen"),
    [
        ((), found(summary("#1001")), "matched", "#1001"),
        (("1001",), found(summary("#1001"), summary("#1002")), "matched", "#1001"),
        (("1001",), found(summary("EN1001"), summary("EN1002")), "matched", "EN1001"),
        (("en1001",), found(summary("#EN1001"), summary("#EN1002")), "matched", "#EN1001"),
        (("EN1001",), found(summary("1001"), summary("1002")), "matched", "1001"),
        (("000000123",), found(summary("000000123"), summary("000000124")), "matched", "000000123"),
        (("DE-2231",), found(summary("SO-2231"), summary("SO-2232")), "choose", None),
        (("DE-2231",), found(summary("SO-2231")), "choose", None),
        (("2231",), found(summary("SO-2231"), summary("DE-2231")), "choose", None),
        (("1001", "1002"), found(summary("#1001"), summary("#1002")), "choose", None),
        (("1001", "EN1002"), found(summary("EN1001"), summary("EN1002")), "choose", None),
        (("1009",), found(summary("#1001")), "choose", None),
        ((), found(summary("#1001"), summary("#1002")), "choose", None),
        ((), found(summary("#1001"), has_more=True), "choose", None),
        ((), found(), "none", None),
        (("1001",), found(), "none", None),
        (("1001",), found(summary("#1001", OTHER)), "none", None),
        (("1001",), found(summary("#1001", OTHER), summary("#1005")), "choose", None),
        ((), found(problems=("The search was refused",)), "unavailable", None),
        ((), found(summary("#1001"), problems=("Filter ignored",)), "choose", None),
        (("1001",), found(summary("#1001"), problems=("Filter ignored",)), "matched", "#1001"),
    ],
)
def test_outcomes(names: tuple[str, ...], lookup: Lookup, outcome: str, chosen: str | None) -> None:
    match = match_order(asking(*names), [lookup])
    assert match.outcome == outcome
    assert (match.order.name if match.order else None) == chosen
    assert match.explanation


def test_the_same_number_in_two_stores_is_left_to_a_person() -> None:
    lookups = [
        found(summary("#1001")),
        found(summary("#1001", store_id="store-2", order_id="other")),
    ]
    assert match_order(asking("1001"), lookups).outcome is MatchOutcome.CHOOSE


def test_one_order_found_twice_is_one_order() -> None:
    order = summary("#1001", None)
    lookups = [found(order), found(order, by=FoundBy.EMAIL)]
    match = match_order(asking("1001"), lookups)
    assert match.outcome is MatchOutcome.MATCHED
    assert match.candidates == (order,)


@pytest.mark.parametrize(
    ("order", "by", "is_own"),
    [
        (summary("#1001", OTHER), FoundBy.ORDER_NUMBER, False),
        (summary("#1001", None), FoundBy.ORDER_NUMBER, False),
        (summary("#1001", None), FoundBy.ORDER_EMAIL, False),
        (summary("#1001", " IDA@example.com "), FoundBy.ORDER_NUMBER, True),
        (summary("#1001", None, phone="+4930123456"), FoundBy.ORDER_NUMBER, True),
        (summary("#1001", None, phone="+4930999999"), FoundBy.ORDER_NUMBER, False),
        (summary("#1001", None), FoundBy.EMAIL, True),
        (summary("#1001", None), FoundBy.PHONE, True),
    ],
)
def test_whose_an_order_is(order: OrderSummary, by: FoundBy, is_own: bool) -> None:
    query = OrderQuery(emails=(OWN,), phones=("+4930123456",), order_names=("1001",))
    match = match_order(query, [found(order, by=by)])
    assert (match.outcome is MatchOutcome.MATCHED) == is_own
    assert bool(match.candidates) == is_own


@given(
    st.lists(st.integers(1000, 1030), unique=True, max_size=5),
    st.lists(st.integers(1000, 1030), unique=True, min_size=1, max_size=5),
    st.lists(st.integers(1000, 1030), unique=True, max_size=3),
    st.sampled_from(["EN{}", "#{}", "SO-{}"]),
)
def test_a_strangers_order_is_never_shown(
    own: list[int], strangers: list[int], named: list[int], form: str
) -> None:
    mine = [summary(form.format(n)) for n in own if n not in strangers]
    theirs = [summary(f"X{n}X", OTHER, order_id=f"secret-{n}") for n in strangers]
    match = match_order(asking(*map(str, named)), [found(*theirs, *mine)])
    shown = match.to_json()
    assert "secret-" not in shown
    assert OTHER not in shown
    assert not any(order.name in shown for order in theirs)
    assert set(match.candidates) <= set(mine) if mine else not match.candidates
    if match.outcome is MatchOutcome.MATCHED:
        assert match.order in mine


def test_unverified_addresses_prove_nothing_and_arent_searched() -> None:
    requester = Requester(
        id="r",
        emails=(
            Contact(value=" Ida@Example.com ", is_verified=True),
            Contact(value=OTHER, is_verified=False),
            Contact(value="old@example.com"),
            Contact(value="ida@example.com"),
        ),
        phones=(Contact(value="+4930123456", is_verified=False),),
    )
    query = query_for(requester, ("1001", "1001"))
    assert query.emails == (OWN, "old@example.com")
    assert query.phones == ()
    assert query.order_names == ("1001",)
    match = match_order(query, [found(summary("#1001", OTHER))])
    assert match.outcome is MatchOutcome.NONE


def test_what_was_tried_repeats_nobodys_address() -> None:
    query = OrderQuery(emails=(OWN, "b@example.com"), phones=("+4930123456",), order_names=("7",))
    tried = " ".join(match_order(query, []).tried)
    assert "e-mail addresses (2)" in tried and "phone number" in tried and "order #7" in tried
    assert "@" not in tried and "+49" not in tried
