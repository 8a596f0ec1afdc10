"""The internal notes: what an agent reads before opening the sidebar."""

from __future__ import annotations

from app.domain.case import Case
from app.domain.crm import REASON_LABELS, Note
from app.domain.decision import Decision, Verdict
from app.domain.matching import MatchOutcome
from app.domain.order import Order, OrderSummary
from app.domain.people import Tier
from app.domain.plan import Plan
from app.domain.policy.evaluate import order_level_blocks
from app.domain.refund import Refund, RefundState
from app.usecases.people import TIER_NAMES

_FOOTER = "Makegood. Open the sidebar to act; this note moves no money."

_HEADLINES = {
    Verdict.ELIGIBLE: "Refund: eligible",
    Verdict.NOT_ELIGIBLE: "Refund: not eligible",
    Verdict.NEEDS_REVIEW: "Refund: needs review",
}


def describe_plan(plan: Plan) -> str:
    """The make-up of a plan in one line: items, tax, shipping, adjustment, total."""
    parts = [f"{line.quantity} × {line.name} {line.amount}" for line in plan.lines]
    taxes = [line.tax for line in plan.lines if line.tax and not line.is_tax_included]
    if taxes:
        total_tax = taxes[0]
        for tax in taxes[1:]:
            total_tax = total_tax + tax
        parts.append(f"tax {total_tax}")
    if plan.shipping:
        parts.append(f"shipping {plan.shipping}")
    if plan.shipping_tax:
        parts.append(f"shipping tax {plan.shipping_tax}")
    if plan.adjustment:
        parts.append(f"adjustment {plan.adjustment}")
    return " + ".join(parts) + f" = {plan.total}" if parts else str(plan.total)


def _order_line(order: OrderSummary | Order) -> str:
    text = f"{order.name}, {order.created_at:%d %b %Y}, {order.total}"
    if order.refunded:
        text += f", {order.refunded} refunded before"
    return text


def _reasons(decision: Decision) -> list[str]:
    """What the headline doesn't say yet: blocks of the order, else one line per item, then gaps."""
    blocks = order_level_blocks(decision)
    lines = list(blocks) or [f"{line.name}: {line.because}" for line in decision.lines]
    if len(lines) == 1 and lines[0].endswith(decision.headline):
        lines = []
    lines += [f"Missing: {text}" for text in decision.missing if text != decision.headline]
    return list(dict.fromkeys(lines))


def _decision_note(case: Case, decision: Decision, order: Order, store_name: str) -> Note:
    facts = [("Order", f"{_order_line(order)} ({store_name})")]
    if decision.plan is not None:
        facts.append(("Amount", describe_plan(decision.plan)))
        if decision.release_tier is not None and decision.release_tier is not Tier.AGENT:
            facts.append(("Released by", TIER_NAMES[decision.release_tier]))
    facts.append(("Reason given", REASON_LABELS[case.request.reason]))
    facts.append(("Policy", f"{decision.policy_id}, version {decision.policy_version}"))
    if decision.alternatives:
        offers = ", ".join(item.value.replace("_", " ") for item in decision.alternatives)
        facts.append(("Can be offered", offers))
    paragraphs = [decision.headline]
    if decision.plan is not None:
        paragraphs += list(decision.plan.warnings)
    if case.match.chosen_by is not None:
        paragraphs.append("The order was chosen by hand.")
    return Note(
        headline=_HEADLINES[decision.verdict],
        paragraphs=tuple(dict.fromkeys(paragraphs)),
        facts=tuple(facts),
        bullets=tuple(_reasons(decision)),
        footer=_FOOTER,
    )


def triage_note(case: Case, store_names: dict[str, str]) -> Note:
    """The note for a fresh case, whatever its match came to."""
    if case.decision is not None and case.order is not None:
        name = store_names.get(case.order.store_id, case.order.store_id)
        return _decision_note(case, case.decision, case.order, name)
    match = case.match
    tried = tuple(f"Looked for: {text}" for text in match.tried)
    if match.outcome is MatchOutcome.CHOOSE:
        listed = tuple(
            f"{_order_line(order)} ({store_names.get(order.store_id, order.store_id)})"
            for order in match.candidates
        )
        return Note(
            headline="Refund: choose the order",
            paragraphs=(match.explanation, "Choose the right one in the sidebar."),
            bullets=listed + tried,
            footer=_FOOTER,
        )
    if match.outcome is MatchOutcome.NONE:
        return Note(
            headline="Refund: no order found",
            paragraphs=(match.explanation, "You can look for it by its number in the sidebar."),
            bullets=tried,
            footer=_FOOTER,
        )
    return Note(
        headline="Refund: the store could not be read",
        paragraphs=(case.problem or match.explanation, "Try again in the sidebar."),
        bullets=tried,
        footer=_FOOTER,
    )


_OUTCOMES = {
    RefundState.SETTLED: "Refunded {amount} for {order}",
    RefundState.PENDING: "Refund of {amount} for {order} requested, payment provider pending",
    RefundState.FAILED: "Refund of {amount} for {order} failed: no money moved",
    RefundState.UNKNOWN: "Refund of {amount} for {order}: the store's answer is missing",
}


def outcome_note(refund: Refund) -> Note:
    """The note about what became of a refund."""
    headline = _OUTCOMES[refund.state].format(amount=refund.plan.total, order=refund.order_name)
    if refund.state is RefundState.SETTLED and refund.plan.is_manual:
        headline = (
            f"Refund of {refund.plan.total} for {refund.order_name} recorded: "
            "somebody must pay it by hand"
        )
    paragraphs = [refund.explanation] if refund.explanation else []
    if refund.state is RefundState.UNKNOWN:
        paragraphs.append(
            "Money may have moved. Check the order in the store before anything else is done."
        )
    return Note(
        headline=headline,
        paragraphs=tuple(paragraphs),
        facts=(
            ("Amount", describe_plan(refund.plan)),
            ("To", ", ".join(tender.label for tender in refund.plan.tenders) or "store credit"),
            ("Requested by", refund.requested_by_name),
            ("Reference", refund.marker),
        ),
        footer="Makegood.",
    )
