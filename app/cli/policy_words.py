"""A decision in words for people, as `makegood policy decide --text` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.decision import Decision, LineVerdict, Verdict
from app.domain.money import Money
from app.domain.people import Tier
from app.domain.plan import Plan, PlanFee
from app.domain.policy.model import Policy

_VERDICTS = {
    Verdict.ELIGIBLE: "yes",
    Verdict.NOT_ELIGIBLE: "no",
    Verdict.NEEDS_REVIEW: "a person must look",
}
_WHO = {
    Tier.AUTOMATIC: "nobody has to click, where automatic release allows it",
    Tier.AGENT: "an agent",
    Tier.TEAM_LEAD: "a team lead",
    Tier.MANAGER: "a manager",
}
_WIDTH = 34


def answer_words(decision: Decision, policy: Policy) -> str:
    """The verdict of each line, the amount with its make-up, who may release it, what is missing.

    The plan is told once. What stands nowhere in the decision has no heading.
    """
    titles = {clause.id: clause.title for clause in policy.clauses}
    lines = [f"{_VERDICTS[decision.verdict].capitalize()}: {decision.headline}", ""]
    for line in decision.lines:
        lines += _line(line, titles)
    if decision.plan is not None:
        lines += ["", *_plan(decision.plan)]
    if decision.plan is not None and decision.release_tier is not None:
        because = "; ".join(decision.tier_because)
        lines += ["", f"Who may release it: {_WHO[decision.release_tier]} ({because})"]
    told: set[str] = set()
    plan_warnings = decision.plan.warnings if decision.plan is not None else ()
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("Warnings", (*decision.warnings, *plan_warnings)),
        ("Ask the customer for", decision.evidence_wanted),
        ("Missing", decision.missing),
        ("Nothing can be paid yet", decision.blocked_because),
        ("Offer instead", (_plain(one) for one in decision.alternatives)),
    )
    for heading, items in sections:
        new = [item for item in dict.fromkeys(items) if item not in told]
        told.update(new)
        if new:
            lines += ["", f"{heading}:", *(f"  - {item}" for item in new)]
    return "\n".join(lines)


def _plain(code: str) -> str:
    return code.replace("_", " ")


def _line(line: LineVerdict, titles: dict[str, str]) -> Iterator[str]:
    """The line's verdict with the sentence that decided it, and what it gives beside money."""
    by = f' (by "{titles[line.decided_by]}")' if line.decided_by in titles else ""
    yield f"{line.name}: {_VERDICTS[line.verdict]}{by}"
    yield f"  {line.because}"
    if line.conflict:
        names = ", ".join(f'"{titles.get(one, one)}"' for one in line.conflict)
        yield f"  None of these goes first: {names}"
    if line.verdict is not Verdict.ELIGIBLE:
        return
    if not line.resolution.moves_money:
        yield f"  No money moves: {_plain(line.resolution)}"
    if line.terms.keeps_item:
        yield "  The customer keeps it."
    if line.requires_return:
        yield f"  {_return_words(line)}"
    if line.offers:
        yield f"  The customer may choose instead: {', '.join(_plain(one) for one in line.offers)}"


def _return_words(line: LineVerdict) -> str:
    if not line.units_back:
        return "The money waits until it has come back."
    pieces = "1 piece" if line.units_back == 1 else f"{line.units_back} pieces"
    return f"The money goes for what has come back: {pieces}."


def _plan(plan: Plan) -> Iterator[str]:
    """The amount, what makes it up, and where it goes."""
    where = "store credit" if plan.is_store_credit else "the original payment"
    yield f"{plan.credit_total} to {where}"
    for line in plan.lines:
        share = "" if line.share == 1 else f" ({float(line.share):.1%} of what was paid)"
        yield _row(f"{line.quantity} x {line.name}{share}", line.total)
    rows = (("shipping", plan.shipping), ("tax on shipping", plan.shipping_tax))
    yield from (_row(name, amount) for name, amount in rows if amount)
    if plan.duties:
        yield _row("duties", plan.duties)
    yield from (_row(f"less {_fee(fee)}", -fee.amount) for fee in plan.fees)
    if plan.adjustment:
        yield _row("adjustment", plan.adjustment)
    if plan.bonus is not None:
        yield _row(f"bonus of {plan.bonus_percent.normalize():f}%", plan.bonus)
    if len(plan.tenders) > 1:
        yield from (f"  to {one.label}: {one.amount}" for one in plan.tenders)


def _row(name: str, amount: Money) -> str:
    return f"  {name:<{_WIDTH}} {amount!s:>14}"


def _fee(fee: PlanFee) -> str:
    """The fee's own name, with its percentage where the name doesn't say it."""
    label = fee.label[:1].lower() + fee.label[1:]
    share = f"{fee.percent.normalize():f}" if fee.percent is not None else ""
    return f"{label}, {share} %" if share and share not in label else label
