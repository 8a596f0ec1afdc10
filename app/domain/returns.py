"""That goods have come back, as a person said it: a typed fact that a decision is made with."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.order import LineItem, Order


class Returned(Value):
    """Somebody said that `quantity` units of a line are back, of the `refundable` units that could
    still be refunded at that moment.

    A line has one of these at most: saying it again says it anew.
    """

    line_id: str
    quantity: int = Field(ge=1)
    refundable: int = Field(ge=1)
    said_at: AwareDatetime
    said_by: str
    said_by_name: str

    def units_left(self, item: LineItem) -> int:
        """How many of these units can still be refunded.

        Whatever was refunded since counts as one of them: money never goes twice for one piece.
        """
        since = max(0, self.refundable - item.refundable_quantity)
        return min(max(0, self.quantity - since), item.refundable_quantity)


def with_returns(order: Order, returns: Iterable[Returned]) -> Order:
    """The order with what people said is back, beside what the store itself tells."""
    said = {one.line_id: one for one in returns}
    if not said:
        return order
    lines = tuple(_line(line, said[line.id]) if line.id in said else line for line in order.lines)
    return order.model_copy(update={"lines": lines})


def _line(line: LineItem, said: Returned) -> LineItem:
    if line.return_received_at is not None and line.returned_quantity is None:
        return line
    back = max(line.units_back, said.units_left(line))
    is_all = said.quantity >= said.refundable
    received = line.return_received_at or (said.said_at if is_all else None)
    return line.model_copy(update={"returned_quantity": back, "return_received_at": received})
