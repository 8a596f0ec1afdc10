"""Rounding, splitting and suggested refunds, to the cent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.sandbox.shopify import Clock, Shop, ShopifySandbox, totals
from integrations.sandbox.shopify.builder import build_order
from integrations.sandbox.shopify.model import Order
from integrations.sandbox.shopify.money import ZERO, loose, round_half_up, spread, units_amount
from integrations.sandbox.shopify.refunds import Refusal, create_refund
from integrations.sandbox.shopify.spec import BadSpec
from integrations.sandbox.shopify.suggestions import LineChoice, suggest
from tests.sandbox.shopify.client import Client, payout, presentment
from tests.sandbox.shopify.conftest import NOW

MakeOrder = Callable[..., Order]

amounts = st.decimals(min_value=0, max_value=500, places=2)
lines = st.builds(
    lambda price, quantity, discounted, rate: {
        "price": str(price),
        "quantity": quantity,
        "discount": str((price * quantity * discounted / 100).quantize(Decimal("0.01"))),
        "tax_rate": rate,
    },
    price=amounts,
    quantity=st.integers(1, 7),
    discounted=st.integers(0, 90),
    rate=st.sampled_from(["0", "0.07", "0.19", "0.0825"]),
)
orders = st.builds(
    lambda line_items, shipping, included, cart: {
        "line_items": line_items,
        "shipping": {"price": str(shipping), "tax_rate": "0.19"},
        "taxes_included": included,
        "order_discount": str(
            min(cart, sum((Decimal(x["price"]) * x["quantity"] - Decimal(x["discount"])
                           for x in line_items), ZERO))
        ),
    },
    line_items=st.lists(lines, min_size=1, max_size=4),
    shipping=amounts,
    included=st.booleans(),
    cart=amounts,
)  # fmt: skip


def new_shop() -> Shop:
    return ShopifySandbox(clock=Clock(NOW)).add_shop("demo")


def refund_input(order: Order, choices: list[LineChoice], suggestion: Any) -> dict[str, Any]:
    return {
        "orderId": order.id,
        "currency": order.currency,
        "refundLineItems": [
            {"lineItemId": c.line_item_id, "quantity": c.quantity, "restockType": "NO_RESTOCK"}
            for c in choices
        ],
        "shipping": {"amount": suggestion.shipping},
        "transactions": [
            payout(order, part.amount, order.transactions.index(part.payment))
            for part in suggestion.transactions
            if part.amount
        ],
    }


@pytest.mark.parametrize(
    ("amount", "text"),
    [("15.00", "15.0"), ("7.10", "7.1"), ("0", "0.0"), ("1000", "1000.0"), ("0.05", "0.05"),
     ("-3.50", "-3.5"), ("1E+3", "1000.0")],
)  # fmt: skip
def test_amounts_are_written_loosely(amount: str, text: str) -> None:
    assert loose(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("1.005", "EUR", "1.01"), ("1.5", "JPY", "2"), ("1.0005", "KWD", "1.001")],
)
def test_half_goes_up_at_the_currencys_precision(amount: str, currency: str, rounded: str) -> None:
    assert round_half_up(Decimal(amount), currency) == Decimal(rounded)


@given(amounts, st.lists(amounts, min_size=1, max_size=6))
def test_spread_parts_sum_to_the_total(total: Decimal, weights: list[Decimal]) -> None:
    parts = spread(total, weights, "EUR")
    assert sum(parts) == (total if sum(weights) else 0)
    assert all(part >= 0 for part in parts)


@given(amounts, st.integers(1, 12), st.data())
def test_units_refunded_in_any_steps_sum_to_the_line(
    total: Decimal, quantity: int, data: st.DataObject
) -> None:
    taken, paid = 0, ZERO
    while taken < quantity:
        units = data.draw(st.integers(1, quantity - taken))
        part = units_amount(total, taken, units, quantity, "EUR")
        assert part >= 0
        taken, paid = taken + units, paid + part
    assert paid == total


@settings(max_examples=150, deadline=None)
@given(orders, st.data())
def test_partial_refunds_sum_to_what_was_paid(spec: dict[str, Any], data: st.DataObject) -> None:
    shop = new_shop()
    order = build_order(shop, spec)
    paid = totals.received(order)
    assert paid == totals.total_price(order)
    rounds = 0
    while any(item.refundable_quantity for item in order.line_items):
        rounds += 1
        choices = [
            LineChoice(item.id, data.draw(st.integers(1, item.refundable_quantity)))
            for item in order.line_items
            if item.refundable_quantity and (rounds > 3 or data.draw(st.booleans()))
        ]
        shipping_left = totals.shipping_price(order) - totals.refunded_shipping(order)
        cents = data.draw(st.integers(0, int(shipping_left * 100)))
        suggestion = suggest(shop, order, lines=choices, shipping_amount=Decimal(cents) / 100)
        assert suggestion.amount <= suggestion.maximum == totals.net_payment(order)
        assert sum((p.amount for p in suggestion.transactions), ZERO) == suggestion.amount
        if choices and suggestion.amount:
            create_refund(shop, refund_input(order, choices, suggestion), all_orders=True)
        else:
            for choice in choices:  # worth nothing: taken off without a payment
                item = order.line(choice.line_item_id)
                assert item is not None
                item.refunded_quantity += choice.quantity
    rest = suggest(shop, order, full=True, refund_shipping=True)
    if rest.amount:
        create_refund(shop, refund_input(order, [], rest), all_orders=True)
    assert totals.refunded(order) == paid
    assert totals.net_payment(order) == 0


@settings(max_examples=100, deadline=None)
@given(orders, st.lists(st.decimals(min_value="0.01", max_value=900, places=2), max_size=8))
def test_never_more_than_the_net_payment(spec: dict[str, Any], asked: list[Decimal]) -> None:
    shop = new_shop()
    order = build_order(shop, spec)
    for amount in asked:
        before = totals.refunded(order)
        values = {"orderId": order.id, "transactions": [payout(order, str(amount))]}
        if amount > totals.net_payment(order):
            with pytest.raises(Refusal, match="greater than net payment received"):
                create_refund(shop, values, all_orders=True)
            assert totals.refunded(order) == before
        else:
            create_refund(shop, values, all_orders=True)
            assert totals.refunded(order) == before + amount
    assert ZERO <= totals.net_payment(order) <= totals.received(order)


def test_full_suggestion_of_an_order_with_tax_added(client: Client, make_order: MakeOrder) -> None:
    order = make_order(taxes_included=False)
    suggestion = client.suggest(order, full=True, shipping=True)
    # 36.00 + 6.84 tax + 4.90 shipping + 0.93 tax on it
    assert presentment(suggestion["amountSet"]) == Decimal("48.67")
    assert presentment(suggestion["totalTaxSet"]) == Decimal("7.77")


def test_prices_with_tax_do_not_add_it_again(client: Client, make_order: MakeOrder) -> None:
    suggestion = client.suggest(make_order(), full=True, shipping=True)
    assert presentment(suggestion["amountSet"]) == Decimal("40.90")
    assert presentment(suggestion["shipping"]["taxSet"]) == Decimal("0.78")


def test_gift_card_is_suggested_first(client: Client, make_order: MakeOrder) -> None:
    order = make_order(
        transactions=[
            {"amount": "30.90", "gateway": "shopify_payments"},
            {"amount": "10.00", "gateway": "gift_card"},
        ]
    )
    lines = [{"lineItemId": order.line_items[0].id, "quantity": 1}]
    suggested = client.suggest(order, lines=lines)["suggestedTransactions"]
    assert [(t["gateway"], presentment(t["amountSet"])) for t in suggested] == [
        ("gift_card", Decimal("10.00")),
        ("shopify_payments", Decimal("2.00")),
    ]
    assert suggested[0]["parentTransaction"]["id"] == order.transactions[1].id


def test_store_credit_suggestion_names_no_payment(client: Client, make_order: MakeOrder) -> None:
    suggestion = client.suggest(make_order(), full=True, allocation="STORE_CREDIT")
    assert suggestion["suggestedTransactions"] == []
    (method,) = suggestion["suggestedRefundMethods"]
    assert method["__typename"] == "SuggestedStoreCreditRefund"
    assert presentment(method["amount"]) == Decimal("36.00")


def test_both_currencies(client: Client, make_order: MakeOrder) -> None:
    order = make_order(currency="USD", rate="1.42", line_items=[{"price": "5.00"}], shipping=None)
    amount = client.suggest(order, full=True)["amountSet"]
    assert amount["presentmentMoney"] == {"amount": "5.0", "currencyCode": "USD"}
    assert amount["shopMoney"] == {"amount": "7.1", "currencyCode": "EUR"}


def test_shipping_amount_overrides_the_flag(client: Client, make_order: MakeOrder) -> None:
    suggestion = client.suggest(make_order(), shipping=True, shippingAmount="1.90")
    assert presentment(suggestion["amountSet"]) == Decimal("1.90")


def test_impossible_restock_is_changed_in_the_suggestion(
    client: Client, make_order: MakeOrder
) -> None:
    order = make_order(fulfillments=[])
    lines = [{"lineItemId": order.line_items[0].id, "quantity": 2, "restockType": "RETURN"}]
    assert client.suggest(order, lines=lines)["refundLineItems"][0]["restockType"] == "CANCEL"


@pytest.mark.parametrize(
    "changes",
    [{"colour": "red"}, {"tip": "1.005x"}, {"currency": "USD"}, {"created_at": "2026-11-01T10:00"},
     {"line_items": [{"price": "1.001"}]}],
)  # fmt: skip
def test_bad_seeds_are_refused(make_order: MakeOrder, changes: dict[str, Any]) -> None:
    with pytest.raises(BadSpec):
        make_order(**changes)
