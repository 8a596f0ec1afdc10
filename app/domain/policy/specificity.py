"""When one condition is more specific than another: provably, from the conditions alone.

A condition is taken as the list of its demands (the parts joined by "all", with "not" moved
inward). It implies another when each demand of the other follows from one of its own: the same
comparison, a narrower range of the same number ("within 14 days" implies "within 30 days"), fewer
values of the same text, or an equal part. It is more specific when it implies the other but not
the other way round. This is a strict order: nothing is more specific than itself, and more
specific than more specific is more specific.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from app.domain.money import Money
from app.domain.policy.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Operator,
    Test,
)

_OPPOSITE = {
    Operator.IS: Operator.IS_NOT,
    Operator.IS_NOT: Operator.IS,
    Operator.ONE_OF: Operator.NONE_OF,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.AT_MOST: Operator.MORE_THAN,
    Operator.MORE_THAN: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS_THAN,
    Operator.LESS_THAN: Operator.AT_LEAST,
}


@dataclass(frozen=True)
class Range:
    """Numbers (or dates, or money of one currency) between two ends; None: no end."""

    low: Decimal | None
    high: Decimal | None
    is_low_open: bool = False
    is_high_open: bool = False

    def is_within(self, other: Range) -> bool:
        """Whether every number of this range lies in the other."""
        if other.low is not None and (
            self.low is None
            or self.low < other.low
            or (self.low == other.low and other.is_low_open and not self.is_low_open)
        ):
            return False
        return other.high is None or not (
            self.high is None
            or self.high > other.high
            or (self.high == other.high and other.is_high_open and not self.is_high_open)
        )

    def meets(self, other: Range) -> bool:
        """Whether a number can lie in both."""
        for one, two in ((self, other), (other, self)):
            if one.high is None or two.low is None:
                continue
            if one.high < two.low:
                return False
            if one.high == two.low and (one.is_high_open or two.is_low_open):
                return False
        return True


@dataclass(frozen=True)
class Values:
    """Texts (or yes and no) that are allowed; with `is_without` all but these."""

    items: frozenset[object]
    is_without: bool = False

    def is_within(self, other: Values) -> bool:
        """Whether every value allowed here is allowed there."""
        if self.is_without:
            return other.is_without and other.items <= self.items
        return not (self.items & other.items) if other.is_without else self.items <= other.items

    def meets(self, other: Values) -> bool:
        """Whether a value can be allowed by both."""
        if self.is_without and other.is_without:
            return True
        if self.is_without or other.is_without:
            without, plain = (self, other) if self.is_without else (other, self)
            return bool(plain.items - without.items)
        return bool(self.items & other.items)


@dataclass(frozen=True)
class Demand:
    """One part of a condition. `allowed` is what the fact may be, where that can be told."""

    text: str
    fact: str | None = None
    allowed: Range | Values | None = None
    unit: str = ""

    def _is_comparable(self, other: Demand) -> bool:
        return (
            self.fact is not None
            and self.fact == other.fact
            and self.unit == other.unit
            and type(self.allowed) is type(other.allowed)
        )

    def implies(self, other: Demand) -> bool:
        """Whether the other part surely holds when this one does."""
        if self.text == other.text:
            return True
        if not self._is_comparable(other):
            return False
        mine, theirs = self.allowed, other.allowed
        if isinstance(mine, Range) and isinstance(theirs, Range):
            return mine.is_within(theirs)
        return isinstance(mine, Values) and isinstance(theirs, Values) and mine.is_within(theirs)

    def excludes(self, other: Demand) -> bool:
        """Whether both can't hold at once."""
        if not self._is_comparable(other):
            return False
        mine, theirs = self.allowed, other.allowed
        if isinstance(mine, Range) and isinstance(theirs, Range):
            return not mine.meets(theirs)
        return isinstance(mine, Values) and isinstance(theirs, Values) and not mine.meets(theirs)


def _number(value: object) -> tuple[Decimal, str] | None:
    """A threshold as a number and its unit (a currency, or "date")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value), ""
    if isinstance(value, Money):
        return value.amount, value.currency
    if isinstance(value, date):
        return Decimal(value.toordinal()), "date"
    return None


def _demand_of_test(test: Test) -> Demand:
    operator, threshold = test.operator, test.threshold
    text = test.to_json()
    number = _number(threshold)
    if number is not None:
        end, unit = number
        ranges = {
            Operator.IS: Range(end, end),
            Operator.AT_MOST: Range(None, end),
            Operator.LESS_THAN: Range(None, end, is_high_open=True),
            Operator.AT_LEAST: Range(end, None),
            Operator.MORE_THAN: Range(end, None, is_low_open=True),
        }
        return Demand(text, test.fact, ranges.get(operator), unit)
    items: frozenset[object]
    if isinstance(threshold, tuple):
        items = frozenset(item.casefold().strip() for item in threshold)
    elif isinstance(threshold, str):
        items = frozenset({threshold.casefold().strip()})
    elif isinstance(threshold, bool):
        # Yes and no are all there is: not yes is no.
        is_yes = threshold is (operator is Operator.IS)
        return Demand(text, test.fact, Values(frozenset({is_yes})), "yes_no")
    else:
        items = frozenset()
    if operator in {Operator.IS, Operator.ONE_OF}:
        return Demand(text, test.fact, Values(items), "text")
    if operator in {Operator.IS_NOT, Operator.NONE_OF}:
        return Demand(text, test.fact, Values(items, is_without=True), "text")
    return Demand(text)


def _demands(condition: Condition, is_negated: bool) -> frozenset[Demand]:
    if isinstance(condition, Not):
        return _demands(condition.part, not is_negated)
    joins = AnyOf if is_negated else AllOf
    if isinstance(condition, joins):
        parts = [_demands(part, is_negated) for part in condition.parts]
        return frozenset().union(*parts)
    if isinstance(condition, Test) and is_negated and condition.operator in _OPPOSITE:
        opposite = _OPPOSITE[condition.operator]
        return frozenset({_demand_of_test(condition.model_copy(update={"operator": opposite}))})
    if isinstance(condition, Test) and not is_negated:
        return frozenset({_demand_of_test(condition)})
    text = condition.to_json()
    return frozenset({Demand(f"not {text}" if is_negated else text)})


class Demands:
    """The demands of one condition, to be compared with those of another."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    @cached_property
    def parts(self) -> frozenset[Demand]:
        """Each part that must hold."""
        return _demands(self._condition, False)

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(part.text for part in self.parts)

    @cached_property
    def _by_fact(self) -> dict[str, list[Demand]]:
        found: dict[str, list[Demand]] = {}
        for part in self.parts:
            if part.fact is not None:
                found.setdefault(part.fact, []).append(part)
        return found

    @cached_property
    def _topics(self) -> frozenset[str]:
        """What the parts are about. A condition implies none that is about something else."""
        return frozenset(part.fact or part.text for part in self.parts)

    def implies(self, other: Demands) -> bool:
        """Whether the other condition surely holds when this one does."""
        if not other._topics <= self._topics:
            return False
        for part in other.parts:
            if part.text in self._texts:
                continue
            mine = self._by_fact.get(part.fact or "", ())
            if not any(one.implies(part) for one in mine):
                return False
        return True

    def is_more_specific_than(self, other: Demands) -> bool:
        """Whether this implies the other, and not the other way round."""
        return self.implies(other) and not other.implies(self)

    def excludes(self, other: Demands) -> bool:
        """Whether both conditions surely can't hold at once, judged fact by fact."""
        return any(
            one.excludes(two)
            for fact, mine in self._by_fact.items()
            for one in mine
            for two in other._by_fact.get(fact, ())
        )

    @property
    def is_impossible(self) -> bool:
        """Whether this condition surely never holds."""
        return self.excludes(self)
