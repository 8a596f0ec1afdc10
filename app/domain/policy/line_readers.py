"""Reads the facts of one line item, one reader a fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from app.domain.money import Money
from app.domain.order import LineItem
from app.domain.policy.scene import (
    NO_DELIVERY,
    NO_RETURN,
    NO_SERVICE,
    NO_SHIPMENT,
    NO_SHIPPING,
    Drawn,
    Scene,
    Unknown,
    known_or,
    percent_of,
)

_PERISHABLE = "perishable"
LineReader = Callable[[Scene, LineItem], Drawn]


def line_delivered(line: LineItem) -> bool | None:
    """Whether the line arrived; None when the store doesn't tell."""
    if line.delivered_at is not None:
        return True
    return False if line.was_shipped is False else None


def line_in_transit(line: LineItem) -> bool | None:
    """Whether the line is on its way; None when the store doesn't tell."""
    if line.delivered_at is not None or line.was_shipped is False or not line.requires_shipping:
        return False
    return None


def _is_perishable(line: LineItem) -> Drawn:
    # The same call brings tags and final sale: without the one the other wasn't read either.
    if line.is_final_sale is None and not line.tags:
        return Unknown("product tags can't be read, so it can't be ruled out")
    return any(tag.casefold().strip() == _PERISHABLE for tag in line.tags)


def _full_price(line: LineItem) -> Money:
    return Money.rounded(line.unit_price.amount * line.quantity, line.unit_price.currency)


def _discount_percent(line: LineItem) -> Drawn:
    full = _full_price(line)
    return percent_of(line.discount.amount, full.amount) if full else Decimal(0)


def _is_returned(line: LineItem) -> Drawn:
    if line.returned_quantity is not None:
        return line.units_back == line.refundable_quantity
    return True if line.return_received_at is not None else NO_RETURN


def _days_paid(scene: Scene, line: LineItem) -> int | None:
    service = line.service
    if service is None or service.starts_at is None or service.ends_at is None:
        return None
    zone = scene.zone
    start, end = service.starts_at.astimezone(zone).date(), service.ends_at.astimezone(zone).date()
    return max(0, (end - start).days)


def _days_used(scene: Scene, line: LineItem) -> int | None:
    service = line.service
    if service is None or service.starts_at is None:
        return None
    used = max(0, (scene.today - service.starts_at.astimezone(scene.zone).date()).days)
    paid = _days_paid(scene, line)
    return used if paid is None else min(used, paid)


def _days_left(scene: Scene, line: LineItem) -> Drawn:
    used, paid = _days_used(scene, line), _days_paid(scene, line)
    return NO_SERVICE if used is None or paid is None else paid - used


def _percent_used(scene: Scene, line: LineItem) -> Drawn:
    used, paid = _days_used(scene, line), _days_paid(scene, line)
    return NO_SERVICE if used is None or not paid else percent_of(used, paid)


def _sla_missed(line: LineItem) -> int | None:
    return line.service.sla_missed_minutes if line.service else None


def _since(moment: Callable[[LineItem], datetime | None], unknown: Unknown) -> LineReader:
    def read(scene: Scene, line: LineItem) -> Drawn:
        found = moment(line)
        return unknown if found is None else scene.days_since(found)

    return read


def _on(moment: Callable[[LineItem], datetime | None], unknown: Unknown) -> LineReader:
    def read(scene: Scene, line: LineItem) -> Drawn:
        found = moment(line)
        return unknown if found is None else scene.day_of(found)

    return read


LINE_READERS: dict[str, LineReader] = {
    "item.is_final_sale": lambda s, i: known_or(
        i.is_final_sale,
        Unknown("product tags can't be read, so final sale can't be ruled out"),
    ),
    "item.is_gift_card": lambda s, i: i.is_gift_card,
    "item.is_digital": lambda s, i: not i.requires_shipping and not i.is_gift_card,
    "item.is_perishable": lambda s, i: _is_perishable(i),
    "item.is_subscription": lambda s, i: i.is_subscription,
    "item.is_discounted": lambda s, i: bool(i.discount),
    "item.is_shipped": lambda s, i: known_or(i.was_shipped, NO_SHIPPING),
    "item.is_delivered": lambda s, i: known_or(line_delivered(i), NO_DELIVERY),
    "item.is_in_transit": lambda s, i: known_or(line_in_transit(i), NO_DELIVERY),
    "item.is_return_received": lambda s, i: _is_returned(i),
    "item.days_since_order": lambda s, i: s.days_since(s.order.created_at),
    "item.days_since_shipment": _since(lambda i: i.shipped_at, NO_SHIPMENT),
    "item.days_since_delivery": _since(lambda i: i.delivered_at, NO_DELIVERY),
    "item.days_since_return_received": _since(lambda i: i.return_received_at, NO_RETURN),
    "item.shipped_on": _on(lambda i: i.shipped_at, NO_SHIPMENT),
    "item.delivered_on": _on(lambda i: i.delivered_at, NO_DELIVERY),
    "item.quantity": lambda s, i: i.quantity,
    "item.refundable_quantity": lambda s, i: i.refundable_quantity,
    "item.tags": lambda s, i: i.tags,
    "item.type": lambda s, i: known_or(i.product_type, Unknown("the store gave no product type")),
    "item.sku": lambda s, i: known_or(i.sku, Unknown("the line has no SKU")),
    "item.name": lambda s, i: i.name,
    "item.price": lambda s, i: i.unit_price,
    "item.total": lambda s, i: i.total if s.order.prices_include_tax else i.total + i.tax,
    "item.discount": lambda s, i: i.discount,
    "item.discount_percent": lambda s, i: _discount_percent(i),
    "service.days_used": lambda s, i: known_or(_days_used(s, i), NO_SERVICE),
    "service.days_paid": lambda s, i: known_or(_days_paid(s, i), NO_SERVICE),
    "service.days_left": _days_left,
    "service.percent_used": _percent_used,
    "service.percent_completed": lambda s, i: known_or(
        i.service.percent_completed if i.service else None, NO_SERVICE
    ),
    "service.is_sla_missed": lambda s, i: (
        NO_SERVICE if (missed := _sla_missed(i)) is None else missed > 0
    ),
    "service.sla_missed_minutes": lambda s, i: known_or(_sla_missed(i), NO_SERVICE),
}

LINE_FACTS = frozenset(LINE_READERS)
