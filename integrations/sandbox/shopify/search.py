"""`orders(query:)`: the search language over the orders of one shop.

Terms are joined by an implied AND; OR, NOT, a leading minus, parentheses, quotes, comparisons
and a trailing `*` work. A filter that doesn't exist is ignored and reported as a warning, so the
list that comes back is the unfiltered one. https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.model import Order, gid_number
from integrations.sandbox.shopify.shop import Shop

Predicate = Callable[[Order], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) |
        (?P<minus>-)?(?:(?P<field>[A-Za-z_]+):)?(?P<compare><=|>=|<|>)?
        (?:"(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>(?:\\.|[^'\\])*)' | (?P<bare>[^\s()]+))
    )""",
    re.VERBOSE,
)


@dataclass(slots=True)
class IgnoredFilter:
    """A filter that was ignored."""

    field: str

    def as_dict(self) -> dict[str, str]:
        return {
            "field": self.field,
            "message": "Invalid search field for this query.",
            "code": "invalid_field",
        }


@dataclass(slots=True)
class Search:
    """A parsed query: what it keeps, and what it had to ignore."""

    matches: Predicate
    warnings: list[IgnoredFilter] = field(default_factory=list)
    candidates: list[Order] | None = None
    """What an index has for the query; None: any order may match."""


@dataclass(frozen=True, slots=True)
class _Term:
    field: str | None
    compare: str
    value: str
    is_quoted: bool
    is_negated: bool


def parse_search(shop: Shop, query: str | None) -> Search:
    """Parse a query; an empty one keeps everything."""
    parser = _Parser(shop, query or "")
    return parser.parse()


class _Parser:
    def __init__(self, shop: Shop, query: str) -> None:
        self._shop = shop
        self._parts: list[str | _Term] = list(_parts(query))
        self._warnings: list[IgnoredFilter] = []

    def parse(self) -> Search:
        candidates = self._from_index()
        matches = self._alternatives()
        while self._parts:  # a stray closing parenthesis is skipped
            self._parts.pop(0)
            rest = self._alternatives()
            matches = _all([matches, rest])
        return Search(matches, self._warnings, candidates)

    def _from_index(self) -> list[Order] | None:
        """A single address or name needs no look at every order."""
        term = self._parts[0] if len(self._parts) == 1 else None
        if not isinstance(term, _Term) or term.is_negated or term.compare != "=":
            return None
        if term.field == "email" and term.is_quoted:
            return self._shop.orders_with_email(term.value)
        if term.field == "name":
            return self._shop.orders_with_name_prefix(term.value.rstrip("*"))
        return None

    def _alternatives(self) -> Predicate:
        options = [self._conjunction()]
        while self._parts and self._parts[0] == "OR":
            self._parts.pop(0)
            options.append(self._conjunction())
        return options[0] if len(options) == 1 else lambda o: any(p(o) for p in options)

    def _conjunction(self) -> Predicate:
        parts: list[Predicate] = []
        while self._parts and self._parts[0] not in ("OR", ")"):
            part = self._parts.pop(0)
            if part == "AND":
                continue
            if part == "NOT":
                parts.append(_not(self._single()))
            else:
                self._parts.insert(0, part)
                parts.append(self._single())
        return _all(parts)

    def _single(self) -> Predicate:
        part = self._parts.pop(0) if self._parts else None
        if part == "(":
            inner = self._alternatives()
            if self._parts and self._parts[0] == ")":
                self._parts.pop(0)
            return inner
        if not isinstance(part, _Term):
            return lambda order: True
        predicate = self._term(part)
        return _not(predicate) if part.is_negated else predicate

    def _term(self, term: _Term) -> Predicate:
        if term.field is None:
            return _anywhere(term.value)
        make = _FILTERS.get(term.field.lower())
        if make is None:
            self._warnings.append(IgnoredFilter(term.field))
            return lambda order: True
        return make(self._shop, term)


def _parts(query: str) -> list[str | _Term]:
    parts: list[str | _Term] = []
    for match in _TOKEN.finditer(query):
        if match["open"] or match["close"]:
            parts.append("(" if match["open"] else ")")
            continue
        quoted = match["double"] if match["double"] is not None else match["single"]
        value = re.sub(r"\\(.)", r"\1", quoted if quoted is not None else match["bare"])
        is_word = quoted is None and match["field"] is None and not match["minus"]
        if is_word and value in ("AND", "OR", "NOT"):
            parts.append(value)
        else:
            compare = match["compare"] or "="
            parts.append(
                _Term(match["field"], compare, value, quoted is not None, bool(match["minus"]))
            )
    return parts


def _all(parts: list[Predicate]) -> Predicate:
    return lambda order: all(part(order) for part in parts)


def _not(predicate: Predicate) -> Predicate:
    return lambda order: not predicate(order)


def _anywhere(text: str) -> Predicate:
    wanted = text.casefold().rstrip("*")

    def matches(order: Order) -> bool:
        fields = (order.name, order.email, order.customer.display_name if order.customer else None)
        return any(wanted in value.casefold() for value in fields if value)

    return matches


def _text_match(term: _Term, value: str | None) -> bool:
    """Exact without case; `*` alone means "has any", at the end it makes a prefix."""
    if value is None:
        return False
    wanted, have = term.value.casefold(), value.casefold()
    if term.is_quoted or not wanted.endswith("*"):
        return have == wanted
    return have.startswith(wanted[:-1])


def _name(shop: Shop, term: _Term) -> Predicate:
    wanted = term.value.casefold().lstrip("#").rstrip("*")
    if shop.name_search_is_prefix and wanted:
        return lambda order: order.name.casefold().lstrip("#").startswith(wanted)
    return lambda order: order.name.casefold().lstrip("#") == wanted


def _email(shop: Shop, term: _Term) -> Predicate:
    if term.is_quoted or term.value.endswith("*"):
        return lambda order: _text_match(term, order.email)
    # An unquoted address is taken apart, so that one part alone matches as well.
    wanted = set(re.split(r"[@.]", term.value.casefold()))
    return lambda order: wanted <= set(re.split(r"[@.]", (order.email or "").casefold()))


def _number(read: Callable[[Order], int | None]) -> Callable[[Shop, _Term], Predicate]:
    def make(shop: Shop, term: _Term) -> Predicate:
        if not term.value.isdigit():
            return lambda order: False
        return lambda order: _compared(read(order), term.compare, int(term.value))

    return make


def _date(read: Callable[[Order], datetime]) -> Callable[[Shop, _Term], Predicate]:
    def make(shop: Shop, term: _Term) -> Predicate:
        try:
            moment = datetime.fromisoformat(term.value)
        except ValueError:
            return lambda order: False
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return lambda order: _compared(read(order), term.compare, aware)

    return make


def _text(read: Callable[[Order], str | None]) -> Callable[[Shop, _Term], Predicate]:
    return lambda shop, term: lambda order: _text_match(term, read(order))


def _tag(shop: Shop, term: _Term) -> Predicate:
    return lambda order: any(_text_match(term, tag) for tag in order.tags)


def _status(shop: Shop, term: _Term) -> Predicate:
    def matches(order: Order) -> bool:
        match term.value.lower():
            case "open":
                return order.closed_at is None and order.cancelled_at is None
            case "closed":
                return order.closed_at is not None
            case "cancelled":
                return order.cancelled_at is not None
            case _:
                return True

    return matches


def _compared(have: Any, compare: str, wanted: Any) -> bool:
    if have is None:
        return False
    match compare:
        case "<":
            return bool(have < wanted)
        case "<=":
            return bool(have <= wanted)
        case ">":
            return bool(have > wanted)
        case ">=":
            return bool(have >= wanted)
        case _:
            return bool(have == wanted)


_FILTERS: dict[str, Callable[[Shop, _Term], Predicate]] = {
    "name": _name,
    "email": _email,
    "customer_id": _number(lambda o: gid_number(o.customer.id) if o.customer else None),
    "id": _number(lambda o: gid_number(o.id)),
    "confirmation_number": _text(lambda o: o.confirmation_number),
    "financial_status": _text(totals.financial_status),
    "fulfillment_status": _text(totals.fulfillment_status),
    "created_at": _date(lambda o: o.created_at),
    "processed_at": _date(lambda o: o.processed_at),
    "updated_at": _date(lambda o: o.updated_at),
    "test": _text(lambda o: "true" if o.test else "false"),
    "tag": _tag,
    "status": _status,
}


def sort_key(name: str | None) -> Callable[[Order], Any]:
    """The key function for an `OrderSortKeys` value."""
    keys: dict[str, Callable[[Order], Any]] = {
        "CREATED_AT": lambda o: o.created_at,
        "UPDATED_AT": lambda o: o.updated_at,
        "ORDER_NUMBER": lambda o: gid_number(o.id),
        "ID": lambda o: gid_number(o.id),
        "TOTAL_PRICE": totals.total_price,
    }
    return keys.get(name or "", lambda o: (o.processed_at, gid_number(o.id)))
