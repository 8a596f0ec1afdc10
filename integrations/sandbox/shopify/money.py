"""Exact money arithmetic of the sandbox: rounding, splitting and Shopify's way of writing amounts.

Amounts are Decimals in major units. Inside an order they are in its presentment currency; the
shop's own currency is derived by `Bag.of` with the order's rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)

_DIGITS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "VND"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}


def digits(currency: str) -> int:
    """Decimal places of a currency: EUR 2, JPY 0, KWD 3."""
    return _DIGITS.get(currency, 2)


def round_half_up(amount: Decimal, currency: str) -> Decimal:
    """`amount` at the currency's own precision; exact halves go away from zero."""
    return amount.quantize(Decimal(1).scaleb(-digits(currency)), rounding=ROUND_HALF_UP)


def has_valid_precision(amount: Decimal, currency: str) -> bool:
    """False when `amount` has more decimal places than its currency knows."""
    return amount == round_half_up(amount, currency)


def share(total: Decimal, part: int, whole: int, currency: str) -> Decimal:
    """What the first `part` of `whole` equal units take of `total`, rounded half up.

    The price of units a to b is `share(b) - share(a)`: whatever the steps, they add up to
    `total` and none can be negative for a positive total.
    """
    if part == whole:
        return total
    return round_half_up(total * part / whole, currency)


def units_amount(total: Decimal, before: int, units: int, whole: int, currency: str) -> Decimal:
    """What `units` more cost after `before` of `whole` were already taken out of `total`."""
    return share(total, before + units, whole, currency) - share(total, before, whole, currency)


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`total` split in proportion to `weights`; the parts always sum to `total`."""
    whole = sum(weights, ZERO)
    if whole == 0:
        return [ZERO for _ in weights]
    parts, reached, handed_out = [], ZERO, ZERO
    for weight in weights:
        reached += weight
        target = total if reached == whole else round_half_up(total * reached / whole, currency)
        parts.append(target - handed_out)
        handed_out = target
    return parts


def loose(amount: Decimal) -> str:
    """The amount as the Admin API writes it: at least one decimal place, no padding ("15.0")."""
    text = f"{amount.normalize():f}" if amount else "0"
    return text if "." in text else f"{text}.0"


@dataclass(frozen=True, slots=True)
class MoneyV2:
    """One amount in one currency."""

    amount: Decimal
    currency_code: str


@dataclass(frozen=True, slots=True)
class Bag:
    """The same amount as the customer sees it and in the shop's books."""

    presentment_money: MoneyV2
    shop_money: MoneyV2

    @classmethod
    def of(cls, amount: Decimal, currency: str, shop_currency: str, rate: Decimal) -> Bag:
        """Both sides of `amount`; `rate` is shop currency per presentment currency."""
        in_shop = amount if currency == shop_currency else amount * rate
        return cls(
            MoneyV2(amount, currency),
            MoneyV2(round_half_up(in_shop, shop_currency), shop_currency),
        )
