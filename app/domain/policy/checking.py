"""A condition made ready to be checked: its comparisons, and the tree that joins their truths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from app.domain.decision import Comparison, Truth
from app.domain.policy.comparing import FALSE, TRUE, Facts, Tester
from app.domain.policy.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Season,
    Test,
    facts_of,
)
from app.domain.policy.rates import Rates

# By level: "all" is then the least, "any" the greatest.
_TRUTHS = (Truth.FALSE, Truth.UNKNOWN, Truth.TRUE)
_Tree = Callable[[Sequence[int]], int]


def _is_single(condition: Condition) -> bool:
    while isinstance(condition, Not):
        condition = condition.part
    return not isinstance(condition, AllOf | AnyOf)


# Comparisons made ready, by what is compared and whether below a "not": the clauses of a policy
# share them, as many ask the same.
Testers = dict[tuple[Test | Season, bool], Tester]


def _grow(condition: Condition, is_negated: bool, testers: list[Tester], shared: Testers) -> _Tree:
    """The tree over the levels of `testers`, which are added in the order written.

    A "not" is carried down to the comparisons below it, where it turns each level, and "all" into
    "any" of the opposites: the tree itself has none.
    """
    if isinstance(condition, Not):
        return _grow(condition.part, not is_negated, testers, shared)
    if isinstance(condition, AllOf | AnyOf):
        is_all = isinstance(condition, AllOf) is not is_negated
        first = len(testers)
        parts = [_grow(part, is_negated, testers, shared) for part in condition.parts]
        if not parts:
            return lambda levels: TRUE if is_all else FALSE
        if len(parts) == 1:
            return parts[0]
        join = min if is_all else max
        if all(_is_single(part) for part in condition.parts):
            own = slice(first, len(testers))
            return lambda levels: join(levels[own])
        return lambda levels: join([part(levels) for part in parts])
    place = len(testers)
    key = (condition, is_negated)
    tester = shared.get(key)
    if tester is None:
        tester = shared[key] = Tester(condition, is_negated)
    testers.append(tester)
    return lambda levels: levels[place]


class Checked:
    """The outcome of one condition: its truth, and each comparison with what it says of it."""

    __slots__ = ("_level", "_levels", "comparisons", "truth")

    def __init__(self, level: int, comparisons: tuple[Comparison, ...], levels: list[int]) -> None:
        self.truth = _TRUTHS[level]
        self.comparisons = comparisons
        self._level = level
        self._levels = levels

    def telling(self) -> list[Comparison]:
        """The comparisons that speak for the truth found: the opposite below a "not"."""
        wanted = self._level
        return [
            one
            for one, level in zip(self.comparisons, self._levels, strict=True)
            if level == wanted
        ]


class CompiledCondition:
    """One condition, ready to be checked against facts; equal comparisons are `shared`."""

    def __init__(self, condition: Condition, shared: Testers | None = None) -> None:
        self.facts = facts_of(condition)
        testers: list[Tester] = []
        self._tree = _grow(condition, False, testers, {} if shared is None else shared)
        self._lookups = [(one.known.get, one.fact, one.answer) for one in testers]

    def check(self, facts: Facts, rates: Rates, today: date) -> Checked:
        """Make every comparison; none is left out once the answer is clear."""
        answers = [
            known(id(facts.get(name))) or answer(facts, rates, today)
            for known, name, answer in self._lookups
        ]
        levels = [one.level for one in answers]
        comparisons = tuple([one.comparison for one in answers])
        return Checked(self._tree(levels), comparisons, levels)

    def truth(self, facts: Facts, rates: Rates, today: date) -> Truth:
        """The truth alone."""
        return self.check(facts, rates, today).truth
