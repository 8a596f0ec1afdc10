"""What the order itself forbids, whatever the policy says."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Truth, Verdict
from app.domain.money import Money
from app.domain.order import PaymentStatus
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.evaluate import decide
from app.domain.policy.model import Effect
from app.domain.refundability import line_blocks, order_blocks
from tests.strategies import NOW, make_line, make_order

REQUEST = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
EXCLUDE, REVIEW = Effect.EXCLUDE, Effect.REVIEW
YES, UNKNOWN = Truth.TRUE, Truth.UNKNOWN


def paid_back(amount: str) -> Money:
    return Money.of(amount, "EUR")


@pytest.mark.parametrize(
    ("changes", "code", "effect", "truth"),
    [
        ({"payment_status": PaymentStatus.AUTHORIZED}, "store_payment", EXCLUDE, YES),
        ({"payment_status": PaymentStatus.PENDING}, "store_payment", EXCLUDE, YES),
        ({"payment_status": PaymentStatus.VOIDED}, "store_payment", EXCLUDE, YES),
        ({"payment_status": PaymentStatus.EXPIRED}, "store_payment", EXCLUDE, YES),
        ({"payment_status": PaymentStatus.REFUNDED}, "store_refunded", EXCLUDE, YES),
        ({"payment_status": PaymentStatus.UNKNOWN}, "store_payment", REVIEW, UNKNOWN),
        ({"refunded": paid_back("27")}, "store_nothing_left", EXCLUDE, YES),
        ({"refund_pending": paid_back("27")}, "store_nothing_left", EXCLUDE, YES),
        ({"is_refundable": False}, "store_nothing_left", EXCLUDE, YES),
        ({"is_cancelled": True}, "store_cancelled", REVIEW, YES),
        ({"is_disputed": True}, "store_dispute", REVIEW, YES),
        ({"is_disputed": None}, "store_dispute", REVIEW, UNKNOWN),
        ({"has_open_return": True}, "store_return", REVIEW, YES),
        ({"has_open_return": None}, "store_return", REVIEW, UNKNOWN),
        ({"is_test": True}, "store_test", REVIEW, YES),
        ({"is_complete": False}, "store_incomplete", REVIEW, UNKNOWN),
        ({"unknown_values": ("status=odd",)}, "store_unknown_value", REVIEW, UNKNOWN),
        ({"missing": ("transactions",)}, "store_missing", REVIEW, UNKNOWN),
    ],
)
def test_each_block_stops_the_money(
    changes: dict[str, Any], code: str, effect: Effect, truth: Truth
) -> None:
    order = make_order(**changes)
    (block,) = order_blocks(order)
    assert (block.code, block.effect, block.truth) == (code, effect, truth)
    decision = decide(DEFAULT_POLICY, order, REQUEST, NOW)
    wanted = Verdict.NOT_ELIGIBLE if effect is EXCLUDE else Verdict.NEEDS_REVIEW
    assert decision.verdict is wanted
    assert not decision.is_money_allowed and decision.plan is None
    assert decision.headline == block.sentence
    assert block in decision.findings


@pytest.mark.parametrize(
    "status", [PaymentStatus.PAID, PaymentStatus.PARTIALLY_PAID, PaymentStatus.PARTIALLY_REFUNDED]
)
def test_nothing_stands_in_the_way_of_an_ordinary_order(status: PaymentStatus) -> None:
    order = make_order(payment_status=status)
    assert order_blocks(order) == []
    assert line_blocks(order.lines[0]) == []
    assert decide(DEFAULT_POLICY, order, REQUEST, NOW).is_money_allowed


def test_what_is_on_its_way_is_said() -> None:
    (block,) = order_blocks(make_order(refund_pending=paid_back("27")))
    assert "27.00 EUR is still on its way" in block.sentence


def test_a_cancelled_order_without_money_is_only_that() -> None:
    order = make_order(is_cancelled=True, payment_status=PaymentStatus.VOIDED)
    assert [block.code for block in order_blocks(order)] == ["store_payment"]


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ({"refundable_quantity": 0}, "store_line_refunded", Verdict.NOT_ELIGIBLE),
        ({"is_gift_card": True}, "store_gift_card", Verdict.NEEDS_REVIEW),
    ],
)
def test_line_blocks(changes: dict[str, Any], code: str, verdict: Verdict) -> None:
    line = make_line(**changes)
    (block,) = line_blocks(line)
    decision = decide(DEFAULT_POLICY, make_order((line,)), REQUEST, NOW)
    assert block.code == code and block in decision.line_findings[line.id]
    assert decision.verdict is verdict


def test_a_refunded_line_leaves_the_others_alone() -> None:
    lines = (make_line(refundable_quantity=0), make_line(id="line-2"))
    decision = decide(DEFAULT_POLICY, make_order(lines), REQUEST, NOW)
    assert decision.verdict is Verdict.ELIGIBLE
    assert [line.line_id for line in decision.lines] == ["line-2"]
