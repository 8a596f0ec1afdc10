"""From a choice to its plan: the arithmetic, exact to the cent.

Each line's share comes as its store counts it: as a difference of running totals, or from what is
left (`app.domain.remainder`). Fees come off, then the total is spread over the payments in the
store's own order, or goes to store credit with its bonus.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from app.domain.comparison import exact_figure, figure_from_parts
from app.domain.money import Money
from app.domain.order import LineItem, Order, Remaining, Restock, Suggestion, Tender
from app.domain.plan import (
    ChosenFee,
    ChosenLine,
    Destination,
    InvalidChoice,
    Plan,
    PlanFee,
    PlanLine,
    PlanTender,
    RefundChoice,
    StoreComparison,
)
from app.domain.remainder import Units, shares_of


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
    return PlanLine(
        line_id=line.id,
        name=line.name,
        quantity=chosen.quantity,
        price=Money.rounded(line.unit_price.amount * chosen.quantity, order.currency),
        discount=discount,
        amount=full.portion(chosen.share),
        tax=tax.portion(chosen.share),
        is_tax_included=order.prices_include_tax,
        percent=chosen.percent,
        pro_rata=chosen.pro_rata,
        keeps_item=chosen.keeps_item,
        restock=_restock(line, chosen),
    )


def _restock(line: LineItem, chosen: ChosenLine) -> Restock:
    """What the store does with the goods; none come back that the customer keeps."""
    is_kept = chosen.keeps_item and line.restock is Restock.RETURN
    return Restock.NONE if is_kept else line.restock


def order_after(order: Order, quantities: Mapping[str, int]) -> Order:
    """The order as a refund of these units leaves it, as far as the next one is priced from it."""
    chosen = {line_id: units for line_id, units in quantities.items() if units}
    choice = RefundChoice(
        lines=tuple(ChosenLine(line_id=one, quantity=units) for one, units in chosen.items())
    )
    shares = _shares(order, choice)
    lines = []
    for line in order.lines:
        left = line.refundable_quantity - chosen.get(line.id, 0)
        share, before = shares.get(line.id), line.remaining
        changes: dict[str, object] = {"refundable_quantity": max(0, left)}
        if share is not None and before is not None:
            changes["remaining"] = Remaining(
                price=before.price - share.price,
                discount=before.discount - share.discount,
                tax=before.tax - share.tax,
            )
        lines.append(line.model_copy(update=changes))
    return order.model_copy(update={"lines": tuple(lines)})


def shipping_left(order: Order) -> Money:
    """Shipping that was paid and not given back yet, as the store counts it if it does."""
    if order.suggestion is not None:
        return order.suggestion.shipping_maximum
    left = order.shipping - order.refunded_shipping
    return left if left.amount > 0 else Money.zero(order.currency)


def _shipping_tax(order: Order, shipping: Money) -> Money:
    """The tax that goes back with an amount of shipping; zero where prices include tax.

    A difference of running totals, like the lines': shipping that goes back in parts takes along
    exactly the tax that was paid on it.
    """
    whole = order.shipping.minor_units
    if order.prices_include_tax or not shipping or not whole:
        return Money.zero(order.currency)
    before = min(order.refunded_shipping.minor_units, whole)
    after = min(before + shipping.minor_units, whole)
    return order.shipping_tax.share(after, whole) - order.shipping_tax.share(before, whole)


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


def _in_shop_currency(order: Order, amount: Money, suggestion: Suggestion | None) -> Money:
    """`amount` in the shop's own currency, by the rate that a suggestion of the store implies.

    The suggestion for a plain amount is zero and implies none; the one for all that is left does.
    """
    if order.currency == order.shop_currency:
        return amount
    for one in (suggestion, order.suggestion):
        if one is not None and one.amount:
            rate = one.amount_in_shop_currency.amount / one.amount.amount
            return Money.rounded(amount.amount * rate, order.shop_currency)
    raise InvalidChoice(f"the store gave no rate from {order.currency} to {order.shop_currency}")


def price_fees(
    fees: tuple[ChosenFee, ...], lines: tuple[PlanLine, ...], currency: str
) -> tuple[PlanFee, ...]:
    """The fees of a refund of these lines. Raises InvalidChoice for one in another currency.

    Without lines (a plain amount, shipping alone) nothing is kept back.
    """
    found: list[PlanFee] = []
    for fee in fees:
        about = [line for line in lines if not fee.line_ids or line.line_id in fee.line_ids]
        if not about:
            continue
        if fee.percent is not None:
            given = Money.total((line.total for line in about), currency)
            amount = given.portion(Fraction(fee.percent) / 100)
        else:
            amount = fee.amount or Money.zero(currency)
        if amount.currency != currency:
            raise InvalidChoice(
                f"{fee.label}: {amount} is to be kept back, but the order was paid in {currency}"
            )
        if amount:
            found.append(
                PlanFee(kind=fee.kind, label=fee.label, percent=fee.percent, amount=amount)
            )
    return tuple(found)


def build_plan(order: Order, choice: RefundChoice, suggestion: Suggestion | None = None) -> Plan:
    """Price a choice exactly, and hold it against the store's `suggestion` for the same choice.

    `suggestion` must be the store's answer for exactly this choice; pass None when none was asked
    for, then no comparison is made and the order's own suggestion only says which payments exist.

    Raises InvalidChoice when nothing is chosen, when fees leave nothing, when more than what is
    refundable is asked, or when store credit is asked of a store that has none for this order.
    """
    currency = order.currency
    for amount in (choice.shipping, choice.amount_override):
        if amount is not None and amount.currency != currency:
            raise InvalidChoice(f"{amount} asked, but the order was paid in {currency}")
    is_credit = choice.destination is Destination.STORE_CREDIT
    if is_credit and not order.can_store_credit:
        raise InvalidChoice("the store can't give store credit for this order")
    shares = _shares(order, choice)
    lines = tuple(plan_line(order, chosen, shares.get(chosen.line_id)) for chosen in choice.lines)
    shipping = choice.shipping or Money.zero(currency)
    if shipping.amount < 0 or shipping > shipping_left(order):
        raise InvalidChoice(f"shipping: {shipping} asked, {shipping_left(order)} is left")
    shipping_tax = _shipping_tax(order, shipping)
    fees = price_fees(choice.fees, lines, currency)
    kept = Money.total((fee.amount for fee in fees), currency)
    duties = _duties(order, choice)
    before_fees = Money.total((line.total for line in lines), currency) + shipping + shipping_tax
    before_fees = before_fees + duties
    computed = before_fees - kept
    total = choice.amount_override if choice.amount_override is not None else computed
    _check_total(order, total, before_fees=before_fees, kept=kept)
    reference = suggestion if suggestion is not None else order.suggestion
    tenders = () if is_credit else _tenders(total, reference)
    bonus = _bonus(order, choice, total)
    is_manual = bool(tenders) and all(tender.is_manual for tender in tenders)
    given = total + bonus if bonus else total
    return Plan(
        order_id=order.order_id,
        order_name=order.name,
        lines=lines,
        shipping=shipping,
        shipping_tax=shipping_tax,
        is_shipping_full=bool(shipping) and shipping == shipping_left(order),
        duties=duties or None,
        fees=fees,
        adjustment=total - computed,
        total=total,
        total_in_shop_currency=_in_shop_currency(order, given, reference),
        destination=choice.destination,
        bonus=bonus,
        bonus_percent=choice.bonus_percent if bonus else Decimal(0),
        tenders=tenders,
        comparison=_comparison(order, choice, lines, computed, kept, suggestion),
        is_manual=is_manual,
        warnings=(
            *_warnings(order, choice, lines, fees, tenders),
            *_bonus_warnings(order, choice, total),
        ),
    )


def _duties(order: Order, choice: RefundChoice) -> Money:
    """The import duties of the chosen units, as differences of running totals; zero if not asked.

    They are a country's, not the merchant's: no percentage and no fee touches them.
    """
    if not choice.duties:
        return Money.zero(order.currency)
    return Money.total(
        (
            _units_share(order.line(one.line_id), duty.amount, one.quantity)
            for one in choice.lines
            for duty in order.line(one.line_id).duties
        ),
        order.currency,
    )


def _bonus_due(choice: RefundChoice, total: Money) -> Money | None:
    """What the policy gives on top of store credit, whoever can add it."""
    if choice.destination is not Destination.STORE_CREDIT:
        return None
    return total.portion(Fraction(choice.bonus_percent) / 100) or None


def _bonus(order: Order, choice: RefundChoice, total: Money) -> Money | None:
    """What is given on top of store credit; None where there is nothing or the store can't."""
    return _bonus_due(choice, total) if order.can_give_bonus else None


def _bonus_warnings(order: Order, choice: RefundChoice, total: Money) -> list[str]:
    due = _bonus_due(choice, total)
    if due is None or order.can_give_bonus:
        return []
    percent = f"{choice.bonus_percent.normalize():f}"
    return [
        f"The policy gives {percent} % on top, but Makegood has no permission to add store credit "
        f"in this store: add the bonus of {due} by hand, or grant the permission."
    ]


def _check_total(order: Order, total: Money, *, before_fees: Money, kept: Money) -> None:
    if total.amount <= 0:
        if kept:
            raise InvalidChoice(
                f"the fees of {kept} leave nothing of {before_fees} that could go back"
            )
        raise InvalidChoice("nothing is chosen: pick items, shipping or an amount above zero")
    maximum = refundable_maximum(order)
    if total > maximum:
        raise InvalidChoice(f"{total} is more than the {maximum} that can still be refunded")


def _comparison(
    order: Order,
    choice: RefundChoice,
    lines: tuple[PlanLine, ...],
    computed: Money,
    kept: Money,
    suggestion: Suggestion | None,
) -> StoreComparison | None:
    """Our figure beside the store's; None for a plain amount, and where the store has none."""
    if choice.amount_override is not None:
        return None
    if suggestion is not None:
        stores: Money | None = exact_figure(lines, suggestion)
    elif choice.duties:
        # Only the store's answer for this very choice says what it counts as duties.
        stores = None
    else:
        stores = figure_from_parts(order, lines, choice.shipping or Money.zero(order.currency))
    if stores is None:
        return None
    stores = stores - kept
    return StoreComparison(ours=computed, stores=stores, difference=computed - stores)


def _tenders(total: Money, reference: Suggestion | None) -> tuple[PlanTender, ...]:
    """The store's own split where it is for this very total, else by each payment's maximum."""
    tenders = reference.tenders if reference is not None else ()
    proposed = Money.total((tender.amount for tender in tenders), total.currency)
    if proposed == total and all(tender.amount <= tender.maximum for tender in tenders):
        tenders = tuple(tender.model_copy(update={"maximum": tender.amount}) for tender in tenders)
    return split_over_tenders(total, tenders)


def _warnings(
    order: Order,
    choice: RefundChoice,
    lines: tuple[PlanLine, ...],
    fees: tuple[PlanFee, ...],
    tenders: tuple[PlanTender, ...],
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
    if order.duties and not choice.duties:
        warnings.append(f"Import duties of {order.duties} are not part of this refund.")
    unshipped = [line.name for line in lines if line.restock is Restock.CANCEL]
    if unshipped:
        warnings.append("Not shipped yet, and will not be shipped: " + ", ".join(unshipped))
    if fees and order.closes_when_returned and _takes_everything(order, lines):
        warnings.append(
            "The store closes the order with this refund: what is kept back can't be given back "
            "later."
        )
    return warnings


def _takes_everything(order: Order, lines: tuple[PlanLine, ...]) -> bool:
    """Whether no unit is left afterwards."""
    chosen = {line.line_id: line.quantity for line in lines}
    return all(chosen.get(line.id, 0) >= line.refundable_quantity for line in order.lines)


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
