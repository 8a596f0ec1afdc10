"""Which units of an order left, and when they arrived.

https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Fulfillment
"""

from __future__ import annotations

from datetime import datetime

from app.domain.order import FulfilmentStatus
from integrations.stores.shopify.payloads import FulfilmentPayload, LinePayload, OrderPayload
from integrations.stores.shopify.words import Notes

# A shipment in one of these left, or didn't; with another status we can't tell.
_SHIPPED = frozenset({"SUCCESS"})
_NOT_SHIPPED = frozenset({"CANCELLED", "ERROR", "FAILURE", "OPEN", "PENDING"})
# These words speak of the units that are left: others may have been sent before.
_ALL_OPEN = frozenset(
    {
        "IN_PROGRESS",
        "ON_HOLD",
        "OPEN",
        "PENDING_FULFILLMENT",
        "REQUEST_DECLINED",
        "RESTOCKED",
        "SCHEDULED",
        "UNFULFILLED",
    }
)


class Shipments:
    """Which units left, and when they arrived."""

    def __init__(self, payload: OrderPayload, notes: Notes) -> None:
        self._by_line: dict[str, list[tuple[FulfilmentPayload, int]]] = {}
        self._is_readable = True
        self._displayed = payload.display_fulfillment_status
        self._any_left = False
        for fulfilment in payload.fulfillments:
            if fulfilment.status not in _SHIPPED | _NOT_SHIPPED:
                notes.unknown("fulfillment.status", fulfilment.status)
                self._is_readable = False
            if fulfilment.status not in _SHIPPED:
                continue
            self._any_left = True
            for line in fulfilment.fulfillment_line_items.nodes:
                units = line.quantity or 0
                self._by_line.setdefault(line.line_item.id, []).append((fulfilment, units))

    def was_shipped(self, line: LinePayload) -> bool | None:
        """True when all units left that weren't taken off the order, False when none did.

        None for a part, and where the store's words don't tell.
        """
        if not self._is_readable:
            return None
        shipped = sum(units for _, units in self._by_line.get(line.id, ()))
        if shipped == 0:
            never = line.unfulfilled_quantity > 0 or self._displayed == "FULFILLMENT_NOT_REQUIRED"
            return False if never or line.refundable_quantity == 0 else None
        return True if line.unfulfilled_quantity == 0 else None

    def delivered_at(self, line: LinePayload) -> datetime | None:
        """The last delivery among the line's shipments; None while one of them has no date."""
        if self.was_shipped(line) is not True:
            return None
        dates = [_delivery(fulfilment) for fulfilment, _ in self._by_line.get(line.id, ())]
        known = [date for date in dates if date is not None]
        return max(known) if known and len(known) == len(dates) else None

    def shipped_at(self, line: LinePayload) -> datetime | None:
        """When the last of the line's shipments was made; None while something is left to ship."""
        if self.was_shipped(line) is not True:
            return None
        dates = [fulfilment.created_at for fulfilment, _ in self._by_line.get(line.id, ())]
        return max(dates, default=None)

    def status(self, notes: Notes) -> FulfilmentStatus:
        """How far the order was sent out."""
        status = self._displayed
        if status == "FULFILLED":
            return FulfilmentStatus.FULFILLED
        if status == "PARTIALLY_FULFILLED":
            return FulfilmentStatus.PARTIAL
        if status == "FULFILLMENT_NOT_REQUIRED":
            return FulfilmentStatus.NOT_REQUIRED
        if status in _ALL_OPEN:
            return FulfilmentStatus.PARTIAL if self._any_left else FulfilmentStatus.UNFULFILLED
        notes.unknown("displayFulfillmentStatus", status if status is not None else "null")
        return FulfilmentStatus.UNKNOWN


def _delivery(fulfilment: FulfilmentPayload) -> datetime | None:
    if fulfilment.delivered_at is not None:
        return fulfilment.delivered_at
    arrived = [one.happened_at for one in fulfilment.events.nodes if one.status == "DELIVERED"]
    return max(arrived) if arrived else None
