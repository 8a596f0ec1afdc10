"""Where the answers and outcomes of a run differ from what its stories say they should be."""

from __future__ import annotations

import re
from decimal import Decimal

from app.cli.headless import Told, expected_refund
from app.domain.refund import Refund, RefundState
from integrations.sandbox.scenario import Act


def holds_number(numbers: set[str], text: str) -> bool:
    """Whether one of the card numbers stands in a text, however it is spaced."""
    digits = re.sub(r"(?<=\d)[ \-.]+(?=\d)", "", text)
    return any(number in digits for number in numbers)


def scene_faults(told: Told, triaged: dict[str, bool]) -> list[str]:
    """Where triage's answer differs from what the story says it should be."""
    expected, case = told.scene.story.expected, told.case
    name = told.scene.story.key
    if told.ticket_id not in triaged:
        return []
    if triaged[told.ticket_id] != expected.is_refund:
        return [f"{name}: {'a' if expected.is_refund else 'no'} refund ticket was expected"]
    if case is None:
        return [] if not expected.is_refund else [f"{name}: it has no case"]
    plan = case.decision.plan if case.decision else None
    tier = case.decision.release_tier if case.decision else None
    reason = case.match.explanation
    if case.decision is not None:
        parts = [case.decision.headline, *case.decision.missing]
        parts += [finding.sentence for _, finding in case.decision.tested()]
        reason = " | ".join(parts)
    pairs = {
        "match": (expected.match, case.match.outcome.value),
        "verdict": (expected.verdict, case.decision.verdict.value if case.decision else None),
        "amount": (
            f"{expected.amount} {expected.currency}" if expected.amount else None,
            f"{plan.total.amount:f} {plan.total.currency}" if plan else None,
        ),
    }
    if plan is not None:
        pairs["tier"] = (expected.tier, tier.value if tier else None)
    faults = [
        f"{name}: {what} is {actual}, {wanted} was expected"
        for what, (wanted, actual) in pairs.items()
        if wanted != actual
    ]
    if expected.why.casefold() not in reason.casefold():
        faults.append(f"{name}: {expected.why!r} isn't among the reasons ({reason[:200]})")
    return faults


def act_faults(told: Told, refunds: list[Refund], paid: dict[str, Decimal]) -> list[str]:
    """Where the outcome of the clicks differs from what the scene's act should come to."""
    act = told.scene.act
    if act is Act.NOTHING:
        return [f"{len(refunds)} refunds without a click"] if refunds else []
    if told.problems:
        return []
    if len(refunds) != 1:
        return [f"{len(refunds)} refunds in the ledger"]
    refund = refunds[0]
    wanted = {
        Act.CANCEL: {RefundState.CANCELLED},
        # Its provider may have paid before we look.
        Act.SETTLES_LATER: {RefundState.PENDING, RefundState.SETTLED},
    }.get(act, {RefundState.SETTLED})
    if refund.state not in wanted:
        return [f"the refund is {refund.state.value}: {refund.explanation}"]
    amount = expected_refund(told)
    if amount is None:
        return []
    faults = []
    if refund.settled_amount is None or refund.settled_amount.amount != amount:
        faults.append(f"{refund.settled_amount} was refunded, {amount} was expected")
    if paid[refund.order_id] != amount:
        faults.append(f"the store paid {paid[refund.order_id]}, {amount} is right")
    return faults
