"""The facts a policy may ask for, drawn from order, request and time.

A fact is either known, with a value, or unknown, with the reason. Nothing is ever assumed.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.base import Value
from app.domain.classification import Classification, Reason, Request
from app.domain.order import FulfilmentStatus, LineItem, Order
from app.domain.policy.model import Scalar


class Fact(Value):
    """One named value; `value` None means unknown, and `unknown_because` says why.

    `unit` is what a threshold counts ("days", "units"), for sentences.
    """

    name: str
    value: Scalar | tuple[str, ...] | None = None
    unknown_because: str | None = None
    unit: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is a value to compare."""
        return self.value is not None


# Each fact in words, for findings and for the policy language. The key is the stable name.
FACT_LABELS: dict[str, str] = {
    "item.is_final_sale": "final sale",
    "item.is_gift_card": "gift card",
    "item.is_digital": "digital item",
    "item.is_subscription": "subscription",
    "item.is_shipped": "shipped",
    "item.is_delivered": "delivered",
    "item.days_since_delivery": "delivered",
    "item.refundable_quantity": "units still refundable",
    "item.tags": "product tags",
    "item.type": "product type",
    "item.sku": "SKU",
    "item.price": "unit price",
    "order.age_days": "ordered",
    "order.total": "order total",
    "order.is_shipped": "anything shipped",
    "order.has_refunds": "refunded before",
    "order.country": "country",
    "order.store": "store",
    "order.is_business": "business order",
    "request.reason": "stated reason",
    "request.kind": "kind of request",
    "request.states_fault": "says that the item is damaged or wrong",
    "request.states_not_arrived": "says that it never arrived",
    "request.states_duplicate_charge": "says that it was charged twice",
    "customer.orders_count": "orders so far",
}

_FAULTS = {Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED}


def days_between(earlier: datetime, later: datetime, time_zone: str) -> int:
    """Calendar days from `earlier` to `later` in a time zone; the same day is 0.

    A window of 30 days is kept through the whole 30th day. Never negative: a delivery that a
    carrier dates into the future counts as today.
    """
    zone = ZoneInfo(time_zone)
    return max(0, (later.astimezone(zone).date() - earlier.astimezone(zone).date()).days)


def _fact(name: str, value: object, because: str, unit: str = "") -> Fact:
    if value is None:
        return Fact(name=name, unknown_because=because, unit=unit)
    return Fact(name=name, value=value, unit=unit)  # type: ignore[arg-type]


def order_facts(
    order: Order,
    request: Request,
    classification: Classification | None,
    now: datetime,
    time_zone: str,
) -> dict[str, Fact]:
    """The facts of the order as a whole, the request and the customer.

    What the text states is unknown while the classifier itself asks for a person.
    """
    unsure = classification is not None and classification.needs_human
    unsure_why = "the text could not be read with confidence"

    def stated(reasons: set[Reason]) -> bool | None:
        return None if unsure else request.reason in reasons

    anything_shipped = {
        FulfilmentStatus.UNFULFILLED: False,
        FulfilmentStatus.PARTIAL: True,
        FulfilmentStatus.FULFILLED: True,
        FulfilmentStatus.NOT_REQUIRED: False,
    }.get(order.fulfilment_status)
    customer = order.customer
    reason = None if unsure or request.reason is Reason.UNKNOWN else request.reason.value
    facts = [
        _fact("order.age_days", days_between(order.created_at, now, time_zone), "", "days"),
        _fact("order.total", order.total.amount, ""),
        _fact("order.is_shipped", anything_shipped, "the store gave no known shipping status"),
        _fact("order.has_refunds", bool(order.refunds), ""),
        _fact("order.country", order.country, "the order has no shipping country"),
        _fact("order.store", order.store_id, ""),
        _fact("order.is_business", order.is_business_order, ""),
        _fact("request.reason", reason, unsure_why if unsure else "no reason was given"),
        _fact("request.kind", None if unsure else request.kind.value, unsure_why),
        _fact("request.states_fault", stated(_FAULTS), unsure_why),
        _fact("request.states_not_arrived", stated({Reason.NOT_ARRIVED}), unsure_why),
        _fact("request.states_duplicate_charge", stated({Reason.DUPLICATE_CHARGE}), unsure_why),
        _fact(
            "customer.orders_count",
            customer.orders_count if customer else None,
            "the order has no customer account",
        ),
    ]
    return {fact.name: fact for fact in facts}


def line_facts(line: LineItem, now: datetime, time_zone: str) -> dict[str, Fact]:
    """The facts of one line item."""
    no_date = "the store has no delivery date for it"
    delivered: bool | None
    if line.delivered_at is not None:
        delivered = True
    elif line.was_shipped is False:
        delivered = False
    else:
        delivered = None
    days = (
        days_between(line.delivered_at, now, time_zone) if line.delivered_at is not None else None
    )
    facts = [
        _fact(
            "item.is_final_sale",
            line.is_final_sale,
            "product tags can't be read, so final sale can't be ruled out",
        ),
        _fact("item.is_gift_card", line.is_gift_card, ""),
        _fact("item.is_digital", not line.requires_shipping and not line.is_gift_card, ""),
        _fact("item.is_subscription", line.is_subscription, ""),
        _fact("item.is_shipped", line.was_shipped, "the store gave no known shipping status"),
        _fact("item.is_delivered", delivered, no_date),
        _fact("item.days_since_delivery", days, no_date, "days"),
        _fact("item.refundable_quantity", line.refundable_quantity, "", "units"),
        _fact("item.tags", line.tags, ""),
        _fact("item.type", line.product_type, "the store gave no product type"),
        _fact("item.sku", line.sku, "the line has no SKU"),
        _fact("item.price", line.unit_price.amount, ""),
    ]
    return {fact.name: fact for fact in facts}
