"""Money: what every store adapter sends, and what it says when the answer is lost.

The books are the sandbox's own; nothing here believes the adapter about money.
"""

from __future__ import annotations

import json
import threading
from decimal import Decimal

import pytest

from app.domain.errors import OutcomeUnknown, RateLimited, Rejected, Unavailable
from app.domain.money import Money
from app.domain.order import Order, TransactionStatus
from app.domain.plan import ChosenLine, RefundChoice
from app.domain.pricing import everything_left
from tests.support.store_bench import Intent, StoreBench, prepared, resend_input, sent


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def one_book(order: Order) -> RefundChoice:
    return RefundChoice(lines=(ChosenLine(line_id=order.lines[1].id, quantity=1),))


def one_mug(order: Order) -> RefundChoice:
    return RefundChoice(lines=(ChosenLine(line_id=order.lines[0].id, quantity=1),))


def full(bench: StoreBench, kind: str = "plain") -> Intent:
    return prepared(bench.store(), bench.sell(kind), everything_left)


# --- what is sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "plain",
        "guest",
        "unshipped",
        "partly_shipped",
        "discounted",
        "tax_on_top",
        "dollars",
        "yen",
        "two_payments",
    ],
)
def test_a_full_refund_gives_everything_back_once(bench: StoreBench, kind: str) -> None:
    if kind in bench.traits.whole_kinds_refused:
        order_id = bench.sell(kind)
        with pytest.raises(Rejected):
            prepared(bench.store(), order_id, everything_left)
        assert bench.books(order_id) == []
        return
    intent = full(bench, kind)
    kept = sent(bench.store(), intent.refund)
    (booked,) = bench.books(intent.order.order_id)
    assert (kept.id, kept.status) == (booked.id, TransactionStatus.SUCCESS)
    assert kept.amount == intent.refund.plan.total == intent.order.total
    assert booked.paid == intent.order.total.amount
    after = bench.store().read_order(intent.order.order_id)
    assert [line.refundable_quantity for line in after.lines] == [0] * len(after.lines)


def test_a_part_refund_gives_back_the_parts_price(bench: StoreBench) -> None:
    intent = prepared(bench.store(), bench.sell("discounted"), one_book)
    bench.store().send_refund(intent.refund)
    (booked,) = bench.books(intent.order.order_id)
    assert booked.paid == intent.refund.plan.total.amount == intent.order.lines[1].total.amount
    assert (booked.units, booked.shipping) == (1, Decimal(0))


def test_part_refunds_one_after_another_end_at_the_total(bench: StoreBench) -> None:
    order_id = bench.sell("discounted")
    for choose in (
        one_book,
        one_mug,
        everything_left,
    ):
        intent = prepared(bench.store(), order_id, choose)
        assert intent.refund.plan.is_exact
        bench.store().send_refund(intent.refund)
    order = bench.store().read_order(order_id)
    assert order.refunded == order.total
    assert sum(one.paid for one in bench.books(order_id)) == order.total.amount


def test_shipping_alone_and_in_part(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    part = prepared(bench.store(), order_id, lambda order: RefundChoice(shipping=euros("1.90")))
    bench.store().send_refund(part.refund)
    rest = prepared(bench.store(), order_id, lambda order: RefundChoice(shipping=euros("3.00")))
    assert rest.refund.plan.is_shipping_full
    bench.store().send_refund(rest.refund)
    assert [(one.paid, one.shipping) for one in bench.books(order_id)] == [
        (Decimal("1.90"), Decimal("1.90")),
        (Decimal("3.00"), Decimal("3.00")),
    ]


def test_a_plain_amount_takes_no_item_back(bench: StoreBench) -> None:
    intent = prepared(
        bench.store(), bench.sell("plain"), lambda order: RefundChoice(amount_override=euros("5"))
    )
    bench.store().send_refund(intent.refund)
    (booked,) = bench.books(intent.order.order_id)
    assert (booked.paid, booked.units) == (Decimal(5), 0)


def test_less_than_the_items_price_is_sent_as_chosen(bench: StoreBench) -> None:
    def half(order: Order) -> RefundChoice:
        line = ChosenLine(line_id=order.lines[1].id, quantity=1, percent=Decimal(50))
        return RefundChoice(lines=(line,))

    intent = prepared(bench.store(), bench.sell("plain"), half)
    bench.store().send_refund(intent.refund)
    (booked,) = bench.books(intent.order.order_id)
    assert (booked.paid, booked.units) == (Decimal("4.75"), 1)


def test_a_manual_payment_is_only_bookkeeping(bench: StoreBench) -> None:
    intent = full(bench, "by_hand")
    assert intent.refund.plan.is_manual
    assert sent(bench.store(), intent.refund).is_manual


def test_more_than_was_paid_is_refused_and_nothing_moves(bench: StoreBench) -> None:
    intent = full(bench)
    bench.refund_elsewhere(intent.order.order_id, "10.00")
    with pytest.raises(Rejected):
        bench.store().send_refund(intent.refund)
    assert [one.note for one in bench.books(intent.order.order_id)] == ["by the merchant"]


@pytest.mark.parametrize("change", ["key", "order", "note", "json"])
def test_input_of_another_refund_is_never_sent(bench: StoreBench, change: str) -> None:
    intent = full(bench)
    before = bench.count("send")
    if change == "json":
        wrong = resend_input(intent, "{}")
    else:
        field = {"key": "idempotency_key", "order": "order_id", "note": "marker"}[change]
        other = intent.refund.model_copy(update={field: "R-ZZZZZZZZZZ"})
        wrong = Intent(intent.order, intent.choice, intent.recheck, other)
    with pytest.raises(Rejected, match="Not sent"):
        bench.store().send_refund(wrong.refund)
    assert bench.count("send") == before
    assert bench.books(intent.order.order_id) == []


# --- once ---------------------------------------------------------------------------------------


def test_the_same_refund_sent_again_moves_nothing_more_where_that_is_promised(
    bench: StoreBench,
) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), one_mug)
    first = bench.store().send_refund(intent.refund)
    second = bench.store().send_refund(intent.refund)
    if bench.store().resend_is_safe:
        assert first.id == second.id
        assert len(bench.books(intent.order.order_id)) == 1
    else:
        # This is why such a store is sent a refund once, and it is seen when it happened.
        assert len(bench.books(intent.order.order_id)) == 2
        found = bench.store().find_refund(intent.refund)
        assert found is not None
        assert "2 credit memos" in (found.explanation or "")


def test_two_workers_at_once_move_money_once_where_that_is_promised(bench: StoreBench) -> None:
    intent = full(bench)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def work() -> None:
        store = bench.store()
        start.wait()
        try:
            outcomes.append(store.send_refund(intent.refund).id)
        except (OutcomeUnknown, Rejected) as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    booked = {one.id for one in bench.books(intent.order.order_id)}
    assert len(outcomes) == 2
    assert booked & set(outcomes)
    if bench.store().resend_is_safe:
        assert len(booked) == 1
        assert set(outcomes) <= booked | {"OutcomeUnknown"}


def send_again_if_safe(bench: StoreBench, intent: Intent) -> None:
    """What the product does when a refund isn't found: only some stores are sent it again."""
    if bench.store().resend_is_safe:
        sent(bench.store(), intent.refund)


@pytest.mark.parametrize("kind", ["disconnect_after", "html_502", "http_500", "http_503"])
def test_a_lost_answer_is_unknown_then_found_or_sent_again(bench: StoreBench, kind: str) -> None:
    intent = full(bench)
    bench.fault("send", kind)
    with pytest.raises(OutcomeUnknown):
        bench.store().send_refund(intent.refund)
    found = bench.store().find_refund(intent.refund)
    booked = bench.books(intent.order.order_id)
    assert (found is not None) == bool(booked)
    if found is None:
        send_again_if_safe(bench, intent)
        found = bench.store().find_refund(intent.refund)
        assert (found is not None) == bench.store().resend_is_safe
    if found is not None:
        (only,) = bench.books(intent.order.order_id)
        assert (found.id, found.amount) == (only.id, intent.refund.plan.total)


@pytest.mark.parametrize("kind", ["malformed", "timeout_after", "slow"])
def test_a_refund_whose_answer_cant_be_read_is_unknown_and_is_there(
    bench: StoreBench, kind: str
) -> None:
    intent = full(bench)
    bench.fault("send", kind, seconds=30)
    with pytest.raises(OutcomeUnknown):
        bench.store(read_timeout_seconds=0.2).send_refund(intent.refund)
    found = bench.store().find_refund(intent.refund)
    assert found is not None
    assert found.status is TransactionStatus.SUCCESS
    send_again_if_safe(bench, intent)
    (only,) = bench.books(intent.order.order_id)
    assert only.id == found.id


@pytest.mark.parametrize("kind", ["timeout_before", "disconnect_before"])
def test_a_refund_that_never_arrived_is_unknown_and_isnt_there(
    bench: StoreBench, kind: str
) -> None:
    intent = full(bench)
    bench.fault("send", kind, seconds=30)
    with pytest.raises(OutcomeUnknown):
        bench.store(read_timeout_seconds=0.2).send_refund(intent.refund)
    assert bench.store().find_refund(intent.refund) is None
    send_again_if_safe(bench, intent)
    assert len(bench.books(intent.order.order_id)) == int(bench.store().resend_is_safe)


def test_a_refused_call_rate_is_no_outcome(bench: StoreBench) -> None:
    intent = full(bench)
    bench.fault("send", "http_429", retry_after="2.0")
    with pytest.raises(RateLimited) as caught:
        bench.store().send_refund(intent.refund)
    assert caught.value.retry_after_seconds == 2
    assert bench.books(intent.order.order_id) == []


def test_the_store_is_never_asked_when_its_budget_is_used_up(bench: StoreBench) -> None:
    intent = full(bench)
    before = bench.count("send")
    bench.pace.waits = [60.0]
    with pytest.raises(RateLimited):
        bench.store().send_refund(intent.refund)
    assert bench.count("send") == before


# --- reading back -------------------------------------------------------------------------------


def test_only_the_exact_marker_finds_a_refund(bench: StoreBench) -> None:
    intent = full(bench)
    bench.store().send_refund(intent.refund)
    longer = intent.refund.model_copy(update={"marker": intent.refund.marker + "X"})
    shorter = intent.refund.model_copy(update={"marker": intent.refund.marker[:-1]})
    assert bench.store().find_refund(longer) is None
    assert bench.store().find_refund(shorter) is None
    assert bench.store().find_refund(intent.refund) is not None


def test_when_the_store_cant_be_read_nothing_is_said_about_a_refund(bench: StoreBench) -> None:
    intent = full(bench)
    bench.fault("search", "http_500")
    with pytest.raises(Unavailable):
        bench.store().find_refund(intent.refund)


def test_a_store_without_pending_refunds_has_paid_or_refused(bench: StoreBench) -> None:
    """Where the provider's refusal is hidden, the outcome is unknown, and nothing is there."""
    if bench.traits.has_pending_refunds:
        bench.provider("pending")
        intent = full(bench)
        assert sent(bench.store(), intent.refund).status is TransactionStatus.PENDING
        return
    intent = full(bench)
    bench.provider("failed")
    with pytest.raises(OutcomeUnknown):
        bench.store().send_refund(intent.refund)
    assert bench.store().find_refund(intent.refund) is None
    assert bench.books(intent.order.order_id) == []


@pytest.mark.parametrize(
    ("succeeds", "final"), [(True, TransactionStatus.SUCCESS), (False, TransactionStatus.FAILED)]
)
def test_a_pending_refund_becomes_what_the_provider_says(
    bench_that_waits: StoreBench, succeeds: bool, final: TransactionStatus
) -> None:
    bench = bench_that_waits
    bench.provider("pending")
    intent = full(bench)
    waits = sent(bench.store(), intent.refund)
    assert (waits.status, waits.amount) == (TransactionStatus.PENDING, euros("38.40"))
    bench.settle(intent.order.order_id, succeeds)
    now = bench.store().read_refund(waits.id)
    assert now.status is final
    assert (now.explanation is not None) == (final is TransactionStatus.FAILED)


def test_a_failed_payment_is_told_with_its_reason(bench_that_splits: StoreBench) -> None:
    bench = bench_that_splits
    bench.provider("failed")
    intent = full(bench, "two_payments")
    kept = sent(bench.store(), intent.refund)
    # The gift card took its part; only that went out.
    assert (kept.status, kept.amount) == (TransactionStatus.SUCCESS, euros("20"))
    assert kept.explanation is not None
    assert "18.40 EUR" in kept.explanation


def test_all_refunds_of_an_order_are_listed_in_one_call(bench: StoreBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), one_book)
    bench.store().send_refund(intent.refund)
    bench.refund_elsewhere(intent.order.order_id, "3.00")
    before = bench.count("list")
    listed = bench.store().refunds_of(intent.order.order_id)
    assert bench.count("list") == before + 1
    assert [(one.id, one.amount.amount) for one in listed] == [
        (one.id, one.paid) for one in bench.books(intent.order.order_id)
    ]
    assert {one.order_id for one in listed} == {intent.order.order_id}


def test_the_prepared_input_is_the_same_text_each_time(bench: StoreBench) -> None:
    kind = "two_payments"
    intent = full(bench, "plain" if kind in bench.traits.whole_kinds_refused else kind)
    again = bench.store().prepare_refund(intent.refund, intent.recheck)
    assert again == intent.refund.store_input
    assert json.loads(again)
