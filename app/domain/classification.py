"""What a ticket is about: the typed answer that a classifier gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, field_serializer

from app.domain.base import Value
from app.domain.channel import Channel
from app.domain.money import Currency


class Kind(StrEnum):
    """What the customer wants. The first nine have to do with refunds."""

    REFUND_ITEM = "refund_item"
    CANCEL_REFUND = "cancel_refund"
    DUPLICATE_CHARGE = "duplicate_charge"
    DAMAGED_WRONG = "damaged_wrong"
    NOT_ARRIVED = "not_arrived"
    RETURN = "return"
    REFUND_STATUS = "refund_status"
    REFUND_POLICY = "refund_policy"
    EXCHANGE_CREDIT = "exchange_credit"
    CANCEL_ORDER = "cancel_order"
    SHIPPING = "shipping"
    ORDER_CHANGE = "order_change"
    ACCOUNT = "account"
    PAYMENT_ISSUE = "payment_issue"
    INVOICE = "invoice"
    COMPLAINT = "complaint"
    OTHER = "other"

    @property
    def is_refund_related(self) -> bool:
        """True for the first nine kinds."""
        return list(Kind).index(self) < 9


class Reason(StrEnum):
    """Why the customer wants money back, in the policy's vocabulary."""

    CHANGED_MIND = "changed_mind"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_ARRIVED = "not_arrived"
    NOT_AS_DESCRIBED = "not_as_described"
    DUPLICATE_CHARGE = "duplicate_charge"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Wants(StrEnum):
    """How much of an order the customer means."""

    WHOLE = "whole"
    PART = "part"
    UNKNOWN = "unknown"


class Signal(StrEnum):
    """What a person should know about a text before answering it. Signals steer no money."""

    CHARGEBACK = "chargeback"
    LAWYER = "lawyer"
    REGULATOR = "regulator"
    POLICE = "police"
    PRESS = "press"
    BAD_REVIEW = "bad_review"
    INJECTION = "injection"
    AUTO_REPLY = "auto_reply"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


class NamedAmount(Value):
    """An amount that the text names. It is a hint for the agent and never sets what is refunded."""

    amount: Decimal
    currency: Currency | None = None

    @field_serializer("amount")
    def _amount_as_text(self, amount: Decimal) -> str:
        return format(amount, "f")


class Classification(Value):
    """A classifier's answer for one text.

    `refund` means: asks for money back now. `confidence` is a probability from 0 to 1 for `refund`
    and `kind` together. `orders` are numbers as written, without `#`. `language` is an ISO 639-1
    code or None where it can't be told. `sentiment` runs from -1 (angry) to 1 (happy).

    `items_named` are the writer's words for goods, to be compared with an order's lines.
    `has_evidence` is True where the text speaks of pictures or papers that come with it, None where
    it says nothing. `states_opened`: goods were opened or used (True), are as new (False), or
    nothing is said. `other_emails` and `other_phones` stand in the text: offered to an agent, never
    trusted. `summary` is at most two sentences in the writer's own words.
    """

    refund: bool
    refund_related: bool
    kind: Kind
    confidence: float = Field(ge=0, le=1)
    needs_human: bool
    orders: tuple[str, ...] = ()
    amounts: tuple[NamedAmount, ...] = ()
    reason: Reason = Reason.UNKNOWN
    language: str | None = None
    sentiment: float = Field(default=0.0, ge=-1, le=1)
    urgent: bool = False
    wants: Wants = Wants.UNKNOWN
    items_named: tuple[str, ...] = ()
    has_evidence: bool | None = None
    states_opened: bool | None = None
    dates: tuple[date, ...] = ()
    signals: tuple[Signal, ...] = ()
    other_emails: tuple[str, ...] = ()
    other_phones: tuple[str, ...] = ()
    summary: str = ""
    classifier: str


def _channel(value: object) -> object:
    """A stored channel; names that older records kept verbatim are UNKNOWN."""
    return value if value in set(Channel) else Channel.UNKNOWN


class Request(Value):
    """What the customer asked for: typed values only, so that text can't steer money.

    `line_ids` is empty when the whole order is meant or the text names no item for sure.
    """

    kind: Kind
    reason: Reason
    orders_named: tuple[str, ...] = ()
    amounts_named: tuple[NamedAmount, ...] = ()
    line_ids: tuple[str, ...] = ()
    wants: Wants = Wants.UNKNOWN
    items_named: tuple[str, ...] = ()
    has_evidence: bool | None = None
    states_opened: bool | None = None
    dates: tuple[date, ...] = ()
    signals: tuple[Signal, ...] = ()
    channel: Annotated[Channel, BeforeValidator(_channel)] = Channel.UNKNOWN

    @classmethod
    def from_classification(cls, found: Classification, channel: Channel) -> Request:
        """The request that a classification amounts to."""
        return cls(
            kind=found.kind,
            reason=found.reason,
            orders_named=found.orders,
            amounts_named=found.amounts,
            wants=found.wants,
            items_named=found.items_named,
            has_evidence=found.has_evidence,
            states_opened=found.states_opened,
            dates=found.dates,
            signals=found.signals,
            channel=channel,
        )
