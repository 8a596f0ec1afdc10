"""Which state an order is in after a document was added to it.

States: new, pending_payment, processing, complete, closed, canceled, holded, payment_review.
"""

from __future__ import annotations

from decimal import Decimal

from integrations.sandbox.magento.model import Order
from integrations.sandbox.magento.money import cents

TINY = Decimal("0.0001")


def can_refund_more(order: Order) -> bool:
    """Is there paid money that no refund and no withheld fee has used up.

    A fee kept on a refund counts as used, so a full refund less a fee closes the order.
    """
    if order.state in ("canceled", "closed", "holded", "payment_review"):
        return False
    paid = cents(order.summed("total_paid").order)
    used = order.summed("total_refunded").order + order.summed("adjustment_negative").order
    return paid - used >= TINY


def state_after(order: Order, *, in_progress: bool = False) -> str:
    """The state to write after an invoice, shipment or refund.

    `in_progress` is set for invoices and shipments: they lift a new order to processing.
    """
    state = "processing" if order.state == "processing" else "new"
    is_stuck = order.state in ("canceled", "holded", "payment_review")
    if not is_stuck and not order.can_invoice and not order.can_ship:
        if order.grand_total.base == 0 or can_refund_more(order):
            state = "complete"
        elif order.summed("total_refunded").order:
            state = "closed"
    if in_progress and order.state == "new" and state == "new":
        state = "processing"
    return state
