"""What of a ticket reaches the shop's search, and what of its answer is believed."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.matching import FoundBy, MatchOutcome, OrderQuery, match_order
from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.connect import learn_numbers
from integrations.stores.magento.lookup import (
    MAX_FORMS,
    is_cut_short,
    plan_lookup,
    read_lookup,
    search,
    written_forms,
)
from integrations.stores.magento.payloads import Found, OrderRow
from tests.unit.magento.answers import CONFIG

GERMAN = CONFIG.model_copy(update={"order_number_prefixes": ("DE-",), "order_number_digits": 9})


def page(*rows: dict[str, Any], total: int | None = None) -> Found[OrderRow]:
    base = {"created_at": "2026-11-21 23:20:14", "order_currency_code": "EUR", "state": "complete"}
    return Found[OrderRow].model_validate(
        {"items": [{**base, **row} for row in rows], "total_count": total or len(rows)}
    )


@pytest.mark.parametrize(
    ("written", "config", "shop"),
    [
        ("123", CONFIG, "000000123"),
        ("#123", CONFIG, "000000123"),
        ("000000123", CONFIG, "000000123"),
        ("0123", CONFIG, "000000123"),
        ("2000000001", CONFIG, "2000000001"),
        ("DE-2231", CONFIG, "DE-2231"),
        ("de-2231", CONFIG, "DE-2231"),
        ("2231", GERMAN, "DE-000002231"),
        ("2231", GERMAN, "DE-2231"),
    ],
)
def test_numbers_are_looked_for_in_the_ways_a_shop_writes_them(
    written: str, config: MagentoConfig, shop: str
) -> None:
    assert shop in written_forms(written, config)


def test_a_list_never_gets_too_long() -> None:
    config = CONFIG.model_copy(update={"order_number_prefixes": ("A-", "B-", "C-", "D-")})
    plan = plan_lookup(OrderQuery(order_names=("1", "22", "333", "4444", "5")), config)
    assert len(plan.numbers) == MAX_FORMS
    assert "only 4 of 5 order numbers were looked up" in plan.problems


@pytest.mark.parametrize(
    "text", ["1,2", "1 OR 1", "%", "1%", "a'b", "1;2", "", "#", "-1", "\uff11", "x" * 40, "1\n2"]
)
def test_what_could_mean_more_than_a_number_is_never_searched(text: str) -> None:
    plan = plan_lookup(OrderQuery(order_names=(text,)), CONFIG)
    assert plan.numbers == []
    assert plan.problems


@pytest.mark.parametrize("mail", ["a,b@example.com", "%@example.com", "a b@example.com", "@", "a@"])
def test_what_could_mean_more_than_an_address_is_never_searched(mail: str) -> None:
    assert plan_lookup(OrderQuery(emails=(mail,)), CONFIG).emails == []


def test_one_search_asks_for_addresses_or_numbers() -> None:
    query = dict(search(["ida@example.com"], ["123", "000000123"]))
    head = "searchCriteria[filter_groups][0][filters]"
    assert query[f"{head}[0][field]"] == "customer_email"
    assert query[f"{head}[1][field]"] == "increment_id"
    assert query[f"{head}[1][value]"] == "123,000000123"
    assert {query[f"{head}[{n}][condition_type]"] for n in (0, 1)} == {"in"}


def test_phones_are_only_a_problem_when_there_is_nothing_better() -> None:
    assert plan_lookup(OrderQuery(phones=("+491",)), CONFIG).problems
    assert not plan_lookup(OrderQuery(phones=("+491",), emails=("i@example.com",)), CONFIG).problems


def test_rows_that_carry_nothing_that_was_asked_are_left_out() -> None:
    plan = plan_lookup(OrderQuery(emails=("ida@example.com",), order_names=("12",)), CONFIG)
    rows = page(
        {"entity_id": 1, "increment_id": "000000012", "customer_email": "kim@example.com"},
        {"entity_id": 2, "increment_id": "000000007", "customer_email": "Ida@Example.com"},
        {"entity_id": 3, "increment_id": "000000008", "customer_email": "ida@example.com",
         "customer_id": 5},
        {"entity_id": 4, "increment_id": "000000120", "customer_email": "kim@example.com"},
    )  # fmt: skip
    found = read_lookup(plan, [rows], store_id="s", has_more=False)
    assert {one.order.order_id: one.found_by for one in found.candidates} == {
        "1": FoundBy.ORDER_NUMBER,
        "2": FoundBy.ORDER_EMAIL,
        "3": FoundBy.EMAIL,
    }
    query = OrderQuery(emails=("ida@example.com",), order_names=("12",))
    assert match_order(query, [found]).outcome is MatchOutcome.CHOOSE


def test_a_number_without_its_zeros_matches_the_requesters_own_order() -> None:
    query = OrderQuery(emails=("ida@example.com",), order_names=("12",))
    rows = page(
        {"entity_id": 1, "increment_id": "000000012", "customer_email": "ida@example.com"},
        {"entity_id": 2, "increment_id": "000000013", "customer_email": "ida@example.com"},
    )
    found = read_lookup(plan_lookup(query, CONFIG), [rows], store_id="s", has_more=False)
    match = match_order(query, [found])
    assert match.order is not None
    assert match.order.name == "000000012"


def test_a_named_order_that_didnt_fit_is_asked_for_again() -> None:
    plan = plan_lookup(OrderQuery(emails=("ida@example.com",), order_names=("12",)), CONFIG)
    other = {"entity_id": 2, "increment_id": "000000013", "customer_email": "ida@example.com"}
    named = {"entity_id": 1, "increment_id": "000000012", "customer_email": "ida@example.com"}
    assert is_cut_short(plan, page(other, total=30))
    assert not is_cut_short(plan, page(other))
    assert not is_cut_short(plan, page(named, total=30))


@pytest.mark.parametrize(
    ("numbers", "learned"),
    [
        ([], ([], 9)),
        (["000000001", "000000002", "2000000001"], ([], 9)),
        (["DE-2231", "DE-2232", "AT-0001"], (["DE-", "AT-"], 4)),
    ],
)
def test_a_shops_numbering_is_learned(numbers: list[str], learned: tuple[list[str], int]) -> None:
    assert learn_numbers(numbers) == learned
