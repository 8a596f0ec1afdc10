"""Import duties at Shopify: with the units that they were paid on, by the shop's own figure."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from app.domain.errors import Rejected
from app.domain.order import Order
from app.domain.plan import ChosenLine, RefundChoice
from tests.support.store_bench import ShopifyBench, prepared, sent

_LINES = [
    {"title": "Mug", "quantity": 3, "price": "12.00", "tax_rate": "0.19", "duties": ["1.00"]},
    {"title": "Book", "quantity": 1, "price": "9.50", "tax_rate": "0.07"},
]


def a_mug(order: Order) -> RefundChoice:
    line = ChosenLine(line_id=order.lines[0].id, quantity=1)
    return RefundChoice(lines=(line,), duties=True)


def test_units_take_their_duties_along_and_all_of_them_end_at_the_whole(
    bench: ShopifyBench,
) -> None:
    order_id = bench.sell("plain", line_items=_LINES, shipping=None)
    for _ in range(3):
        intent = prepared(bench.store(), order_id, a_mug)
        assert intent.refund.plan.is_exact
        sent(bench.store(), intent.refund)
    assert [one.paid for one in bench.books(order_id)] == [
        Decimal("12.33"),
        Decimal("12.34"),
        Decimal("12.33"),
    ]
    booked = bench.shop.orders[order_id]
    assert all(duty.refunded == duty.amount for duty in booked.duties())


def test_duties_stay_where_they_arent_asked_for(bench: ShopifyBench) -> None:
    order_id = bench.sell("plain", line_items=_LINES, shipping=None)
    intent = prepared(
        bench.store(), order_id, lambda order: a_mug(order).model_copy(update={"duties": False})
    )
    assert intent.refund.plan.is_exact
    assert "refundDuties" not in json.loads(intent.refund.store_input or "")["input"]
    sent(bench.store(), intent.refund)
    assert [one.paid for one in bench.books(order_id)] == [Decimal("12.00")]


def test_a_difference_in_the_duties_is_never_sent(bench: ShopifyBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain", line_items=_LINES), a_mug)
    none = intent.recheck.suggestion.model_copy(update={"duties": ()})
    stale = intent.recheck.model_copy(update={"suggestion": none})
    with pytest.raises(Rejected, match="import duties"):
        bench.store().prepare_refund(intent.refund, stale)
