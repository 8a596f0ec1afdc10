"""Which order a ticket is about, and whose it is.

An order is the requester's when the store found it by one of the requester's own addresses, or when
the order itself carries one. A number in the text proves nothing: it only chooses among the
requester's own orders. Nothing is ever picked because it is the newest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from app.domain.base import Value
from app.domain.order import OrderSummary
from app.domain.ticket import Contact, Requester


class FoundBy(StrEnum):
    """How a store came to an order."""

    EMAIL = "email"
    PHONE = "phone"
    ORDER_EMAIL = "order_email"
    ORDER_NUMBER = "order_number"
    AGENT = "agent"


class OrderQuery(Value):
    """What a store is asked to look for, all in one go: any of these may be empty."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    order_names: tuple[str, ...] = ()


class Candidate(Value):
    """An order that a store found, and how."""

    order: OrderSummary
    found_by: FoundBy


class Lookup(Value):
    """A store's answer to an OrderQuery.

    `problems` are sentences about what could not be looked up (an ignored filter, a missing
    scope); with any of them, "not found" isn't proof that there is no such order.
    """

    store_id: str
    candidates: tuple[Candidate, ...] = ()
    has_more: bool = False
    problems: tuple[str, ...] = ()


class MatchOutcome(StrEnum):
    """How the search ended. Only MATCHED leads to a decision without a person."""

    MATCHED = "matched"
    CHOOSE = "choose"
    NONE = "none"
    UNAVAILABLE = "unavailable"


class Match(Value):
    """The order of a ticket, or the candidates among which an agent chooses.

    `tried` says in words what was looked for; `chosen_by` is the agent who chose by hand, None
    when the match is automatic.
    """

    outcome: MatchOutcome
    order: OrderSummary | None = None
    candidates: tuple[OrderSummary, ...] = ()
    explanation: str
    tried: tuple[str, ...] = ()
    chosen_by: str | None = None


def normal_name(name: str) -> str:
    """An order name for comparing: without `#` and blanks, case folded."""
    return re.sub(r"[#\s]", "", name).casefold()


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name).lstrip("0")


def usable(contacts: Iterable[Contact]) -> list[str]:
    """Addresses that may prove who somebody is: all but those known to be unverified."""
    return [contact.value for contact in contacts if contact.is_verified is not False]


def query_for(requester: Requester, order_names: tuple[str, ...]) -> OrderQuery:
    """What to ask the stores for one requester and the order numbers that the text names."""
    return OrderQuery(
        emails=tuple(dict.fromkeys(mail.strip().lower() for mail in usable(requester.emails))),
        phones=tuple(dict.fromkeys(usable(requester.phones))),
        order_names=tuple(dict.fromkeys(order_names)),
    )


def belongs_to(candidate: Candidate, query: OrderQuery) -> bool:
    """Whether an order is the requester's by what the store itself says about it."""
    order = candidate.order
    if candidate.found_by in {FoundBy.EMAIL, FoundBy.PHONE, FoundBy.AGENT}:
        return True
    if order.email is not None and order.email.strip().lower() in query.emails:
        return True
    return order.phone is not None and order.phone in query.phones


def _means(name: str, order_name: str) -> bool:
    """Whether a name without letters and an order's name have the same digits, or the reverse.

    "1001" may mean "EN1001"; "DE-1001" never means "SO-1001".
    """
    digits = _digits(name)
    is_bare = normal_name(name).isdigit() or normal_name(order_name).isdigit()
    return is_bare and digits != "" and digits == _digits(order_name)


def _named(orders: list[OrderSummary], names: tuple[str, ...]) -> list[OrderSummary]:
    """Orders that the text names: each name exactly, else by its digits alone."""
    found: dict[tuple[str, str], OrderSummary] = {}
    for name in names:
        exact = [order for order in orders if normal_name(order.name) == normal_name(name)]
        for order in exact or [order for order in orders if _means(name, order.name)]:
            found[(order.store_id, order.order_id)] = order
    return list(found.values())


def _tried(query: OrderQuery) -> tuple[str, ...]:
    """What was looked for, without repeating anybody's address."""
    tried: list[str] = []
    if query.emails:
        count = len(query.emails)
        tried.append("the requester's e-mail address" + (f"es ({count})" if count > 1 else ""))
    if query.phones:
        count = len(query.phones)
        tried.append("the requester's phone number" + (f"s ({count})" if count > 1 else ""))
    if query.order_names:
        tried.append("order " + ", ".join(f"#{name}" for name in query.order_names))
    return tuple(tried)


def match_order(query: OrderQuery, lookups: Iterable[Lookup]) -> Match:
    """Choose the order of a ticket from what the stores found.

    One order of the requester's own is matched when the text names it, or when it is the only one
    and the text names none. Everything else is left to the agent.
    """
    own: dict[tuple[str, str], OrderSummary] = {}
    strangers: dict[tuple[str, str], OrderSummary] = {}
    problems: list[str] = []
    has_more = False
    for lookup in lookups:
        problems.extend(lookup.problems)
        has_more = has_more or lookup.has_more
        for candidate in lookup.candidates:
            key = (candidate.order.store_id, candidate.order.order_id)
            (own if belongs_to(candidate, query) else strangers)[key] = candidate.order
    for key in own:
        strangers.pop(key, None)
    tried = _tried(query)
    orders = sorted(own.values(), key=lambda order: order.created_at, reverse=True)
    named = _named(orders, query.order_names)
    listing = ", ".join(f"#{name}" for name in query.order_names)

    if len(named) == 1:
        return Match(
            outcome=MatchOutcome.MATCHED,
            order=named[0],
            candidates=tuple(orders),
            explanation=f"The text names {named[0].name}, and it is the requester's own order.",
            tried=tried,
        )
    if problems:
        return Match(
            outcome=MatchOutcome.CHOOSE if orders else MatchOutcome.UNAVAILABLE,
            candidates=tuple(named or orders),
            explanation="The lookup was not complete: " + "; ".join(dict.fromkeys(problems)),
            tried=tried,
        )
    if len(named) > 1:
        return Match(
            outcome=MatchOutcome.CHOOSE,
            candidates=tuple(named),
            explanation=f"The text names {len(named)} of the requester's orders.",
            tried=tried,
        )
    if query.order_names and strangers and _named(list(strangers.values()), query.order_names):
        return Match(
            outcome=MatchOutcome.CHOOSE if orders else MatchOutcome.NONE,
            candidates=tuple(orders),
            explanation=(
                f"{listing} exists but isn't this requester's order, so it isn't shown."
                + (" Their own orders are listed." if orders else "")
            ),
            tried=tried,
        )
    if query.order_names and orders:
        return Match(
            outcome=MatchOutcome.CHOOSE,
            candidates=tuple(orders),
            explanation=f"{listing} isn't among the requester's orders.",
            tried=tried,
        )
    if len(orders) == 1 and not has_more:
        return Match(
            outcome=MatchOutcome.MATCHED,
            order=orders[0],
            candidates=tuple(orders),
            explanation="It is the requester's only order.",
            tried=tried,
        )
    if orders:
        return Match(
            outcome=MatchOutcome.CHOOSE,
            candidates=tuple(orders),
            explanation=f"The requester has {'more than ' if has_more else ''}{len(orders)} "
            "orders and the text names none.",
            tried=tried,
        )
    return Match(
        outcome=MatchOutcome.NONE,
        explanation="No order was found for this requester.",
        tried=tried,
    )
