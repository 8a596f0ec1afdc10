"""Exchange rates that the admin sets, to hold amounts in one currency against limits in another."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field, field_serializer

from app.domain.base import Value
from app.domain.money import Currency, Money

_ONE = Decimal(1)
Rate = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


class Rates(Value):
    """What one unit of each currency is worth in `base`. Used for limits only, never to pay.

    Without `base` there are no rates: amounts in another currency can't be compared.
    """

    base: Currency | None = None
    per_unit: dict[Currency, Rate] = Field(default_factory=dict)
    set_at: AwareDatetime | None = None
    set_by: str | None = None

    @field_serializer("per_unit")
    def _as_text(self, per_unit: dict[str, Decimal]) -> dict[str, str]:
        return {currency: format(rate, "f") for currency, rate in per_unit.items()}

    def _worth(self, currency: str) -> Decimal | None:
        return _ONE if currency == self.base else self.per_unit.get(currency)

    def knows(self, source: str, target: str) -> bool:
        """Whether amounts in one currency can be told in the other."""
        if source == target:
            return True
        return self._worth(source) is not None and self._worth(target) is not None

    def convert(self, money: Money, currency: str) -> Decimal | None:
        """An amount in another currency, not rounded; None when there is no rate for it."""
        if money.currency == currency:
            return money.amount
        source, target = self._worth(money.currency), self._worth(currency)
        if source is None or target is None:
            return None
        return money.amount * source / target

    def total(self, amounts: tuple[Money, ...], currency: str) -> Decimal | None:
        """The sum of amounts in one currency; None when a rate is missing."""
        parts = [self.convert(amount, currency) for amount in amounts]
        return None if None in parts else sum((part for part in parts if part), Decimal(0))


NO_RATES = Rates()
