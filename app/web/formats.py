"""Money, dates and times as the reader's locale writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal

from app.domain.money import Money

_FALLBACK = Locale("en", "US")


@dataclass(frozen=True)
class Formats:
    """One reader's way of writing. Amounts always show all minor units and never lose any."""

    locale: Locale = _FALLBACK
    zone: tzinfo = UTC

    @classmethod
    def of(cls, locale: str | None, time_zone: str | None) -> Formats:
        """From what a browser says; anything unknown gives US English and UTC."""
        try:
            found = Locale.parse((locale or "").replace("-", "_")) if locale else _FALLBACK
        except (UnknownLocaleError, ValueError, TypeError):
            found = _FALLBACK
        try:
            zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC
        except (ValueError, OSError, LookupError):
            zone = UTC
        return cls(found, zone)

    def money(self, money: Money) -> str:
        """`$48.60` or `48,60 €`."""
        # Without quantisation no decimal is lost where Unicode's digits differ from ISO 4217's.
        return str(
            format_currency(
                money.amount, money.currency, locale=self.locale, decimal_quantization=False
            )
        )

    def number(self, value: int) -> str:
        """`1,234`."""
        return str(format_decimal(value, locale=self.locale))

    def day(self, moment: datetime | date) -> str:
        """`Nov 3, 2026`, on the reader's own calendar."""
        if isinstance(moment, datetime):
            moment = moment.astimezone(self.zone).date()
        return str(format_date(moment, "medium", locale=self.locale))

    def time(self, moment: datetime) -> str:
        """`12:03` or `12:03 PM`."""
        return str(format_time(moment, "short", tzinfo=self.zone, locale=self.locale))

    def moment(self, moment: datetime) -> str:
        """`Nov 3, 12:03 PM`."""
        local = moment.astimezone(self.zone)
        day = format_skeleton("MMMd", local, locale=self.locale)
        return f"{day}, {self.time(moment)}"
