"""A plan: exactly what would be refunded, to the cent, computed by us.

The plan that the agent saw is the plan that is executed. It is held against the store's own
suggestion where the store has one; a difference turns the button off.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import Field, model_validator

from app.domain.base import Value
from app.domain.errors import AppError
from app.domain.money import Money
from app.domain.order import (
    LineItem,
    Order,
    Remaining,
    Restock,
    SuggestedLine,
    Suggestion,
    Tender,
)
from app.domain.remainder import Units, shares_of


class InvalidChoice(AppError):
    """What the agent asked for can't be refunded; the message says which line and why."""


class Destination(StrEnum):
    """Where the money goes."""

    ORIGINAL_PAYMENT = "original_payment"
    STORE_CREDIT = "store_credit"


class ChosenLine(Value):
    """Some units of one line, and the share of their price that goes back."""

    line_id: str
    quantity: int = Field(ge=1)
    percent: Decimal = Field(default=Decimal(100), gt=0, le=100)


class RefundChoice(Value):
    """What to refund: units of lines, an amount of shipping, or a plain amount without items.

    `shipping` None means none. `amount_override` replaces the computed total (goodwill, damage):
    it may lie anywhere above zero and up to what is refundable.
    """

    lines: tuple[ChosenLine, ...] = ()
    shipping: Money | None = None
    amount_override: Money | None = None

    @model_validator(mode="after")
    def _each_line_once(self) -> RefundChoice:
        ids = [line.line_id for line in self.lines]
        if len(ids) != len(set(ids)):
            raise ValueError("each line can be chosen once")
        return self


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
    restock: Restock = Restock.NONE

    @property
    def total(self) -> Money:
        """What the customer gets for this line."""
        return self.amount if self.is_tax_included else self.amount + self.tax


class PlanTender(Value):
    """The part of the total that goes back to one payment."""

    transaction_id: str | None
    gateway: str
    label: str
    amount: Money
    is_manual: bool = False


class StoreComparison(Value):
    """Our total beside the store's own. `difference` is ours minus the store's."""

    ours: Money
    stores: Money
    difference: Money

    @property
    def agrees(self) -> bool:
        """Whether both figures are the same to the cent."""
        return not self.difference


class Plan(Value):
    """What would be refunded. The parts sum to `total`, and the tenders sum to `total`.

    `adjustment` is the difference that `amount_override` makes (negative: less goes back).
    `total_in_shop_currency` is what tiers are compared with.
    """

    order_id: str
    order_name: str
    lines: tuple[PlanLine, ...] = ()
    shipping: Money
    shipping_tax: Money
    is_shipping_full: bool = False
    adjustment: Money
    total: Money
    total_in_shop_currency: Money
    destination: Destination = Destination.ORIGINAL_PAYMENT
    tenders: tuple[PlanTender, ...] = ()
    comparison: StoreComparison | None = None
    is_manual: bool = False
    warnings: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sums_up(self) -> Plan:
        currency = self.total.currency
        parts = Money.total((line.total for line in self.lines), currency)
        parts = parts + self.shipping + self.shipping_tax + self.adjustment
        if parts != self.total:
            raise ValueError(f"the parts of the plan make {parts}, not {self.total}")
        paid = Money.total((tender.amount for tender in self.tenders), currency)
        if self.destination is Destination.ORIGINAL_PAYMENT and paid != self.total:
            raise ValueError(f"the payments of the plan make {paid}, not {self.total}")
        if self.total.amount <= 0:
            raise ValueError("a plan refunds more than zero")
        return self

    @property
    def is_exact(self) -> bool:
        """Whether the store's own figure, where there is one, is the same."""
        return self.comparison is None or self.comparison.agrees


def _units_share(line: LineItem, whole: Money, quantity: int) -> Money:
    """What `quantity` more units of a line carry of `whole`, after the units refunded before.

    The difference of two rounded running totals: part-refunds one after another sum exactly to
    the line's total, wherever the odd cents fall.
    """
    before = line.refunded_quantity
    return whole.share(before + quantity, line.quantity) - whole.share(before, line.quantity)


def _shares(order: Order, choice: RefundChoice) -> dict[str, Remaining]:
    """The figures of the chosen lines whose store prices from what is left, all in one refund."""
    chosen = {one.line_id: one.quantity for one in choice.lines}
    return shares_of(
        Units(line.id, line.remaining, chosen[line.id], line.refundable_quantity)
        for line in order.lines
        if line.remaining is not None
        and chosen.get(line.id, line.quantity + 1) <= line.refundable_quantity
    )


def plan_line(order: Order, chosen: ChosenLine, share: Remaining | None = None) -> PlanLine:
    """Price some units of one line. Raises InvalidChoice when there aren't that many left.

    `share` is the line's part of a refund of several lines, where the store prices them together.
    """
    try:
        line = order.line(chosen.line_id)
    except KeyError as error:
        raise InvalidChoice(str(error.args[0])) from None
    if chosen.quantity > line.refundable_quantity:
        raise InvalidChoice(
            f"{line.name}: {chosen.quantity} chosen, but {line.refundable_quantity} of "
            f"{line.quantity} can still be refunded"
        )
    if share is None:
        share = _shares(order, RefundChoice(lines=(chosen,))).get(line.id)
    if share is None:
        full = _units_share(line, line.total, chosen.quantity)
        discount = _units_share(line, line.discount, chosen.quantity)
        tax = _units_share(line, line.tax, chosen.quantity)
    else:
        full, discount, tax = share.price - share.discount, share.discount, share.tax
    fraction = chosen.percent / 100
    amount = Money.rounded(full.amount * fraction, full.currency)
    return PlanLine(
        line_id=line.id,
        name=line.name,
        quantity=chosen.quantity,
        price=Money.rounded(line.unit_price.amount * chosen.quantity, order.currency),
        discount=discount,
        amount=amount,
        tax=Money.rounded(tax.amount * fraction, tax.currency),
        is_tax_included=order.prices_include_tax,
        percent=chosen.percent,
        restock=line.restock,
    )


def shipping_left(order: Order) -> Money:
    """Shipping that was paid and not given back yet, as the store counts it if it does."""
    if order.suggestion is not None:
        return order.suggestion.shipping_maximum
    left = order.shipping - order.refunded_shipping
    return left if left.amount > 0 else Money.zero(order.currency)


def _shipping_tax(order: Order, shipping: Money) -> Money:
    """The tax that goes back with an amount of shipping; zero where prices include tax."""
    if order.prices_include_tax or not shipping or not order.shipping:
        return Money.zero(order.currency)
    return Money.rounded(
        order.shipping_tax.amount * shipping.amount / order.shipping.amount, order.currency
    )


def refundable_maximum(order: Order) -> Money:
    """The most that can go back on this order: what was paid, less what went or is going back."""
    left = order.paid - order.refunded - order.refund_pending
    if order.suggestion is not None and order.suggestion.maximum < left:
        left = order.suggestion.maximum
    return left if left.amount > 0 else Money.zero(order.currency)


def split_over_tenders(total: Money, tenders: tuple[Tender, ...]) -> tuple[PlanTender, ...]:
    """Spread `total` over the payments in the store's order, each up to its own maximum.

    Raises InvalidChoice when the payments together can't take the total.
    """
    left = total
    parts: list[PlanTender] = []
    for tender in tenders:
        part = tender.maximum if tender.maximum < left else left
        if part.amount <= 0:
            continue
        parts.append(
            PlanTender(
                transaction_id=tender.transaction_id,
                gateway=tender.gateway,
                label=tender.label,
                amount=part,
                is_manual=tender.is_manual,
            )
        )
        left = left - part
    if left.amount > 0:
        raise InvalidChoice(f"the payments of this order can take back {total - left}, not {total}")
    return tuple(parts)


def _in_shop_currency(order: Order, total: Money, suggestion: Suggestion | None) -> Money:
    """`total` in the shop's own currency, by the rate that the store's suggestion implies."""
    if order.currency == order.shop_currency:
        return total
    if suggestion is None or not suggestion.amount:
        raise InvalidChoice(
            f"the store gave no rate from {order.currency} to {order.shop_currency}"
        )
    rate = suggestion.amount_in_shop_currency.amount / suggestion.amount.amount
    return Money.rounded(total.amount * rate, order.shop_currency)


def build_plan(order: Order, choice: RefundChoice, suggestion: Suggestion | None = None) -> Plan:
    """Price a choice exactly, and hold it against the store's `suggestion` for the same choice.

    `suggestion` must be the store's answer for exactly this choice; pass None when none was asked
    for, then no comparison is made and the order's own suggestion only says which payments exist.

    Raises InvalidChoice when nothing is chosen or more than what is refundable.
    """
    currency = order.currency
    for amount in (choice.shipping, choice.amount_override):
        if amount is not None and amount.currency != currency:
            raise InvalidChoice(f"{amount} asked, but the order was paid in {currency}")
    shares = _shares(order, choice)
    lines = tuple(plan_line(order, chosen, shares.get(chosen.line_id)) for chosen in choice.lines)
    shipping = choice.shipping or Money.zero(currency)
    if shipping.amount < 0 or shipping > shipping_left(order):
        raise InvalidChoice(f"shipping: {shipping} asked, {shipping_left(order)} is left")
    shipping_tax = _shipping_tax(order, shipping)
    computed = Money.total((line.total for line in lines), currency) + shipping + shipping_tax
    total = choice.amount_override if choice.amount_override is not None else computed
    if total.amount <= 0:
        raise InvalidChoice("nothing is chosen: pick items, shipping or an amount above zero")
    maximum = refundable_maximum(order)
    if total > maximum:
        raise InvalidChoice(f"{total} is more than the {maximum} that can still be refunded")
    reference = suggestion if suggestion is not None else order.suggestion
    tenders = _tenders(total, reference)
    stores = None
    if choice.amount_override is None and reference is not None:
        stores = (
            _exact_figure(lines, suggestion)
            if suggestion is not None
            else _figure_from_parts(order, lines, shipping)
        )
    comparison = (
        None
        if stores is None
        else StoreComparison(ours=computed, stores=stores, difference=computed - stores)
    )
    is_manual = bool(tenders) and all(tender.is_manual for tender in tenders)
    return Plan(
        order_id=order.order_id,
        order_name=order.name,
        lines=lines,
        shipping=shipping,
        shipping_tax=shipping_tax,
        is_shipping_full=bool(shipping) and shipping == shipping_left(order),
        adjustment=total - computed,
        total=total,
        total_in_shop_currency=_in_shop_currency(order, total, reference),
        tenders=tenders,
        comparison=comparison,
        is_manual=is_manual,
        warnings=tuple(_warnings(order, lines, tenders)),
    )


def _tenders(total: Money, reference: Suggestion | None) -> tuple[PlanTender, ...]:
    """The store's own split where it is for this very total, else by each payment's maximum."""
    tenders = reference.tenders if reference is not None else ()
    proposed = Money.total((tender.amount for tender in tenders), total.currency)
    if proposed == total and all(tender.amount <= tender.maximum for tender in tenders):
        tenders = tuple(tender.model_copy(update={"maximum": tender.amount}) for tender in tenders)
    return split_over_tenders(total, tenders)


def _reduced(line: PlanLine, theirs: SuggestedLine) -> Money:
    """How much less than the store's figure a percentage below 100 gives for one line."""
    share = line.percent / 100
    currency = theirs.subtotal.currency
    reduction = theirs.subtotal - Money.rounded(theirs.subtotal.amount * share, currency)
    if not line.is_tax_included:
        reduction = reduction + theirs.tax - Money.rounded(theirs.tax.amount * share, currency)
    return reduction


def _exact_figure(lines: tuple[PlanLine, ...], suggestion: Suggestion) -> Money:
    """The store's figure for exactly our choice, less what our percentages take off."""
    by_id = {line.line_id: line for line in suggestion.lines}
    figure = suggestion.amount
    for line in lines:
        if line.percent != 100 and line.line_id in by_id:
            figure = figure - _reduced(line, by_id[line.line_id])
    return figure


def _figure_from_parts(order: Order, lines: tuple[PlanLine, ...], shipping: Money) -> Money | None:
    """The store's figure for our choice, taken from the parts of its suggestion for everything.

    None when the parts don't serve: other quantities are chosen, only a part of the shipping, or
    the store's parts don't make up its own total.
    """
    suggestion = order.suggestion
    if suggestion is None or (shipping and shipping != suggestion.shipping):
        return None
    currency = order.currency

    def line_total(line: SuggestedLine) -> Money:
        return line.subtotal if order.prices_include_tax else line.subtotal + line.tax

    by_id = {line.line_id: line for line in suggestion.lines}
    all_tax = Money.zero(currency) if order.prices_include_tax else suggestion.shipping_tax
    everything = Money.total((line_total(line) for line in suggestion.lines), currency)
    if everything + suggestion.shipping + all_tax != suggestion.amount:
        return None
    figure = Money.zero(currency)
    for line in lines:
        theirs = by_id.get(line.line_id)
        if theirs is None or theirs.quantity != line.quantity:
            return None
        figure = figure + line_total(theirs)
        if line.percent != 100:
            figure = figure - _reduced(line, theirs)
    return figure + suggestion.shipping + all_tax if shipping else figure


def _warnings(
    order: Order, lines: tuple[PlanLine, ...], tenders: tuple[PlanTender, ...]
) -> list[str]:
    warnings: list[str] = []
    for tender in tenders:
        if tender.is_manual:
            warnings.append(
                f"{tender.label}: the store only records {tender.amount}. "
                "Somebody must pay it by hand."
            )
    if order.tip:
        warnings.append(f"The tip of {order.tip} is not part of this refund.")
    if order.duties:
        warnings.append(f"Import duties of {order.duties} are not part of this refund.")
    unshipped = [line.name for line in lines if line.restock is Restock.CANCEL]
    if unshipped:
        warnings.append("Not shipped yet, and will not be shipped: " + ", ".join(unshipped))
    return warnings


def everything_left(order: Order) -> RefundChoice:
    """The choice of all units and all shipping that can still be refunded."""
    shipping = shipping_left(order)
    return RefundChoice(
        lines=tuple(
            ChosenLine(line_id=line.id, quantity=line.refundable_quantity)
            for line in order.lines
            if line.refundable_quantity > 0
        ),
        shipping=shipping if shipping else None,
    )
