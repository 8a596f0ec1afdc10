"""Numbers, amounts, dates and joined conditions, as sentences write them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from lark import Token

from app.domain.money import Money
from app.domain.policy.language.problems import Place
from app.domain.policy.language.trees import Node, tokens_of
from app.domain.policy.language.words import month_number
from app.domain.policy.model import AllOf, AnyOf, Condition, DayOfYear


def reason_of(error: ValueError) -> str:
    """The sentence of a validator, without pydantic's words around it."""
    for line in str(error).splitlines():
        if "Value error, " in line:
            reason = line.strip().removeprefix("Value error, ").partition(" [type=")[0]
            return reason[:1].upper() + reason[1:] + "."
    return "These don't go together."


class Faulty(Exception):
    """A sentence that is grammatical and yet can't be meant; the message says why."""

    def __init__(self, message: str, place: Place, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.place = place
        self.suggestions = suggestions


def number(token: Token) -> int | Decimal:
    """A number as written: whole ones are integers."""
    return Decimal(token) if "." in token else int(token)


def place_of(node: Node | Token, otherwise: Place) -> Place:
    """Where a part of a sentence begins."""
    if isinstance(node, Token):
        if node.line is None or node.column is None:
            return otherwise
        return Place(line=node.line, column=node.column)
    if node.meta.empty:
        return otherwise
    return Place(line=node.meta.line, column=node.meta.column)


def money(node: Node, default: str | None, where: Place) -> Money | Decimal:
    """An amount with its currency; a plain number where no sentence names one."""
    amount, *code = (str(token) for token in node.children)
    currency = code[0] if code else default
    if currency is None:
        return Decimal(amount)
    try:
        return Money.of(amount, currency)
    except ValueError as error:
        raise Faulty(reason_of(error), place_of(node, where)) from None


def sure_money(node: Node, default: str | None, where: Place) -> Money:
    """An amount that needs a currency."""
    found = money(node, default, where)
    if isinstance(found, Money):
        return found
    raise Faulty(
        "This amount needs a currency.",
        place_of(node, where),
        (f"{found} EUR", "All amounts are in EUR."),
    )


def percent(node: Node, where: Place) -> int | Decimal:
    """A percentage from 0 to 100."""
    found = number(tokens_of(node)[0])
    if found > 100:
        raise Faulty(f"{found}% is more than all.", place_of(node, where))
    return found


_DAY = re.compile(r"(?:(?P<day>\d+)\s+)?(?P<month>[A-Za-z]+)(?:\s+(?P<later>\d{1,2})(?!\d),?)?"
                  r"(?:\s+(?P<year>\d{4}))?")  # fmt: skip


def day_of_year(token: Token, where: Place) -> DayOfYear:
    if re.match(r"\d{4}-", token):
        year, month, day = (int(part) for part in token.split("-"))
        found: tuple[int | None, int, int] = (year, month, day)
    else:
        match = _DAY.fullmatch(" ".join(token.split()))
        assert match is not None  # noqa: S101 - the words' own pattern
        found = (
            int(match["year"]) if match["year"] else None,
            month_number(match["month"]),
            int(match["day"] or match["later"]),
        )
    year_or_leap = found[0] or 2024
    try:
        date(year_or_leap, found[1], found[2])
        return DayOfYear(year=found[0], month=found[1], day=found[2])
    except ValueError:
        raise Faulty(f"There is no day {token}.", place_of(token, where)) from None


def date_of(token: Token, where: Place) -> date:
    return day_of_year(token, where).within(2024)


def flat_all(parts: list[Condition]) -> Condition:
    """All of these, without an AllOf inside an AllOf; one alone stands for itself."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, AllOf) else [part])
    return flat[0] if len(flat) == 1 else AllOf(parts=tuple(flat))


def flat_any(parts: list[Condition]) -> Condition:
    """Any of these, flattened in the same way."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, AnyOf) else [part])
    return flat[0] if len(flat) == 1 else AnyOf(parts=tuple(flat))
