"""Everything but refunds that changes an order: cancel, hold, comment, invoice, ship.

Call with the site's lock held. https://developer.adobe.com/commerce/webapi/rest/modules/sales/
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.magento.errors import MagentoError, not_found
from integrations.sandbox.magento.inputs import read_int, read_number, top_level
from integrations.sandbox.magento.invoicing import (
    add_history,
    add_transaction,
    create_invoice,
    create_shipment,
    site_status,
)
from integrations.sandbox.magento.model import Comment, Creditmemo, Order
from integrations.sandbox.magento.money import ZERO
from integrations.sandbox.magento.site import Site


def find_order(site: Site, order_id: int) -> Order:
    """Raises MagentoError 404."""
    order = site.orders.get(order_id)
    if order is None:
        raise not_found()
    return order


def cancel(site: Site, order: Order) -> bool:
    """Cancel what isn't invoiced; False, with nothing changed, when nothing can be."""
    if order.state in ("canceled", "payment_review", "holded", "complete", "closed"):
        return False
    if not any(item.qty_to_invoice > 0 for item in order.items):
        return False
    # An order with units left to refund isn't cancelled as a whole: the rest of it goes on.
    state = "canceled"
    for item in order.items:
        if item.qty_to_refund > 0 and state != "processing":
            leftover = min(item.qty_to_invoice, item.qty_to_ship)
            state = "processing" if item.qty_to_ship > leftover else "complete"
    for item in order.items:
        open_units = item.qty_ordered - max(item.qty_invoiced, item.qty_shipped)
        item.qty_canceled = max(open_units - item.qty_canceled, ZERO) + item.qty_canceled
        site.put_back(item, open_units)
    order.sums["subtotal_canceled"] = order.subtotal - order.summed("subtotal_invoiced")
    order.sums["tax_canceled"] = order.tax_amount - order.summed("tax_invoiced")
    order.sums["shipping_canceled"] = order.shipping_amount - order.summed("shipping_invoiced")
    discounted = -order.discount_amount
    order.sums["discount_canceled"] = discounted - order.summed("discount_invoiced")
    order.sums["total_canceled"] = order.grand_total - order.summed("total_paid")
    order.state = state
    order.status = site_status(state)
    if not site.is_offline(order.payment.method) and order.payment.last_trans_id:
        add_transaction(site, order, site.gateway.new_id("void"), "void", site.now())
    site.save_order(order)
    return True


def hold(site: Site, order: Order) -> bool:
    """Raises MagentoError 400 when the order is in a state that can't be held."""
    if order.state in ("canceled", "payment_review", "complete", "closed", "holded"):
        raise MagentoError(400, "A hold action is not available.")
    order.held_from = (order.state, order.status)
    order.state = order.status = "holded"
    site.save_order(order)
    return True


def unhold(site: Site, order: Order) -> bool:
    """Back to the state before the hold. Raises MagentoError 400 when it isn't held."""
    if order.state != "holded":
        raise MagentoError(400, "You cannot remove the hold.")
    order.state, order.status = order.held_from or ("processing", "processing")
    order.held_from = None
    site.save_order(order)
    return True


def comment_order(site: Site, order: Order, body: Any) -> bool:
    """Add to the history. Raises MagentoError 400 for another status than the present one."""
    given = top_level(body, "status_history")
    if not isinstance(given, Mapping):
        raise MagentoError(
            400, '"%fieldName" is required. Enter and try again.', {"fieldName": "statusHistory"}
        )
    status = given.get("status")
    if status is not None and status != order.status:
        # Line break and blanks are in the vendor's own text.
        raise MagentoError(
            400,
            'Unable to add comment: The status "%1" is not part of the order\n'
            "                 status history.",
            [str(status)],
        )
    line = add_history(
        site,
        order,
        str(given.get("comment", "")),
        str(given.get("entity_name", "order")),
        notified=read_int("is_customer_notified", given.get("is_customer_notified", 0)),
    )
    line.is_visible_on_front = read_int("is_visible_on_front", given.get("is_visible_on_front", 0))
    site.save_order(order)
    return True


def comment_memo(site: Site, memo: Creditmemo, body: Any) -> Comment:
    """Add a comment to a credit memo."""
    given = top_level(body, "entity")
    if not isinstance(given, Mapping):
        raise MagentoError(
            400, '"%fieldName" is required. Enter and try again.', {"fieldName": "entity"}
        )
    comment = Comment(
        site.numbers.take("creditmemo_comment"),
        str(given.get("comment", "")),
        site.now(),
        read_int("is_customer_notified", given.get("is_customer_notified", 0)),
        read_int("is_visible_on_front", given.get("is_visible_on_front", 0)),
    )
    memo.comments.append(comment)
    return comment


def invoice_order(site: Site, order: Order, body: Any) -> str:
    """`POST /V1/order/:id/invoice`; `capture` goes through the gateway."""
    working = site.working_copy(order)
    invoice = create_invoice(
        site, working, _quantities(body), online=top_level(body, "capture") is True
    )
    site.save_order(working)
    return str(invoice.entity_id)


def ship_order(site: Site, order: Order, body: Any) -> str:
    """`POST /V1/order/:id/ship`."""
    working = site.working_copy(order)
    tracks = top_level(body, "tracks")
    shipment = create_shipment(
        site,
        working,
        _quantities(body),
        tracks=tracks if isinstance(tracks, list) else [],
    )
    site.save_order(working)
    return str(shipment.entity_id)


def _quantities(body: Any) -> dict[int, Decimal] | None:
    items = top_level(body, "items")
    if not items:
        return None
    return {
        read_int("order_item_id", one.get("order_item_id")): read_number("qty", one.get("qty"))
        for one in items
    }
