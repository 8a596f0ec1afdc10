"""A policy read as its documentation says it, slowly and with nothing remembered.

The product's evaluator is built for speed: comparisons made ready, findings remembered, clauses
beaten found once. This one is written from the language reference and the docstring of
`app.domain.policy.precedence` alone, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from app.domain.decision import Decision, Truth
from app.domain.money import Money
from app.domain.policy.conditions import AllOf, AnyOf, Condition, Not, Operator, Season, Test
from app.domain.policy.facts import Fact
from app.domain.policy.model import Clause, Effect, Policy, Scope
from app.domain.policy.rates import Rates
from app.domain.policy.specificity import Demands

Facts = Mapping[str, Fact]
_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


@dataclass(frozen=True)
class Reading:
    """What the clauses come to for one line.

    `decided_by` is the outcome's clauses (any of them may be named), empty when none decides;
    `is_open` when something keeps the answer back.
    """

    decided_by: frozenset[str]
    effect: Effect | None
    is_open: bool


# --- conditions ---------------------------------------------------------------------------------


def truth(condition: Condition, facts: Facts, rates: Rates, today: date) -> Truth:
    """A condition's truth by three-valued logic."""
    if isinstance(condition, Not):
        inner = truth(condition.part, facts, rates, today)
        return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(inner, Truth.UNKNOWN)
    if isinstance(condition, AllOf | AnyOf):
        parts = [truth(part, facts, rates, today) for part in condition.parts]
        decisive = Truth.FALSE if isinstance(condition, AllOf) else Truth.TRUE
        if decisive in parts:
            return decisive
        if Truth.UNKNOWN in parts:
            return Truth.UNKNOWN
        return Truth.TRUE if isinstance(condition, AllOf) else Truth.FALSE
    fact = facts.get(condition.fact)
    if fact is None or fact.value is None:
        return Truth.UNKNOWN
    if isinstance(condition, Season):
        return _TRUTHS[_in_season(condition, fact.value, today)]
    return _TRUTHS[_compared(condition, fact, rates)]


def _in_season(season: Season, day: object, today: date) -> bool | None:
    if not isinstance(day, date):
        return None
    for year in (day.year - 1, day.year):
        first = season.first.within(year)
        last = season.last.within(year)
        if last < first:
            last = season.last.within(year + 1)
        if not first <= day <= last:
            continue
        if season.until is None:
            return True
        until = season.until.within(last.year)
        if until < last:
            until = season.until.within(last.year + 1)
        return today <= until
    return False


def _compared(test: Test, fact: Fact, rates: Rates) -> bool | None:
    value, threshold = fact.value, test.threshold
    if isinstance(threshold, Money):
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        converted = rates.convert(Money.rounded(Decimal(value), fact.unit), threshold.currency)
        return None if converted is None else _ordered(test.operator, converted, threshold.amount)
    if isinstance(threshold, tuple):
        return _among(test.operator, value, threshold)
    if isinstance(threshold, bool) or isinstance(value, bool):
        if not (isinstance(threshold, bool) and isinstance(value, bool)):
            return None
        return (value == threshold) is (test.operator is Operator.IS)
    if isinstance(threshold, str) or isinstance(value, str | tuple):
        if not (isinstance(threshold, str) and isinstance(value, str)):
            return None
        is_same = value.strip().casefold() == threshold.strip().casefold()
        return is_same is (test.operator is Operator.IS)
    if isinstance(threshold, date) or isinstance(value, date):
        if not (isinstance(threshold, date) and isinstance(value, date)):
            return None
        return _ordered(test.operator, Decimal(value.toordinal()), Decimal(threshold.toordinal()))
    assert value is not None
    return _ordered(test.operator, Decimal(value), Decimal(threshold))


def _ordered(operator: Operator, value: Decimal, limit: Decimal) -> bool | None:
    return {
        Operator.IS: value == limit,
        Operator.IS_NOT: value != limit,
        Operator.AT_MOST: value <= limit,
        Operator.AT_LEAST: value >= limit,
        Operator.LESS_THAN: value < limit,
        Operator.MORE_THAN: value > limit,
    }.get(operator)


def _among(operator: Operator, value: object, wanted: tuple[str, ...]) -> bool | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return None
    plain = [str(one).strip().casefold() for one in texts]
    folded = [one.strip().casefold() for one in wanted]
    if operator is Operator.LIKE:
        return any(fnmatchcase(one, pattern) for one in plain for pattern in folded)
    if operator is Operator.CONTAINS_ANY:
        return None if isinstance(value, str) else any(one in folded for one in plain)
    if isinstance(value, tuple):
        return None
    return (plain[0] in folded) is (operator is Operator.ONE_OF)


# --- precedence ---------------------------------------------------------------------------------


def _levels(policy: Policy) -> dict[str, tuple[bool, int]]:
    by_id = {clause.id: clause for clause in policy.clauses}

    def level(clause: Clause, seen: frozenset[str]) -> tuple[bool, int]:
        own = (clause.is_exception and not clause.excepts, clause.priority)
        named = [by_id[one] for one in clause.excepts if one not in seen]
        return max([own, *(level(one, seen | {one.id}) for one in named)])

    return {clause.id: level(clause, frozenset({clause.id})) for clause in policy.clauses}


def _beats(one: Clause, two: Clause, levels: dict[str, tuple[bool, int]]) -> bool:
    names, is_named = two.id in one.excepts, one.id in two.excepts
    if names is not is_named:
        return names
    if levels[one.id] != levels[two.id]:
        return levels[one.id] > levels[two.id]
    mine, theirs = Demands(_when(one)), Demands(_when(two))
    return mine.implies(theirs) and not theirs.implies(mine)


def _when(clause: Clause) -> Condition:
    if clause.effect is not Effect.ASK_EVIDENCE:
        return clause.when
    is_there = Test(fact="request.has_evidence", operator=Operator.IS, threshold=True)
    return AllOf(parts=(clause.when, Not(part=is_there)))


def _is_same_outcome(one: Clause, two: Clause) -> bool:
    if one.effect is not two.effect:
        return False
    return one.effect is not Effect.REFUND or one.outcome == two.outcome


def read_line(policy: Policy, decision: Decision, line_id: str) -> Reading:
    """What the policy's clauses say of one line, by the facts that a decision holds.

    The decision must hold all facts; rings of exceptions are the caller's to leave out.
    """
    of_order = {fact.name: fact for fact in decision.facts}
    of_line = of_order | {fact.name: fact for fact in decision.line_facts[line_id]}
    today = of_order["calendar.today"].value
    assert isinstance(today, date)
    holds: list[Clause] = []
    might: list[Clause] = []
    for clause in policy.clauses:
        facts = of_line if clause.scope is Scope.LINE else of_order
        found = truth(_when(clause), facts, decision.rates, today)
        if found is Truth.TRUE:
            holds.append(clause)
        elif found is Truth.UNKNOWN:
            might.append(clause)
    levels = _levels(policy)
    for clause in holds:
        same = [one for one in holds if _is_same_outcome(one, clause)]
        others = [one for one in (*holds, *might) if not _is_same_outcome(one, clause)]
        if all(any(_beats(mine, other, levels) for mine in same) for other in others):
            return Reading(frozenset(one.id for one in same), clause.effect, is_open=False)
    if not holds and all(one.effect is Effect.EXCLUDE for one in might):
        return Reading(frozenset(), None, is_open=False)
    return Reading(frozenset(), None, is_open=True)
