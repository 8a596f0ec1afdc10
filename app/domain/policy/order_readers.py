"""Reads the facts of an order, its customer, the request and the calendar, one reader a fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from app.domain.classification import Reason, Wants
from app.domain.order import (
    Customer,
    FulfilmentStatus,
    LineItem,
    TransactionKind,
    TransactionStatus,
)
from app.domain.policy.line_readers import line_delivered, line_in_transit
from app.domain.policy.scene import (
    AS_UNOPENED,
    NO_CUSTOMER,
    NO_DELIVERY,
    NO_SHIPMENT,
    NO_SHIPPING,
    NOT_SAID_OPENED,
    NOT_TOLD,
    UNREAD,
    Drawn,
    Scene,
    Unknown,
    known_or,
)

_FAULTS = frozenset({Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED})


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    """The last of some moments; None when there are none or one of them isn't known."""
    known = list(moments)
    present = [moment for moment in known if moment is not None]
    return max(present) if present and len(present) == len(known) else None


_ANYTHING_SHIPPED = {
    FulfilmentStatus.UNFULFILLED: False,
    FulfilmentStatus.PARTIAL: True,
    FulfilmentStatus.FULFILLED: True,
    FulfilmentStatus.NOT_REQUIRED: False,
}


def _goods(scene: Scene) -> list[LineItem]:
    return [line for line in scene.order.lines if line.requires_shipping]


def _is_all_delivered(scene: Scene) -> Drawn:
    states = [line_delivered(line) for line in _goods(scene)]
    if False in states:
        return False
    return NO_DELIVERY if None in states or not states else True


def _is_in_transit(scene: Scene) -> Drawn:
    states = [line_in_transit(line) for line in _goods(scene)]
    if True in states:
        return True
    return NO_DELIVERY if None in states else False


def _order_days(scene: Scene, moment: datetime | None, unknown: Unknown) -> Drawn:
    return unknown if moment is None else scene.days_since(moment)


def _last_shipped(scene: Scene) -> datetime | None:
    return _latest(line.shipped_at for line in _goods(scene) if line.was_shipped is not False)


def _last_delivered(scene: Scene) -> datetime | None:
    return _latest(line.delivered_at for line in _goods(scene) if line.was_shipped is not False)


def _payment_methods(scene: Scene) -> Drawn:
    paid = (TransactionKind.SALE, TransactionKind.CAPTURE, TransactionKind.AUTHORIZATION)
    names: dict[str, None] = {}
    for one in scene.order.transactions:
        if one.kind in paid and one.status is TransactionStatus.SUCCESS:
            names.update({one.gateway: None, one.label: None})
    return tuple(name for name in names if name) or Unknown("the store names no payment")


def _reason(scene: Scene) -> Drawn:
    reason = scene.request.reason
    known = None if reason is Reason.UNKNOWN else reason.value
    return scene.stated(known, "no reason was given")


def _wants(scene: Scene) -> Drawn:
    wants = scene.request.wants
    return scene.stated(
        None if wants is Wants.UNKNOWN else wants.value,
        "the text doesn't say whether all or a part is meant",
    )


def _opened(scene: Scene) -> Drawn:
    """Whether goods were opened or used. A text that can't be read isn't one that says nothing."""
    if scene.is_unsure:
        return UNREAD
    silence = AS_UNOPENED if scene.takes_as_unopened else NOT_SAID_OPENED
    return silence if scene.request.states_opened is None else scene.request.states_opened


def _is_first_order(scene: Scene) -> Drawn:
    customer = scene.order.customer
    if customer is None:
        return NO_CUSTOMER
    return NOT_TOLD if customer.orders_count is None else customer.orders_count <= 1


def _of_customer(read: Callable[[Customer], Drawn | None]) -> Callable[[Scene], Drawn]:
    def draw(scene: Scene) -> Drawn:
        customer = scene.order.customer
        return NO_CUSTOMER if customer is None else known_or(read(customer), NOT_TOLD)

    return draw


def _disputes(scene: Scene) -> Drawn:
    return known_or(scene.order.is_disputed, Unknown("the store didn't tell about disputes"))


def _returns(scene: Scene) -> Drawn:
    return known_or(scene.order.has_open_return, Unknown("the store didn't tell about returns"))


ORDER_READERS: dict[str, Callable[[Scene], Drawn]] = {
    "order.age_days": lambda s: s.days_since(s.order.created_at),
    "order.created_on": lambda s: s.day_of(s.order.created_at),
    "order.days_since_shipment": lambda s: _order_days(s, _last_shipped(s), NO_SHIPMENT),
    "order.days_since_delivery": lambda s: _order_days(s, _last_delivered(s), NO_DELIVERY),
    "order.delivered_on": lambda s: (
        s.day_of(moment) if (moment := _last_delivered(s)) else NO_DELIVERY
    ),
    "order.total": lambda s: s.order.total,
    "order.currency": lambda s: s.order.currency,
    "order.is_shipped": lambda s: known_or(
        _ANYTHING_SHIPPED.get(s.order.fulfilment_status), NO_SHIPPING
    ),
    "order.is_delivered": _is_all_delivered,
    "order.is_in_transit": _is_in_transit,
    "order.is_cancelled": lambda s: s.order.is_cancelled,
    "order.is_disputed": _disputes,
    "order.has_open_return": _returns,
    "order.has_refunds": lambda s: bool(s.order.refunds),
    "order.refunds_count": lambda s: len(s.order.refunds),
    "order.refunded": lambda s: s.order.refunded,
    "order.items_count": lambda s: sum(line.quantity for line in s.order.lines),
    "order.country": lambda s: known_or(
        s.order.country, Unknown("the order has no shipping country")
    ),
    "order.store": lambda s: s.order.store_id,
    "order.store_kind": lambda s: s.order.store_kind,
    "order.payment_methods": _payment_methods,
    "order.risk": lambda s: known_or(s.order.risk, NOT_TOLD),
    "order.is_business": lambda s: s.order.is_business_order,
    "request.reason": _reason,
    "request.kind": lambda s: s.stated(s.request.kind.value, ""),
    "request.channel": lambda s: s.request.channel.value,
    "request.wants": _wants,
    "request.has_evidence": lambda s: known_or(
        s.request.has_evidence, Unknown("the text speaks of no picture or paper")
    ),
    "request.states_opened": _opened,
    "request.states_fault": lambda s: s.stated(s.request.reason in _FAULTS, ""),
    "request.states_not_arrived": lambda s: s.stated(s.request.reason is Reason.NOT_ARRIVED, ""),
    "request.states_duplicate_charge": lambda s: s.stated(
        s.request.reason is Reason.DUPLICATE_CHARGE, ""
    ),
    "request.signals": lambda s: (
        UNREAD if s.is_unsure else tuple(signal.value for signal in s.request.signals)
    ),
    "customer.is_known": lambda s: s.order.customer is not None,
    "customer.is_first_order": _is_first_order,
    "customer.orders_count": _of_customer(lambda customer: customer.orders_count),
    "customer.lifetime_value": _of_customer(lambda customer: customer.lifetime_value),
    "customer.tags": _of_customer(lambda customer: customer.tags),
    "calendar.today": lambda s: s.today,
}
