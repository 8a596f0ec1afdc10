"""Draws the values of facts from order, request, history and time.

Each fact has one reader, which answers its value or why it is unknown: see `order_readers` and
`line_readers`. Names, words and types stand in `app.domain.policy.facts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache, partial

from app.domain.money import Money
from app.domain.order import LineItem
from app.domain.policy.facts import Fact, Measure, fact_spec, history_ask
from app.domain.policy.history import item_key
from app.domain.policy.limits import Subject
from app.domain.policy.line_readers import LINE_FACTS, LINE_READERS, LineReader
from app.domain.policy.order_readers import ORDER_READERS
from app.domain.policy.scene import NO_CUSTOMER, Assumed, Drawn, Scene, Unknown, percent_of


def _history_value(scene: Scene, name: str, line: LineItem | None) -> Drawn:
    ask = history_ask(name)
    if ask is None:
        return Unknown("no connected store supplies this fact")
    key = item_key(line) if line is not None and ask.subject is Subject.ITEM else ""
    figure = scene.history.figure(ask.subject, ask.hours, key)
    if figure is None:
        return Unknown(scene.history.unknown_because)
    if ask.measure is Measure.REFUNDS:
        return figure.count
    if ask.measure is Measure.REFUND_RATE:
        customer = scene.order.customer
        if customer is None:
            return NO_CUSTOMER
        if not customer.orders_count:
            return Unknown("the store doesn't tell how many orders the customer made")
        return min(Decimal(100), percent_of(figure.orders, customer.orders_count))
    currency = scene.order.shop_currency
    total = scene.rates.total(figure.amounts, currency)
    if total is None:
        return Unknown(
            f"earlier refunds were in another currency, and no rate to {currency} is set"
        )
    return Money.rounded(total, currency)


# --- all of them --------------------------------------------------------------------------------


# Equal facts are one object, so that what was made of them is found again quickly.
_FACTS_KEPT = 50_000
_made: dict[tuple[str, type, Drawn], Fact] = {}


def _fact(name: str, drawn: Drawn) -> Fact:
    # 1, True and Decimal("1.0") are equal in Python, and not the same value.
    key: tuple[str, type, Drawn]
    if isinstance(drawn, Money):
        key = (name, Decimal, str(drawn))
    elif isinstance(drawn, Decimal):
        key = (name, Decimal, format(drawn, "f"))
    else:
        key = (name, type(drawn), drawn)
    made = _made.get(key)
    if made is None:
        if len(_made) >= _FACTS_KEPT:
            _made.clear()
        made = _made[key] = _make_fact(name, drawn)
    return made


def _make_fact(name: str, drawn: Drawn) -> Fact:
    spec = fact_spec(name)
    unit = spec.unit if spec else ""
    if isinstance(drawn, Unknown):
        return Fact(name=name, unknown_because=str(drawn), unit=unit)
    if isinstance(drawn, Assumed):
        return Fact(name=name, value=drawn.value, unit=unit, assumed_because=drawn.because)
    if isinstance(drawn, Money):
        return Fact(name=name, value=drawn.amount, unit=drawn.currency)
    return Fact(name=name, value=drawn, unit=unit)


def is_line_fact(name: str) -> bool:
    """Whether a fact differs from line to line."""
    ask = history_ask(name)
    return name in LINE_FACTS or (ask is not None and ask.subject is Subject.ITEM)


def order_facts(scene: Scene, more: Iterable[str] = ()) -> dict[str, Fact]:
    """Every fact of order, request, customer and calendar, and the history facts in `more`."""
    facts = {name: _fact(name, read(scene)) for name, read in ORDER_READERS.items()}
    for name, read in _order_readers(frozenset(more)):
        if name not in facts:
            facts[name] = _fact(name, read(scene))
    return facts


def line_facts(scene: Scene, line: LineItem, more: Iterable[str] = ()) -> dict[str, Fact]:
    """Every fact of one line item, and the item's history facts in `more`."""
    facts = {name: _fact(name, read(scene, line)) for name, read in LINE_READERS.items()}
    for name, read in _line_readers(frozenset(more)):
        if name not in facts:
            facts[name] = _fact(name, read(scene, line))
    return facts


def some_facts(scene: Scene, names: Iterable[str], line: LineItem | None = None) -> dict[str, Fact]:
    """Only the named facts: those of the order, or with `line` those of that line."""
    wanted = frozenset(names)
    if line is None:
        return {name: _fact(name, read(scene)) for name, read in _order_readers(wanted)}
    return {name: _fact(name, read(scene, line)) for name, read in _line_readers(wanted)}


# Sorted: a decision is the same text in every process, whatever a set's order is there. Kept by
# the set that a prepared policy asks for, so that it is found once for all its decisions.


@lru_cache(maxsize=256)
def _order_readers(names: frozenset[str]) -> tuple[tuple[str, Callable[[Scene], Drawn]], ...]:
    found: list[tuple[str, Callable[[Scene], Drawn]]] = []
    for name in sorted(names):
        if name in ORDER_READERS:
            found.append((name, ORDER_READERS[name]))
        elif history_ask(name) is not None and not is_line_fact(name):
            found.append((name, partial(_history_value, name=name, line=None)))
    return tuple(found)


@lru_cache(maxsize=256)
def _line_readers(names: frozenset[str]) -> tuple[tuple[str, LineReader], ...]:
    found: list[tuple[str, LineReader]] = []
    for name in sorted(names):
        if name in LINE_READERS:
            found.append((name, LINE_READERS[name]))
        elif history_ask(name) is not None and is_line_fact(name):
            found.append((name, partial(_item_history, name)))
    return tuple(found)


def _item_history(name: str, scene: Scene, line: LineItem) -> Drawn:
    return _history_value(scene, name, line)
