"""A choice and its plan: exactly what would be refunded, to the cent, and where it goes.

The plan that the agent saw is the plan that is executed. `app.domain.pricing` makes one of a
choice, and holds it against the store's own suggestion; a difference turns the button off.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from pydantic import Field, model_validator

from app.domain.base import Value
from app.domain.errors import AppError
from app.domain.money import Money
from app.domain.order import Restock


class InvalidChoice(AppError):
    """What the agent asked for can't be refunded; the message says which line and why."""


class Destination(StrEnum):
    """Where the money goes."""

    ORIGINAL_PAYMENT = "original_payment"
    STORE_CREDIT = "store_credit"


# --- what is asked for --------------------------------------------------------------------------


class FeeKind(StrEnum):
    """What is kept back, and why."""

    RESTOCKING = "restocking"
    RETURN_SHIPPING = "return_shipping"
    OTHER = "other"


class ChosenFee(Value):
    """Something that is kept back: `percent` of what its lines give (with their tax), or an
    `amount` once per refund.

    `line_ids` names the lines that it is for; empty means all lines of the refund. A fee none of
    whose lines is refunded isn't charged.
    """

    kind: FeeKind
    label: str = Field(min_length=1, max_length=100)
    percent: Decimal | None = Field(default=None, gt=0, le=100)
    amount: Money | None = None
    line_ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> ChosenFee:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a fee is either a percentage or an amount")
        if self.amount is not None and self.amount.amount <= 0:
            raise ValueError("a fee is more than zero")
        return self


class ProRata(Value):
    """The unused part of something paid by time or progress: `left` of `of` `unit`s goes back.

    20 of 30 days unused, or 60 of 100 per cent not completed. The share is exact, never a rounded
    percentage.
    """

    left: Decimal = Field(gt=0)
    of: Decimal = Field(gt=0)
    unit: str = "days"

    @model_validator(mode="after")
    def _is_a_part(self) -> ProRata:
        if self.left > self.of:
            raise ValueError(f"{self.left} of {self.of} {self.unit} is more than all")
        return self

    @property
    def share(self) -> Fraction:
        """The exact share that goes back, above 0 and at most 1."""
        return Fraction(self.left) / Fraction(self.of)


class ChosenLine(Value):
    """Some units of one line, and the share of their price that goes back.

    `percent` and `pro_rata` multiply. `keeps_item`: the customer keeps the goods, so nothing of it
    is put back on stock.
    """

    line_id: str
    quantity: int = Field(ge=1)
    percent: Decimal = Field(default=Decimal(100), gt=0, le=100)
    pro_rata: ProRata | None = None
    keeps_item: bool = False

    @property
    def share(self) -> Fraction:
        """The exact share of the price that goes back."""
        share = Fraction(self.percent) / 100
        return share * self.pro_rata.share if self.pro_rata is not None else share


class RefundChoice(Value):
    """What to refund: units of lines, an amount of shipping, or a plain amount without items.

    `shipping` None means none. `duties` gives back the import duties of the chosen units. `fees`
    are taken off. `amount_override` replaces the computed total (goodwill, damage): it may lie
    anywhere above zero and up to what is refundable. `bonus_percent` comes on top of the total
    where it goes to store credit.
    """

    lines: tuple[ChosenLine, ...] = ()
    shipping: Money | None = None
    duties: bool = False
    fees: tuple[ChosenFee, ...] = ()
    amount_override: Money | None = None
    destination: Destination = Destination.ORIGINAL_PAYMENT
    bonus_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)

    @model_validator(mode="after")
    def _each_line_once(self) -> RefundChoice:
        ids = [line.line_id for line in self.lines]
        if len(ids) != len(set(ids)):
            raise ValueError("each line can be chosen once")
        return self


class Terms(Value):
    """What the policy gives for one line, whatever units of it are chosen."""

    percent: Decimal = Field(default=Decimal(100), gt=0, le=100)
    pro_rata: ProRata | None = None
    keeps_item: bool = False
    fees: tuple[ChosenFee, ...] = ()
    destination: Destination = Destination.ORIGINAL_PAYMENT
    bonus_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)


# --- what it comes to ---------------------------------------------------------------------------


class PlanLine(Value):
    """The refund of some units of one line. `amount` is without the tax that comes on top."""

    line_id: str
    name: str
    quantity: int
    price: Money
    discount: Money
    amount: Money
    tax: Money
    is_tax_included: bool
    percent: Decimal = Decimal(100)
    pro_rata: ProRata | None = None
    keeps_item: bool = False
    restock: Restock = Restock.NONE

    @property
    def total(self) -> Money:
        """What the customer gets for this line."""
        return self.amount if self.is_tax_included else self.amount + self.tax

    @property
    def share(self) -> Fraction:
        """The exact share of the paid price that goes back."""
        share = Fraction(self.percent) / 100
        return share * self.pro_rata.share if self.pro_rata is not None else share

    @property
    def is_reduced(self) -> bool:
        """Whether less than the paid price goes back."""
        return self.share != 1


class PlanFee(Value):
    """A fee that is kept back; `amount` is above zero and taken off the total."""

    kind: FeeKind
    label: str
    percent: Decimal | None = None
    amount: Money


class PlanTender(Value):
    """The part of the total that goes back to one payment."""

    transaction_id: str | None
    gateway: str
    label: str
    amount: Money
    is_manual: bool = False


class LeftOut(Value):
    """Lines that the policy gives something for and that this refund can't hold.

    One refund goes to one destination. `amount` is what a refund of their own gives, its bonus
    included; None where no money goes back for them or none can be given. `waits` is the same in
    the shop's currency where it waits for the goods. `sentence` says what they get and what to do.
    """

    line_ids: tuple[str, ...]
    amount: Money | None = None
    waits: Money | None = None
    sentence: str


class StoreComparison(Value):
    """Our total beside the store's own. `difference` is ours minus the store's.

    What the policy takes off on purpose (a percentage, a fee) is taken off the store's figure too.
    """

    ours: Money
    stores: Money
    difference: Money

    @property
    def agrees(self) -> bool:
        """Whether both figures are the same to the cent."""
        return not self.difference


class Plan(Value):
    """What would be refunded. Lines, shipping and its tax, duties, less fees, plus `adjustment`
    make `total`; the tenders make `total` too.

    `adjustment` is the difference that `amount_override` makes (negative: less goes back).
    To store credit there are no tenders, and `bonus` is given on top. `total_in_shop_currency` is
    what tiers are compared with: all that the merchant gives, bonus included.

    `left_out` tells of eligible lines that need a refund of their own, or get no money; their
    sentences stand among the `warnings`, too.
    """

    order_id: str
    order_name: str
    lines: tuple[PlanLine, ...] = ()
    shipping: Money
    shipping_tax: Money
    is_shipping_full: bool = False
    duties: Money | None = None
    fees: tuple[PlanFee, ...] = ()
    adjustment: Money
    total: Money
    total_in_shop_currency: Money
    destination: Destination = Destination.ORIGINAL_PAYMENT
    bonus: Money | None = None
    bonus_percent: Decimal = Decimal(0)
    tenders: tuple[PlanTender, ...] = ()
    comparison: StoreComparison | None = None
    is_manual: bool = False
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @model_validator(mode="after")
    def _sums_up(self) -> Plan:
        currency = self.total.currency
        parts = Money.total((line.total for line in self.lines), currency)
        parts = parts + self.shipping + self.shipping_tax + self.adjustment - self.fee_total
        if self.duties is not None:
            parts = parts + self.duties
        if parts != self.total:
            raise ValueError(f"the parts of the plan make {parts}, not {self.total}")
        paid = Money.total((tender.amount for tender in self.tenders), currency)
        if self.destination is Destination.ORIGINAL_PAYMENT and paid != self.total:
            raise ValueError(f"the payments of the plan make {paid}, not {self.total}")
        if self.is_store_credit and self.tenders:
            raise ValueError("what goes to store credit goes to no payment")
        if self.bonus is not None and not (self.is_store_credit and self.bonus.amount > 0):
            raise ValueError("a bonus is more than zero, and only store credit has one")
        if self.total.amount <= 0:
            raise ValueError("a plan refunds more than zero")
        if any(fee.amount.amount <= 0 for fee in self.fees):
            raise ValueError("a fee is more than zero")
        return self

    @property
    def promised_in_shop_currency(self) -> Money:
        """What is given by this plan, and by the next ones once the goods are back."""
        waiting = [one.waits for one in self.left_out if one.waits is not None]
        return sum(waiting, self.total_in_shop_currency)

    @property
    def fee_total(self) -> Money:
        """All fees together, not negative."""
        return Money.total((fee.amount for fee in self.fees), self.total.currency)

    @property
    def is_store_credit(self) -> bool:
        """Whether it goes to store credit instead of back to the payments."""
        return self.destination is Destination.STORE_CREDIT

    @property
    def credit_total(self) -> Money:
        """What the customer gets in all: the total, and the bonus where there is one."""
        return self.total + self.bonus if self.bonus is not None else self.total

    @property
    def is_exact(self) -> bool:
        """Whether the store's own figure, where there is one, is the same."""
        return self.comparison is None or self.comparison.agrees
