"""Conditions: comparisons of facts with thresholds, joined by all, any and not.

Each is true, false or unknown. What is unknown never counts as a yes and never as a no.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from app.domain.base import Value
from app.domain.money import Money


class Operator(StrEnum):
    """How a fact is compared with a threshold.

    Texts are compared without regard to case. `like` takes patterns in which `*` stands for any
    characters, for a text or for any entry of a list.
    """

    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    CONTAINS_ANY = "contains_any"
    LIKE = "like"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    MORE_THAN = "more_than"


def _tagged(schema: dict[str, object]) -> WithJsonSchema:
    (name,) = schema
    return WithJsonSchema(
        {"type": "object", "properties": schema, "required": [name], "additionalProperties": False}
    )


def _read_decimal(value: object) -> object:
    if isinstance(value, dict) and set(value) == {"decimal"}:
        return Decimal(str(value["decimal"]))
    return value


def _read_date(value: object) -> object:
    if isinstance(value, dict) and set(value) == {"date"}:
        return date.fromisoformat(str(value["date"]))
    if isinstance(value, date):
        return value
    raise ValueError('a date is written {"date": "2026-11-01"}')


def _write(value: Decimal | date) -> dict[str, str]:
    # One function for both: a union may ask either of them for either type.
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"decimal": format(value, "f")}


# A decimal or a date among other types: written as `{"decimal": "99.50"}` and
# `{"date": "2026-11-01"}`, so that each is read back as what it was.
TaggedDecimal = Annotated[
    Decimal,
    BeforeValidator(_read_decimal),
    PlainSerializer(_write, when_used="json"),
    _tagged({"decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}}),
]
TaggedDate = Annotated[
    date,
    BeforeValidator(_read_date),
    PlainSerializer(_write, when_used="json"),
    _tagged({"date": {"type": "string", "format": "date"}}),
]
Scalar = bool | int | TaggedDecimal | TaggedDate | str


class Test(Value):
    """One comparison of one fact, e.g. `item.days_since_delivery` at_most 30.

    A threshold of money is compared with a fact in another currency by the admin's rates; without
    a rate the answer is unknown. A plain number beside a fact of money is in that fact's currency.
    """

    __test__ = False  # not a pytest class

    type: Literal["test"] = "test"
    fact: str
    operator: Operator
    threshold: Scalar | Money | tuple[str, ...]


class DayOfYear(Value):
    """A day of each year, or of one year. 29 February is the 28th where there is no 29th."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    year: int | None = Field(default=None, ge=2000, le=2200)

    def within(self, year: int) -> date:
        """This day in `year` (or in its own year)."""
        year = self.year or year
        return date(year, self.month, min(self.day, calendar.monthrange(year, self.month)[1]))

    def on_or_after(self, start: date) -> date:
        """The first such day that isn't before `start`; its own day where it has a year."""
        found = self.within(start.year)
        if self.year is None and found < start:
            found = self.within(start.year + 1)
        return found


class Season(Value):
    """A date from `first` to `last` (both included), and today on or before `until`.

    "Orders from 1 November to 24 December may come back until 31 January": without years it holds
    for every season, and `until` is the first such day after the season's end. Without `until`
    only the date counts. `fact` is any fact of type date.
    """

    type: Literal["season"] = "season"
    fact: str = "order.created_on"
    first: DayOfYear
    last: DayOfYear
    until: DayOfYear | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Season:
        if (self.first.year is None) != (self.last.year is None):
            raise ValueError("a season has a year at both ends or at neither")
        if self.first.year is not None and self.last.within(0) < self.first.within(0):
            raise ValueError("a season ends on or after its first day")
        if self.until is not None and self.until.year is not None:
            if self.last.year is None:
                raise ValueError("a season of every year can't end in one year")
            if self.until.within(0) < self.last.within(0):
                raise ValueError("a season's final day is on or after its last day")
        return self

    def window_of(self, day: date) -> tuple[date, date, date | None] | None:
        """First, last and final day of the season that `day` lies in; None when in none."""
        for year in (day.year, day.year - 1):
            first = self.first.within(year)
            last = self.last.on_or_after(first)
            if first <= day <= last:
                until = self.until.on_or_after(last) if self.until else None
                return first, last, until
        return None


class AllOf(Value):
    """True when every part is true. Unknown when none is false and one is unknown."""

    type: Literal["all"] = "all"
    parts: tuple[Condition, ...]


class AnyOf(Value):
    """True when a part is true. Unknown when none is true and one is unknown."""

    type: Literal["any"] = "any"
    parts: tuple[Condition, ...]


class Not(Value):
    """The opposite of its part; unknown stays unknown."""

    type: Literal["not"] = "not"
    part: Condition


Condition = Annotated[Test | Season | AllOf | AnyOf | Not, Field(discriminator="type")]

ALWAYS = AllOf(parts=())


def tests_of(condition: Condition) -> Iterator[Test | Season]:
    """Every comparison in a condition, in the order written."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from tests_of(part)
    elif isinstance(condition, Not):
        yield from tests_of(condition.part)
    else:
        yield condition


def facts_of(condition: Condition) -> frozenset[str]:
    """The names of all facts that a condition asks for."""
    return frozenset(test.fact for test in tests_of(condition))


AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()
