"""One fact held against one threshold: true, false or unknown, with the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fnmatch import translate
from functools import lru_cache
from re import Pattern, compile
from typing import TypeGuard

from app.domain.decision import Comparison, Truth
from app.domain.money import Money
from app.domain.policy.conditions import DayOfYear, Operator, Season, Test
from app.domain.policy.facts import Fact, FactType, fact_spec, label_of
from app.domain.policy.rates import Rates

Amount = int | Decimal
Facts = Mapping[str, Fact]

_COMPARE: dict[Operator, Callable[[Amount, Amount], bool]] = {
    Operator.AT_MOST: lambda actual, limit: actual <= limit,
    Operator.AT_LEAST: lambda actual, limit: actual >= limit,
    Operator.LESS_THAN: lambda actual, limit: actual < limit,
    Operator.MORE_THAN: lambda actual, limit: actual > limit,
}
_UPPER = frozenset({Operator.AT_MOST, Operator.LESS_THAN})
# How a threshold is named: the most that may be is a limit, anything else is needed.
_LIMIT_WORDS = {
    Operator.AT_MOST: "limit",
    Operator.LESS_THAN: "needs less than",
    Operator.AT_LEAST: "needs at least",
    Operator.MORE_THAN: "needs more than",
}
# Named, because a union is made anew wherever it is written, and this is asked very often.
_NUMBER = (int, Decimal)
# How many answers of one comparison are kept; the next decision mostly asks the same again.
_REMEMBERED = 512


def _is_number(value: object) -> TypeGuard[Amount]:
    return isinstance(value, _NUMBER) and not isinstance(value, bool)


@lru_cache(maxsize=4096)
def day_words(day: date) -> str:
    """A date as people write it: 24 December 2026."""
    return f"{day.day} {day:%B} {day.year}"


def season_words(day: DayOfYear) -> str:
    """A day of a season: 24 December, with its year where it has one."""
    words = f"{day.day} {date(2000, day.month, 1):%B}"
    return f"{words} {day.year}" if day.year else words


def as_text(value: object) -> str:
    """A value or threshold as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(item).replace("_", " ") for item in value) or "none"
    if isinstance(value, date):
        return day_words(value)
    return str(value).replace("_", " ")


def _count(number: Amount, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


# --- text ---------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _folded(items: tuple[str, ...]) -> frozenset[str]:
    return frozenset(item.casefold().strip() for item in items)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> Pattern[str]:
    # Only `*` is special; `?` and `[` stand for themselves.
    plain = "".join(f"[{char}]" if char in "?[" else char for char in text.casefold().strip())
    return compile(translate(plain))


def _is_like(value: object, patterns: tuple[str, ...]) -> bool:
    texts = value if isinstance(value, tuple) else (value,)
    return any(_pattern(one).match(str(text).casefold()) for one in patterns for text in texts)


def _text_truth(test: Test, value: object) -> bool | None:
    """Comparisons of texts, lists, yes and no; None when they can't be compared."""
    threshold, operator = test.threshold, test.operator
    if operator is Operator.IS or operator is Operator.IS_NOT:
        if isinstance(value, bool) and isinstance(threshold, bool):
            is_same = value is threshold
        elif isinstance(value, str) and isinstance(threshold, str):
            is_same = value.casefold().strip() == threshold.casefold().strip()
        else:
            return None
        return is_same if operator is Operator.IS else not is_same
    if not isinstance(threshold, tuple):
        return None
    is_choice = operator is Operator.ONE_OF or operator is Operator.NONE_OF
    if is_choice and isinstance(value, str):
        is_among = value.casefold().strip() in _folded(threshold)
        return is_among if operator is Operator.ONE_OF else not is_among
    if operator is Operator.CONTAINS_ANY and isinstance(value, tuple):
        return bool(_folded(value) & _folded(threshold))
    if operator is Operator.LIKE and isinstance(value, str | tuple):
        return _is_like(value, threshold)
    return None


# --- numbers, money, dates ----------------------------------------------------------------------


def _as_numbers(test: Test, fact: Fact, rates: Rates) -> tuple[Amount, Amount] | str | None:
    """Fact and threshold as two numbers; a sentence when a rate is missing; None when no numbers.

    Dates count as days.
    """
    value, threshold = fact.value, test.threshold
    if isinstance(value, date) and isinstance(threshold, date):
        return value.toordinal(), threshold.toordinal()
    if not _is_number(value):
        return None
    if isinstance(threshold, Money):
        if not fact.unit.isupper() or len(fact.unit) != 3:
            return None
        if not rates.knows(fact.unit, threshold.currency):
            return f"no rate from {fact.unit} to {threshold.currency} is set"
        converted = rates.convert(Money.rounded(Decimal(value), fact.unit), threshold.currency)
        return None if converted is None else (converted, threshold.amount)
    return (value, threshold) if _is_number(threshold) else None


def _number_truth(operator: Operator, actual: Amount, limit: Amount) -> bool | None:
    if operator is Operator.IS:
        return actual == limit
    if operator is Operator.IS_NOT:
        return actual != limit
    compare = _COMPARE.get(operator)
    return None if compare is None else compare(actual, limit)


def _amount(value: object) -> Amount:
    return value if _is_number(value) else 0


class _Ready:
    """A test with what never changes about it: its words and its threshold as numbers or texts."""

    def __init__(self, test: Test) -> None:
        spec = fact_spec(test.fact)
        self.test = test
        self.fact = test.fact
        self.label = label_of(test.fact)
        self.operator = test.operator.value
        self.threshold = as_text(test.threshold)
        self._has_limit = test.operator in _COMPARE
        self._is_upper = test.operator in _UPPER
        # None where nothing is known about the fact: then its unit tells.
        self._is_in_days = spec.type is FactType.DAYS if spec else None

    def comparison(
        self, actual: str | None, truth: Truth, sentence: str, missed: Decimal | None = None
    ) -> Comparison:
        """The comparison: all of it are our own values, so nothing is checked."""
        return Comparison.made_of(
            {
                "fact": self.fact,
                "operator": self.operator,
                "threshold": self.threshold,
                "actual": actual,
                "truth": truth,
                "sentence": sentence,
                "missed_by": missed,
            }
        )

    def compare(self, fact: Fact, rates: Rates) -> Comparison:
        """The comparison of a fact with the test's threshold, in full."""
        test, label = self.test, self.label
        if fact.value is None:
            because = f"{label}: not known ({fact.unknown_because})"
            return self.comparison(None, Truth.UNKNOWN, because)
        actual = as_text(fact.value)
        numbers = _as_numbers(test, fact, rates)
        if isinstance(numbers, str):
            return self.comparison(actual, Truth.UNKNOWN, f"{label}: not known ({numbers})")
        if numbers is None:
            holds = _text_truth(test, fact.value)
        else:
            holds = _number_truth(test.operator, *numbers)
        if holds is None:
            wrong = f"{actual} can't be compared with {self.threshold}"
            return self.comparison(actual, Truth.UNKNOWN, f"{label}: {wrong}")
        sentence = f"{label}: {actual}"
        if fact.assumed_because is not None:
            sentence = f"{sentence} ({fact.assumed_because})"
        missed: Decimal | None = None
        if numbers is not None and self._has_limit:
            words = _LIMIT_WORDS[test.operator]
            sentence = f"{self._actual_words(fact)}, {words} {self.threshold}"
            if not holds:
                missed = abs(Decimal(numbers[0]) - Decimal(numbers[1]))
                sentence = f"{sentence}: {self._off_by(fact, missed)}"
        truth = Truth.TRUE if holds else Truth.FALSE
        return self.comparison(actual, truth, sentence, missed)

    def _is_days(self, fact: Fact) -> bool:
        return fact.unit == "days" if self._is_in_days is None else self._is_in_days

    def _off_by(self, fact: Fact, missed: Amount) -> str:
        is_date = isinstance(fact.value, date)
        if is_date or self._is_days(fact):
            return f"{_count(missed, 'day')} {'late' if self._is_upper else 'early'}"
        return f"{missed} too {'much' if self._is_upper else 'little'}"

    def _actual_words(self, fact: Fact) -> str:
        """The fact's label and value: "delivered 32 days ago", "unit price 50.00 EUR"."""
        value = fact.value
        if isinstance(value, date):
            return f"{self.label} {day_words(value)}"
        if self._is_days(fact):
            words = "today" if value == 0 else f"{_count(_amount(value), 'day')} ago"
            return f"{self.label} {words}"
        return f"{self.label} {value}{' ' + fact.unit if fact.unit else ''}"


def _compare_season(season: Season, fact: Fact, today: date) -> Comparison:
    label = label_of(season.fact)
    span = f"{season_words(season.first)} to {season_words(season.last)}"
    day = fact.value
    window, missed, truth = None, None, Truth.FALSE
    if not fact.is_known:
        truth, sentence = Truth.UNKNOWN, f"{label}: not known ({fact.unknown_because})"
    elif not isinstance(day, date):
        truth, sentence = Truth.UNKNOWN, f"{label}: {as_text(day)} is no date"
    else:
        window = season.window_of(day)
        sentence = f"{label} {day_words(day)}, not from {span}"
    if window is not None:
        until = window[2]
        sentence = f"{label} {as_text(day)}, from {span}"
        is_late = until is not None and today > until
        truth = Truth.FALSE if is_late else Truth.TRUE
        if until is not None:
            sentence = f"{sentence}: until {day_words(until)}"
        if until is not None and is_late:
            missed = Decimal((today - until).days)
            sentence = f"{sentence}, {_count((today - until).days, 'day')} late"
    return Comparison.made_of(
        {
            "fact": season.fact,
            "operator": "season",
            "threshold": span,
            "actual": as_text(day) if fact.is_known else None,
            "truth": truth,
            "sentence": sentence,
            "missed_by": missed,
        }
    )


# Truth as a number: "all" is then the least, "any" the greatest, "not" the mirror.
FALSE, UNKNOWN, TRUE = 0, 1, 2
_LEVELS = {Truth.FALSE: FALSE, Truth.UNKNOWN: UNKNOWN, Truth.TRUE: TRUE}


def _level(truth: Truth, is_negated: bool) -> int:
    return TRUE - _LEVELS[truth] if is_negated else _LEVELS[truth]


class Answer:
    """A comparison and how it counts in its condition. It holds what it was made of."""

    __slots__ = ("_made_of", "comparison", "level")

    def __init__(self, comparison: Comparison, level: int, made_of: object) -> None:
        self.comparison = comparison
        self.level = level
        self._made_of = made_of


class Tester:
    """A comparison made ready, below a "not" or not.

    A fact seen before gets the same answer without being compared: facts that are equal are mostly
    the same object (`app.domain.policy.drawing`).
    """

    def __init__(self, test: Test | Season, is_negated: bool = False) -> None:
        self.test = test
        self.fact = test.fact
        self._is_negated = is_negated
        self._ready = _Ready(test) if isinstance(test, Test) else None
        threshold = test.threshold if isinstance(test, Test) else None
        self._currency = threshold.currency if isinstance(threshold, Money) else None
        # Answers by the ids of what went in, which each answer keeps from becoming another's: by
        # the fact's id alone where nothing else counts.
        self.known: dict[int | tuple[int, object], Answer] = {}
        self._absent = Fact(name=test.fact, unknown_because="no connected store supplies this fact")

    def answer(self, facts: Facts, rates: Rates, today: date) -> Answer:
        """The comparison for the fact among these; one that nothing supplies is unknown."""
        fact = facts.get(self.fact) or self._absent
        key: int | tuple[int, object] = id(fact)
        if self._ready is None:
            key = (id(fact), today)
        elif self._currency is not None and self._currency != fact.unit:
            # The same rates give the same answer; others may give another.
            key = (id(fact), id(rates))
        found = self.known.get(key)
        if found is None:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            comparison = self._compare(fact, rates, today)
            level = _level(comparison.truth, self._is_negated)
            found = self.known[key] = Answer(comparison, level, (fact, rates))
        return found

    def _compare(self, fact: Fact, rates: Rates, today: date) -> Comparison:
        if self._ready is not None:
            return self._ready.compare(fact, rates)
        assert isinstance(self.test, Season)  # noqa: S101 - else it is ready
        return _compare_season(self.test, fact, today)
