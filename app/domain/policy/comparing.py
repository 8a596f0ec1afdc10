"""One fact held against one threshold: true, false or unknown, with the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
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

_COMPARE: dict[Operator, Callable[[Amount, Amount], bool]] = {
    Operator.AT_MOST: lambda actual, limit: actual <= limit,
    Operator.AT_LEAST: lambda actual, limit: actual >= limit,
    Operator.LESS_THAN: lambda actual, limit: actual < limit,
    Operator.MORE_THAN: lambda actual, limit: actual > limit,
}
_UPPER = frozenset({Operator.AT_MOST, Operator.LESS_THAN})
# How many answers of one comparison are kept; the next decision mostly asks the same again.
_REMEMBERED = 512


def _is_number(value: object) -> TypeGuard[Amount]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


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
    if operator in {Operator.IS, Operator.IS_NOT}:
        if isinstance(value, bool) and isinstance(threshold, bool):
            is_same = value is threshold
        elif isinstance(value, str) and isinstance(threshold, str):
            is_same = value.casefold().strip() == threshold.casefold().strip()
        else:
            return None
        return is_same if operator is Operator.IS else not is_same
    if not isinstance(threshold, tuple):
        return None
    if operator in {Operator.ONE_OF, Operator.NONE_OF} and isinstance(value, str):
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
        converted = rates.convert(Money.rounded(Decimal(value), fact.unit), threshold.currency)
        if converted is None:
            return f"no rate from {fact.unit} to {threshold.currency} is set"
        return converted, threshold.amount
    return (value, threshold) if _is_number(threshold) else None


def _number_truth(operator: Operator, actual: Amount, limit: Amount) -> bool | None:
    if operator is Operator.IS:
        return actual == limit
    if operator is Operator.IS_NOT:
        return actual != limit
    compare = _COMPARE.get(operator)
    return None if compare is None else compare(actual, limit)


def _off_by(test: Test, fact: Fact, missed: Amount) -> str:
    is_date = isinstance(fact.value, date)
    is_days = is_date or _is_days(test.fact, fact)
    if is_days and test.operator in _UPPER:
        return f"{_count(missed, 'day')} late"
    if is_date:
        return f"{_count(missed, 'day')} early"
    return f"off by {missed}"


def _is_days(name: str, fact: Fact) -> bool:
    spec = fact_spec(name)
    return spec.type is FactType.DAYS if spec else fact.unit == "days"


def _actual_words(test: Test, fact: Fact) -> str:
    """The fact's label and value: "delivered 32 days ago", "unit price 50.00 EUR"."""
    label, value = label_of(test.fact), fact.value
    if isinstance(value, date):
        return f"{label} {day_words(value)}"
    if _is_days(test.fact, fact):
        return f"{label} today" if value == 0 else f"{label} {_count(_amount(value), 'day')} ago"
    return f"{label} {value}{' ' + fact.unit if fact.unit else ''}"


def _amount(value: object) -> Amount:
    return value if _is_number(value) else 0


def _unknown(test: Test, fact: Fact, because: str) -> Comparison:
    return Comparison(
        fact=test.fact,
        operator=test.operator.value,
        threshold=as_text(test.threshold),
        actual=as_text(fact.value) if fact.is_known else None,
        truth=Truth.UNKNOWN,
        sentence=because,
    )


def _compare(test: Test, fact: Fact, rates: Rates) -> Comparison:
    """The comparison of a fact with a test's threshold, in full."""
    label = label_of(test.fact)
    if not fact.is_known:
        return _unknown(test, fact, f"{label}: not known ({fact.unknown_because})")
    numbers = _as_numbers(test, fact, rates)
    if isinstance(numbers, str):
        return _unknown(test, fact, f"{label}: not known ({numbers})")
    if numbers is None:
        holds = _text_truth(test, fact.value)
    else:
        holds = _number_truth(test.operator, *numbers)
    if holds is None:
        wrong = f"{as_text(fact.value)} can't be compared with {as_text(test.threshold)}"
        return _unknown(test, fact, f"{label}: {wrong}")
    sentence = f"{label}: {as_text(fact.value)}"
    missed: Decimal | None = None
    if numbers is not None and test.operator in _COMPARE:
        sentence = f"{_actual_words(test, fact)}, limit {as_text(test.threshold)}"
        if not holds:
            missed = abs(Decimal(numbers[0]) - Decimal(numbers[1]))
            sentence = f"{sentence}: {_off_by(test, fact, missed)}"
    return Comparison(
        fact=test.fact,
        operator=test.operator.value,
        threshold=as_text(test.threshold),
        actual=as_text(fact.value),
        truth=Truth.TRUE if holds else Truth.FALSE,
        sentence=sentence,
        missed_by=missed,
    )


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
    return Comparison(
        fact=season.fact,
        operator="season",
        threshold=span,
        actual=as_text(day) if fact.is_known else None,
        truth=truth,
        sentence=sentence,
        missed_by=missed,
    )


class Tester:
    """A comparison made ready: equal facts get the same answer without being compared again."""

    def __init__(self, test: Test | Season) -> None:
        self.test = test
        self.fact = test.fact
        threshold = test.threshold if isinstance(test, Test) else None
        self._currency = threshold.currency if isinstance(threshold, Money) else None
        self._known: dict[object, Comparison] = {}
        self._absent = Fact(name=test.fact, unknown_because="no connected store supplies this fact")

    def compare(self, fact: Fact | None, rates: Rates, today: date) -> Comparison:
        """The comparison for a fact; None stands for one that nothing supplies."""
        fact = fact or self._absent
        test = self.test
        key: object
        if isinstance(test, Season):
            key = (fact.value, fact.unknown_because, today)
        else:
            value = fact.value
            # True == 1 in Python, and 30 == 30.0: types are told apart.
            key = (type(value), value, fact.unknown_because, fact.unit)
        found = self._known.get(key)
        if found is not None:
            return found
        if isinstance(test, Season):
            made = _compare_season(test, fact, today)
        else:
            made = _compare(test, fact, rates)
            if self._currency is not None and self._currency != fact.unit:
                # Rates may change between decisions: what depends on them isn't remembered.
                return made
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = made
        return made
