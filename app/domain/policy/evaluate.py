"""The evaluator: every clause is tested, none is short-circuited, and the answer says why.

How findings make a verdict, for each line (`_line_verdict`), in this order:

1. an exclusion that holds: not eligible;
2. a review clause that holds: needs review;
3. an exclusion or review clause that can't be told: needs review;
4. a refunding clause that holds: eligible (see `Clause` for the choice among several);
5. a refunding clause that can't be told: needs review;
6. nothing holds: not eligible, and the nearest miss is named.

For the order: any line that needs review makes the order need review; else one eligible line makes
it eligible for its eligible lines; else it isn't eligible. Rules of the store itself come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeGuard

from app.domain.classification import Classification, Request
from app.domain.decision import Comparison, Decision, Finding, LineVerdict, Truth, Verdict
from app.domain.order import LineItem, Order
from app.domain.plan import ChosenLine, InvalidChoice, Plan, RefundChoice, Terms
from app.domain.policy.facts import FACT_LABELS, Fact, line_facts, order_facts
from app.domain.policy.model import (
    AllOf,
    Alternative,
    AnyOf,
    Clause,
    Condition,
    Effect,
    Operator,
    Policy,
    Scope,
    Test,
)
from app.domain.pricing import build_plan, shipping_left
from app.domain.refundability import line_blocks, order_blocks

Facts = Mapping[str, Fact]


# --- three-valued logic -------------------------------------------------------------------------


def _negate(truth: Truth) -> Truth:
    return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(truth, Truth.UNKNOWN)


def _all(truths: list[Truth]) -> Truth:
    if Truth.FALSE in truths:
        return Truth.FALSE
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.TRUE


def _any(truths: list[Truth]) -> Truth:
    if Truth.TRUE in truths:
        return Truth.TRUE
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.FALSE


_COMPARE: dict[Operator, Callable[[Decimal, Decimal], bool]] = {
    Operator.AT_MOST: lambda actual, limit: actual <= limit,
    Operator.AT_LEAST: lambda actual, limit: actual >= limit,
    Operator.LESS_THAN: lambda actual, limit: actual < limit,
    Operator.MORE_THAN: lambda actual, limit: actual > limit,
}


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_comparable(test: Test, value: object) -> bool:
    """Whether a threshold is of the kind that its operator and the fact's value need."""
    threshold = test.threshold
    if test.operator in {Operator.IS, Operator.IS_NOT}:
        return any(
            kind(value) and kind(threshold)
            for kind in (
                _is_number,
                lambda item: isinstance(item, bool),
                lambda item: isinstance(item, str),
            )
        )
    if test.operator in {Operator.ONE_OF, Operator.NONE_OF}:
        return isinstance(value, str) and isinstance(threshold, tuple)
    if test.operator is Operator.CONTAINS_ANY:
        return isinstance(value, tuple) and isinstance(threshold, tuple)
    return _is_number(value) and _is_number(threshold)


def _holds(test: Test, value: object) -> bool:
    """Whether a known value meets a test that it is comparable with."""
    threshold = test.threshold
    if test.operator is Operator.IS:
        return value == threshold
    if test.operator is Operator.IS_NOT:
        return value != threshold
    if test.operator in {Operator.ONE_OF, Operator.NONE_OF}:
        among = isinstance(threshold, tuple) and value in threshold
        return among if test.operator is Operator.ONE_OF else not among
    if test.operator is Operator.CONTAINS_ANY:
        if not isinstance(value, tuple) or not isinstance(threshold, tuple):
            return False
        wanted = {item.casefold() for item in threshold}
        return any(item.casefold() in wanted for item in value)
    if not _is_number(value) or not _is_number(threshold):
        return False
    return _COMPARE[test.operator](Decimal(value), Decimal(threshold))


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(item).replace("_", " ") for item in value) or "none"
    return str(value).replace("_", " ")


def _sentence(test: Test, fact: Fact, truth: Truth) -> tuple[str, Decimal | None]:
    """A comparison in words, and by how much a number missed its limit."""
    label = FACT_LABELS.get(fact.name, fact.name)
    if not fact.is_known:
        return f"{label}: not known ({fact.unknown_because})", None
    value, threshold = fact.value, test.threshold
    if not _is_comparable(test, value):
        wrong = f"{_as_text(value)} can't be compared with {_as_text(threshold)}"
        return f"{label}: {wrong}", None
    if test.operator not in _COMPARE or not _is_number(value) or not _is_number(threshold):
        return f"{label}: {_as_text(value)}", None
    if fact.unit == "days":
        count = "today" if value == 0 else f"{value} day{'' if value == 1 else 's'} ago"
        text = f"{label} {count}, limit {threshold}"
    else:
        text = f"{label} {value}{' ' + fact.unit if fact.unit else ''}, limit {threshold}"
    if truth is Truth.TRUE:
        return text, None
    missed = abs(Decimal(value) - Decimal(threshold))
    if fact.unit == "days" and test.operator in {Operator.AT_MOST, Operator.LESS_THAN}:
        return f"{text}: {missed} day{'' if missed == 1 else 's'} late", missed
    return f"{text}: off by {missed}", missed


def _compare(test: Test, facts: Facts) -> Comparison:
    fact = facts.get(test.fact) or Fact(
        name=test.fact, unknown_because="no connected store supplies this fact"
    )
    if not fact.is_known or not _is_comparable(test, fact.value):
        truth = Truth.UNKNOWN
    else:
        truth = Truth.TRUE if _holds(test, fact.value) else Truth.FALSE
    sentence, missed = _sentence(test, fact, truth)
    return Comparison(
        fact=test.fact,
        operator=test.operator.value,
        threshold=_as_text(test.threshold),
        actual=_as_text(fact.value) if fact.is_known else None,
        truth=truth,
        sentence=sentence,
        missed_by=missed,
    )


@dataclass(frozen=True)
class _Seen:
    """A comparison, and what it says of its clause: the opposite where a `Not` stands above it."""

    comparison: Comparison
    says: Truth


def _evaluate(
    condition: Condition, facts: Facts, seen: list[_Seen], is_negated: bool = False
) -> Truth:
    """The truth of a condition; every comparison is made and added to `seen`."""
    if isinstance(condition, Test):
        comparison = _compare(condition, facts)
        truth = comparison.truth
        seen.append(_Seen(comparison, _negate(truth) if is_negated else truth))
        return truth
    if isinstance(condition, AllOf):
        return _all([_evaluate(part, facts, seen, is_negated) for part in condition.parts])
    if isinstance(condition, AnyOf):
        return _any([_evaluate(part, facts, seen, is_negated) for part in condition.parts])
    return _negate(_evaluate(condition.part, facts, seen, not is_negated))


# --- clauses and lines --------------------------------------------------------------------------


def apply_clause(clause: Clause, facts: Facts, line_id: str | None) -> Finding:
    """Test one clause completely and say how it came out."""
    seen: list[_Seen] = []
    truth = _evaluate(clause.when, facts, seen)
    if truth is Truth.TRUE:
        sentence = clause.because
    else:
        telling = [item.comparison.sentence for item in seen if item.says is truth]
        sentence = "; ".join(dict.fromkeys(telling)) or clause.title
    return Finding(
        code=clause.id,
        title=clause.title,
        effect=clause.effect,
        truth=truth,
        sentence=sentence,
        line_id=line_id,
        comparisons=tuple(item.comparison for item in seen),
        missed_by=_missed_by(seen) if truth is Truth.FALSE else None,
    )


def _missed_by(seen: list[_Seen]) -> Decimal | None:
    """By how much a clause failed, when it failed by one number alone."""
    failed = [item.comparison for item in seen if item.says is Truth.FALSE]
    return failed[0].missed_by if len(failed) == 1 else None


def _nearest_miss(findings: list[Finding]) -> Finding | None:
    """Among refunding clauses that failed by one number alone, the one that missed by least."""
    best: tuple[Decimal, Finding] | None = None
    for finding in findings:
        if finding.effect is not Effect.REFUND or finding.missed_by is None:
            continue
        if best is None or finding.missed_by < best[0]:
            best = (finding.missed_by, finding)
    return best[1] if best else None


def _deciding_clause(policy: Policy, findings: list[Finding]) -> Clause:
    """Among refunding clauses that hold: highest priority, then most generous, then first."""
    held = {finding.code for finding in findings if finding.truth is Truth.TRUE}
    clauses = [c for c in policy.clauses if c.effect is Effect.REFUND and c.id in held]
    return max(clauses, key=lambda clause: (clause.priority, clause.outcome.percent))


def _line_verdict(
    policy: Policy, line: LineItem, findings: list[Finding]
) -> tuple[LineVerdict, Finding | None]:
    """The verdict for one line by the six steps of this module's docstring."""

    def having(effect: Effect, truth: Truth) -> list[Finding]:
        return [item for item in findings if item.effect is effect and item.truth is truth]

    def verdict(kind: Verdict, by: Finding | None, because: str) -> LineVerdict:
        return LineVerdict(
            line_id=line.id,
            name=line.name,
            verdict=kind,
            decided_by=by.code if by else None,
            because=because,
        )

    if excluded := having(Effect.EXCLUDE, Truth.TRUE):
        return verdict(Verdict.NOT_ELIGIBLE, excluded[0], excluded[0].sentence), None
    if review := having(Effect.REVIEW, Truth.TRUE):
        return verdict(Verdict.NEEDS_REVIEW, review[0], review[0].sentence), None
    untold = having(Effect.EXCLUDE, Truth.UNKNOWN) + having(Effect.REVIEW, Truth.UNKNOWN)
    if untold:
        return verdict(Verdict.NEEDS_REVIEW, untold[0], untold[0].sentence), None
    if having(Effect.REFUND, Truth.TRUE):
        clause = _deciding_clause(policy, findings)
        held = next(item for item in findings if item.code == clause.id)
        decided = verdict(Verdict.ELIGIBLE, held, clause.because)
        percent = clause.outcome.percent
        terms = Terms(percent=percent)
        return decided.model_copy(update={"percent": percent, "terms": terms}), None
    if untold := having(Effect.REFUND, Truth.UNKNOWN):
        return verdict(Verdict.NEEDS_REVIEW, untold[0], untold[0].sentence), None
    miss = _nearest_miss(findings)
    because = miss.sentence if miss else "No rule of the policy allows a refund for this item."
    return verdict(Verdict.NOT_ELIGIBLE, miss, because), miss


# --- the decision -------------------------------------------------------------------------------


def _overall(lines: list[LineVerdict], blocks: list[Finding]) -> Verdict:
    if any(item.effect is Effect.EXCLUDE for item in blocks):
        return Verdict.NOT_ELIGIBLE
    verdicts = {line.verdict for line in lines}
    if blocks or Verdict.NEEDS_REVIEW in verdicts:
        return Verdict.NEEDS_REVIEW
    return Verdict.ELIGIBLE if Verdict.ELIGIBLE in verdicts else Verdict.NOT_ELIGIBLE


def _proposal(policy: Policy, order: Order, lines: list[LineVerdict]) -> RefundChoice:
    """What the policy would refund: eligible lines, and shipping where all goes back."""
    eligible = [line for line in lines if line.verdict is Verdict.ELIGIBLE]
    clauses = {clause.id: clause for clause in policy.clauses}
    whole_order = {line.id for line in order.lines if line.refundable_quantity > 0}
    takes_all = {line.line_id for line in eligible} == whole_order
    with_shipping = takes_all and any(
        line.decided_by is not None and clauses[line.decided_by].outcome.shipping
        for line in eligible
    )
    shipping = shipping_left(order)
    return RefundChoice(
        lines=tuple(
            ChosenLine(
                line_id=line.line_id,
                quantity=order.line(line.line_id).refundable_quantity,
                percent=line.percent,
            )
            for line in eligible
        ),
        shipping=shipping if with_shipping and shipping else None,
    )


def _headline(verdict: Verdict, lines: list[LineVerdict], blocks: list[Finding]) -> str:
    if blocks:
        return blocks[0].sentence
    counted = [line for line in lines if line.verdict is verdict]
    if not counted:
        return "The order has no item that could be refunded."
    if verdict is Verdict.ELIGIBLE and len(counted) < len(lines):
        return f"{len(counted)} of {len(lines)} items: {counted[0].because}"
    return counted[0].because


def _alternatives(policy: Policy, lines: list[LineVerdict]) -> tuple[Alternative, ...]:
    declined = {line.decided_by for line in lines if line.verdict is Verdict.NOT_ELIGIBLE}
    found: dict[Alternative, None] = {}
    for clause in policy.clauses:
        if clause.id in declined:
            found.update(dict.fromkeys(clause.alternatives))
    return tuple(found)


def _missing(findings: list[Finding]) -> tuple[str, ...]:
    texts: dict[str, None] = {}
    for finding in findings:
        if finding.truth is Truth.UNKNOWN and not finding.comparisons:
            texts[finding.sentence] = None
        for comparison in finding.comparisons:
            if comparison.truth is Truth.UNKNOWN and finding.truth is Truth.UNKNOWN:
                texts[comparison.sentence] = None
    return tuple(texts)


def decide(
    policy: Policy,
    order: Order,
    request: Request,
    now: datetime,
    classification: Classification | None = None,
) -> Decision:
    """The policy's decision for an order and request at `now` (aware).

    Pure and deterministic: the same arguments give the same decision in any process. The plan of
    an eligible decision covers the eligible lines only.
    """
    general = order_facts(order, request, classification, now, policy.time_zone)
    blocks = order_blocks(order)
    findings = list(blocks)
    order_findings = [
        apply_clause(clause, general, None)
        for clause in policy.clauses
        if clause.scope is Scope.ORDER
    ]
    findings += order_findings
    considered = [
        line for line in order.lines if not request.line_ids or line.id in request.line_ids
    ]
    open_lines = [line for line in considered if line.refundable_quantity > 0]
    verdicts: list[LineVerdict] = []
    facts_of_lines: dict[str, tuple[Fact, ...]] = {}
    for line in considered:
        own = line_facts(line, now, policy.time_zone)
        facts_of_lines[line.id] = tuple(own.values())
        line_findings = line_blocks(line) + [
            apply_clause(clause, {**general, **own}, line.id)
            for clause in policy.clauses
            if clause.scope is Scope.LINE
        ]
        verdict, miss = _line_verdict(policy, line, line_findings + order_findings)
        findings += [
            item.model_copy(update={"is_nearest_miss": True}) if item is miss else item
            for item in line_findings
        ]
        if line in open_lines or not open_lines:
            verdicts.append(verdict)
    overall = _overall(verdicts, blocks)
    plan, problem = _plan(policy, order, verdicts, overall)
    if problem is not None and overall is Verdict.ELIGIBLE:
        overall = Verdict.NEEDS_REVIEW
    blocked = _blocked_because(overall, verdicts, blocks, plan, problem)
    tier = policy.tier_for(plan.total_in_shop_currency.amount) if plan else None
    return Decision(
        verdict=overall,
        headline=problem or _headline(overall, verdicts, blocks),
        policy_id=policy.id,
        policy_version=policy.version,
        decided_at=now,
        lines=tuple(verdicts),
        findings=tuple(findings),
        facts=tuple(general.values()),
        line_facts=facts_of_lines,
        missing=_missing(findings) if overall is Verdict.NEEDS_REVIEW else (),
        alternatives=_alternatives(policy, verdicts),
        plan=plan,
        tier=tier,
        release_tier=policy.release_tier(tier) if tier else None,
        is_money_allowed=not blocked,
        blocked_because=blocked,
    )


def _plan(
    policy: Policy, order: Order, verdicts: list[LineVerdict], overall: Verdict
) -> tuple[Plan | None, str | None]:
    """The plan of an eligible decision, or the sentence that says why there is none."""
    if overall is not Verdict.ELIGIBLE:
        return None, None
    try:
        return build_plan(order, _proposal(policy, order, verdicts)), None
    except InvalidChoice as error:
        return None, f"No exact plan can be made: {error}"


def _blocked_because(
    overall: Verdict,
    verdicts: list[LineVerdict],
    blocks: list[Finding],
    plan: Plan | None,
    problem: str | None,
) -> tuple[str, ...]:
    """Why no money button may be on; empty when one may."""
    if problem is not None:
        return (problem,)
    if blocks:
        return tuple(block.sentence for block in blocks)
    if overall is not Verdict.ELIGIBLE:
        return tuple(dict.fromkeys(line.because for line in verdicts)) or (
            "The order has no item that could be refunded.",
        )
    if plan is not None and plan.comparison is not None and not plan.comparison.agrees:
        return (
            f"Our figure is {plan.comparison.ours}, the store's is {plan.comparison.stores}: "
            "nothing is refunded until they agree.",
        )
    return ()


def order_level_blocks(decision: Decision) -> tuple[str, ...]:
    """Why nothing of the order may be refunded, not even a single eligible line."""
    return tuple(
        finding.sentence
        for finding in decision.findings
        if finding.code.startswith("store_") and finding.line_id is None
    )
