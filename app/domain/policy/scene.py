"""All that a decision may look at, and what a reader of facts answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.domain.classification import Classification, Request
from app.domain.money import Money
from app.domain.order import Order
from app.domain.policy.history import UNKNOWN_HISTORY, History
from app.domain.policy.rates import NO_RATES, Rates


class Unknown(str):
    """Why a fact is unknown, in words."""


@dataclass(frozen=True)
class Assumed:
    """A value that nobody told: the policy says to assume it. `because` says so in words."""

    value: bool
    because: str


Drawn = bool | int | Decimal | Money | str | date | tuple[str, ...] | Unknown | Assumed

UNREAD = Unknown("the text could not be read with confidence")
NO_SHIPPING = Unknown("the store gave no known shipping status")
NO_DELIVERY = Unknown("the store has no delivery date for it")
NO_SHIPMENT = Unknown("the store has no shipping date for it")
NO_RETURN = Unknown("nobody has said that it came back, and the store doesn't tell")
NO_SERVICE = Unknown("no connected store tells how far a service was used")
NO_CUSTOMER = Unknown("the order has no customer account")
NOT_TOLD = Unknown("the store doesn't tell it")
NOT_SAID_OPENED = Unknown("the text doesn't say whether it was opened")
AS_UNOPENED = Assumed(False, "taken as unopened: the customer said nothing")


@dataclass(frozen=True)
class Scene:
    """All that a decision may look at. `today` is the date in the policy's time zone.

    `takes_as_unopened`: so the policy says, where the customer says nothing about use.
    """

    order: Order
    request: Request
    is_unsure: bool
    zone: ZoneInfo
    today: date
    history: History = UNKNOWN_HISTORY
    rates: Rates = NO_RATES
    takes_as_unopened: bool = False

    @classmethod
    def of(
        cls,
        order: Order,
        request: Request,
        classification: Classification | None,
        now: datetime,
        time_zone: str,
        history: History = UNKNOWN_HISTORY,
        rates: Rates = NO_RATES,
        *,
        takes_as_unopened: bool = False,
    ) -> Scene:
        """What the text states is unknown while the classifier itself asks for a person."""
        zone = ZoneInfo(time_zone)
        return cls(
            order=order,
            request=request,
            is_unsure=classification is not None and classification.needs_human,
            zone=zone,
            today=now.astimezone(zone).date(),
            history=history,
            rates=rates,
            takes_as_unopened=takes_as_unopened,
        )

    def day_of(self, moment: datetime) -> date:
        """The calendar day of a moment; one in the future counts as today."""
        return min(self.today, moment.astimezone(self.zone).date())

    def days_since(self, moment: datetime) -> int:
        """Calendar days since a moment: the same day is 0, never negative."""
        return (self.today - self.day_of(moment)).days

    def stated(self, value: bool | str | None, because: str) -> Drawn:
        """What the customer's text states; unknown while the text isn't surely understood."""
        if self.is_unsure:
            return UNREAD
        return Unknown(because) if value is None else value


def known_or(value: Drawn | None, unknown: Unknown) -> Drawn:
    """The value, or why there is none."""
    return unknown if value is None else value


def percent_of(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """`part` of `whole` in per cent, to four decimals: always the same digits."""
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.0001")).normalize() + 0
