"""What the order itself allows, whatever the policy says.

These rules protect money and can't be switched off by a policy: an open chargeback, a payment that
was never captured, an order whose data is cut short. Each gives a finding like a policy clause.
"""

from __future__ import annotations

from app.domain.decision import Finding, Truth
from app.domain.order import LineItem, Order, PaymentStatus
from app.domain.policy.model import STORE_PREFIX, Effect
from app.domain.pricing import refundable_maximum

_PAYMENT_SENTENCES: dict[PaymentStatus, str] = {
    PaymentStatus.AUTHORIZED: (
        "The payment is authorised but was never captured: there is nothing to refund. "
        "Cancel the order in the store, which releases the hold."
    ),
    PaymentStatus.PENDING: "The payment is still pending: no money has arrived that could go back.",
    PaymentStatus.VOIDED: "The payment was voided: no money was taken.",
    PaymentStatus.EXPIRED: "The payment expired: no money was taken.",
}


def _finding(code: str, title: str, effect: Effect, truth: Truth, sentence: str) -> Finding:
    return Finding(
        code=f"{STORE_PREFIX}{code}", title=title, effect=effect, truth=truth, sentence=sentence
    )


def order_blocks(order: Order) -> list[Finding]:
    """Findings that stop money for the whole order; empty when nothing stands in the way.

    `exclude` findings mean that there is nothing to refund, `review` findings that a person must
    look first. `unknown` truth means that a fact is missing.
    """
    found: list[Finding] = []

    def exclude(code: str, title: str, sentence: str) -> None:
        found.append(_finding(code, title, Effect.EXCLUDE, Truth.TRUE, sentence))

    def review(code: str, title: str, sentence: str, truth: Truth = Truth.TRUE) -> None:
        found.append(_finding(code, title, Effect.REVIEW, truth, sentence))

    if order.payment_status in _PAYMENT_SENTENCES:
        exclude("payment", "Nothing was paid", _PAYMENT_SENTENCES[order.payment_status])
    elif order.payment_status is PaymentStatus.REFUNDED:
        exclude("refunded", "Already refunded", "The whole order was refunded before.")
    elif order.payment_status is PaymentStatus.UNKNOWN:
        review(
            "payment",
            "Payment status unknown",
            "The store gave a payment status that we don't know.",
            Truth.UNKNOWN,
        )
    elif not refundable_maximum(order) or not order.is_refundable:
        waiting = f" ({order.refund_pending} is still on its way)" if order.refund_pending else ""
        exclude("nothing_left", "Nothing left", f"Nothing is left to refund{waiting}.")
    if order.is_cancelled and not found:
        review(
            "cancelled",
            "Order cancelled",
            "The order was cancelled but money is left on it: check in the store why.",
        )
    if order.is_disputed:
        review(
            "dispute",
            "Open chargeback",
            "The customer's bank has an open dispute on this order: "
            "a refund now could pay the customer twice.",
        )
    elif order.is_disputed is None:
        review(
            "dispute", "Disputes unknown", "The store didn't tell about disputes.", Truth.UNKNOWN
        )
    if order.has_open_return:
        review(
            "return",
            "Open return",
            "A return is open for this order: refund it through the return in the store.",
        )
    elif order.has_open_return is None:
        review("return", "Returns unknown", "The store didn't tell about returns.", Truth.UNKNOWN)
    if order.is_test:
        review("test", "Test order", "This is a test order: no real money was paid.")
    if not order.is_complete:
        review(
            "incomplete",
            "Too long to read",
            "The order is too long to be read in one go: handle it in the store.",
            Truth.UNKNOWN,
        )
    if order.unknown_values:
        review(
            "unknown_value",
            "New store value",
            "The store used values that we don't know yet: " + ", ".join(order.unknown_values),
            Truth.UNKNOWN,
        )
    if order.missing:
        review(
            "missing",
            "Store data missing",
            "The store didn't answer: " + ", ".join(order.missing),
            Truth.UNKNOWN,
        )
    return found


def line_blocks(line: LineItem) -> list[Finding]:
    """Findings that stop money for this one line."""
    if line.refundable_quantity == 0:
        return [
            _finding(
                "line_refunded",
                "Already refunded",
                Effect.EXCLUDE,
                Truth.TRUE,
                f"{line.name}: all {line.quantity} were refunded or removed before.",
            )
        ]
    if line.is_gift_card:
        return [
            _finding(
                "gift_card",
                "Gift card",
                Effect.REVIEW,
                Truth.TRUE,
                f"{line.name} is a gift card: its code may have been spent. Check it in the store.",
            )
        ]
    return []
