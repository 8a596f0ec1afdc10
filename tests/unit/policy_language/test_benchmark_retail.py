"""A public benchmark's retail policy, as a table of cases: cancel, return, exchange.

The rules are those of tau_bench/envs/retail/wiki.md in sierra-research/tau-bench, in our words.
"""

from __future__ import annotations

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Decision, Verdict
from app.domain.money import Money
from app.domain.order import FulfilmentStatus, Order
from app.domain.policy.evaluate import decide
from app.domain.policy.model import Alternative, Resolution
from app.domain.policy.shipped import shipped_policy
from tests.strategies import NOW, make_line, make_order

POLICY = shipped_policy("benchmark-retail")
CANCEL, RETURN, EXCHANGE = Kind.CANCEL_ORDER, Kind.RETURN, Kind.EXCHANGE_CREDIT


def pending(**changes: object) -> Order:
    lines = tuple(
        make_line(id=f"line-{number}", was_shipped=False, delivered_at=None) for number in (1, 2)
    )
    return make_order(lines, fulfilment_status=FulfilmentStatus.UNFULFILLED, **changes)


def processed() -> Order:
    return make_order((make_line(delivered_at=None),))


def delivered(**changes: object) -> Order:
    return make_order((make_line(id="line-1"), make_line(id="line-2")), **changes)


def partly_sent() -> Order:
    lines = (make_line(id="line-1"), make_line(id="line-2", was_shipped=False, delivered_at=None))
    return make_order(lines, fulfilment_status=FulfilmentStatus.PARTIAL)


def asked(order: Order, kind: Kind, reason: Reason = Reason.CHANGED_MIND, *lines: str) -> Decision:
    return decide(POLICY, order, Request(kind=kind, reason=reason, line_ids=lines), NOW)


ELIGIBLE, DECLINED, REVIEW = Verdict.ELIGIBLE, Verdict.NOT_ELIGIBLE, Verdict.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("order", "kind", "reason", "lines", "verdict", "total"),
    [
        # Pending orders: cancelled as a whole, total back, for one of two reasons.
        (pending(), CANCEL, Reason.CHANGED_MIND, (), ELIGIBLE, "49.00"),
        (pending(), CANCEL, Reason.CANCELLED, (), ELIGIBLE, "49.00"),
        (pending(), CANCEL, Reason.DAMAGED, (), DECLINED, None),
        (pending(), CANCEL, Reason.NOT_AS_DESCRIBED, (), DECLINED, None),
        (pending(), CANCEL, Reason.UNKNOWN, (), REVIEW, None),
        # On its way: neither cancelled nor returned.
        (processed(), CANCEL, Reason.CHANGED_MIND, (), REVIEW, None),
        (processed(), RETURN, Reason.CHANGED_MIND, (), REVIEW, None),
        (partly_sent(), CANCEL, Reason.CHANGED_MIND, (), REVIEW, None),
        # Delivered orders: returned, whatever the reason and however long ago, item by item.
        (delivered(), RETURN, Reason.CHANGED_MIND, (), ELIGIBLE, "44.00"),
        (delivered(), RETURN, Reason.UNKNOWN, (), ELIGIBLE, "44.00"),
        (delivered(), RETURN, Reason.DAMAGED, ("line-2",), ELIGIBLE, "22.00"),
        (delivered(), Kind.REFUND_ITEM, Reason.WRONG_ITEM, ("line-1",), ELIGIBLE, "22.00"),
        # Exchanged: no money moves.
        (delivered(), EXCHANGE, Reason.UNKNOWN, ("line-1",), ELIGIBLE, None),
        # Over and done with: the store's own rules ask a person first.
        (pending(is_cancelled=True), CANCEL, Reason.CHANGED_MIND, (), REVIEW, None),
        (delivered(has_open_return=True), RETURN, Reason.CHANGED_MIND, (), REVIEW, None),
    ],
)  # fmt: skip
def test_each_case_is_decided_as_the_benchmark_demands(
    order: Order,
    kind: Kind,
    reason: Reason,
    lines: tuple[str, ...],
    verdict: Verdict,
    total: str | None,
) -> None:
    decision = asked(order, kind, reason, *lines)
    assert decision.verdict is verdict, decision.headline
    if total is None:
        assert decision.plan is None and not decision.is_money_allowed
    else:
        assert decision.plan is not None and decision.plan.total == Money.of(total, "EUR")


def test_an_exchange_moves_no_money_and_a_return_may_go_to_a_gift_card() -> None:
    exchange = asked(delivered(), EXCHANGE, Reason.UNKNOWN, "line-1")
    assert exchange.lines[0].resolution is Resolution.EXCHANGE
    back = asked(delivered(), RETURN).lines[0]
    assert back.offers == (Alternative.STORE_CREDIT,)
    assert back.requires_return is True
