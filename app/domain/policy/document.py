"""One order to be decided, as a JSON document: what `makegood policy decide` reads and answers.

Only what a policy may ask for has to be said; what is left out is unknown, or nothing where that
is what it means (no discount, no tax, no earlier refund). Amounts are texts like "48.60" in the
order's currency, or `{"amount": "48.60", "currency": "EUR"}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from app.domain.base import Value
from app.domain.classification import Classification, Request
from app.domain.decision import Decision
from app.domain.money import Currency, Money
from app.domain.order import (
    Customer,
    FulfilmentStatus,
    LineItem,
    Order,
    PastRefund,
    PaymentStatus,
    ServiceUse,
    Suggestion,
    Tender,
    Transaction,
    TransactionKind,
    TransactionStatus,
)
from app.domain.plan import Plan
from app.domain.policy.evaluate import decide
from app.domain.policy.history import UNKNOWN_HISTORY, History, HistoryFigure
from app.domain.policy.limits import Subject
from app.domain.policy.model import Policy
from app.domain.policy.rates import NO_RATES, Rates

# More than any order or history has; what is beyond is a slip, and can't be reckoned with.
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
PlainAmount = Annotated[str, StringConstraints(pattern=r"^-?\d{1,12}(\.\d{1,4})?$")]
Amount = Money | PlainAmount


_AMOUNTS = (
    "refunded",
    "refund_pending",
    "tip",
    "duties",
    "shipping",
    "shipping_tax",
    "refunded_shipping",
)


class LineDocument(Value):
    """One line: `total` (left out: price times quantity, less the discount) and `tax` are for the
    whole quantity, `total` without the tax that comes on top.

    `return_received_at` says that it has come back, and when; `returned_quantity` that only so
    many of the units that can still be refunded have.
    """

    id: str
    name: str
    quantity: int = Field(ge=1, le=1_000_000)
    refundable_quantity: Count | None = None
    unit_price: Amount
    discount: Amount = "0"
    total: Amount | None = None
    tax: Amount = "0"
    sku: str | None = None
    product_type: str | None = None
    tags: tuple[str, ...] = ()
    is_gift_card: bool = False
    is_final_sale: bool | None = None
    is_subscription: bool = False
    requires_shipping: bool = True
    was_shipped: bool | None = None
    shipped_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    return_received_at: AwareDatetime | None = None
    returned_quantity: Count | None = None
    service: ServiceUse | None = None

    def to_line(self, currency: str, where: str) -> LineItem:
        """The line of an order. Raises ValueError, naming the field below `where`."""
        price = _money(self.unit_price, currency, f"{where}.unit_price")
        discount = _money(self.discount, currency, f"{where}.discount")
        gross = Money.rounded(price.amount * self.quantity, price.currency)
        taken = {"unit_price", "discount", "total", "tax", "refundable_quantity"}
        values: dict[str, Any] = {
            name: getattr(self, name) for name in type(self).model_fields if name not in taken
        }
        left = self.refundable_quantity
        return LineItem(
            **values,
            refundable_quantity=self.quantity if left is None else left,
            unit_price=price,
            discount=discount,
            total=gross - discount
            if self.total is None
            else _money(self.total, currency, f"{where}.total"),
            tax=_money(self.tax, currency, f"{where}.tax"),
        )


class PaymentDocument(Value):
    """One payment of the order, and how much of it can still go back."""

    gateway: str
    label: str | None = None
    amount: Amount


class OrderDocument(Value):
    """One order. `total` left out is the sum of lines, tax and shipping; `paid` the total.

    Money goes back to the `payments` in their order; left out, to one payment of what was paid.
    `can_store_credit`: the store can give store credit for this order, with the policy's bonus
    added to it. `can_give_bonus` false: the bonus must be added by hand, and the plan says how
    much; left out, it can be given where store credit can.
    """

    order_id: str
    name: str | None = None
    store_id: str = "store"
    store_kind: str = "document"
    created_at: AwareDatetime
    currency: Currency
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus = FulfilmentStatus.UNKNOWN
    country: str | None = None
    is_cancelled: bool = False
    is_test: bool = False
    is_refundable: bool = True
    is_disputed: bool | None = False
    has_open_return: bool | None = False
    is_business_order: bool = False
    can_store_credit: bool = False
    can_give_bonus: bool | None = None
    prices_include_tax: bool = False
    total: Amount | None = None
    paid: Amount | None = None
    refunded: Amount = "0"
    refund_pending: Amount = "0"
    tip: Amount = "0"
    duties: Amount = "0"
    shipping: Amount = "0"
    shipping_tax: Amount = "0"
    refunded_shipping: Amount = "0"
    lines: tuple[LineDocument, ...]
    payments: tuple[PaymentDocument, ...] = ()
    refunds: tuple[PastRefund, ...] = ()
    risk: str | None = None

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> OrderDocument:
        ids = [line.id for line in self.lines]
        if not ids:
            raise ValueError("an order has a line at least")
        if len(ids) != len(set(ids)):
            raise ValueError("each line needs an id of its own")
        return self

    def to_order(self, customer: Customer | None, now: datetime) -> Order:
        """The order that is decided about. Raises ValueError for mixed currencies."""
        lines = tuple(
            line.to_line(self.currency, f"order.lines[{number}]")
            for number, line in enumerate(self.lines)
        )
        amounts = {
            name: _money(getattr(self, name), self.currency, f"order.{name}") for name in _AMOUNTS
        }
        total = (
            self._total(lines, amounts) if self.total is None else _money(self.total, self.currency)
        )
        paid = total if self.paid is None else _money(self.paid, self.currency)
        taken = {"name", "total", "paid", "lines", "payments", "can_give_bonus", *_AMOUNTS}
        values: dict[str, Any] = {
            name: getattr(self, name) for name in type(self).model_fields if name not in taken
        }
        values.update(amounts)
        return Order(
            **values,
            name=self.name or self.order_id,
            updated_at=self.created_at,
            read_at=now,
            shop_currency=self.currency,
            can_give_bonus=self.can_store_credit and self.can_give_bonus is not False,
            total=total,
            paid=paid,
            customer=customer,
            lines=lines,
            transactions=tuple(self._transactions()),
            suggestion=self._suggestion(amounts, paid),
        )

    def _transactions(self) -> Iterator[Transaction]:
        for number, payment in enumerate(self.payments, 1):
            yield Transaction(
                id=f"payment-{number}",
                kind=TransactionKind.SALE,
                status=TransactionStatus.SUCCESS,
                gateway=payment.gateway,
                label=payment.label or payment.gateway,
                amount=_money(payment.amount, self.currency),
            )

    def _suggestion(self, amounts: dict[str, Money], paid: Money) -> Suggestion:
        """Where money can go back to. It carries no figure of the store's to compare with."""
        left = paid - amounts["refunded"] - amounts["refund_pending"]
        payments = self.payments or (
            PaymentDocument(gateway="original", label="original payment", amount=left),
        )
        tenders = [
            Tender(
                transaction_id=f"payment-{number}",
                gateway=one.gateway,
                label=one.label or one.gateway,
                amount=Money.zero(self.currency),
                maximum=_money(one.amount, self.currency),
            )
            for number, one in enumerate(payments, 1)
        ]
        shipping = amounts["shipping"] - amounts["refunded_shipping"]
        return Suggestion(
            amount=left,
            amount_in_shop_currency=left,
            maximum=left,
            shipping=shipping,
            shipping_maximum=shipping,
            shipping_tax=amounts["shipping_tax"],
            tenders=tuple(tenders),
            store_credit_maximum=left if self.can_store_credit else None,
        )

    def _total(self, lines: tuple[LineItem, ...], amounts: dict[str, Money]) -> Money:
        whole = Money.total((line.total for line in lines), self.currency)
        whole = whole + amounts["shipping"] + amounts["tip"] + amounts["duties"]
        if self.prices_include_tax:
            return whole
        tax = Money.total((line.tax for line in lines), self.currency)
        return whole + tax + amounts["shipping_tax"]


def _money(amount: Money | str, currency: str, where: str = "order") -> Money:
    try:
        money = amount if isinstance(amount, Money) else Money.of(amount, currency)
    except ValidationError as error:
        raise ValueError(f"{where}: {error.errors()[0]['msg']}") from None
    if money.currency != currency:
        raise ValueError(f"{where}: {money} in an order in {currency}")
    return money


class FigureDocument(Value):
    """Refunds of one subject within a window, the one at hand not counted.

    The window is that of the policy's sentence, in `days` or in `hours`: "in 365 days" asks for
    `"days": 365`, which is the same as `"hours": 8760`. `key` tells items apart (the SKU, else the
    name, in small letters). `orders` counts different orders; left out, each refund is of its own.
    `amounts` are the sums, one for each currency.
    """

    subject: Subject
    days: int | None = Field(default=None, ge=1)
    hours: int | None = Field(default=None, ge=0)
    key: str = ""
    count: Count
    orders: Count | None = None
    amounts: tuple[Money, ...] = ()

    @model_validator(mode="after")
    def _has_one_window(self) -> FigureDocument:
        if (self.days is None) == (self.hours is None):
            raise ValueError("a window is in days or in hours, one of both")
        return self

    def to_figure(self) -> HistoryFigure:
        """The figure, its window in hours."""
        return HistoryFigure(
            subject=self.subject,
            hours=self.days * 24 if self.days is not None else self.hours or 0,
            key=self.key,
            count=self.count,
            orders=self.count if self.orders is None else self.orders,
            amounts=self.amounts,
        )


class HistoryDocument(Value):
    """What happened before, as far as it is known; a figure that isn't here is unknown."""

    figures: tuple[FigureDocument, ...] = ()
    unknown_because: str = UNKNOWN_HISTORY.unknown_because

    def to_history(self) -> History:
        """The history that is decided by."""
        figures = tuple(one.to_figure() for one in self.figures)
        return History(figures=figures, unknown_because=self.unknown_because)


class DecideDocument(Value):
    """An order, a request and a moment. `policy` is a policy's text or its model as JSON; left
    out, the command's own. `history` and `rates` are what earlier refunds and other currencies are
    compared by; left out they are unknown."""

    order: OrderDocument
    request: Request
    customer: Customer | None = None
    now: AwareDatetime
    policy: str | Policy | None = None
    history: HistoryDocument = HistoryDocument()
    rates: Rates = NO_RATES
    classification: Classification | None = None

    def decide(self, policy: Policy) -> Answer:
        """The answer by `policy`. Raises ValueError for amounts in mixed currencies."""
        decision = decide(
            policy,
            self.order.to_order(self.customer, self.now),
            self.request,
            self.now,
            self.classification,
            history=self.history.to_history(),
            rates=self.rates,
        )
        return Answer(decision=decision, plan=decision.plan)


class Answer(Value):
    """The decision, and its plan once more beside it."""

    decision: Decision
    plan: Plan | None
