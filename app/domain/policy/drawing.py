"""Draws the values of facts from order, request, history and time.

Each fact has one reader, which answers its value or why it is unknown. Names, words and types
stand in `app.domain.policy.facts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.domain.classification import Classification, Reason, Request, Wants
from app.domain.money import Money
from app.domain.order import (
    Customer,
    FulfilmentStatus,
    LineItem,
    Order,
    TransactionKind,
    TransactionStatus,
)
from app.domain.policy.facts import Fact, Measure, fact_spec, history_ask
from app.domain.policy.history import UNKNOWN_HISTORY, History, item_key
from app.domain.policy.limits import Subject
from app.domain.policy.rates import NO_RATES, Rates


class Unknown(str):
    """Why a fact is unknown, in words."""


Drawn = bool | int | Decimal | Money | str | date | tuple[str, ...] | Unknown

_FAULTS = frozenset({Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED})
_PERISHABLE = "perishable"

_UNREAD = Unknown("the text could not be read with confidence")
_NO_SHIPPING = Unknown("the store gave no known shipping status")
_NO_DELIVERY = Unknown("the store has no delivery date for it")
_NO_SHIPMENT = Unknown("the store has no shipping date for it")
_NO_RETURN = Unknown("no connected store tells when a return was received")
_NO_SERVICE = Unknown("no connected store tells how far a service was used")
_NO_CUSTOMER = Unknown("the order has no customer account")
_NOT_TOLD = Unknown("the store doesn't tell it")


@dataclass(frozen=True)
class Scene:
    """All that a decision may look at. `today` is the date in the policy's time zone."""

    order: Order
    request: Request
    is_unsure: bool
    zone: ZoneInfo
    today: date
    history: History = UNKNOWN_HISTORY
    rates: Rates = NO_RATES

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
            return _UNREAD
        return Unknown(because) if value is None else value


def _or(value: Drawn | None, unknown: Unknown) -> Drawn:
    return unknown if value is None else value


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    """The last of some moments; None when there are none or one of them isn't known."""
    known = list(moments)
    present = [moment for moment in known if moment is not None]
    return max(present) if present and len(present) == len(known) else None


def _percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """`part` of `whole` in per cent, to four decimals: always the same digits."""
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.0001")).normalize() + 0


# --- the order, the request, the customer -------------------------------------------------------

_ANYTHING_SHIPPED = {
    FulfilmentStatus.UNFULFILLED: False,
    FulfilmentStatus.PARTIAL: True,
    FulfilmentStatus.FULFILLED: True,
    FulfilmentStatus.NOT_REQUIRED: False,
}


def _goods(scene: Scene) -> list[LineItem]:
    return [line for line in scene.order.lines if line.requires_shipping]


def _is_all_delivered(scene: Scene) -> Drawn:
    states = [_is_delivered(line) for line in _goods(scene)]
    if False in states:
        return False
    return _NO_DELIVERY if None in states or not states else True


def _is_in_transit(scene: Scene) -> Drawn:
    states = [_line_in_transit(line) for line in _goods(scene)]
    if True in states:
        return True
    return _NO_DELIVERY if None in states else False


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


def _is_first_order(scene: Scene) -> Drawn:
    customer = scene.order.customer
    if customer is None:
        return _NO_CUSTOMER
    return _NOT_TOLD if customer.orders_count is None else customer.orders_count <= 1


def _of_customer(read: Callable[[Customer], Drawn | None]) -> Callable[[Scene], Drawn]:
    def draw(scene: Scene) -> Drawn:
        customer = scene.order.customer
        return _NO_CUSTOMER if customer is None else _or(read(customer), _NOT_TOLD)

    return draw


def _disputes(scene: Scene) -> Drawn:
    return _or(scene.order.is_disputed, Unknown("the store didn't tell about disputes"))


def _returns(scene: Scene) -> Drawn:
    return _or(scene.order.has_open_return, Unknown("the store didn't tell about returns"))


_ORDER_READERS: dict[str, Callable[[Scene], Drawn]] = {
    "order.age_days": lambda s: s.days_since(s.order.created_at),
    "order.created_on": lambda s: s.day_of(s.order.created_at),
    "order.days_since_shipment": lambda s: _order_days(s, _last_shipped(s), _NO_SHIPMENT),
    "order.days_since_delivery": lambda s: _order_days(s, _last_delivered(s), _NO_DELIVERY),
    "order.delivered_on": lambda s: (
        s.day_of(moment) if (moment := _last_delivered(s)) else _NO_DELIVERY
    ),
    "order.total": lambda s: s.order.total,
    "order.currency": lambda s: s.order.currency,
    "order.is_shipped": lambda s: _or(
        _ANYTHING_SHIPPED.get(s.order.fulfilment_status), _NO_SHIPPING
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
    "order.country": lambda s: _or(s.order.country, Unknown("the order has no shipping country")),
    "order.store": lambda s: s.order.store_id,
    "order.store_kind": lambda s: s.order.store_kind,
    "order.payment_methods": _payment_methods,
    "order.risk": lambda s: _or(s.order.risk, _NOT_TOLD),
    "order.is_business": lambda s: s.order.is_business_order,
    "request.reason": _reason,
    "request.kind": lambda s: s.stated(s.request.kind.value, ""),
    "request.channel": lambda s: s.request.channel.value,
    "request.wants": _wants,
    "request.has_evidence": lambda s: _or(
        s.request.has_evidence, Unknown("the text speaks of no picture or paper")
    ),
    "request.states_opened": lambda s: s.stated(
        s.request.states_opened, "the text doesn't say whether it was opened"
    ),
    "request.states_fault": lambda s: s.stated(s.request.reason in _FAULTS, ""),
    "request.states_not_arrived": lambda s: s.stated(s.request.reason is Reason.NOT_ARRIVED, ""),
    "request.states_duplicate_charge": lambda s: s.stated(
        s.request.reason is Reason.DUPLICATE_CHARGE, ""
    ),
    "request.signals": lambda s: (
        _UNREAD if s.is_unsure else tuple(signal.value for signal in s.request.signals)
    ),
    "customer.is_known": lambda s: s.order.customer is not None,
    "customer.is_first_order": _is_first_order,
    "customer.orders_count": _of_customer(lambda customer: customer.orders_count),
    "customer.lifetime_value": _of_customer(lambda customer: customer.lifetime_value),
    "customer.tags": _of_customer(lambda customer: customer.tags),
    "calendar.today": lambda s: s.today,
}


# --- one line -----------------------------------------------------------------------------------

_LineReader = Callable[[Scene, LineItem], Drawn]


def _is_delivered(line: LineItem) -> bool | None:
    if line.delivered_at is not None:
        return True
    return False if line.was_shipped is False else None


def _line_in_transit(line: LineItem) -> bool | None:
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
    return _percent(line.discount.amount, full.amount) if full else Decimal(0)


def _is_returned(line: LineItem) -> Drawn:
    return True if line.return_received_at is not None else _NO_RETURN


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
    return _NO_SERVICE if used is None or paid is None else paid - used


def _percent_used(scene: Scene, line: LineItem) -> Drawn:
    used, paid = _days_used(scene, line), _days_paid(scene, line)
    return _NO_SERVICE if used is None or not paid else _percent(used, paid)


def _sla_missed(line: LineItem) -> int | None:
    return line.service.sla_missed_minutes if line.service else None


def _since(moment: Callable[[LineItem], datetime | None], unknown: Unknown) -> _LineReader:
    def read(scene: Scene, line: LineItem) -> Drawn:
        found = moment(line)
        return unknown if found is None else scene.days_since(found)

    return read


def _on(moment: Callable[[LineItem], datetime | None], unknown: Unknown) -> _LineReader:
    def read(scene: Scene, line: LineItem) -> Drawn:
        found = moment(line)
        return unknown if found is None else scene.day_of(found)

    return read


_LINE_READERS: dict[str, _LineReader] = {
    "item.is_final_sale": lambda s, i: _or(
        i.is_final_sale,
        Unknown("product tags can't be read, so final sale can't be ruled out"),
    ),
    "item.is_gift_card": lambda s, i: i.is_gift_card,
    "item.is_digital": lambda s, i: not i.requires_shipping and not i.is_gift_card,
    "item.is_perishable": lambda s, i: _is_perishable(i),
    "item.is_subscription": lambda s, i: i.is_subscription,
    "item.is_discounted": lambda s, i: bool(i.discount),
    "item.is_shipped": lambda s, i: _or(i.was_shipped, _NO_SHIPPING),
    "item.is_delivered": lambda s, i: _or(_is_delivered(i), _NO_DELIVERY),
    "item.is_in_transit": lambda s, i: _or(_line_in_transit(i), _NO_DELIVERY),
    "item.is_return_received": lambda s, i: _is_returned(i),
    "item.days_since_order": lambda s, i: s.days_since(s.order.created_at),
    "item.days_since_shipment": _since(lambda i: i.shipped_at, _NO_SHIPMENT),
    "item.days_since_delivery": _since(lambda i: i.delivered_at, _NO_DELIVERY),
    "item.days_since_return_received": _since(lambda i: i.return_received_at, _NO_RETURN),
    "item.shipped_on": _on(lambda i: i.shipped_at, _NO_SHIPMENT),
    "item.delivered_on": _on(lambda i: i.delivered_at, _NO_DELIVERY),
    "item.quantity": lambda s, i: i.quantity,
    "item.refundable_quantity": lambda s, i: i.refundable_quantity,
    "item.tags": lambda s, i: i.tags,
    "item.type": lambda s, i: _or(i.product_type, Unknown("the store gave no product type")),
    "item.sku": lambda s, i: _or(i.sku, Unknown("the line has no SKU")),
    "item.name": lambda s, i: i.name,
    "item.price": lambda s, i: i.unit_price,
    "item.total": lambda s, i: i.total if s.order.prices_include_tax else i.total + i.tax,
    "item.discount": lambda s, i: i.discount,
    "item.discount_percent": lambda s, i: _discount_percent(i),
    "service.days_used": lambda s, i: _or(_days_used(s, i), _NO_SERVICE),
    "service.days_paid": lambda s, i: _or(_days_paid(s, i), _NO_SERVICE),
    "service.days_left": _days_left,
    "service.percent_used": _percent_used,
    "service.percent_completed": lambda s, i: _or(
        i.service.percent_completed if i.service else None, _NO_SERVICE
    ),
    "service.is_sla_missed": lambda s, i: (
        _NO_SERVICE if (missed := _sla_missed(i)) is None else missed > 0
    ),
    "service.sla_missed_minutes": lambda s, i: _or(_sla_missed(i), _NO_SERVICE),
}

LINE_FACTS = frozenset(_LINE_READERS)


# --- history ------------------------------------------------------------------------------------


def _history_value(scene: Scene, name: str, line: LineItem | None) -> Drawn:
    ask = history_ask(name)
    if ask is None:
        return Unknown("no connected store supplies this fact")
    key = item_key(line) if line is not None and ask.subject is Subject.ITEM else ""
    figure = scene.history.figure(ask.subject, ask.hours, key)
    if figure is None:
        return Unknown(scene.history.unknown_because)
    if ask.measure is Measure.REFUNDS:
        return figure.count
    if ask.measure is Measure.REFUND_RATE:
        customer = scene.order.customer
        if customer is None:
            return _NO_CUSTOMER
        if not customer.orders_count:
            return Unknown("the store doesn't tell how many orders the customer made")
        return min(Decimal(100), _percent(figure.orders, customer.orders_count))
    currency = scene.order.shop_currency
    total = scene.rates.total(figure.amounts, currency)
    if total is None:
        return Unknown(
            f"earlier refunds were in another currency, and no rate to {currency} is set"
        )
    return Money.rounded(total, currency)


# --- all of them --------------------------------------------------------------------------------


# Equal facts are one object, so that what was made of them is found again quickly.
_FACTS_KEPT = 50_000
_made: dict[tuple[str, type, Drawn], Fact] = {}


def _fact(name: str, drawn: Drawn) -> Fact:
    # 1, True and Decimal("1.0") are equal in Python, and not the same value.
    key: tuple[str, type, Drawn]
    if isinstance(drawn, Money):
        key = (name, Decimal, str(drawn))
    elif isinstance(drawn, Decimal):
        key = (name, Decimal, format(drawn, "f"))
    else:
        key = (name, type(drawn), drawn)
    made = _made.get(key)
    if made is None:
        if len(_made) >= _FACTS_KEPT:
            _made.clear()
        made = _made[key] = _make_fact(name, drawn)
    return made


def _make_fact(name: str, drawn: Drawn) -> Fact:
    spec = fact_spec(name)
    unit = spec.unit if spec else ""
    if isinstance(drawn, Unknown):
        return Fact(name=name, unknown_because=str(drawn), unit=unit)
    if isinstance(drawn, Money):
        return Fact(name=name, value=drawn.amount, unit=drawn.currency)
    return Fact(name=name, value=drawn, unit=unit)


def is_line_fact(name: str) -> bool:
    """Whether a fact differs from line to line."""
    ask = history_ask(name)
    return name in LINE_FACTS or (ask is not None and ask.subject is Subject.ITEM)


def order_facts(scene: Scene, more: Iterable[str] = ()) -> dict[str, Fact]:
    """Every fact of order, request, customer and calendar, and the history facts in `more`."""
    facts = {name: _fact(name, read(scene)) for name, read in _ORDER_READERS.items()}
    for name in sorted(more):
        if history_ask(name) is not None and not is_line_fact(name):
            facts[name] = _fact(name, _history_value(scene, name, None))
    return facts


def line_facts(scene: Scene, line: LineItem, more: Iterable[str] = ()) -> dict[str, Fact]:
    """Every fact of one line item, and the item's history facts in `more`."""
    facts = {name: _fact(name, read(scene, line)) for name, read in _LINE_READERS.items()}
    for name in sorted(more):
        if is_line_fact(name) and name not in facts:
            facts[name] = _fact(name, _history_value(scene, name, line))
    return facts


def some_facts(scene: Scene, names: Iterable[str], line: LineItem | None = None) -> dict[str, Fact]:
    """Only the named facts: those of the order, or with `line` those of that line."""
    found: dict[str, Fact] = {}
    # Sorted: a decision is the same text in every process, whatever a set's order is there.
    for name in sorted(names):
        if line is None and name in _ORDER_READERS:
            found[name] = _fact(name, _ORDER_READERS[name](scene))
        elif line is not None and name in _LINE_READERS:
            found[name] = _fact(name, _LINE_READERS[name](scene, line))
        elif history_ask(name) is not None and is_line_fact(name) == (line is not None):
            found[name] = _fact(name, _history_value(scene, name, line))
    return found
