"""Exact money of the sandbox: amounts in two currencies, Magento's rounding, its way of writing.

Amounts are Decimals in major units. Magento keeps every figure twice: in the shop's base currency
and in the currency the customer saw. Both are computed on their own, so their ratio can be a cent
off the order's rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def cents(amount: Decimal) -> Decimal:
    """Two decimal places, exact halves away from zero; Magento does so in every currency."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure in base currency and in order currency."""

    base: Decimal = ZERO
    order: Decimal = ZERO

    def __add__(self, other: Pair) -> Pair:
        return Pair(self.base + other.base, self.order + other.order)

    def __sub__(self, other: Pair) -> Pair:
        return Pair(self.base - other.base, self.order - other.order)

    def __neg__(self) -> Pair:
        return Pair(-self.base, -self.order)

    def __bool__(self) -> bool:
        return bool(self.base or self.order)

    def times(self, factor: Decimal) -> Pair:
        """Both figures multiplied, not rounded."""
        return Pair(self.base * factor, self.order * factor)

    def rounded(self) -> Pair:
        return Pair(cents(self.base), cents(self.order))


NOTHING = Pair()


def at_rate(base: Decimal, rate: Decimal) -> Pair:
    """A base amount with its order-currency figure, both rounded to cents."""
    return Pair(cents(base), cents(base * rate))


def total(pairs: list[Pair]) -> Pair:
    """The sum; nothing for an empty list."""
    return sum(pairs, NOTHING)


class Carry:
    """Rounding that hands the lost fraction on to the next figure, as Magento's documents do.

    One per document and purpose; the two currencies carry separately. `negative` is for figures
    that are subtracted later, such as discounts.
    """

    def __init__(self) -> None:
        self._left = NOTHING

    def round(self, amount: Pair, *, negative: bool = False) -> Pair:
        left = -self._left if negative else self._left
        base, base_left = _carried(amount.base, left.base)
        order, order_left = _carried(amount.order, left.order)
        self._left = Pair(-base_left, -order_left) if negative else Pair(base_left, order_left)
        return Pair(base, order)


def _carried(amount: Decimal, left: Decimal) -> tuple[Decimal, Decimal]:
    if not amount:
        return amount, left
    exact = amount + left
    rounded = cents(exact)
    return rounded, exact - rounded


def both(pair: Pair, change: Callable[[Decimal], Decimal]) -> Pair:
    """`change` applied to each figure."""
    return Pair(change(pair.base), change(pair.order))


def wire_number(value: Decimal) -> int | float:
    """A JSON number as PHP writes it: no fixed decimals, `2.5`, `15`, `81.86`.

    The shortest text that reads back as the same double has all the digits of an amount below
    a billion with four decimals, so nothing is lost on the way.
    """
    plain = value.normalize()
    return int(plain) if plain == plain.to_integral_value() else float(plain)


def plain_text(value: Decimal) -> str:
    """An amount inside a sentence: `82.48`, `6`, `0`."""
    return str(wire_number(value))


def formatted(amount: Decimal, currency: str) -> str:
    """An amount as an English shop shows it: `$1,234.50`, `-$4,986.25`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + chr(0xA0))}{abs(cents(amount)):,.2f}"
