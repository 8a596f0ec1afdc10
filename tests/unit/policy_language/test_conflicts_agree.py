"""What check promises of conflicts holds when orders are decided."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Verdict
from app.domain.order import Order
from app.domain.policy.evaluate import decide
from app.domain.policy.language.analysing import analyse
from tests.strategies import NOW, make_line, make_order, orders, requests
from tests.support.policy_language import compiled

SAID = (
    "the item is a gift card",
    "the item is on final sale",
    "the item is not on final sale",
    "the item was delivered within the last 30 days",
    "the item was delivered within the last 60 days",
    "the item was delivered more than 45 days ago",
    "the item has not shipped",
    "the item has shipped",
    "the customer reports a fault",
    "the reason is changed mind",
    'the item has the tag "sale"',
    "the item costs more than 50",
)
DOES = ("refund it", "refund it in full", "refund 50% of the item", "do not refund it")


@st.composite
def rules(draw: st.DrawFn, number: int) -> str:
    kind = draw(st.sampled_from(["Rule", "Rule", "Exception"]))
    priority = draw(st.sampled_from(["", "", " with priority 5"]))
    when = " and ".join(draw(st.lists(st.sampled_from(SAID), min_size=1, max_size=2, unique=True)))
    return f'{kind} "r{number}"{priority}: {draw(st.sampled_from(DOES))} if {when}.'


policies = st.integers(2, 4).flatmap(lambda count: st.tuples(*(rules(n) for n in range(count))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policies, st.lists(st.tuples(orders(), requests), min_size=1, max_size=4))
def test_where_check_finds_no_conflict_no_order_meets_one(
    sentences: tuple[str, ...], cases: list[tuple[Order, Request]]
) -> None:
    policy = compiled("\n".join(sentences))
    told = [one.message for one in analyse(policy) if one.code == "conflict"]
    for order, request in cases:
        for line in decide(policy, order, request, NOW).lines:
            if len(line.conflict) > 1:
                assert line.verdict is Verdict.NEEDS_REVIEW
                one, two = (f'"{name}"' for name in line.conflict[:2])
                assert any(one in message and two in message for message in told), sentences


def test_an_exception_to_an_exception_does_not_go_before_what_the_first_is_one_to() -> None:
    text = (
        'Exception "Final sale": do not refund the item if the item is on final sale. '
        'Exception "Faulty" to "Final sale": ask a person to review the item if the customer '
        "reports a fault. "
        'Exception "Cheap" to "Faulty"{also}: refund the item if the item costs at most 900 EUR. '
        "An agent must approve."
    )
    order = make_order((make_line(is_final_sale=True),))
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.DAMAGED)
    [line] = decide(compiled(text.format(also="")), order, request, NOW).lines
    assert line.verdict is Verdict.NEEDS_REVIEW
    assert line.conflict == ("cheap", "final_sale")
    named = text.format(also=' and "Final sale"')
    assert decide(compiled(named), order, request, NOW).verdict is Verdict.ELIGIBLE
