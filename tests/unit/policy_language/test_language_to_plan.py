"""What a policy's sentences give is what the plan says, to the cent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Verdict
from app.domain.money import Money
from app.domain.plan import Destination
from app.domain.policy.evaluate import decide
from app.domain.policy.language.compile import compile_policy
from app.usecases.notes import describe_plan
from tests.strategies import NOW, make_line, make_order

TEXT = """
The policy is called "Fees first, credit later".
All amounts are in EUR.
Rule "Return" with priority 10: refund the item less a restocking fee of 15% and less a return
    shipping fee of 4.95 EUR if the item was delivered within the last 30 days, because "In time.".
Rule "Late" with priority 5: give store credit for the item with a bonus of 10% if the item was
    delivered within the last 60 days, because "Late.".
Otherwise do not refund the item, because "Too late.".
Up to 100 EUR an agent may refund alone; above that a manager.
"""


@pytest.mark.parametrize(
    ("days", "total", "given", "destination"),
    [
        (10, "13.75", "13.75", Destination.ORIGINAL_PAYMENT),
        (45, "22.00", "24.20", Destination.STORE_CREDIT),
    ],
)
def test_fees_destination_and_bonus_of_a_text_are_those_of_the_plan(
    days: int, total: str, given: str, destination: Destination
) -> None:
    policy = compile_policy(TEXT).policy
    assert policy is not None
    line = make_line(delivered_at=NOW - timedelta(days=days))
    order = make_order((line,), can_store_credit=True, can_give_bonus=True)
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    decision = decide(policy, order, request, NOW)
    assert decision.verdict is Verdict.ELIGIBLE
    plan = decision.plan
    assert plan is not None
    assert plan.destination is destination
    assert (plan.total, plan.credit_total) == (Money.of(total, "EUR"), Money.of(given, "EUR"))
    said = describe_plan(plan)
    if plan.fees:
        assert [fee.amount.amount for fee in plan.fees] == [Decimal("3.30"), Decimal("4.95")]
        assert said.endswith("− return shipping 4.95 EUR = 13.75 EUR")
    else:
        assert said.endswith("= 22.00 EUR, and 10 % bonus 2.20 EUR = 24.20 EUR")
