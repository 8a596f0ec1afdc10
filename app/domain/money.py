"""Exact money: a decimal amount that fits the currency's minor units."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, Self

from pydantic import Field, field_serializer, model_validator

from app.domain.base import Value

# ISO 4217 currencies whose minor unit isn't 1/100. Source: the "Minor unit" column of
# https://www.six-group.com/en/products-services/financial-information/data-standards.html
_MINOR_UNIT_DIGITS: dict[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def minor_unit_digits(currency: str) -> int:
    """Decimal places of a currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_UNIT_DIGITS.get(currency, 2)


@cache
def _step(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for EUR."""
    return Decimal(1).scaleb(-minor_unit_digits(currency))


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


class Money(Value):
    """An exact amount in one currency, e.g. 48.60 EUR. May be negative or zero.

    Always held with the currency's own number of decimals, so equal sums are equal values. An
    amount with finer decimals (0.005 EUR) is refused: use `rounded` where rounding is meant.
    Mixing currencies raises ValueError.
    """

    amount: Decimal
    currency: Currency

    @model_validator(mode="before")
    @classmethod
    def _fit_minor_units(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        raw: Any = data.get("amount")
        currency = data.get("currency")
        if isinstance(raw, float):
            raise ValueError("money is never built from a float; use a string or a Decimal")
        if not isinstance(currency, str):
            return data
        try:
            amount = Decimal(raw) if not isinstance(raw, Decimal) else raw
        except (InvalidOperation, TypeError, ValueError):
            raise ValueError(f"{raw!r} is not an amount of money") from None
        if not amount.is_finite():
            raise ValueError(f"{raw!r} is not an amount of money")
        try:
            fitted = amount.quantize(_step(currency))
        except InvalidOperation:
            raise ValueError(f"{raw!r} is too large for an amount of money") from None
        if fitted != amount:
            raise ValueError(f"{amount} {currency} has more decimals than the currency")
        # 0 and -0 are the same sum and must be the same value.
        return {**data, "amount": fitted + 0}

    @field_serializer("amount")
    def _amount_as_text(self, amount: Decimal) -> str:
        return format(amount, "f")

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Self:
        """Money from a string, integer or Decimal; raises ValueError on anything inexact."""
        return cls(amount=amount, currency=currency)  # type: ignore[arg-type]

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """Money from a computed amount, rounded half up to the currency's minor unit."""
        try:
            fitted = amount.quantize(_step(currency), ROUND_HALF_UP)
        except InvalidOperation:
            raise ValueError(f"{amount} is no amount of money that can be reckoned with") from None
        return cls._fitting(fitted, currency)

    @classmethod
    def from_minor_units(cls, units: int, currency: str) -> Self:
        """Money from a whole number of the smallest unit (4860 is 48.60 EUR)."""
        return cls(amount=Decimal(units).scaleb(-minor_unit_digits(currency)), currency=currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in a currency."""
        return cls._fitting(_step(currency) * 0, currency)

    @classmethod
    def _fitting(cls, amount: Decimal, currency: str) -> Self:
        """Money from an amount that has the currency's decimals already."""
        if not (amount.is_finite() and _is_currency(currency)):
            return cls(amount=amount, currency=currency)
        return cls.made_of({"amount": amount + 0, "currency": currency})

    @classmethod
    def total(cls, parts: Iterable[Money], currency: str) -> Money:
        """Sum of `parts`, all in `currency`; zero when there are none."""
        result: Money = cls.zero(currency)
        for part in parts:
            result = result + part
        return result

    @property
    def minor_units(self) -> int:
        """The amount as a whole number of the smallest unit (4860 for 48.60 EUR)."""
        return int(self.amount.scaleb(minor_unit_digits(self.currency)))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"can't mix {self.currency} and {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        # Both fit the currency, so their sum does.
        return self.with_one("amount", self.amount + other.amount)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return self.with_one("amount", self.amount - other.amount)

    def __neg__(self) -> Money:
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: Money) -> bool:
        self._same(other)
        return self.amount >= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def share(self, part: int, whole: int) -> Money:
        """`part`/`whole` of this amount, rounded half up. `whole` must be positive.

        Differences of two shares (`share(a + k) - share(a)`) add up to the amount exactly, which
        is how part-refunds after part-refunds still end at the line's total.
        """
        if whole <= 0:
            raise ValueError("a share needs a positive whole")
        return Money.rounded(self.amount * part / whole, self.currency)

    def portion(self, share: Fraction) -> Money:
        """An exact share of this amount, rounded half up (away from zero) to the minor unit."""
        exact = Fraction(self.minor_units) * share
        units = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
        digits = minor_unit_digits(self.currency)
        amount = Decimal(units).scaleb(-digits)
        return Money(amount=-amount if exact < 0 else amount, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"
