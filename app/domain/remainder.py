"""Pricing from what is left, for stores that count so.

Such a store takes the next refund's figures as shares of what is left of each line, rounds them to
the cent, and hands the lost fraction on to the next figure of the same refund. A line's last units
take what is left of it, so refunds one after another end at the line's total.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.money import Money
from app.domain.order import Remaining


@dataclass(frozen=True)
class Units:
    """`units` of the `of` units that are left of one line, and what the store counts for them."""

    line_id: str
    left: Remaining
    units: int
    of: int


class _Carry:
    """Rounding that hands the lost fraction on; what is subtracted later carries it reversed."""

    def __init__(self) -> None:
        self._lost = Decimal(0)

    def share(self, whole: Money, part: Units, sign: int = 1) -> Money:
        if part.units == part.of or not whole:
            return whole
        exact = whole.amount * part.units / part.of + sign * self._lost
        rounded = Money.rounded(exact, whole.currency)
        self._lost = sign * (exact - rounded.amount)
        return rounded


def shares_of(parts: Iterable[Units]) -> dict[str, Remaining]:
    """What one refund of these units gives back of each line, by line id.

    `parts` come in the order of the order's own lines, which decides where odd cents fall: all
    prices first, then all taxes, then all discounts.
    """
    chosen = tuple(parts)
    carry = _Carry()
    prices = [carry.share(one.left.price, one) for one in chosen]
    taxes = [carry.share(one.left.tax, one) for one in chosen]
    discounts = [carry.share(one.left.discount, one, sign=-1) for one in chosen]
    return {
        one.line_id: Remaining(price=price, discount=discount, tax=tax)
        for one, price, discount, tax in zip(chosen, prices, discounts, taxes, strict=True)
    }
