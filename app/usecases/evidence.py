"""What an approver gets to see, and the reason that a requester starts from."""

from __future__ import annotations

from app.domain.approval import REASON_LENGTH, Evidence
from app.domain.case import Case
from app.domain.crm import REASON_LABELS
from app.domain.errors import Conflict
from app.domain.order import Order
from app.domain.override import Override
from app.records import OfferedPlan
from app.usecases.deps import Deps
from app.usecases.notes import describe_plan, goes_to, returned_facts


def gather_evidence(deps: Deps, case: Case, offered: OfferedPlan) -> Evidence:
    """The decision's findings, the order's facts and what went back before, all as they are now.

    Raises Conflict for a case without a decision.
    """
    if case.decision is None or case.order is None:
        raise Conflict("There is no decision to ask about yet: choose the order first.")
    decision = case.decision
    now = deps.clock.now()
    policy = deps.policies.in_force(case.account_id, case.order.store_id, now)
    clause_id = decision.deciding_clause
    titles = {clause.id: clause.title for clause in policy.clauses}
    titles |= decision.titles()
    decided = [line for line in decision.lines if line.decided_by == clause_id]
    return Evidence(
        verdict=decision.verdict,
        headline=decision.headline,
        policy=f"{decision.policy_id}, version {decision.policy_version}",
        clause=titles.get(clause_id) if clause_id else None,
        because=decided[0].because if decided else None,
        findings=decision.findings,
        line_findings=decision.line_findings,
        items={line.id: line.name for line in case.order.lines},
        plan=describe_plan(offered.plan),
        goes_to=goes_to(offered.plan),
        order=(*_order_facts(case.order), *returned_facts(case)),
        history=_history_facts(deps, case, case.order),
    )


def _order_facts(order: Order) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Order", f"{order.name} of {order.created_at:%d %b %Y}, paid {order.paid}"),
    ]
    delivered = [line.delivered_at for line in order.lines if line.delivered_at is not None]
    if delivered:
        facts.append(("Delivered", f"{max(delivered):%d %b %Y}"))
    if order.refunded:
        facts.append(("Refunded on this order before", str(order.refunded)))
    return tuple(facts)


def _history_facts(deps: Deps, case: Case, order: Order) -> tuple[tuple[str, str], ...]:
    count, total, last = deps.ledger.totals_of_requester(case.account_id, case.requester_id)
    if count == 0:
        return (("Customer's refunds so far", "none"),)
    words = f"{count}" if total is None else f"{count}, {total} in all"
    if last is not None:
        words += f", the last on {last:%d %b %Y}"
    return (("Customer's refunds so far", words),)


def prefilled_reason(case: Case, override: Override | None) -> str:
    """What the requester may edit: why the customer asks, and what the policy says; where it goes
    against the policy, why."""
    if override is not None:
        return override.reason[:REASON_LENGTH]
    headline = case.decision.headline if case.decision else ""
    words = f"{REASON_LABELS[case.request.reason]}. {headline[:1].upper()}{headline[1:]}"
    return words.strip()[:REASON_LENGTH]
