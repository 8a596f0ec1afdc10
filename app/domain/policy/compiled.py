"""A policy made ready to decide: each condition once as comparisons and the tree that joins them.

`prepare` keeps the last policies, so that a process that decides many orders prepares each once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from threading import Lock

from app.domain.decision import Comparison, Finding, Truth
from app.domain.money import Money
from app.domain.policy.comparing import Tester
from app.domain.policy.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Season,
    Test,
    facts_of,
    tests_of,
)
from app.domain.policy.facts import TODAY, Fact, history_ask
from app.domain.policy.limits import Subject
from app.domain.policy.model import Effect, Policy, Scope
from app.domain.policy.precedence import Ranked, effective_condition, find_cycle, rank
from app.domain.policy.rates import Rates

Facts = Mapping[str, Fact]

# Truth as a number: "all" is then the least, "any" the greatest, "not" the mirror.
_TRUTHS = (Truth.FALSE, Truth.UNKNOWN, Truth.TRUE)
_FALSE, _UNKNOWN, _TRUE = _TRUTHS
_Tree = Callable[[Sequence[int]], int]
# How many findings of one policy are remembered in all.
_FINDINGS_KEPT = 50_000
_ALWAYS_NEEDED = frozenset(
    {
        TODAY,
        "order.refunded",
        "service.days_paid",
        "service.days_left",
        "service.percent_completed",
    }
)


def _level(truth: Truth) -> int:
    # By what it is: members of enumerations are slow to look up.
    return 2 if truth is _TRUE else 1 if truth is _UNKNOWN else 0


def _grow(condition: Condition, is_negated: bool, testers: list[tuple[Tester, bool]]) -> _Tree:
    """The tree over the levels of `testers`, which are added in the order written.

    Each tester stands with whether a "not" is above it.
    """
    if isinstance(condition, Not):
        part = _grow(condition.part, not is_negated, testers)
        return lambda levels: 2 - part(levels)
    if isinstance(condition, AllOf | AnyOf):
        parts = [_grow(part, is_negated, testers) for part in condition.parts]
        if len(parts) == 1:
            return parts[0]
        if isinstance(condition, AllOf):
            return lambda levels: min([part(levels) for part in parts], default=2)
        return lambda levels: max([part(levels) for part in parts], default=0)
    place = len(testers)
    testers.append((Tester(condition), is_negated))
    return lambda levels: levels[place]


class Checked:
    """The outcome of one condition: its truth, and each comparison with what it says of it."""

    __slots__ = ("_levels", "_negated", "comparisons", "truth")

    def __init__(
        self,
        truth: Truth,
        comparisons: tuple[Comparison, ...],
        levels: list[int],
        negated: list[bool],
    ) -> None:
        self.truth = truth
        self.comparisons = comparisons
        self._levels = levels
        self._negated = negated

    def telling(self) -> list[Comparison]:
        """The comparisons that speak for the truth found: the opposite below a "not"."""
        wanted = _level(self.truth)
        return [
            one
            for one, level, is_negated in zip(
                self.comparisons, self._levels, self._negated, strict=True
            )
            if (2 - level if is_negated else level) == wanted
        ]


class CompiledCondition:
    """One condition, ready to be checked against facts."""

    def __init__(self, condition: Condition) -> None:
        self.facts = facts_of(condition)
        self._testers: list[tuple[Tester, bool]] = []
        self._tree = _grow(condition, False, self._testers)
        self._negated = [is_negated for _, is_negated in self._testers]

    def check(self, facts: Facts, rates: Rates, today: date) -> Checked:
        """Make every comparison; none is left out once the answer is clear."""
        comparisons = tuple(
            [tester.compare(facts.get(tester.fact), rates, today) for tester, _ in self._testers]
        )
        levels = [_level(one.truth) for one in comparisons]
        return Checked(_TRUTHS[self._tree(levels)], comparisons, levels, self._negated)

    def truth(self, facts: Facts, rates: Rates, today: date) -> Truth:
        """The truth alone."""
        return self.check(facts, rates, today).truth


# Stands for the rates among the ids of facts; no fact has this name.
_RATES = "rates"
_Ids = Mapping[str, int]


def ids_of(facts: Facts, rates: Rates) -> _Ids:
    """What findings are remembered by: which objects the facts and rates are."""
    return {**dict(zip(facts, map(id, facts.values()), strict=True)), _RATES: id(rates)}


def _picker(names: Sequence[str]) -> Callable[[_Ids], object]:
    """Reads the ids of these names, all of which must be there."""
    return itemgetter(*names) if names else lambda ids: None


class CompiledClause:
    """One clause, ready to be applied. `asks` is its condition without the wish for evidence.

    Findings are remembered by the facts that went in: facts that are equal are mostly the same
    object (`app.domain.policy.drawing`), so most clauses aren't even compared again.
    """

    def __init__(self, ranked: Ranked, remembered: int) -> None:
        clause = ranked.clause
        self.clause = clause
        self.ranked = ranked
        self.condition = CompiledCondition(effective_condition(clause))
        self._asks = (
            CompiledCondition(clause.when) if clause.effect is Effect.ASK_EVIDENCE else None
        )
        tests = list(tests_of(effective_condition(clause)))
        names = {test.fact for test in tests}
        if any(isinstance(test, Season) for test in tests):
            names.add(TODAY)
        self._names = sorted(names)
        needs_rates = any(
            isinstance(test, Test) and isinstance(test.threshold, Money) for test in tests
        )
        self._pick = _picker([*self._names, _RATES] if needs_rates else self._names)
        self._remembered = remembered
        self._known: dict[object, Finding] = {}
        # What the keys were made of, so that the ids stay theirs.
        self._pinned: list[object] = []

    def apply(
        self, facts: Facts, rates: Rates, today: date, line_id: str | None, ids: _Ids
    ) -> Finding:
        """Test the clause completely and say how it came out.

        `facts` holds every fact that the clause asks for: see `CompiledPolicy.complete`; `ids` is
        `ids_of` these facts and rates.
        """
        key = self._pick(ids)
        finding = self._known.get(key)
        if finding is None:
            if len(self._known) >= self._remembered:
                self._known.clear()
                self._pinned.clear()
            finding = self._finding(self.condition.check(facts, rates, today))
            self._known[key] = finding
            self._pinned.append(([facts[name] for name in self._names], rates))
        return finding if line_id is None else finding.with_one("line_id", line_id)

    def _finding(self, checked: Checked) -> Finding:
        clause = self.clause
        missed: Decimal | None = None
        if checked.truth is _TRUE:
            sentence = clause.because
        else:
            telling = checked.telling()
            sentence = "; ".join(dict.fromkeys([one.sentence for one in telling])) or clause.title
            if checked.truth is _FALSE and len(telling) == 1:
                missed = telling[0].missed_by
        return Finding.made_of(
            {
                "code": clause.id,
                "title": clause.title,
                "effect": clause.effect,
                "truth": checked.truth,
                "sentence": sentence,
                "line_id": None,
                "comparisons": checked.comparisons,
                "missed_by": missed,
                "is_nearest_miss": False,
            }
        )

    def wants_evidence(self, facts: Facts, rates: Rates, today: date) -> bool:
        """Whether the clause would have evidence asked for, were there none yet."""
        return self._asks is not None and self._asks.truth(facts, rates, today) is Truth.TRUE


class CompiledPolicy:
    """A policy with its clauses, rules and limits ready to be checked."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        remembered = max(16, _FINDINGS_KEPT // max(1, len(policy.clauses)))
        self.clauses = [CompiledClause(one, remembered) for one in rank(policy.clauses)]
        self.by_id = {item.clause.id: item for item in self.clauses}
        self.of_order = [one for one in self.clauses if one.clause.scope is Scope.ORDER]
        self.of_lines = [one for one in self.clauses if one.clause.scope is Scope.LINE]
        self.tier_rules = [(rule, CompiledCondition(rule.when)) for rule in policy.tier_rules]
        # Ids of clauses that beat one another in a ring: none of them can decide.
        ring = find_cycle([item.ranked for item in self.clauses])
        self.ring = frozenset(clause.id for clause in ring)
        automatic = policy.automatic
        self.automatic_when = (
            CompiledCondition(automatic.when) if automatic and automatic.when else None
        )

    @cached_property
    def facts(self) -> frozenset[str]:
        """Every fact that anything in the policy asks for."""
        conditions = [item.condition for item in self.clauses]
        conditions += [condition for _, condition in self.tier_rules]
        if self.automatic_when is not None:
            conditions.append(self.automatic_when)
        return frozenset().union(*(condition.facts for condition in conditions))

    @cached_property
    def _absent(self) -> dict[str, Fact]:
        because = "no connected store supplies this fact"
        return {name: Fact(name=name, unknown_because=because) for name in {*self.facts, TODAY}}

    @cached_property
    def needed(self) -> frozenset[str]:
        """Every fact that a decision can depend on, what outcomes and tiers need included."""
        return self.facts | _ALWAYS_NEEDED

    def complete(self, facts: Facts) -> dict[str, Fact]:
        """The facts, with an unknown one for each that the policy asks for and nothing supplies."""
        return {**self._absent, **facts}

    @cached_property
    def windows(self) -> frozenset[tuple[Subject, int]]:
        """The history that the policy needs: subjects with hours (0: ever)."""
        asks = [ask for name in self.facts if (ask := history_ask(name)) is not None]
        found = {(ask.subject, ask.hours) for ask in asks}
        policy = self.policy
        found |= {(limit.subject, limit.hours) for limit in policy.abuse_limits}
        if policy.split_days:
            found.add((policy.split_subject, policy.split_days * 24))
        if policy.automatic is not None:
            found.add((Subject.STORE, 24))
            found.add((Subject.CUSTOMER, policy.automatic.per_customer_days * 24))
        return frozenset(found)


_KEPT = 64
_prepared: OrderedDict[int, CompiledPolicy] = OrderedDict()
_lock = Lock()


def prepare(policy: Policy) -> CompiledPolicy:
    """The policy ready to decide. Equal calls with the same object prepare it once."""
    with _lock:
        found = _prepared.get(id(policy))
        if found is not None:
            _prepared.move_to_end(id(policy))
            return found
    made = CompiledPolicy(policy)
    with _lock:
        # `made` holds the policy, so its id can't become another's while it is kept.
        _prepared[id(policy)] = made
        while len(_prepared) > _KEPT:
            _prepared.popitem(last=False)
    return made
