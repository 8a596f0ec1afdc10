"""The verdict for one line, from the findings about it and the order's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.domain.decision import Finding, LineVerdict, Truth, Verdict
from app.domain.order import LineItem, Order
from app.domain.policy.compiled import Applied, CompiledPolicy, Ids
from app.domain.policy.facts import Fact
from app.domain.policy.model import ALWAYS, Clause, Effect
from app.domain.policy.precedence import Choice, Ranked, choose
from app.domain.policy.proposal import NothingLeft, Untold, terms_of
from app.domain.policy.rates import Rates
from app.domain.refundability import line_blocks

Facts = Mapping[str, Fact]

_UNDECIDED = LineVerdict(
    line_id="", name="", verdict=Verdict.NEEDS_REVIEW, decided_by=None, because=""
)
NO_RULE = "No rule of the policy allows a refund for this item."


class LineDecision:
    """A line's verdict with the findings behind it. `missing` says which facts are wanting."""

    def __init__(self, verdict: LineVerdict, findings: list[Finding]) -> None:
        self.verdict = verdict
        self.findings = findings
        self.missing: tuple[str, ...] = ()
        self.evidence: tuple[str, ...] = ()


def decide_line(
    ready: CompiledPolicy,
    order: Order,
    line: LineItem,
    facts: Facts,
    ids: Ids,
    of_order: Applied,
    rates: Rates,
    today: date,
) -> LineDecision:
    """Test every clause on one line, and say what they come to.

    `ids` is `ids_of` these facts and rates; `of_order` how the order's clauses came out.
    """
    blocks = line_blocks(line)
    of_line = ready.of_lines.apply(facts, rates, today, ids)
    own = of_line.findings
    if blocks and blocks[0].effect is Effect.EXCLUDE:
        return _blocked(line, Verdict.NOT_ELIGIBLE, blocks, own)
    choice = _choice(ready, [*of_line.held, *of_order.held], [*of_line.maybe, *of_order.maybe])
    untold = _untold(choice, [*of_line.untold, *of_order.untold])
    decided = LineDecision(_from_choice(line, choice, untold), own)
    decided.missing = tuple(
        comparison.sentence
        for finding in untold
        for comparison in finding.comparisons
        if comparison.truth is Truth.UNKNOWN
    )
    clause = choice.decided_by
    if choice == Choice() or (clause is not None and _is_catch_all(clause)):
        _name_nearest_miss(decided, ready, line)
    if clause is not None and clause.effect is Effect.REFUND:
        _give_terms(decided, clause, facts, order, rates)
    if blocks and decided.verdict.verdict is not Verdict.NOT_ELIGIBLE:
        return _blocked(line, Verdict.NEEDS_REVIEW, blocks, own)
    if blocks:
        decided.findings = [*blocks, *decided.findings]
    decided.evidence = _evidence(ready, choice, facts, rates, today)
    return decided


def _blocked(
    line: LineItem, kind: Verdict, blocks: list[Finding], own: list[Finding]
) -> LineDecision:
    """What the store's own rule says of a line.

    One that only asks a person to look protects money: it leaves the policy's no as it is.
    """
    verdict = _verdict(line, kind, blocks[0].code, blocks[0].sentence)
    return LineDecision(verdict, blocks + own)


def _choice(ready: CompiledPolicy, held: Sequence[Ranked], maybe: Sequence[Ranked]) -> Choice:
    if ready.ring:
        ring = [one.clause for one in (*held, *maybe) if one.clause.id in ready.ring]
        if ring:
            return Choice(conflict=tuple(sorted(ring, key=lambda clause: clause.id)))
    return choose(held, maybe)


def _untold(choice: Choice, untold: Sequence[Finding]) -> list[Finding]:
    """The findings of clauses that can't be told and keep the answer back, by clause id."""
    waiting = {clause.id for clause in (*choice.untold, *choice.conflict)}
    return sorted((one for one in untold if one.code in waiting), key=lambda one: one.code)


def _verdict(line: LineItem, kind: Verdict, code: str | None, because: str) -> LineVerdict:
    # Made very often, of our own values: nothing is checked again.
    return LineVerdict.made_of(
        {
            **_UNDECIDED.__dict__,
            "line_id": line.id,
            "name": line.name,
            "verdict": kind,
            "decided_by": code,
            "because": because,
        }
    )


def _from_choice(line: LineItem, choice: Choice, untold: Sequence[Finding]) -> LineVerdict:
    """The verdict that a choice among clauses amounts to."""
    clause = choice.decided_by
    if clause is not None and clause.effect is Effect.REFUND:
        return _verdict(line, Verdict.ELIGIBLE, clause.id, clause.because)
    if clause is not None:
        is_no = clause.effect is Effect.EXCLUDE
        kind = Verdict.NOT_ELIGIBLE if is_no else Verdict.NEEDS_REVIEW
        verdict = _verdict(line, kind, clause.id, clause.because)
        return verdict.model_copy(update={"alternatives": clause.alternatives})
    if choice.conflict:
        names = " and ".join(f"“{one.title}”" for one in choice.conflict)
        because = f"{names} both apply and give different answers: a person decides."
        verdict = _verdict(line, Verdict.NEEDS_REVIEW, None, because)
        return verdict.model_copy(update={"conflict": tuple(one.id for one in choice.conflict)})
    if untold:
        return _verdict(line, Verdict.NEEDS_REVIEW, untold[0].code, untold[0].sentence)
    return _verdict(line, Verdict.NOT_ELIGIBLE, None, NO_RULE)


def _is_catch_all(clause: Clause) -> bool:
    """Whether a clause says no to whatever no other clause covers."""
    return clause.effect is Effect.EXCLUDE and clause.when == ALWAYS


def _name_nearest_miss(decided: LineDecision, ready: CompiledPolicy, line: LineItem) -> None:
    """Among refunding clauses that failed by one number alone, the one that missed by least.

    Where a catch-all said no, its own sentence and offers stand, and only the finding is marked.
    """
    misses = [
        finding
        for finding in decided.findings
        if finding.effect is Effect.REFUND and finding.missed_by is not None
    ]
    if not misses:
        return
    miss = min(misses, key=lambda finding: (finding.missed_by, finding.code))
    decided.findings = [
        item.model_copy(update={"is_nearest_miss": True}) if item is miss else item
        for item in decided.findings
    ]
    if decided.verdict.decided_by is not None:
        return
    clause = ready.by_id[miss.code].clause
    verdict = _verdict(line, Verdict.NOT_ELIGIBLE, miss.code, miss.sentence)
    decided.verdict = verdict.model_copy(update={"alternatives": clause.alternatives})


def _give_terms(
    decided: LineDecision, clause: Clause, facts: Facts, order: Order, rates: Rates
) -> None:
    """What the deciding clause gives; a fact that its outcome needs can still be missing."""
    verdict = decided.verdict
    try:
        terms = terms_of(clause.outcome, facts, order, rates)
    except NothingLeft as used_up:
        changes = {
            "verdict": Verdict.NOT_ELIGIBLE,
            "because": str(used_up),
            "alternatives": clause.alternatives,
        }
        decided.verdict = verdict.model_copy(update=changes)
    except Untold as untold:
        decided.missing = (str(untold),)
        changes = {"verdict": Verdict.NEEDS_REVIEW, "because": str(untold)}
        decided.verdict = verdict.model_copy(update=changes)
    else:
        decided.verdict = verdict.model_copy(
            update={
                "percent": terms.percent,
                "terms": terms,
                "resolution": clause.outcome.resolution,
                "requires_return": clause.outcome.requires_return,
                "units_back": order.line(verdict.line_id).units_back,
                "offers": clause.alternatives,
            }
        )


def _evidence(
    ready: CompiledPolicy, choice: Choice, facts: Facts, rates: Rates, today: date
) -> tuple[str, ...]:
    """What to ask the customer for, where that is what the line waits for."""
    waiting = [one for one in (choice.decided_by, *choice.conflict, *choice.untold) if one]
    asking = [one for one in waiting if one.effect is Effect.ASK_EVIDENCE]
    return tuple(
        one.because for one in asking if ready.by_id[one.id].wants_evidence(facts, rates, today)
    )
