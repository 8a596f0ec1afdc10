"""What happened before: refunds counted and summed by subject and window, for a policy to ask.

The figures are read from the ledger by a use case; here they are values, kept with each decision.
"""

from __future__ import annotations

from pydantic import Field

from app.domain.base import Value
from app.domain.money import Money
from app.domain.order import LineItem, Order
from app.domain.policy.limits import Subject


def item_key(line: LineItem) -> str:
    """What one item is counted by in all orders: its SKU, else its name."""
    return (line.sku or line.name).strip().casefold()


def customer_key(order: Order) -> str | None:
    """What the store's customer of an order is counted by; None for a guest."""
    return f"{order.store_id}:{order.customer.id}" if order.customer else None


class HistoryFigure(Value):
    """Refunds of one subject within some hours (0: ever), the one at hand not counted.

    `key` tells items apart (see `item_key`); the other subjects are each the one of the case.
    `orders` counts different orders. `amounts` are the sums, one for each shop currency.
    """

    subject: Subject
    hours: int = Field(ge=0)
    key: str = ""
    count: int = Field(ge=0)
    orders: int = Field(ge=0)
    amounts: tuple[Money, ...] = ()


class History(Value):
    """All figures that were read for one decision. A figure that isn't here is unknown.

    `unknown_because` says why in words.
    """

    figures: tuple[HistoryFigure, ...] = ()
    unknown_because: str = "the history of refunds was not read"

    def figure(self, subject: Subject, hours: int, key: str = "") -> HistoryFigure | None:
        """The figure of a subject and window; None when it is unknown."""
        for one in self.figures:
            if one.subject is subject and one.hours == hours and one.key == key:
                return one
        return None

    def of(self, subject: Subject, hours: int) -> list[HistoryFigure]:
        """All figures of a subject and window: several where items are told apart."""
        return [one for one in self.figures if one.subject is subject and one.hours == hours]


UNKNOWN_HISTORY = History()
