"""The evaluator: every clause is tested, none is short-circuited, and the answer says why.

For each line: what the store itself rules out comes first (`app.domain.refundability`); then the
clause that decides by `app.domain.policy.precedence.PRECEDENCE` gives the verdict. Where the store
only asks a person to look, the policy's no stands: it moves no money. Refunding
clauses make it eligible, exclusions not eligible; reviews, asking for evidence, conflicts, and
clauses that can't be told but could change the answer make it need review. Where nothing holds
the line isn't eligible, and the nearest miss is named.

For the order: any line that needs review makes the order need review; else one eligible line makes
it eligible for its eligible lines; else it isn't eligible. Rules of the store for the whole order
come first, and limits against abuse make an eligible order need review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from app.domain.classification import Classification, Request
from app.domain.decision import Decision, Finding, LineVerdict, Truth, Verdict
from app.domain.order import Order
from app.domain.people import Tier
from app.domain.plan import InvalidChoice, Plan
from app.domain.policy.authority import decision_facts, limit_findings, required_tier
from app.domain.policy.compiled import CompiledPolicy, ids_of, prepare
from app.domain.policy.drawing import line_facts, order_facts, some_facts
from app.domain.policy.facts import Fact
from app.domain.policy.history import UNKNOWN_HISTORY, History
from app.domain.policy.left_out import left_out
from app.domain.policy.lines import LineDecision, decide_line
from app.domain.policy.model import STORE_PREFIX, Alternative, Clause, Effect, Policy, Resolution
from app.domain.policy.proposal import proposal
from app.domain.policy.rates import NO_RATES, Rates
from app.domain.policy.scene import Scene
from app.domain.policy.waiting import units_free, units_waiting, waiting_words
from app.domain.pricing import build_plan
from app.domain.refundability import order_blocks
from app.domain.returns import Returned, with_returns

Facts = dict[str, Fact]

NOTHING_TO_REFUND = "The order has no item that could be refunded."


def apply_clause(clause: Clause, facts: Facts) -> Finding:
    """Test one clause completely and say how it came out."""
    today = facts["calendar.today"].value if "calendar.today" in facts else None
    day = today if isinstance(today, date) else date.max
    policy = Policy(id="one", version=1, title=clause.title, clauses=(clause,), tiers=())
    ready = prepare(policy)
    known = ready.complete(facts)
    return ready.clauses[0].apply(known, NO_RATES, day, ids_of(known, NO_RATES)).finding


def decide(
    policy: Policy,
    order: Order,
    request: Request,
    now: datetime,
    classification: Classification | None = None,
    history: History = UNKNOWN_HISTORY,
    rates: Rates = NO_RATES,
    *,
    returns: tuple[Returned, ...] = (),
    keeps_all_facts: bool = True,
) -> Decision:
    """The policy's decision for an order and request at `now` (aware).

    `history` holds the figures that the policy asks for (`CompiledPolicy.windows`), `rates` what
    the admin set, `returns` what people said is back. Pure and deterministic: the same arguments
    give the same decision in any process. The plan of an eligible decision covers eligible lines
    only, as far as one refund can hold them; the others are named in `warnings`. Without
    `keeps_all_facts` only the facts are drawn that the answer can depend on: it is the same, and
    found sooner.
    """
    ready = prepare(policy)
    order = with_returns(order, returns)
    scene = Scene.of(
        order,
        request,
        classification,
        now,
        policy.time_zone,
        history=history,
        rates=rates,
        takes_as_unopened=policy.takes_as_unopened,
    )
    general = (
        order_facts(scene, ready.facts) if keeps_all_facts else some_facts(scene, ready.needed)
    )
    blocks = order_blocks(order)
    known = ready.complete(general)
    ids = ids_of(known, rates)
    of_order = ready.of_order.apply(known, rates, scene.today, ids)
    considered = [
        line for line in order.lines if not request.line_ids or line.id in request.line_ids
    ]
    any_left = any(line.refundable_quantity > 0 for line in considered)
    lines: list[LineDecision] = []
    findings_of_lines: dict[str, tuple[Finding, ...]] = {}
    facts_of_lines: dict[str, tuple[Fact, ...]] = {}
    for line in considered:
        own = (
            line_facts(scene, line, ready.facts)
            if keeps_all_facts
            else some_facts(scene, ready.needed, line)
        )
        facts_of_lines[line.id] = tuple(own.values())
        facts, own_ids = {**known, **own}, {**ids, **ids_of(own, rates)}
        decided = decide_line(ready, order, line, facts, own_ids, of_order, rates, scene.today)
        findings_of_lines[line.id] = tuple(decided.findings)
        if line.refundable_quantity > 0 or not any_left:
            lines.append(decided)
    verdicts = tuple(one.verdict for one in lines)
    overall = _overall(verdicts, blocks)
    plan, problem = _plan(ready, order, verdicts, overall)
    amount = plan.total_in_shop_currency if plan is not None else None
    limits = limit_findings(policy, amount, history, rates)
    reached = [one for one in limits if one.truth is not Truth.FALSE]
    if overall is Verdict.ELIGIBLE and (problem is not None or reached):
        overall = Verdict.NEEDS_REVIEW
    waits = waiting_words(order, verdicts, plan) if overall is Verdict.ELIGIBLE else None
    blocked = _blocked_because(overall, verdicts, blocks, reached, plan, problem or waits)
    decision = Decision(
        verdict=overall,
        headline=problem or waits or _headline(overall, verdicts, blocks, reached, plan),
        policy_id=policy.id,
        policy_version=policy.version,
        decided_at=now,
        lines=verdicts,
        findings=(*blocks, *of_order.findings, *limits),
        line_findings=findings_of_lines,
        facts=tuple(general.values()),
        line_facts=facts_of_lines,
        missing=(_missing(blocks, lines, reached) if overall is Verdict.NEEDS_REVIEW else ()),
        alternatives=_alternatives(verdicts),
        evidence_wanted=_evidence_wanted(lines) if overall is Verdict.NEEDS_REVIEW else (),
        plan=None if reached else plan,
        is_money_allowed=not blocked,
        blocked_because=blocked,
        warnings=tuple(one.sentence for one in plan.left_out) if plan is not None else (),
        history=history,
        rates=rates,
        returns=returns,
        classification=classification,
    )
    return _with_tier(policy, decision)


def rerun(policy: Policy, decision: Decision, order: Order, request: Request) -> Decision:
    """The same decision made again, from what it holds and the stored order and request.

    `policy` must be the version that the decision names: ValueError otherwise.
    """
    if (policy.id, policy.version) != (decision.policy_id, decision.policy_version):
        raise ValueError(
            f"the decision was made by {decision.policy_id} version {decision.policy_version}, "
            f"not by {policy.id} version {policy.version}"
        )
    return decide(
        policy,
        order,
        request,
        decision.decided_at,
        decision.classification,
        history=decision.history,
        rates=decision.rates,
        returns=decision.returns,
    )


def _with_tier(policy: Policy, decision: Decision) -> Decision:
    if decision.plan is None:
        return decision
    required = required_tier(
        policy,
        decision_facts(policy, decision),
        decision.plan.total_in_shop_currency,
        decision.history,
        decision.rates,
    )
    release_tier, because = required.release_tier, required.because
    if release_tier is Tier.AUTOMATIC and decision.waits_for_return:
        release_tier, because = Tier.AGENT, (*because, "once it has come back: an agent")
    return decision.model_copy(
        update={"tier": required.tier, "release_tier": release_tier, "tier_because": because}
    )


def _overall(lines: Sequence[LineVerdict], blocks: Sequence[Finding]) -> Verdict:
    if any(item.effect is Effect.EXCLUDE for item in blocks):
        return Verdict.NOT_ELIGIBLE
    verdicts = {line.verdict for line in lines}
    if blocks or Verdict.NEEDS_REVIEW in verdicts:
        return Verdict.NEEDS_REVIEW
    return Verdict.ELIGIBLE if Verdict.ELIGIBLE in verdicts else Verdict.NOT_ELIGIBLE


def _moves_money(line: LineVerdict) -> bool:
    return line.verdict is Verdict.ELIGIBLE and line.resolution.moves_money


def _plan(
    ready: CompiledPolicy, order: Order, lines: Sequence[LineVerdict], overall: Verdict
) -> tuple[Plan | None, str | None]:
    """The plan of an eligible decision, or the sentence that says why there is none.

    It covers what waits for no return; where all of it waits, it is what will go then.
    """
    paid = [line for line in lines if _moves_money(line)]
    if overall is not Verdict.ELIGIBLE or not paid:
        return None, None
    with_shipping = [
        line.line_id
        for line in paid
        if line.decided_by is not None and ready.by_id[line.decided_by].clause.outcome.shipping
    ]
    free = {line.line_id: units_free(line, order.line(line.line_id)) for line in paid}
    now = [line for line in paid if free[line.line_id]]
    plan, problem = _priced(order, now or paid, with_shipping, free if now else {})
    if plan is None and any(units_waiting(line, order.line(line.line_id)) for line in paid):
        # Fees can leave nothing of a part: then all of it goes in one refund, once it is back.
        plan, problem = _priced(order, paid, with_shipping, {})
    if plan is None:
        return None, problem
    rest = left_out(order, lines, plan, with_shipping)
    if rest:
        warnings = (*plan.warnings, *(one.sentence for one in rest))
        plan = plan.model_copy(update={"left_out": rest, "warnings": warnings})
    return plan, None


def _priced(
    order: Order,
    lines: Sequence[LineVerdict],
    with_shipping: Sequence[str],
    units: Mapping[str, int],
) -> tuple[Plan | None, str | None]:
    terms = {line.line_id: line.terms for line in lines}
    try:
        return build_plan(order, proposal(order, terms, with_shipping, units)), None
    except InvalidChoice as error:
        return None, f"No exact plan can be made: {error}"


def _headline(
    verdict: Verdict,
    lines: Sequence[LineVerdict],
    blocks: Sequence[Finding],
    reached: Sequence[Finding],
    plan: Plan | None,
) -> str:
    if blocks:
        return blocks[0].sentence
    # Lines that the plan leaves out have a sentence of their own among the warnings.
    apart = {line_id for one in plan.left_out for line_id in one.line_ids} if plan else set()
    counted = [line for line in lines if line.verdict is verdict and line.line_id not in apart]
    if not counted:
        return reached[0].sentence if reached else NOTHING_TO_REFUND
    if verdict is Verdict.ELIGIBLE and len(counted) < len(lines):
        return f"{len(counted)} of {len(lines)} items: {counted[0].because}"
    return counted[0].because


def _alternatives(lines: Sequence[LineVerdict]) -> tuple[Alternative, ...]:
    """What can be offered for the lines that are declined."""
    found: dict[Alternative, None] = {}
    for line in lines:
        if line.verdict is Verdict.NOT_ELIGIBLE:
            found.update(dict.fromkeys(line.alternatives))
    return tuple(found)


def _evidence_wanted(lines: Sequence[LineDecision]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for line in lines for text in line.evidence))


def _missing(
    blocks: Sequence[Finding], lines: Sequence[LineDecision], reached: Sequence[Finding]
) -> tuple[str, ...]:
    """The unknown facts that keep the answer back; those that wouldn't change it aren't named."""
    texts: dict[str, None] = {}
    for finding in (*blocks, *reached):
        if finding.truth is Truth.UNKNOWN:
            texts[finding.sentence] = None
    for line in lines:
        texts.update(dict.fromkeys(line.missing))
    return tuple(texts)


_NOT_MONEY = {
    Resolution.EXCHANGE: "The policy gives an exchange for this, no money.",
    Resolution.REPAIR: "The policy gives a repair for this, no money.",
}


def _blocked_because(
    overall: Verdict,
    lines: Sequence[LineVerdict],
    blocks: Sequence[Finding],
    reached: Sequence[Finding],
    plan: Plan | None,
    problem: str | None,
) -> tuple[str, ...]:
    """Why no money button may be on; empty when one may."""
    if problem is not None:
        return (problem,)
    if blocks:
        return tuple(block.sentence for block in blocks)
    if overall is not Verdict.ELIGIBLE:
        open_lines = [line for line in lines if line.verdict is not Verdict.ELIGIBLE]
        reasons = [one.sentence for one in reached] if _was_eligible(lines) else []
        reasons += [line.because for line in open_lines]
        return tuple(dict.fromkeys(reasons)) or (NOTHING_TO_REFUND,)
    if plan is None:
        given = [line.resolution for line in lines if line.verdict is Verdict.ELIGIBLE]
        return tuple(dict.fromkeys(_NOT_MONEY[one] for one in given if one in _NOT_MONEY))
    if plan.comparison is not None and not plan.comparison.agrees:
        return (
            f"Our figure is {plan.comparison.ours}, the store's is {plan.comparison.stores}: "
            "nothing is refunded until they agree.",
        )
    return ()


def _was_eligible(lines: Sequence[LineVerdict]) -> bool:
    verdicts = {line.verdict for line in lines}
    return Verdict.ELIGIBLE in verdicts and Verdict.NEEDS_REVIEW not in verdicts


def order_level_blocks(decision: Decision) -> tuple[str, ...]:
    """Why nothing of the order may be refunded, not even a single eligible line."""
    return tuple(
        finding.sentence for finding in decision.findings if finding.code.startswith(STORE_PREFIX)
    )
