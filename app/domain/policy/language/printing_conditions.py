"""Conditions said back in the language's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from app.domain.money import Money
from app.domain.policy.facts import FactType, fact_spec
from app.domain.policy.language.grammar import ELIDED, keywords, value_words
from app.domain.policy.language.vocabulary import FORMS, SUBJECTS, Form
from app.domain.policy.language.words import month_name
from app.domain.policy.model import (
    AllOf,
    AnyOf,
    Condition,
    DayOfYear,
    Not,
    Operator,
    Season,
    Test,
)

_BOUND_WORDS = {
    Operator.AT_LEAST: "at least",
    Operator.AT_MOST: "at most",
    Operator.MORE_THAN: "more than",
    Operator.LESS_THAN: "less than",
    Operator.IS: "exactly",
}
_DATE_WORDS = {
    Operator.IS: "on",
    Operator.LESS_THAN: "before",
    Operator.MORE_THAN: "after",
    Operator.AT_MOST: "on or before",
    Operator.AT_LEAST: "on or after",
}
_NOT = "it is not true that"
# What stands for a condition that always holds, where a sentence needs one.
_ALWAYS = "today is on or after 1 January 2000"
_NUMBER_SLOTS = ("{ago}", "{count}", "{money}", "{percent}", "{days}", "{minutes}")
_ONE_SLOTS = ("{text}", "{word}", "{code}")
_MANY_SLOTS = ("{texts}", "{words}", "{codes}")


def number_words(value: int | Decimal) -> str:
    """A number with thousands apart and no zeros that say nothing: 2,000 or 0.5."""
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_words(amount: Money) -> str:
    """An amount as the language writes it: 2,000 EUR or 5.90 EUR."""
    plain = amount.amount
    text = number_words(plain) if plain == plain.to_integral_value() else f"{plain:,f}"
    return f"{text} {amount.currency}"


def quoted(text: str) -> str:
    """A text in quotation marks; marks inside become apostrophes."""
    return '"' + " ".join(re.sub('["“”„]', "'", text).split()) + '"'


def listed(items: list[str], last: str) -> str:
    """One, one or two, one, two or three."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def day_words(day: DayOfYear | date) -> str:
    """A day as written in a sentence."""
    words = f"{day.day} {month_name(day.month)}"
    return f"{words} {day.year}" if day.year else words


@cache
def _forms_of(fact: str) -> tuple[Form, ...]:
    """What can be said of a fact. History facts are known by all but their window."""
    if fact.startswith("history."):
        return tuple(form for form in FORMS if fact.startswith(form.fact) and form.fact[-1] == "_"
                     and re.fullmatch(r"\d+[hd]", fact[len(form.fact) :]))  # fmt: skip
    return tuple(form for form in FORMS if form.fact == fact)


def _span_words(fact: str) -> str:
    count, unit = re.fullmatch(r".*_(\d+)([hd])", fact).groups()  # type: ignore[union-attr]
    word = {"h": "hour", "d": "day"}[unit]
    return f"{count} {word}" if count == "1" else f"{count} {word}s"


def _count(value: int | Decimal, word: str) -> str:
    return f"{number_words(value)} {word}" if value == 1 else f"{number_words(value)} {word}s"


def _amount_words(threshold: object) -> str | None:
    if isinstance(threshold, Money):
        return money_words(threshold)
    if isinstance(threshold, int | Decimal) and not isinstance(threshold, bool):
        return number_words(threshold)
    return None


def _slot_words(slot: str, test: Test) -> str | None:
    """A number with its limit, as a slot of a form takes it; None where it doesn't fit."""
    bound, threshold = _BOUND_WORDS.get(test.operator), test.threshold
    if bound is None:
        return None
    if slot == "{money}":
        amount = _amount_words(threshold)
        return f"{bound} {amount}" if amount else None
    if not isinstance(threshold, int | Decimal) or isinstance(threshold, bool):
        return None
    if slot == "{ago}":
        if test.operator is Operator.AT_MOST:
            return f"within the last {_count(threshold, 'day')}"
        return f"{bound} {_count(threshold, 'day')} ago"
    said = {
        "{count}": number_words(threshold),
        "{percent}": f"{number_words(threshold)}%",
        "{days}": _count(threshold, "day"),
        "{minutes}": _count(threshold, "minute"),
    }
    return f"{bound} {said[slot]}"


@dataclass(frozen=True)
class _Said:
    """A predicate and its subject; None where the sentence names the fact itself."""

    subject: str | None
    words: str


class Words:
    """Says the conditions of one sentence. Like the compiler, it knows the last subject named."""

    def __init__(self) -> None:
        self._subject: str | None = None

    def when(self, condition: Condition) -> str:
        """`if …`, `if … unless …` or `unless …`; empty for what always holds."""
        if isinstance(condition, AllOf) and not condition.parts:
            return ""
        if isinstance(condition, Not) and _said(condition) is None:
            return f"unless {self.condition(condition.part)}"
        if isinstance(condition, AllOf) and len(condition.parts) > 1:
            last = condition.parts[-1]
            if isinstance(last, Not) and _said(last) is None:
                rest = condition.parts[:-1]
                holds = rest[0] if len(rest) == 1 else AllOf(parts=rest)
                return f"if {self.condition(holds)} unless {self.condition(last.part)}"
        return f"if {self.condition(condition)}"

    def condition(self, condition: Condition) -> str:
        """A condition without brackets around it."""
        if isinstance(condition, AllOf | AnyOf) and condition.parts:
            join = " and " if isinstance(condition, AllOf) else " or "
            return join.join(self._unit(part) for part in _merged(condition))
        return self._unit(condition)

    def _unit(self, condition: Condition | _Said) -> str:
        said = condition if isinstance(condition, _Said) else _said(condition)
        if said is not None:
            return self._with_subject(said)
        assert not isinstance(condition, _Said)  # noqa: S101 - told apart above
        if isinstance(condition, AllOf | AnyOf):
            parts = _merged(condition)
            if not parts:
                self._subject = None
                return _ALWAYS if isinstance(condition, AllOf) else f"{_NOT} ({_ALWAYS})"
            if len(parts) == 1:
                return self._unit(parts[0])
            self._subject = None
            return f"({self.condition(condition)})"
        assert isinstance(condition, Not)  # noqa: S101 - tests and seasons can always be said
        self._subject = None
        return f"{_NOT} ({self.condition(condition.part)})"

    def _with_subject(self, said: _Said) -> str:
        if said.subject is None:
            return said.words
        is_same = said.subject == self._subject and said.subject in ELIDED
        self._subject = said.subject
        return said.words if is_same else f"{SUBJECTS[said.subject]} {said.words}"


def _merged(condition: AllOf | AnyOf) -> list[Condition | _Said]:
    """The parts, with "was delivered" and its age in one."""
    parts: list[Condition | _Said] = []
    index = 0
    while index < len(condition.parts):
        if isinstance(condition, AllOf) and index + 1 < len(condition.parts):
            pair = _pair(condition.parts[index], condition.parts[index + 1])
            if pair is not None:
                parts.append(pair)
                index += 2
                continue
        parts.append(condition.parts[index])
        index += 1
    return parts


def _pair(first: Condition, second: Condition) -> _Said | None:
    if not isinstance(first, Test) or not isinstance(second, Test):
        return None
    if first.operator is not Operator.IS or first.threshold is not True:
        return None
    for form in _forms_of(second.fact):
        if form.companion == first.fact:
            said = _number_said(form, second)
            if said is not None:
                return said
    return None


def _number_said(form: Form, test: Test) -> _Said | None:
    slot = next((word for word in form.words.split() if word in _NUMBER_SLOTS), None)
    words = _slot_words(slot, test) if slot else None
    if slot is None or words is None:
        return None
    said = form.words.replace(slot, words)
    if "{span}" in said:
        said = said.replace("{span}", _span_words(test.fact))
    return _Said(form.subject, said)


def _said(condition: Condition) -> _Said | None:
    """One comparison in words; None for what needs brackets."""
    if isinstance(condition, Season):
        return _date_said(condition.fact, _season_words(condition))
    if isinstance(condition, Not):
        part = condition.part
        denies = isinstance(part, Test) and part.operator in {
            Operator.CONTAINS_ANY,
            Operator.LIKE,
        }
        return _text_said(part, True) if denies and isinstance(part, Test) else None
    if not isinstance(condition, Test):
        return None
    if isinstance(condition.threshold, bool):
        return _yes_no_said(condition)
    if condition.operator is Operator.IS_NOT and not isinstance(condition.threshold, str):
        same = _said(condition.model_copy(update={"operator": Operator.IS}))
        words = f"{SUBJECTS[same.subject]} {same.words}" if same and same.subject else ""
        return _Said(None, f"{_NOT} ({words or (same.words if same else _ALWAYS)})")
    if isinstance(condition.threshold, date):
        bound = _DATE_WORDS.get(condition.operator, "on")
        return _date_said(condition.fact, f"{bound} {day_words(condition.threshold)}")
    if isinstance(condition.threshold, str | tuple):
        return _text_said(condition, False) or _by_name(condition)
    for form in _forms_of(condition.fact):
        if form.companion is None and (said := _number_said(form, condition)):
            return said
    return _by_name(condition)


def _yes_no_said(test: Test) -> _Said:
    is_yes = test.threshold is (test.operator is Operator.IS)
    for form in _forms_of(test.fact):
        words = form.words if is_yes else form.denial
        if words is not None and "{" not in words:
            return _Said(form.subject, words)
    return _Said(None, f"the fact {test.fact} is {'true' if is_yes else 'false'}")


def _date_said(fact: str, words: str) -> _Said:
    for form in _forms_of(fact):
        if "{dates}" in form.words:
            return _Said(form.subject, form.words.replace("{dates}", words))
    return _Said(None, f"the fact {fact} is {words}")


def _season_words(season: Season) -> str:
    words = f"from {day_words(season.first)} to {day_words(season.last)}"
    return f"{words} with returns until {day_words(season.until)}" if season.until else words


def _text_said(test: Test, is_denied: bool) -> _Said | None:
    """A comparison with one or several texts, or its denial."""
    texts = (test.threshold,) if isinstance(test.threshold, str) else test.threshold
    if not isinstance(texts, tuple) or not texts:
        return None
    if test.operator in {Operator.IS_NOT, Operator.NONE_OF}:
        is_denied = not is_denied
    spec = fact_spec(test.fact)
    values = spec.values if spec else ()
    for form in _forms_of(test.fact):
        words = form.denial if is_denied else form.words
        if form.value is not None:
            if texts == (form.value,) and not is_denied and test.operator is Operator.IS:
                return _Said(form.subject, form.words)
            continue
        slots = _ONE_SLOTS if len(texts) == 1 else _MANY_SLOTS
        slot = next((word for word in (words or "").split() if word in slots), None)
        if words is None or slot is None:
            continue
        if "word" in slot and not set(texts) <= set(values):
            continue
        if "code" in slot and not all(_is_currency(text) for text in texts):
            continue
        written = [
            value_words(text) if "word" in slot else text if "code" in slot else quoted(text)
            for text in texts
        ]
        return _Said(form.subject, words.replace(slot, listed(written, "or")))
    return _by_name(test, is_denied) if is_denied and isinstance(test.threshold, tuple) else None


def _is_currency(text: str) -> bool:
    """Whether a text is read as a currency where it stands alone: ALL is a word first."""
    return re.fullmatch("[A-Z]{3}", text) is not None and text.lower() not in keywords()


def _by_name(test: Test, is_denied: bool = False) -> _Said:
    """A comparison with the fact's own name, which every fact allows."""
    threshold, fact = test.threshold, test.fact
    amount = _amount_words(threshold)
    if amount is not None:
        spec = fact_spec(fact)
        is_share = spec is not None and spec.type is FactType.PERCENT
        sign = "%" if is_share and not isinstance(threshold, Money) else ""
        bound = _BOUND_WORDS.get(test.operator, "exactly")
        return _Said(None, f"the fact {fact} is {bound} {amount}{sign}")
    texts = (threshold,) if isinstance(threshold, str) else threshold
    written = [quoted(str(text)) for text in texts] if isinstance(texts, tuple) else []
    written = written or ['""']
    several = "one of " if len(written) > 1 else ""
    if test.operator is Operator.CONTAINS_ANY:
        verb = f"contains {several}"
    elif test.operator is Operator.LIKE:
        verb = f"is like {several}"
    elif test.operator is Operator.IS_NOT:
        verb = "is not "
    elif test.operator is Operator.NONE_OF:
        verb = "is none of " if several else "is not "
    else:
        verb = f"is {several}"
    words = f"the fact {fact} {verb}{listed(written, 'or')}"
    return _Said(None, f"{_NOT} ({words})" if is_denied else words)
