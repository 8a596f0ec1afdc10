"""Bonuses on store credit at Shopify: sent once, and found again without a mark on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.bonus import Bonus, BonusState
from app.domain.errors import AccessDenied, NotFound, OutcomeUnknown, RateLimited, Rejected
from app.domain.money import Money
from integrations.sandbox.shopify.store_credit import add_credit, all_credits
from tests.support.store_bench import ShopifyBench

SCOPES = ("write_orders", "read_customers", "read_products", "read_returns", "read_locations")


@pytest.fixture
def intent(bench: ShopifyBench) -> Callable[..., Bonus]:
    """A bonus for the customer of a plain order; all but sent."""

    def make(amount: str = "3.84", **changes: Any) -> Bonus:
        order_id = bench.sell("plain")
        customer = bench.shop.orders[order_id].customer
        assert customer is not None
        bonus = Bonus(
            id="bonus_1",
            account_id="account_1",
            refund_id="refund_1",
            case_id="case_1",
            ticket_id="4711",
            store_id="store_1",
            order_id=order_id,
            order_name="#1001",
            customer_id=customer.id,
            amount=Money.of(amount, "EUR"),
            state=BonusState.SENDING,
            created_at=datetime.now(UTC),
        )
        stored = bench.store().prepare_credit(bonus)
        return bonus.model_copy(update={"store_input": stored, **changes})

    return make


def given(bench: ShopifyBench) -> list[Decimal]:
    """The sandbox's own books."""
    return [one.amount for one in all_credits(bench.shop)]


def test_a_bonus_is_given_found_and_read(bench: ShopifyBench, intent: Callable[..., Bonus]) -> None:
    bonus = intent()
    assert bench.store().find_credits(bonus) == ()
    credit = bench.store().send_credit(bonus)
    assert credit.amount == bonus.amount
    assert given(bench) == [Decimal("3.84")]
    assert [one.id for one in bench.store().find_credits(bonus)] == [credit.id]
    assert bench.store().read_credit(credit.id) == credit
    with pytest.raises(NotFound):
        bench.store().read_credit(credit.id + "9")


def test_what_was_there_before_or_is_something_else_isnt_it(
    bench: ShopifyBench, intent: Callable[..., Bonus]
) -> None:
    order = bench.shop.orders[bench.sell("plain")]
    assert order.customer is not None
    before = add_credit(bench.shop, order.customer, Decimal("3.84"), "EUR", "ADJUSTMENT")
    bonus = intent()
    owner = bench.shop.customers[bonus.customer_id]
    assert before in owner.store_credit[0].transactions
    add_credit(bench.shop, owner, Decimal("3.84"), "EUR", "ORDER_REFUND")
    add_credit(bench.shop, owner, Decimal("3.85"), "EUR", "ADJUSTMENT")
    add_credit(bench.shop, owner, Decimal("3.84"), "USD", "ADJUSTMENT")
    assert bench.store().find_credits(bonus) == ()
    arrived = add_credit(bench.shop, owner, Decimal("3.84"), "EUR", "ADJUSTMENT")
    assert [one.id for one in bench.store().find_credits(bonus)] == [arrived.id]


@pytest.mark.parametrize(
    ("kind", "arrives"),
    [("disconnect_after", True), ("malformed", True), ("disconnect_before", False)],
)
def test_a_lost_answer_is_unknown_and_the_account_tells(
    bench: ShopifyBench, intent: Callable[..., Bonus], kind: str, arrives: bool
) -> None:
    bonus = intent()
    bench.fault("StoreCreditCredit", kind)
    with pytest.raises(OutcomeUnknown):
        bench.store().send_credit(bonus)
    assert len(given(bench)) == int(arrives)
    assert len(bench.store().find_credits(bonus)) == int(arrives)


@pytest.mark.parametrize(("kind", "error"), [("throttled", RateLimited), ("http_429", RateLimited)])
def test_a_refused_call_rate_gives_nothing(
    bench: ShopifyBench, intent: Callable[..., Bonus], kind: str, error: type[Exception]
) -> None:
    bonus = intent()
    bench.fault("StoreCreditCredit", kind)
    with pytest.raises(error):
        bench.store().send_credit(bonus)
    assert given(bench) == []


def test_a_customer_who_is_gone_is_refused(
    bench: ShopifyBench, intent: Callable[..., Bonus]
) -> None:
    bonus = intent()
    bench.shop.customers.clear()
    with pytest.raises(Rejected, match="Owner does not exist"):
        bench.store().send_credit(bonus)
    with pytest.raises(NotFound):
        bench.store().prepare_credit(bonus)


@pytest.mark.parametrize("change", ["bonus", "customer", "amount", "json"])
def test_input_of_another_bonus_is_never_sent(
    bench: ShopifyBench, intent: Callable[..., Bonus], change: str
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "bonus": {"id": "bonus_2"},
        "customer": {"customer_id": "gid://shopify/Customer/1"},
        "amount": {"amount": Money.of("38.40", "EUR")},
        "json": {"store_input": "{}"},
    }
    wrong = intent().model_copy(update=changes[change])
    before = bench.count("StoreCreditCredit")
    with pytest.raises(Rejected, match="Not sent"):
        bench.store().send_credit(wrong)
    assert bench.count("StoreCreditCredit") == before
    assert given(bench) == []


def test_the_input_has_the_amount_and_nothing_that_is_not_in_the_contract(
    intent: Callable[..., Bonus],
) -> None:
    stored = json.loads(intent().store_input or "")
    assert stored["variables"]["creditInput"] == {
        "creditAmount": {"amount": "3.84", "currencyCode": "EUR"}
    }
    assert stored["before"] == []


def test_without_the_permission_a_bonus_is_neither_promised_nor_given(
    bench: ShopifyBench, intent: Callable[..., Bonus]
) -> None:
    bonus = intent()
    assert bench.store().read_order(bonus.order_id).can_give_bonus
    bench.use_scopes(*SCOPES)
    with pytest.raises(AccessDenied, match="store_credit"):
        bench.store().send_credit(bonus)
    assert given(bench) == []
    bench.remember_scopes(*SCOPES)
    order = bench.store().read_order(bonus.order_id)
    assert (order.can_store_credit, order.can_give_bonus) == (True, False)
