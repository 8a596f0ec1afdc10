"""The facts a policy may ask for: their names, their words, their types and where they come from.

A fact is either known, with a value, or unknown, with the reason. Nothing is ever assumed but what
a policy says to assume where a customer says nothing, and such a fact tells so. The values are
drawn from order, request, history and time in `app.domain.policy.drawing`.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from pydantic import Field

from app.domain.base import Value
from app.domain.channel import Channel
from app.domain.classification import Kind, Reason, Signal
from app.domain.policy.conditions import Scalar
from app.domain.policy.limits import Subject


class Fact(Value):
    """One named value; `value` None means unknown, and `unknown_because` says why.

    `unit` is what a threshold counts: "days", "units", or the currency of a fact of money.
    `assumed_because` says why a value is the policy's own assumption; it isn't written out where
    nothing was assumed.
    """

    name: str
    value: Scalar | tuple[str, ...] | None = None
    unknown_because: str | None = None
    unit: str = ""
    assumed_because: str | None = Field(default=None, exclude_if=lambda because: because is None)

    @property
    def is_known(self) -> bool:
        """Whether there is a value to compare."""
        return self.value is not None


class FactType(StrEnum):
    """What kind of value a fact has, and so what it can be compared with.

    `days` counts whole calendar days in the policy's time zone; `percent` runs from 0 to 100.
    """

    YES_NO = "yes_no"
    NUMBER = "number"
    DAYS = "days"
    PERCENT = "percent"
    MONEY = "money"
    TEXT = "text"
    LIST = "list"
    DATE = "date"


class Source(StrEnum):
    """Who knows a fact."""

    STORE = "store"
    REQUEST = "request"
    CUSTOMER = "customer"
    HISTORY = "history"
    CALENDAR = "calendar"
    SERVICE = "service"
    DECISION = "decision"


SHOPIFY, MAGENTO = "shopify", "magento"
EVERY_STORE = (SHOPIFY, MAGENTO)


class FactSpec(Value):
    """One fact: its stable name, its words, and what it may be compared with.

    `values` are all values of an enumerated text or list. `stores` are the kinds of store that can
    supply it (some only where the order or the connection has it); empty: no store does, so it is
    known only where a document brings it, or where a person says it (`by_hand`). Facts that don't
    come from a store have every store.
    """

    name: str
    label: str
    type: FactType
    source: Source
    unit: str = ""
    values: tuple[str, ...] = ()
    stores: tuple[str, ...] = EVERY_STORE
    by_hand: bool = False


_CHANNELS = tuple(channel.value for channel in Channel)
_SIGNALS = tuple(signal.value for signal in Signal)
_REASONS = tuple(reason.value for reason in Reason if reason is not Reason.UNKNOWN)
_KINDS = tuple(kind.value for kind in Kind)

_YES, _NUMBER, _DAYS = FactType.YES_NO, FactType.NUMBER, FactType.DAYS
_PERCENT, _MONEY, _TEXT = FactType.PERCENT, FactType.MONEY, FactType.TEXT
_LIST, _DATE = FactType.LIST, FactType.DATE


def _spec(
    name: str,
    label: str,
    kind: FactType,
    *,
    source: Source = Source.STORE,
    unit: str = "",
    values: tuple[str, ...] = (),
    stores: tuple[str, ...] = EVERY_STORE,
    by_hand: bool = False,
) -> FactSpec:
    unit = unit or ("days" if kind is _DAYS else "%" if kind is _PERCENT else "")
    return FactSpec(
        name=name,
        label=label,
        type=kind,
        source=source,
        unit=unit,
        values=values,
        stores=stores,
        by_hand=by_hand,
    )


_SHOPIFY = (SHOPIFY,)
_NOBODY: tuple[str, ...] = ()

_ITEM = (
    _spec("item.is_final_sale", "final sale", _YES),
    _spec("item.is_gift_card", "gift card", _YES),
    _spec("item.is_digital", "digital item", _YES),
    _spec("item.is_perishable", "perishable", _YES, stores=_SHOPIFY),
    _spec("item.is_subscription", "subscription", _YES),
    _spec("item.is_discounted", "discounted", _YES),
    _spec("item.is_shipped", "shipped", _YES),
    _spec("item.is_delivered", "delivered", _YES),
    _spec("item.is_in_transit", "on its way", _YES),
    _spec("item.is_return_received", "return received", _YES, stores=_NOBODY, by_hand=True),
    _spec("item.days_since_order", "ordered", _DAYS),
    _spec("item.days_since_shipment", "shipped", _DAYS, stores=_SHOPIFY),
    _spec("item.days_since_delivery", "delivered", _DAYS),
    _spec(
        "item.days_since_return_received", "return received", _DAYS, stores=_NOBODY, by_hand=True
    ),
    _spec("item.shipped_on", "shipped on", _DATE, stores=_SHOPIFY),
    _spec("item.delivered_on", "delivered on", _DATE),
    _spec("item.quantity", "units ordered", _NUMBER, unit="units"),
    _spec("item.refundable_quantity", "units still refundable", _NUMBER, unit="units"),
    _spec("item.tags", "product tags", _LIST, stores=_SHOPIFY),
    _spec("item.type", "product type", _TEXT, stores=_SHOPIFY),
    _spec("item.sku", "SKU", _TEXT),
    _spec("item.name", "item name", _TEXT),
    _spec("item.price", "unit price", _MONEY),
    _spec("item.total", "paid for the item", _MONEY),
    _spec("item.discount", "discount on the item", _MONEY),
    _spec("item.discount_percent", "discount on the item", _PERCENT),
)
_SERVICE = (
    _spec("service.days_used", "days used", _NUMBER, source=Source.SERVICE, unit="days",
          stores=_NOBODY),
    _spec("service.days_paid", "days paid for", _NUMBER, source=Source.SERVICE, unit="days",
          stores=_NOBODY),
    _spec("service.days_left", "days left", _NUMBER, source=Source.SERVICE, unit="days",
          stores=_NOBODY),
    _spec("service.percent_used", "part of the paid period used", _PERCENT,
          source=Source.SERVICE, stores=_NOBODY),
    _spec("service.percent_completed", "work completed", _PERCENT, source=Source.SERVICE,
          stores=_NOBODY),
    _spec("service.is_sla_missed", "service level missed", _YES, source=Source.SERVICE,
          stores=_NOBODY),
    _spec("service.sla_missed_minutes", "service level missed by", _NUMBER,
          source=Source.SERVICE, unit="minutes", stores=_NOBODY),
)  # fmt: skip
_ORDER = (
    _spec("order.age_days", "ordered", _DAYS),
    _spec("order.created_on", "ordered on", _DATE),
    _spec("order.days_since_shipment", "last shipped", _DAYS, stores=_SHOPIFY),
    _spec("order.days_since_delivery", "last delivered", _DAYS),
    _spec("order.delivered_on", "last delivered on", _DATE),
    _spec("order.total", "order total", _MONEY),
    _spec("order.currency", "currency", _TEXT),
    _spec("order.is_shipped", "anything shipped", _YES),
    _spec("order.is_delivered", "everything delivered", _YES),
    _spec("order.is_in_transit", "on its way", _YES),
    _spec("order.is_cancelled", "order cancelled", _YES),
    _spec("order.is_disputed", "disputed with the bank", _YES),
    _spec("order.has_open_return", "return open", _YES),
    _spec("order.has_refunds", "refunded before", _YES),
    _spec("order.refunds_count", "refunds so far", _NUMBER),
    _spec("order.refunded", "refunded so far", _MONEY),
    _spec("order.items_count", "items in the order", _NUMBER, unit="units"),
    _spec("order.country", "country", _TEXT),
    _spec("order.store", "store", _TEXT),
    _spec("order.store_kind", "kind of store", _TEXT, values=EVERY_STORE),
    _spec("order.payment_methods", "payment method", _LIST),
    _spec("order.risk", "store's own risk word", _TEXT, stores=_SHOPIFY),
    _spec("order.is_business", "business order", _YES, stores=_SHOPIFY),
)
_REQUEST = tuple(
    spec.model_copy(update={"source": Source.REQUEST})
    for spec in (
        _spec("request.reason", "stated reason", _TEXT, values=_REASONS),
        _spec("request.kind", "kind of request", _TEXT, values=_KINDS),
        _spec("request.channel", "channel", _TEXT, values=_CHANNELS),
        _spec("request.wants", "whole order or a part", _TEXT, values=("whole", "part")),
        _spec("request.has_evidence", "evidence attached", _YES),
        _spec("request.states_opened", "says that it was opened or used", _YES),
        _spec("request.states_fault", "says that the item is damaged or wrong", _YES),
        _spec("request.states_not_arrived", "says that it never arrived", _YES),
        _spec("request.states_duplicate_charge", "says that it was charged twice", _YES),
        _spec("request.signals", "warning signs in the text", _LIST, values=_SIGNALS),
    )
)
_CUSTOMER = tuple(
    spec.model_copy(update={"source": Source.CUSTOMER})
    for spec in (
        _spec("customer.is_known", "has a customer account", _YES),
        _spec("customer.is_first_order", "first order", _YES, stores=_SHOPIFY),
        _spec("customer.orders_count", "orders so far", _NUMBER, stores=_SHOPIFY),
        _spec("customer.lifetime_value", "spent so far", _MONEY, stores=_SHOPIFY),
        _spec("customer.tags", "customer tags", _LIST, stores=_SHOPIFY),
    )
)
_CALENDAR = (_spec("calendar.today", "today", _DATE, source=Source.CALENDAR),)
# Known only once the clauses have decided: for tiers and automatic release, not for clauses.
_DECISION = tuple(
    spec.model_copy(update={"source": Source.DECISION})
    for spec in (
        _spec("decision.clauses", "deciding clauses", _LIST),
        _spec("decision.uses_exception", "decided by an exception", _YES),
        _spec("decision.is_override", "overrides the policy", _YES),
        _spec("decision.resolution", "how it is made good", _LIST),
    )
)

TODAY = "calendar.today"

FACTS: dict[str, FactSpec] = {
    spec.name: spec
    for spec in (*_ITEM, *_SERVICE, *_ORDER, *_REQUEST, *_CUSTOMER, *_CALENDAR, *_DECISION)
}

# Each fact in words, for findings. `label_of` also knows facts of the history.
FACT_LABELS: dict[str, str] = {name: spec.label for name, spec in FACTS.items()}


# --- history: any window ------------------------------------------------------------------------


class Measure(StrEnum):
    """What is counted in the history of a subject.

    `refund_rate` is how many of the customer's orders were refunded, in per cent.
    """

    REFUNDS = "refunds"
    REFUNDED = "refunded"
    REFUND_RATE = "refund_rate"


EVER = 0
_HISTORY = re.compile(
    rf"history\.(?P<subject>{'|'.join(Subject)})_(?P<measure>refunds|refunded|refund_rate)"
    r"_(?:(?P<count>[1-9]\d{0,4})(?P<unit>[hd])|(?P<ever>ever))"
)
_SUBJECT_WORDS: dict[Subject, str] = {
    Subject.CUSTOMER: "this customer",
    Subject.ADDRESS: "this address",
    Subject.AGENT: "this agent",
    Subject.ITEM: "this item",
    Subject.STORE: "this store",
    Subject.ORDER: "this order",
}
_MEASURE_WORDS = {
    Measure.REFUNDS: "refunds to",
    Measure.REFUNDED: "money refunded to",
    Measure.REFUND_RATE: "orders refunded to",
}


class HistoryAsk(Value):
    """What a history fact asks for. `hours` is `EVER` (0) where the whole past counts."""

    subject: Subject
    measure: Measure
    hours: int


def window_words(hours: int) -> str:
    """A window in words: "the last 24 hours", "the last 30 days", "all the time"."""
    if hours == EVER:
        return "all the time"
    if hours % 24 == 0 and hours > 24:
        return f"the last {hours // 24} days"
    return "the last hour" if hours == 1 else f"the last {hours} hours"


def history_fact(subject: Subject, measure: Measure, hours: int) -> str:
    """The name of a history fact, e.g. `history.customer_refunds_30d`; 24 hours are `24h`."""
    if hours == EVER:
        window = "ever"
    elif hours % 24 == 0 and hours > 24:
        window = f"{hours // 24}d"
    else:
        window = f"{hours}h"
    return f"history.{subject.value}_{measure.value}_{window}"


@cache
def history_ask(name: str) -> HistoryAsk | None:
    """What a history fact's name asks for; None for any other name."""
    found = _HISTORY.fullmatch(name)
    if found is None:
        return None
    measure = Measure(found["measure"])
    if measure is Measure.REFUND_RATE and found["subject"] != Subject.CUSTOMER:
        return None
    hours = EVER if found["ever"] else int(found["count"]) * (24 if found["unit"] == "d" else 1)
    return HistoryAsk(subject=Subject(found["subject"]), measure=measure, hours=hours)


@cache
def fact_spec(name: str) -> FactSpec | None:
    """The fact of this name, of the table or of the history; None where there is none."""
    if name in FACTS:
        return FACTS[name]
    ask = history_ask(name)
    if ask is None:
        return None
    kind = {
        Measure.REFUNDS: FactType.NUMBER,
        Measure.REFUNDED: FactType.MONEY,
        Measure.REFUND_RATE: FactType.PERCENT,
    }[ask.measure]
    words = f"{_MEASURE_WORDS[ask.measure]} {_SUBJECT_WORDS[ask.subject]}"
    if ask.subject is Subject.AGENT:
        words = words.replace(" to ", " by ")
    if ask.subject in {Subject.ITEM, Subject.STORE, Subject.ORDER}:
        words = words.replace(" to ", " of ")
    stores: tuple[str, ...] = _SHOPIFY if ask.measure is Measure.REFUND_RATE else EVERY_STORE
    return _spec(
        name,
        f"{words} in {window_words(ask.hours)}",
        kind,
        source=Source.HISTORY,
        stores=stores,
    )


def label_of(name: str) -> str:
    """A fact in words; its name where nothing is known about it."""
    spec = fact_spec(name)
    return spec.label if spec else name


def days_between(earlier: datetime, later: datetime, time_zone: str) -> int:
    """Calendar days from `earlier` to `later` in a time zone; the same day is 0.

    A window of 30 days is kept through the whole 30th day. Never negative: a delivery that a
    carrier dates into the future counts as today.
    """
    zone = ZoneInfo(time_zone)
    return max(0, (later.astimezone(zone).date() - earlier.astimezone(zone).date()).days)
