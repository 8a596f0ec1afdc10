"""Whatever policy and order: nothing is released for pieces that aren't known to be back."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Decision, Verdict
from app.domain.order import Order
from app.domain.people import Tier
from app.domain.plan import InvalidChoice
from app.domain.policy.evaluate import decide, rerun
from app.domain.policy.model import (
    ALWAYS,
    Clause,
    Condition,
    Effect,
    Operator,
    Outcome,
    Policy,
    Resolution,
    Test,
    TierLimit,
)
from app.domain.policy.waiting import held_back
from app.domain.pricing import build_plan, everything_left
from app.domain.returns import Returned
from tests.strategies import NOW, orders

REQUEST = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
resolutions = st.sampled_from([Resolution.REFUND, Resolution.STORE_CREDIT, Resolution.EXCHANGE])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Gives everything; what is final sale by another clause than the rest."""

    def clause(name: str, when: Condition, priority: int) -> Clause:
        return Clause(
            id=name,
            title=name,
            effect=Effect.REFUND,
            when=when,
            because=name,
            priority=priority,
            outcome=Outcome(
                percent=draw(st.sampled_from([Decimal(50), Decimal(100)])),
                shipping=draw(st.booleans()),
                requires_return=draw(st.sampled_from([True, True, False, None])),
                resolution=draw(resolutions),
            ),
        )

    final = Test(fact="item.is_final_sale", operator=Operator.IS, threshold=True)
    return Policy(
        id="p",
        version=1,
        title="p",
        clauses=(clause("final", final, 5), clause("rest", ALWAYS, 0)),
        tiers=(TierLimit(tier=Tier.MANAGER, up_to=None),),
    )


@st.composite
def said(draw: st.DrawFn, order: Order) -> tuple[Returned, ...]:
    """What somebody may have said of an order's lines."""
    found = []
    for line in order.lines:
        count = draw(st.integers(0, line.refundable_quantity))
        if count:
            found.append(
                Returned(
                    line_id=line.id,
                    quantity=count,
                    refundable=line.refundable_quantity,
                    said_at=NOW,
                    said_by="11",
                    said_by_name="Noor",
                )
            )
    return tuple(found)


def _needing_return(decision: Decision) -> dict[str, int]:
    return {line.line_id: line.units_back for line in decision.lines if line.requires_return}


@settings(max_examples=150, deadline=None)
@given(policies(), orders(), st.data())
def test_a_plan_that_may_go_covers_only_what_is_back(
    policy: Policy, order: Order, data: st.DataObject
) -> None:
    returns = data.draw(said(order))
    decision = decide(policy, order, REQUEST, NOW, returns=returns)
    back = {one.line_id: one.quantity for one in returns}
    for line_id, units in _needing_return(decision).items():
        assert units == back.get(line_id, 0)
    if decision.plan is None:
        return
    is_short = any(
        line.quantity > back.get(line.line_id, 0)
        for line in decision.plan.lines
        if line.line_id in _needing_return(decision)
    )
    assert decision.waits_for_return == is_short
    assert not (is_short and decision.is_money_allowed)
    assert (held_back(decision, order, decision.plan) is not None) == is_short
    assert rerun(policy, decision, order, REQUEST) == decision


@settings(max_examples=150, deadline=None)
@given(policies(), orders(), st.data())
def test_knowing_less_turns_no_button_on(policy: Policy, order: Order, data: st.DataObject) -> None:
    more = data.draw(said(order))
    less = tuple(
        one.model_copy(update={"quantity": count})
        for one in more
        if (count := data.draw(st.integers(0, one.quantity)))
    )
    informed = decide(policy, order, REQUEST, NOW, returns=more)
    ignorant = decide(policy, order, REQUEST, NOW, returns=less)
    assert informed.verdict is ignorant.verdict
    assert informed.is_money_allowed or not ignorant.is_money_allowed
    if informed.plan is not None and ignorant.is_money_allowed:
        assert ignorant.plan is not None
        assert held_back(informed, order, ignorant.plan) is None


@settings(max_examples=100, deadline=None)
@given(policies(), orders())
def test_everything_at_once_waits_for_each_piece(policy: Policy, order: Order) -> None:
    decision = decide(policy, order, REQUEST, NOW)
    try:
        whole = build_plan(order, everything_left(order))
    except InvalidChoice:
        return
    waits = decision.verdict is Verdict.ELIGIBLE and any(
        line.requires_return
        for line in decision.lines
        if line.line_id in {one.line_id for one in whole.lines}
    )
    if waits:
        assert held_back(decision, order, whole) is not None
