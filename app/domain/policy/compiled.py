"""A policy made ready to decide: each clause with its condition and what it found before.

`prepare` keeps the last policies, so that a process that decides many orders prepares each once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from threading import Lock

from app.domain.decision import Finding, Truth
from app.domain.money import Money
from app.domain.policy.checking import Checked, CompiledCondition, Testers
from app.domain.policy.comparing import Facts
from app.domain.policy.conditions import Season, Test, tests_of
from app.domain.policy.facts import TODAY, Fact, history_ask
from app.domain.policy.limits import Subject
from app.domain.policy.model import Effect, Policy, Scope
from app.domain.policy.precedence import Ranked, effective_condition, find_cycle, rank
from app.domain.policy.rates import Rates

# By what they are: members of enumerations are slow to look up.
_TRUE, _UNKNOWN, _FALSE = Truth.TRUE, Truth.UNKNOWN, Truth.FALSE
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


# Stands for the rates among the ids of facts; no fact has this name.
_RATES = "rates"
Ids = Mapping[str, int]


def ids_of(facts: Facts, rates: Rates) -> Ids:
    """What findings are remembered by: which objects the facts and rates are."""
    return {**dict(zip(facts, map(id, facts.values()), strict=True)), _RATES: id(rates)}


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, object]], object]:
    """Reads what stands under these names, all of which must be there."""
    return itemgetter(*names) if names else lambda found: None


class Found:
    """A finding of one clause, and what it was made of, so that ids stay theirs."""

    __slots__ = ("_facts", "_rates", "finding", "truth")

    def __init__(self, finding: Finding, facts: object, rates: Rates) -> None:
        self.finding = finding
        self.truth = finding.truth
        self._facts = facts
        self._rates = rates


class CompiledClause:
    """One clause, ready to be applied. `asks` is its condition without the wish for evidence.

    Findings are `known` by the facts that went in, whose ids `key` picks: facts that are equal are
    mostly the same object (`app.domain.policy.drawing`), so most clauses aren't even compared
    again.
    """

    def __init__(self, ranked: Ranked, remembered: int, shared: Testers) -> None:
        clause = ranked.clause
        self.clause = clause
        self.ranked = ranked
        # At hand: a value's fields take longer to reach, and each finding needs them.
        self._code, self._title, self._effect = clause.id, clause.title, clause.effect
        self._because = clause.because
        self.condition = CompiledCondition(effective_condition(clause), shared)
        self._asks = (
            CompiledCondition(clause.when, shared) if clause.effect is Effect.ASK_EVIDENCE else None
        )
        tests = list(tests_of(effective_condition(clause)))
        names = {test.fact for test in tests}
        if any(isinstance(test, Season) for test in tests):
            names.add(TODAY)
        self._facts = _picker(sorted(names))
        needs_rates = any(
            isinstance(test, Test) and isinstance(test.threshold, Money) for test in tests
        )
        self.key = _picker([*sorted(names), *([_RATES] if needs_rates else [])])
        self.known: dict[object, Found] = {}
        self._remembered = remembered

    def apply(self, facts: Facts, rates: Rates, today: date, ids: Ids) -> Found:
        """Test the clause completely, remember how it came out, and say it.

        `facts` holds every fact that the clause asks for: see `CompiledPolicy.complete`; `ids` is
        `ids_of` these facts and rates.
        """
        if len(self.known) >= self._remembered:
            self.known.clear()
        finding = self._finding(self.condition.check(facts, rates, today))
        found = Found(finding, self._facts(facts), rates)
        self.known[self.key(ids)] = found
        return found

    def _finding(self, checked: Checked) -> Finding:
        missed: Decimal | None = None
        if checked.truth is _TRUE:
            sentence = self._because
        else:
            telling = checked.telling()
            if len(telling) == 1:
                sentence = telling[0].sentence
                missed = telling[0].missed_by if checked.truth is _FALSE else None
            else:
                said = dict.fromkeys([one.sentence for one in telling])
                sentence = "; ".join(said) or self._title
        return Finding.made_of(
            {
                "code": self._code,
                "title": self._title,
                "effect": self._effect,
                "truth": checked.truth,
                "sentence": sentence,
                "comparisons": checked.comparisons,
                "missed_by": missed,
                "is_nearest_miss": False,
            }
        )

    def wants_evidence(self, facts: Facts, rates: Rates, today: date) -> bool:
        """Whether the clause would have evidence asked for, were there none yet."""
        return self._asks is not None and self._asks.truth(facts, rates, today) is _TRUE


class Applied:
    """How some clauses came out: the findings, and the clauses by their truth.

    `held` surely hold; `maybe` can't be told, and `untold` are their findings.
    """

    def __init__(self, clauses: Sequence[CompiledClause], found: Sequence[Found]) -> None:
        self.findings = [one.finding for one in found]
        self.held: list[Ranked] = []
        self.maybe: list[Ranked] = []
        self.untold: list[Finding] = []
        for item, one in zip(clauses, found, strict=True):
            truth = one.truth
            if truth is _TRUE:
                self.held.append(item.ranked)
            elif truth is _UNKNOWN:
                self.maybe.append(item.ranked)
                self.untold.append(one.finding)


class ClauseGroup:
    """Clauses that are applied together, to an order or to a line."""

    def __init__(self, clauses: Iterable[CompiledClause]) -> None:
        self.clauses = list(clauses)
        self._lookups = [(one.known.get, one.key) for one in self.clauses]

    def apply(self, facts: Facts, rates: Rates, today: date, ids: Ids) -> Applied:
        """Test every clause; see `CompiledClause.apply`."""
        known = [get(key(ids)) for get, key in self._lookups]
        found = [
            one if one is not None else clause.apply(facts, rates, today, ids)
            for one, clause in zip(known, self.clauses, strict=True)
        ]
        return Applied(self.clauses, found)


class CompiledPolicy:
    """A policy with its clauses, rules and limits ready to be checked."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        remembered = max(16, _FINDINGS_KEPT // max(1, len(policy.clauses)))
        shared: Testers = {}
        self.clauses = [CompiledClause(one, remembered, shared) for one in rank(policy.clauses)]
        self.by_id = {item.clause.id: item for item in self.clauses}
        self.of_order = ClauseGroup(c for c in self.clauses if c.clause.scope is Scope.ORDER)
        self.of_lines = ClauseGroup(c for c in self.clauses if c.clause.scope is Scope.LINE)
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
