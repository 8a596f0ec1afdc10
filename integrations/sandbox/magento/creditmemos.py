"""How a credit memo's figures come about. Nothing here is stored: see `refunds.py`.

Every figure starts from what was invoiced and not yet refunded; the last units of a row take the
rest. https://developer.adobe.com/commerce/webapi/rest/tutorials/orders/order-issue-refund/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from integrations.sandbox.magento.errors import MagentoError
from integrations.sandbox.magento.model import Creditmemo, DocumentItem, Invoice, Order, OrderItem
from integrations.sandbox.magento.money import (
    NOTHING,
    ZERO,
    Carry,
    Pair,
    at_rate,
    cents,
    formatted,
)
from integrations.sandbox.magento.site import Site


@dataclass
class Request:
    """A refund as asked for. `quantities` empty means everything; `shipping` None means all left.

    Amounts are in base currency.
    """

    quantities: dict[int, Decimal] = field(default_factory=dict)
    items: list[tuple[int, Decimal]] = field(default_factory=list)
    online: bool = False
    notify: bool = False
    append_comment: bool = False
    comment: str | None = None
    comment_visible: int = 0
    shipping: Decimal | None = None
    adjustment_positive: Decimal | None = None
    adjustment_negative: Decimal | None = None
    return_to_stock: list[int] = field(default_factory=list)
    source: str = "api"


def build_memo(
    site: Site, order: Order, request: Request, invoice: Invoice | None = None
) -> Creditmemo:
    """The memo that `request` makes of an order, or of one of its invoices.

    Raises MagentoError for more units of a row than are left, more shipping than is left, and
    shipping where the order has none.
    """
    memo = Creditmemo(
        order_id=order.entity_id,
        created_at=site.now(),
        invoice_id=invoice.entity_id if invoice else None,
        source=request.source,
    )
    limits = None if invoice is None else invoice_limits(site, invoice)
    for item in order.items:
        if limits is not None and item.item_id not in limits:
            continue
        if not _is_listed(order, item, request.quantities, limits or {}):
            continue
        quantity = _quantity(order, item, request.quantities, limits or {})
        if not item.is_dummy and quantity > item.qty_to_refund:
            raise MagentoError(
                400, 'We found an invalid quantity to refund item "%1".', [item.name]
            )
        memo.items.append(DocumentItem(0, item.item_id, quantity))
    _total(site, order, memo, request, invoice)
    return memo


def invoice_limits(site: Site, invoice: Invoice) -> dict[int, Decimal]:
    """Units by row id that an invoice holds and no memo of this invoice took yet."""
    limits = {row.order_item_id: row.qty for row in invoice.items}
    for memo in site.memos_of(invoice.order_id):
        if memo.invoice_id == invoice.entity_id:
            for row in memo.items:
                if row.order_item_id in limits:
                    limits[row.order_item_id] -= row.qty
    return limits


def _is_listed(
    order: Order, item: OrderItem, quantities: Mapping[int, Decimal], limits: Mapping[int, Decimal]
) -> bool:
    if not item.is_dummy:
        return _has_units(item, limits)
    if item.child_ids:
        children = [child for child in order.items if child.item_id in item.child_ids]
        if not quantities:
            return any(_has_units(child, limits) for child in children)
        return any(quantities.get(child.item_id, ZERO) > 0 for child in children)
    parent = order.item(item.parent_id)
    if parent is None:
        return False
    return quantities.get(parent.item_id, ZERO) > 0 if quantities else _has_units(parent, limits)


def _has_units(item: OrderItem, limits: Mapping[int, Decimal]) -> bool:
    if item.qty_to_refund <= 0:
        return False
    return limits.get(item.item_id, item.qty_to_refund) > 0


def _quantity(
    order: Order, item: OrderItem, quantities: Mapping[int, Decimal], limits: Mapping[int, Decimal]
) -> Decimal:
    if item.is_dummy:
        parent = order.item(item.parent_id)
        if parent is None:
            return item.qty_invoiced
        if parent.item_id in quantities:
            return quantities[parent.item_id] * item.per_parent
        left = min(parent.qty_to_refund, limits.get(parent.item_id, parent.qty_to_refund))
        return left * item.per_parent
    quantity = quantities.get(item.item_id, ZERO) if quantities else item.qty_to_refund
    return min(quantity, limits.get(item.item_id, quantity))


def _total(
    site: Site, order: Order, memo: Creditmemo, request: Request, invoice: Invoice | None
) -> None:
    carry, including = Carry(), Carry()
    rows = [(row, item) for row in memo.items if (item := order.item(row.order_item_id))]
    paying = [(row, item) for row, item in rows if not item.is_dummy]
    for row, item in paying:
        row.row_total = _share(item, row, item.row_invoiced - item.amount_refunded, carry)
        row.row_total_incl_tax = including.round(
            item.gross_incl_tax.times(row.qty / item.qty_ordered)
        )
        memo.subtotal += row.row_total
        memo.subtotal_incl_tax += row.row_total_incl_tax
    _add_shipping(site, order, memo, request, invoice)
    tax, compensation = NOTHING, NOTHING
    for row, item in paying:
        row.tax_amount = row.compensation = NOTHING
        if row.qty > 0:
            row.tax_amount = _share(item, row, item.tax_invoiced - item.tax_refunded, carry)
            row.compensation = _share(
                item, row, item.compensation_invoiced - item.compensation_refunded, carry
            )
        tax += row.tax_amount
        compensation += row.compensation
    shipping_tax, shipping_compensation, partly = _shipping_tax(order, memo, invoice, carry)
    memo.shipping_tax = shipping_tax
    tax += shipping_tax
    compensation += shipping_compensation
    allowed_tax = order.summed("tax_invoiced") - order.summed("tax_refunded")
    allowed_compensation = (
        order.summed("discount_tax_compensation_invoiced")
        + order.shipping_compensation
        - order.summed("discount_tax_compensation_refunded")
    )
    takes_all = bool(rows) and all(_is_last(item, row) for row, item in rows) and not partly
    memo.tax_amount = allowed_tax if takes_all else _least(allowed_tax, tax)
    memo.compensation = (
        allowed_compensation if takes_all else _least(allowed_compensation, compensation)
    )
    memo.discount_amount = _discount(order, memo, paying, carry)
    if request.adjustment_positive is not None:
        memo.adjustment_positive = at_rate(cents(request.adjustment_positive), order.rate)
    if request.adjustment_negative is not None:
        memo.adjustment_negative = at_rate(cents(request.adjustment_negative), order.rate)
    memo.grand_total = (
        memo.subtotal
        - memo.discount_amount
        + memo.tax_amount
        + memo.compensation
        + memo.shipping_amount
        + memo.adjustment
    ).rounded()


def _is_last(item: OrderItem, row: DocumentItem) -> bool:
    """Does this memo take the row's last units, with nothing left to invoice either."""
    return row.qty == item.qty_to_refund and item.qty_to_invoice == 0


def _share(item: OrderItem, row: DocumentItem, left: Pair, carry: Carry) -> Pair:
    if _is_last(item, row):
        return left
    available = item.qty_invoiced - item.qty_refunded
    return carry.round(left.times(row.qty / available)) if available else NOTHING


def _least(one: Pair, other: Pair) -> Pair:
    return Pair(min(one.base, other.base), min(one.order, other.order))


def _discount(
    order: Order,
    memo: Creditmemo,
    paying: list[tuple[DocumentItem, OrderItem]],
    carry: Carry,
) -> Pair:
    discount = NOTHING
    if memo.shipping_amount.base and order.shipping_amount.base:
        part = memo.shipping_amount.base / order.shipping_amount.base
        discount += order.shipping_discount.times(part).rounded()
    for row, item in paying:
        row.discount_amount = NOTHING
        if item.discount_invoiced and item.qty_invoiced:
            left = item.discount_invoiced - item.discount_refunded
            if not _is_last(item, row):
                available = item.qty_invoiced - item.qty_refunded
                left = carry.round(left.times(row.qty / available), negative=True)
            row.discount_amount = left
        discount += row.discount_amount
    return discount


def _add_shipping(
    site: Site, order: Order, memo: Creditmemo, request: Request, invoice: Invoice | None
) -> None:
    """`shipping` is read as including tax where the shop shows it so in sales documents."""
    left = order.shipping_amount - order.summed("shipping_refunded")
    left_incl_tax = left + order.shipping_tax - order.summed("shipping_tax_refunded")
    with_tax = site.settings.shipping_shown_incl_tax
    wanted = request.shipping
    if wanted is None and invoice is not None:
        billed = invoice.shipping.base if invoice.shipping else ZERO
        wanted = left_incl_tax.base if with_tax else min(left.base, billed)
    if wanted is None:
        memo.shipping_amount, memo.shipping_incl_tax = left, left_incl_tax
        return
    wanted = cents(wanted)
    if wanted and order.shipping_amount.base <= 0:
        raise MagentoError(400, "You can not refund shipping if there is no shipping amount.")
    most = max(left_incl_tax.base, ZERO) if with_tax else left.base
    if wanted > cents(most):
        raise MagentoError(
            400,
            "Maximum shipping amount allowed to refund is: %1",
            [formatted(most, order.base_currency)],
        )
    whole = order.shipping_incl_tax.base if with_tax else order.shipping_amount.base
    ratio = wanted / whole if whole > 0 else ZERO
    is_rest = wanted == cents(most)
    memo.shipping_amount = left if is_rest else order.shipping_amount.times(ratio).rounded()
    memo.shipping_incl_tax = order.shipping_incl_tax.times(ratio).rounded()


def _shipping_tax(
    order: Order, memo: Creditmemo, invoice: Invoice | None, carry: Carry
) -> tuple[Pair, Pair, bool]:
    """The tax and its compensation in the refunded shipping, and whether only a part goes back."""
    whole, asked = order.shipping_amount.base, memo.shipping_amount.base
    if not whole:
        return NOTHING, NOTHING, False
    part = asked / whole
    if invoice is not None:
        return (
            carry.round(invoice.shipping_tax.times(part)),
            carry.round(invoice.shipping_compensation.times(part)),
            part < 1 and invoice.shipping_tax.order > 0,
        )
    left = whole - order.summed("shipping_refunded").base
    if left > asked:
        return (
            carry.round(order.shipping_tax.times(part)),
            carry.round(order.shipping_compensation.times(part)),
            part < 1 and order.shipping_tax.order > 0,
        )
    return (
        order.shipping_tax - order.summed("shipping_tax_refunded"),
        order.shipping_compensation - order.summed("shipping_discount_tax_compensation_refunded"),
        False,
    )
