"""Where the money goes and what is kept back, at every kind of store, by its own books."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from app.domain.errors import OutcomeUnknown, Rejected
from app.domain.money import Money
from app.domain.order import Order, TransactionStatus
from app.domain.plan import (
    ChosenFee,
    ChosenLine,
    Destination,
    FeeKind,
    InvalidChoice,
    RefundChoice,
)
from app.domain.pricing import build_plan, everything_left
from tests.support.store_bench import Intent, StoreBench, make_refund, prepared, sent

CREDIT = Destination.STORE_CREDIT


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def to_credit(order: Order) -> RefundChoice:
    return everything_left(order).model_copy(update={"destination": CREDIT})


def one_mug_to_credit(order: Order) -> RefundChoice:
    line = ChosenLine(line_id=order.lines[0].id, quantity=1)
    return RefundChoice(lines=(line,), destination=CREDIT)


def less_fees(order: Order) -> RefundChoice:
    """The two mugs, 10 per cent restocking and 3.95 for the way back."""
    fees = (
        ChosenFee(kind=FeeKind.RESTOCKING, label="Restocking fee", percent=Decimal(10)),
        ChosenFee(kind=FeeKind.RETURN_SHIPPING, label="Return shipping", amount=euros("3.95")),
    )
    line = ChosenLine(line_id=order.lines[0].id, quantity=2)
    return RefundChoice(lines=(line,), fees=fees)


@pytest.mark.parametrize("kind", ["plain", "tax_on_top", "unshipped", "discounted"])
def test_fees_stay_with_the_merchant_and_the_store_agrees(bench: StoreBench, kind: str) -> None:
    intent = prepared(bench.store(), bench.sell(kind), less_fees)
    plan = intent.refund.plan
    assert plan.is_exact
    assert len(plan.fees) == 2
    kept = sent(bench.store(), intent.refund)
    (booked,) = bench.books(intent.order.order_id)
    gross = Money.total((line.total for line in plan.lines), "EUR")
    assert kept.amount == plan.total == gross - plan.fee_total
    assert (booked.paid, booked.units) == (plan.total.amount, 2)


def test_fees_after_which_the_rest_still_goes_back_exactly(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    for choose in (less_fees, everything_left):
        intent = prepared(bench.store(), order_id, choose)
        assert intent.refund.plan.is_exact
        bench.store().send_refund(intent.refund)
    order = bench.store().read_order(order_id)
    assert order.refunded == order.paid - euros("2.40") - euros("3.95")


def refused_credit(bench: StoreBench, kind: str) -> None:
    """Neither planned nor sent."""
    order_id = bench.sell(kind)
    order = bench.store().read_order(order_id)
    assert not order.can_store_credit
    with pytest.raises(InvalidChoice, match="store credit"):
        build_plan(order, to_credit(order))
    can = order.model_copy(update={"can_store_credit": True})
    plan = build_plan(can, to_credit(order))
    recheck = bench.store().recheck(order, everything_left(order))
    with pytest.raises(Rejected, match="store credit"):
        bench.store().prepare_refund(make_refund(order, plan), recheck)
    assert bench.books(order_id) == []
    assert bench.credit(order_id) == 0


@pytest.mark.parametrize("kind", ["plain", "dollars", "yen", "two_payments", "tax_on_top"])
def test_store_credit_is_given_once_and_no_payment_is_paid_back(
    bench: StoreBench, kind: str
) -> None:
    if not bench.traits.gives_store_credit:
        refused_credit(bench, "plain")
        return
    intent = prepared(bench.store(), bench.sell(kind), to_credit)
    plan, order_id = intent.refund.plan, intent.order.order_id
    assert intent.order.can_store_credit
    assert plan.is_exact and plan.tenders == ()
    kept = sent(bench.store(), intent.refund)
    (booked,) = bench.books(order_id)
    assert (kept.id, kept.status, kept.amount) == (booked.id, TransactionStatus.SUCCESS, plan.total)
    assert bench.credit(order_id) == booked.paid == intent.order.total.amount
    after = bench.store().read_order(order_id)
    assert [line.refundable_quantity for line in after.lines] == [0] * len(after.lines)


def test_a_part_becomes_store_credit_and_the_rest_goes_to_the_card(
    bench_that_credits: StoreBench,
) -> None:
    bench = bench_that_credits
    order_id = bench.sell("plain")
    part = prepared(bench.store(), order_id, one_mug_to_credit)
    bench.store().send_refund(part.refund)
    rest = prepared(bench.store(), order_id, everything_left)
    assert rest.refund.plan.is_exact
    bench.store().send_refund(rest.refund)
    assert [one.paid for one in bench.books(order_id)] == [Decimal("12.00"), Decimal("26.40")]
    assert bench.credit(order_id) == Decimal("12.00")


@pytest.mark.parametrize("kind", ["guest", "business"])
def test_guests_and_firms_get_no_store_credit(bench_that_credits: StoreBench, kind: str) -> None:
    refused_credit(bench_that_credits, kind)


def test_credit_that_the_store_takes_away_meanwhile_is_refused(
    bench_that_credits: StoreBench,
) -> None:
    bench = bench_that_credits
    order = bench.store().read_order(bench.sell("guest"))
    with pytest.raises(Rejected, match="no store credit for this order"):
        bench.store().recheck(order, to_credit(order))


def test_more_credit_than_was_paid_is_refused_and_nothing_moves(
    bench_that_credits: StoreBench,
) -> None:
    bench = bench_that_credits
    intent = prepared(bench.store(), bench.sell("plain"), to_credit)
    bench.refund_elsewhere(intent.order.order_id, "10.00")
    with pytest.raises(Rejected):
        bench.store().send_refund(intent.refund)
    assert bench.credit(intent.order.order_id) == 0


@pytest.mark.parametrize("kind", ["disconnect_after", "disconnect_before", "http_500"])
def test_store_credit_whose_answer_was_lost_is_found_or_sent_again_once(
    bench_that_credits: StoreBench, kind: str
) -> None:
    bench = bench_that_credits
    intent: Intent = prepared(bench.store(), bench.sell("plain"), to_credit)
    bench.fault("send", kind)
    with pytest.raises(OutcomeUnknown):
        bench.store().send_refund(intent.refund)
    for _ in range(2):
        sent(bench.store(), intent.refund)
    assert len(bench.books(intent.order.order_id)) == 1
    assert bench.credit(intent.order.order_id) == Decimal("38.40")
    found = bench.store().find_refund(intent.refund)
    assert found is not None and found.amount == euros("38.40")


def test_the_input_names_store_credit_and_no_payment(bench_that_credits: StoreBench) -> None:
    bench = bench_that_credits
    intent = prepared(bench.store(), bench.sell("plain"), to_credit)
    sent_input = json.loads(intent.refund.store_input or "")["input"]
    assert sent_input["transactions"] == []
    assert sent_input["refundMethods"] == [
        {"storeCreditRefund": {"amount": {"amount": "38.40", "currencyCode": "EUR"}}}
    ]
    assert "allowOverRefunding" not in sent_input
