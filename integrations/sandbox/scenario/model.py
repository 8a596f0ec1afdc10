"""What a story is: who writes what, what they bought, and what the answer should be.

Amounts are texts in the currency that the customer paid in. Days count back from the moment at
which a story is played, so that a window of 30 days always means the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """What is done with a ticket after its note was posted."""

    NOTHING = "nothing"
    REFUND = "refund"
    DOUBLE_CLICK = "double_click"  # one person, the same button several times at once
    TWO_AGENTS = "two_agents"  # two people, each with a button of their own, at once
    LOST_ANSWER = "lost_answer"  # the store pays, its answer never comes
    PARTIAL = "partial"  # one unit of the first item
    CANCEL = "cancel"  # stopped while it holds
    SETTLES_LATER = "settles_later"  # the payment provider takes its time


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order; `tax_rate` None is untaxed, `discount` is the line's own."""

    title: str
    price: str
    quantity: int = 1
    tax_rate: str | None = None
    discount: str = "0"
    kind: str = "Homeware"
    tags: tuple[str, ...] = ()
    gift_card: bool = False


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order of the story's customer.

    `delivered_days` None with `shipped` means that nobody knows when it arrived. `owner` is
    "customer", "guest" (only the order carries the address), "stranger" (somebody else's), "phone"
    (the shop knows the customer by phone only) or "second_address" (by another address on the
    customer's profile). `more` are further keys of the Shopify sandbox's order, `magento` those of
    the Magento sandbox's.
    """

    items: tuple[Item, ...]
    delivered_days: int | None = None
    shipped: bool = True
    ordered_days: int | None = None
    currency: str = "USD"
    rate: str = "1"
    tax_included: bool = False
    shipping: str | None = None
    shipping_tax_rate: str | None = None
    order_discount: str = "0"
    codes: tuple[str, ...] = ()
    gateway: str = "shopify_payments"
    owner: str = "customer"
    more: Mapping[str, Any] = field(default_factory=dict)
    magento: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """The right answer.

    `match` is "matched", "choose" or "none"; `verdict` is "eligible", "not_eligible",
    "needs_review" or None where no order was matched. `amount` is what an eligible plan comes to,
    to the cent, and `partial` what one unit of its first item comes to. `why` must occur in the
    reason that is shown. `tier` is who may release it.
    """

    is_refund: bool
    match: str | None = None
    verdict: str | None = None
    amount: str | None = None
    currency: str = "USD"
    why: str = ""
    tier: str = "agent"
    partial: str | None = None


NOT_ABOUT_REFUNDS = Expected(is_refund=False)


@dataclass(frozen=True, slots=True)
class Story:
    """One ticket. `{order}` in the text becomes the first order's number, `{name}` the name."""

    key: str
    subject: str
    text: str
    expected: Expected
    orders: tuple[Purchase, ...] = ()
    act: Act = Act.NOTHING
    channel: str = "email"
    locale: str = "en-US"
    has_email: bool = True
    has_phone: bool = False
    has_second_address: bool = False
    card_number: str = ""  # stands in the text and must be kept nowhere


def eligible(
    amount: str,
    currency: str = "USD",
    why: str = "",
    tier: str = "agent",
    partial: str | None = None,
) -> Expected:
    """Matched and eligible for exactly `amount`."""
    return Expected(True, "matched", "eligible", amount, currency, why, tier, partial)


def not_eligible(why: str) -> Expected:
    """Matched and refused, because of `why`."""
    return Expected(True, "matched", "not_eligible", why=why)


def needs_review(why: str) -> Expected:
    """Matched, but a person must look, because of `why`."""
    return Expected(True, "matched", "needs_review", why=why)


def choose(why: str = "") -> Expected:
    """Several orders could be meant."""
    return Expected(True, "choose", why=why)


def nothing_found(why: str = "") -> Expected:
    """No order of this customer."""
    return Expected(True, "none", why=why)
