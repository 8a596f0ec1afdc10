"""The two refund routes: checks, the gateway, and what is written.

Neither is idempotent. The order route holds a lock on its order; the invoice route holds none and
asks the gateway between its checks and its write, so that two at once both pay.
https://developer.adobe.com/commerce/webapi/rest/tutorials/orders/order-issue-refund/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from integrations.sandbox.magento.creditmemos import Request, build_memo
from integrations.sandbox.magento.errors import (
    COULD_NOT_REFUND,
    MagentoError,
    invalid_document,
    not_found,
)
from integrations.sandbox.magento.gateway import GatewayDeclined
from integrations.sandbox.magento.invoicing import add_history, add_transaction, site_status
from integrations.sandbox.magento.model import (
    REFUSING_STATES,
    Comment,
    Creditmemo,
    DocumentItem,
    Invoice,
    Order,
    OrderItem,
)
from integrations.sandbox.magento.money import NOTHING, ZERO, cents, formatted, plain_text
from integrations.sandbox.magento.site import Site
from integrations.sandbox.magento.states import TINY, state_after


def refund_order(site: Site, order_id: int, request: Request) -> int:
    """`POST /V1/order/:id/refund`: books a memo, moves no money. Returns the memo's id."""
    with site.lock:
        stored = site.orders.get(order_id)
        if stored is None:
            raise not_found()
        order = site.working_copy(stored)
        memo = build_memo(site, order, request)
        _validate(site, order, memo, request)
        _book(site, order, memo, None)
        return _save(site, order, memo, request, keep_status=True)


def refund_invoice(site: Site, invoice_id: int, request: Request) -> int:
    """`POST /V1/invoice/:id/refund`: through the gateway if `request.online`.

    Raises MagentoError; 400 with COULD_NOT_REFUND says nothing about whether money moved.
    """
    with site.lock:
        invoice = site.invoices.get(invoice_id)
        if invoice is None:
            raise not_found()
    with _queue(site, invoice.order_id):
        with site.lock:
            order = site.working_copy(site.orders[invoice.order_id])
            read_at = order.version
            memo = build_memo(site, order, request, invoice)
            _validate(site, order, memo, request, invoice)
        if request.online:
            _pay(site, order, memo, invoice)
        with site.lock:
            raced = site.orders[order.entity_id].version != read_at
            if raced and site.settings.concurrency == "deadlock":
                # The database chose this transaction as the victim; the gateway has paid.
                raise MagentoError(400, COULD_NOT_REFUND)
            _book(site, order, memo, invoice)
            if not request.online:
                invoice.is_used_for_refund = True
                invoice.base_total_refunded = (
                    invoice.base_total_refunded or ZERO
                ) + memo.grand_total.base
            return _save(site, order, memo, request, keep_status=False)


@contextmanager
def _queue(site: Site, order_id: int) -> Iterator[None]:
    if site.settings.concurrency != "serial":
        yield
        return
    with site.order_lock(order_id):
        yield


def _validate(
    site: Site,
    order: Order,
    memo: Creditmemo,
    request: Request,
    invoice: Invoice | None = None,
) -> None:
    messages = _order_messages(site, order)
    if invoice is not None:
        messages += _invoice_messages(site, order, invoice)
    messages += _memo_messages(site, order, memo)
    for item_id, quantity in request.items:
        messages += _item_messages(order, item_id, quantity)
    messages += _stock_messages(site, request)
    if messages:
        raise invalid_document(messages)


def _order_messages(site: Site, order: Order) -> list[str]:
    if order.state in REFUSING_STATES:
        return [f"A creditmemo can not be created when an order has a status of {order.status}"]
    paid = order.summed("total_paid").order
    is_enough = abs(cents(paid) - order.summed("total_refunded").order) >= TINY
    if is_enough or (paid == 0 and site.settings.allow_zero_grandtotal):
        return []
    return ["The order does not allow a creditmemo to be created."]


def _invoice_messages(site: Site, order: Order, invoice: Invoice) -> list[str]:
    used = invoice.base_total_refunded or ZERO
    is_enough = abs(invoice.grand_total.base - used) >= TINY
    payment = order.payment
    can_refund = not site.is_offline(payment.method)
    money_left = (payment.amount_paid or NOTHING).order > (payment.amount_refunded or NOTHING).order
    payment_allows = payment.method == "free" or (
        can_refund and (money_left or not invoice.is_used_for_refund)
    )
    if invoice.state == 2 and (is_enough or site.settings.allow_zero_grandtotal) and payment_allows:
        return []
    return ["We can't create creditmemo for the invoice."]


def _memo_messages(site: Site, order: Order, memo: Creditmemo) -> list[str]:
    messages = []
    units = ZERO
    for row in memo.items:
        item = order.item(row.order_item_id)
        if item is not None and not item.is_qty_decimal and row.qty != row.qty.to_integral_value():
            messages.append(f'We found an invalid quantity to refund item "{item.sku}".')
        else:
            units += row.qty
    shipping_left = cents(order.shipping_amount.order) - order.summed("shipping_refunded").order
    if memo.grand_total.order <= 0 and not site.settings.allow_zero_grandtotal:
        messages.append("The credit memo's total must be positive.")
    elif units < 0 and not shipping_left:
        messages.append("You can't create a creditmemo without products.")
    paid = order.summed("total_paid").base
    refunded = order.summed("total_refunded").base
    if cents(refunded + memo.grand_total.base) > cents(paid):
        messages.append(f"The most money available to refund is {plain_text(paid - refunded)}.")
    return messages


def _item_messages(order: Order, item_id: int, quantity: Decimal) -> list[str]:
    item = order.item(item_id)
    if item is None:
        return ["The creditmemo contains product item that is not part of the original order."]
    if item.is_dummy:
        return ["The creditmemo contains incorrect product items."]
    if quantity > item.qty_to_refund:
        return ["The quantity to refund must not be greater than the unrefunded quantity."]
    return []


def _stock_messages(site: Site, request: Request) -> list[str]:
    for item_id in request.return_to_stock:
        if site.order_item(item_id) is None:
            return [
                "The return to stock argument contains product item that is not part of the "
                "original order."
            ]
    return []


def _pay(site: Site, order: Order, memo: Creditmemo, invoice: Invoice) -> None:
    try:
        memo.transaction_id = site.gateway.refund(
            order.entity_id, invoice.entity_id, memo.grand_total.base, order.base_currency
        )
    except GatewayDeclined:
        raise MagentoError(400, COULD_NOT_REFUND) from None
    memo.online = True


def _book(site: Site, order: Order, memo: Creditmemo, invoice: Invoice | None) -> None:
    """Add a memo's figures to the working copy of its order."""
    memo.items = [row for row in memo.items if row.qty > 0]
    for row in memo.items:
        item = order.item(row.order_item_id)
        if item is not None:
            _book_row(item, row)
    for name, amount in (
        ("subtotal_refunded", memo.subtotal),
        ("tax_refunded", memo.tax_amount),
        ("discount_refunded", -memo.discount_amount),
        ("discount_tax_compensation_refunded", memo.compensation),
        ("shipping_refunded", memo.shipping_amount),
        ("shipping_tax_refunded", memo.shipping_tax),
        ("adjustment_positive", memo.adjustment_positive or NOTHING),
        ("adjustment_negative", memo.adjustment_negative or NOTHING),
        ("total_refunded", memo.grand_total),
        ("total_online_refunded" if memo.online else "total_offline_refunded", memo.grand_total),
    ):
        order.add(name, amount)
    payment = order.payment
    payment.amount_refunded = (payment.amount_refunded or NOTHING) + memo.grand_total
    payment.shipping_refunded = (payment.shipping_refunded or NOTHING) + memo.shipping_amount
    if memo.online and memo.transaction_id is not None:
        payment.amount_refunded_online = (
            payment.amount_refunded_online or NOTHING
        ) + memo.grand_total
        payment.last_trans_id = memo.transaction_id
        captured = next(
            (
                one
                for one in site.transactions.values()
                if invoice is not None and one.txn_id == invoice.transaction_id
            ),
            None,
        )
        add_transaction(site, order, memo.transaction_id, "refund", site.now(), captured)
        if captured is not None and invoice is not None:
            captured.is_closed = payment.amount_refunded.base >= invoice.grand_total.base


def _book_row(item: OrderItem, row: DocumentItem) -> None:
    item.qty_refunded += row.qty
    item.amount_refunded += row.row_total or NOTHING
    item.tax_refunded += row.tax_amount or NOTHING
    item.discount_refunded += row.discount_amount or NOTHING
    item.compensation_refunded += row.compensation or NOTHING


def _save(
    site: Site, order: Order, memo: Creditmemo, request: Request, *, keep_status: bool
) -> int:
    """Write memo and order. The invoice route always sets the state's default status."""
    state = state_after(order)
    keeps = keep_status and order.state == state
    order.state = state
    if not keeps:
        order.status = site_status(state)
    memo.entity_id = site.numbers.take("creditmemo")
    memo.increment_id = site.numbers.increment_id("creditmemo", order.store_id)
    for row in memo.items:
        row.entity_id = site.numbers.take("creditmemo_item")
    tells_customer = request.notify and request.append_comment
    if request.comment is not None:
        memo.comments.append(
            Comment(
                site.numbers.take("creditmemo_comment"),
                request.comment,
                site.now(),
                is_customer_notified=int(tells_customer),
                is_visible_on_front=request.comment_visible,
            )
        )
    memo.email_sent = request.notify and site.settings.memo_emails
    amount = formatted(memo.grand_total.base, order.base_currency)
    text = f"We refunded {amount} offline."
    if memo.online:
        text = f'We refunded {amount} online. Transaction ID: "{memo.transaction_id}"'
    add_history(site, order, text, "creditmemo")
    site.creditmemos[memo.entity_id] = memo
    for row in memo.items:
        item = order.item(row.order_item_id)
        if item is not None and {item.item_id, item.parent_id} & set(request.return_to_stock):
            site.put_back(item, row.qty)
    site.save_order(order)
    return memo.entity_id
