"""From an outcome of the policy to the terms of a line, and from terms to the proposed choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.domain.money import Money
from app.domain.order import Order
from app.domain.plan import ChosenFee, Destination, FeeKind, ProRata, RefundChoice, Terms
from app.domain.policy.comparing import as_text
from app.domain.policy.facts import Fact
from app.domain.policy.model import Outcome, ProRataBasis
from app.domain.policy.rates import Rates
from app.domain.pricing import shipping_left
from app.domain.terms import choice_by_terms


class NothingLeft(Exception):
    """The unused part is zero: the service was used up, so nothing goes back."""


class Untold(Exception):
    """A fact or rate that the outcome needs isn't known; the message says which."""


def terms_of(outcome: Outcome, facts: Mapping[str, Fact], order: Order, rates: Rates) -> Terms:
    """What an outcome gives for one line. Raises NothingLeft or Untold."""
    return Terms(
        percent=outcome.percent,
        pro_rata=_unused(outcome.pro_rata, facts),
        keeps_item=outcome.keeps_item,
        fees=tuple(_fees(outcome, order, rates)),
        destination=outcome.destination,
        bonus_percent=outcome.bonus_percent,
    )


def _number(facts: Mapping[str, Fact], name: str, words: str) -> Decimal:
    fact = facts[name]
    if fact.value is None or not isinstance(fact.value, int | Decimal):
        raise Untold(f"{words}: not known ({fact.unknown_because})")
    return Decimal(fact.value)


def _unused(basis: ProRataBasis, facts: Mapping[str, Fact]) -> ProRata | None:
    if basis is ProRataBasis.NONE:
        return None
    if basis is ProRataBasis.DAYS:
        paid = _number(facts, "service.days_paid", "days paid for")
        left = _number(facts, "service.days_left", "days left")
        if left <= 0 or paid <= 0:
            raise NothingLeft(f"All {paid} days that were paid for are used.")
        return ProRata(left=left, of=paid, unit="days")
    done = _number(facts, "service.percent_completed", "work completed")
    if done >= 100:
        raise NothingLeft("All the work is done.")
    return ProRata(left=100 - done, of=Decimal(100), unit="per cent")


def _fees(outcome: Outcome, order: Order, rates: Rates) -> list[ChosenFee]:
    fees = []
    if outcome.restocking_percent:
        fees.append(
            ChosenFee(
                kind=FeeKind.RESTOCKING,
                label=f"Restocking fee {as_text(outcome.restocking_percent.normalize() + 0)} %",
                percent=outcome.restocking_percent,
            )
        )
    for kind, label, amount in (
        (FeeKind.RESTOCKING, "Restocking fee", outcome.restocking_fee),
        (FeeKind.RETURN_SHIPPING, "Return shipping", outcome.return_shipping_fee),
    ):
        if amount:
            fees.append(ChosenFee(kind=kind, label=label, amount=_in_order(amount, order, rates)))
    return fees


def _in_order(fee: Money, order: Order, rates: Rates) -> Money:
    """A fee in the order's currency, by the admin's rates where the policy names another."""
    converted = rates.convert(fee, order.currency)
    if converted is None:
        raise Untold(f"the fee of {fee}: no rate from {fee.currency} to {order.currency} is set")
    return Money.rounded(converted, order.currency)


def proposal(
    order: Order,
    terms: Mapping[str, Terms],
    with_shipping: Sequence[str] = (),
    units: Mapping[str, int] | None = None,
) -> RefundChoice:
    """What the policy would refund: all that is left of the lines in `terms`, at their terms, or
    so many `units` of them.

    Where some lines go back to the payment and others to store credit (or with another bonus), the
    first kind is proposed, payment before credit: one refund has one destination, and
    `app.domain.policy.left_out` tells of the rest. Shipping goes
    back with the last goods, when a clause of one of these lines (`with_shipping`) gives it back.
    """
    together = _one_destination(terms)
    everything = {
        line.id: line.refundable_quantity for line in order.lines if line.refundable_quantity > 0
    }
    wanted = units or {}
    quantities = {
        line_id: wanted.get(line_id, order.line(line_id).refundable_quantity)
        for line_id in together
    }
    gives_shipping = quantities == everything and any(one in together for one in with_shipping)
    shipping = shipping_left(order)
    return choice_by_terms(
        quantities,
        together,
        shipping=shipping if gives_shipping and shipping else None,
    )


def _one_destination(terms: Mapping[str, Terms]) -> Mapping[str, Terms]:
    def kind(one: Terms) -> tuple[bool, Decimal]:
        is_credit = one.destination is Destination.STORE_CREDIT
        return is_credit, -one.bonus_percent if is_credit else Decimal(0)

    if not terms:
        return terms
    first = min(kind(one) for one in terms.values())
    return {line_id: one for line_id, one in terms.items() if kind(one) == first}
