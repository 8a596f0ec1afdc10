"""What must hold of every decision, whatever the policy was: checked on very many random ones.

The sums are made again here, in whole minor units, not by the code that made the plan.
"""

from __future__ import annotations

from app.domain.decision import Decision, Verdict
from app.domain.order import Order, Tender
from app.domain.plan import Destination, Plan
from app.domain.pricing import refundable_maximum, shipping_left


def faults_of(order: Order, decision: Decision) -> list[str]:
    """What is wrong with a decision: nothing, it should be."""
    plan = decision.plan
    found = []
    if decision.is_money_allowed and (decision.verdict is not Verdict.ELIGIBLE or plan is None):
        found.append("money without an eligible verdict and a plan")
    if plan is None:
        return found
    if decision.verdict is not Verdict.ELIGIBLE:
        found.append(f"a plan, and the verdict is {decision.verdict}")
    eligible = {one.line_id for one in decision.lines if one.verdict is Verdict.ELIGIBLE}
    found += [f"{one.line_id} isn't eligible" for one in plan.lines if one.line_id not in eligible]
    return [*found, *_excesses(order, plan), *_wrong_sums(plan)]


def _excesses(order: Order, plan: Plan) -> list[str]:
    """Where a plan gives nothing, less than nothing, or more than there is."""
    found = []
    if plan.total.amount <= 0:
        found.append(f"a plan of {plan.total}")
    if plan.total > refundable_maximum(order):
        found.append(f"{plan.total} of {refundable_maximum(order)} left")
    if plan.shipping.amount < 0 or plan.shipping > shipping_left(order):
        found.append(f"shipping {plan.shipping} of {shipping_left(order)} left")
    for line in plan.lines:
        bought = order.line(line.line_id)
        if not 0 < line.quantity <= bought.refundable_quantity:
            found.append(f"{line.quantity} of {line.line_id}")
        if line.amount.amount < 0 or line.tax.amount < 0:
            found.append(f"{line.amount} and tax {line.tax} for {line.line_id}")
        if line.amount > bought.total or line.tax > bought.tax:
            found.append(f"{line.amount} and tax {line.tax} of {bought.total} and {bought.tax}")
    most = {one.transaction_id: one.maximum for one in _payments(order)}
    for tender in plan.tenders:
        if tender.amount.amount <= 0 or tender.amount > most[tender.transaction_id]:
            found.append(f"{tender.amount} to {tender.label}, which takes {most}")
    return found


def _payments(order: Order) -> tuple[Tender, ...]:
    return order.suggestion.tenders if order.suggestion is not None else ()


def _wrong_sums(plan: Plan) -> list[str]:
    """Where the parts of a plan aren't its total."""
    parts = sum(line.amount.minor_units for line in plan.lines)
    parts += sum(line.tax.minor_units for line in plan.lines if not line.is_tax_included)
    parts += plan.shipping.minor_units + plan.shipping_tax.minor_units
    parts += plan.adjustment.minor_units
    parts += plan.duties.minor_units if plan.duties is not None else 0
    parts -= sum(fee.amount.minor_units for fee in plan.fees)
    found = []
    if parts != plan.total.minor_units:
        found.append(f"parts of {parts} minor units for {plan.total}")
    if any(fee.amount.amount <= 0 for fee in plan.fees):
        found.append("a fee that takes nothing")
    paid = sum(tender.amount.minor_units for tender in plan.tenders)
    wanted = plan.total.minor_units if plan.destination is Destination.ORIGINAL_PAYMENT else 0
    if paid != wanted:
        found.append(f"payments of {paid} minor units for {plan.total}")
    return found
