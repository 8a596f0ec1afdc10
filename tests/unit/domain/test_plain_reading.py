"""The evaluator held against a plain reading of the same policies (`tests.support.plain_reading`).

Each policy decides several orders one after the other, as what it remembers of one must never
answer for another.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.policy_samples import NOW, random_order, random_policy, random_request
from app.domain.decision import Decision, LineVerdict, Verdict
from app.domain.order import Order
from app.domain.plan import Terms
from app.domain.policy.compiled import prepare
from app.domain.policy.evaluate import decide
from app.domain.policy.model import Effect, Policy
from app.domain.policy.proposal import NothingLeft, Untold, terms_of
from app.domain.policy.rates import NO_RATES, Rates
from app.domain.refundability import line_blocks
from tests.support.plain_reading import read_line

RATES = (
    NO_RATES,
    Rates.model_validate({"base": "EUR", "per_unit": {"USD": "0.9", "JPY": "0.006", "KWD": "3"}}),
    Rates.model_validate({"base": "EUR", "per_unit": {"USD": "1.1", "JPY": "0.007"}}),
)
_VERDICTS = {
    None: Verdict.NOT_ELIGIBLE,
    Effect.REFUND: Verdict.ELIGIBLE,
    Effect.EXCLUDE: Verdict.NOT_ELIGIBLE,
}


def expected(policy: Policy, order: Order, decision: Decision, line_id: str) -> LineVerdict:
    """The verdict of a line, by the plain reading and what the store itself rules out."""
    reading = read_line(policy, decision, line_id)
    verdict, terms = _VERDICTS.get(reading.effect, Verdict.NEEDS_REVIEW), Terms()
    if reading.is_open:
        verdict = Verdict.NEEDS_REVIEW
    elif reading.effect is Effect.REFUND:
        # Which of the clauses that agree is named doesn't change what they give.
        clause = next(one for one in policy.clauses if one.id in reading.decided_by)
        facts = {fact.name: fact for fact in (*decision.facts, *decision.line_facts[line_id])}
        try:
            terms = terms_of(clause.outcome, facts, order, decision.rates)
        except NothingLeft:
            verdict = Verdict.NOT_ELIGIBLE
        except Untold:
            verdict = Verdict.NEEDS_REVIEW
    blocks = line_blocks(order.line(line_id))
    if blocks:
        terms = Terms()
        if blocks[0].effect is Effect.EXCLUDE or verdict is Verdict.NOT_ELIGIBLE:
            verdict = Verdict.NOT_ELIGIBLE
        else:
            verdict = Verdict.NEEDS_REVIEW
    return LineVerdict(
        line_id=line_id, name="", verdict=verdict, decided_by=None, because="", terms=terms
    )


@settings(max_examples=150)
@given(st.integers(0, 10**9))
def test_every_line_is_decided_as_a_plain_reading_says(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random)
    if prepare(policy).ring:
        return
    for number in range(6):
        order, request = random_order(random, number), random_request(random)
        now = NOW + timedelta(hours=random.randint(-200, 200))
        decision = decide(policy, order, request, now, rates=random.choice(RATES))
        for line in decision.lines:
            plain = expected(policy, order, decision, line.line_id)
            assert (line.verdict, line.terms) == (plain.verdict, plain.terms)
            reading = read_line(policy, decision, line.line_id)
            if reading.decided_by and line.decided_by in {one.id for one in policy.clauses}:
                assert line.decided_by in reading.decided_by
