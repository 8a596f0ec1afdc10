"""What a refund record says about money. The record alone says nothing: its payments do.

https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Refund
"""

from __future__ import annotations

from app.domain.money import Money
from app.domain.order import TransactionStatus
from app.ports import StoreRefund
from integrations.stores.shopify.payloads import RefundPayload, TransactionPayload
from integrations.stores.shopify.words import TRANSACTION_STATUS, Notes


def _status(payment: TransactionPayload) -> TransactionStatus:
    return TRANSACTION_STATUS.get(payment.status, TransactionStatus.UNKNOWN)


def _payments(refund: RefundPayload) -> list[TransactionPayload]:
    """A refund's payments: all but those that are surely something else (a void, a change)."""
    return [one for one in refund.transactions.nodes if one.kind not in {"VOID", "CHANGE"}]


def _sum(payments: list[TransactionPayload], currency: str) -> Money:
    return Notes().total((one.amount_set for one in payments), currency, "refund")


def refund_amount(refund: RefundPayload, currency: str) -> Money:
    """What went out or is on its way; when every payment failed, what was tried."""
    payments = _payments(refund)
    alive = [one for one in payments if _status(one) is not TransactionStatus.FAILED]
    return _sum(alive or payments, currency)


def refund_state(refund: RefundPayload) -> tuple[TransactionStatus, str | None]:
    """The refund's status from its payments, with a sentence where it isn't plain.

    PENDING while one of them waits. SUCCESS with a sentence when some went out and some failed:
    then the amount is what went out. UNKNOWN when a payment's status is one that we don't know,
    when there is no payment at all, or when there are more than were read.
    """
    payments = _payments(refund)
    if refund.transactions.page_info.has_next_page:
        return TransactionStatus.UNKNOWN, "The refund has more payments than can be read."
    if not payments:
        return TransactionStatus.UNKNOWN, "The store recorded a refund without any payment."
    strange = sorted({one.status for one in payments} - set(TRANSACTION_STATUS))
    if strange:
        return TransactionStatus.UNKNOWN, f"A payment is {', '.join(strange)}, which is new to us."
    by_status: dict[TransactionStatus, list[TransactionPayload]] = {}
    for one in payments:
        by_status.setdefault(_status(one), []).append(one)
    failed = by_status.get(TransactionStatus.FAILED, [])
    sentence = _failure(failed, len(payments)) if failed else None
    for status in (TransactionStatus.PENDING, TransactionStatus.SUCCESS):
        if status in by_status:
            return status, sentence
    return TransactionStatus.FAILED, sentence


def _failure(failed: list[TransactionPayload], count: int) -> str:
    parts = []
    for one in failed:
        money = one.amount_set.presentment_money
        gateway = one.formatted_gateway or one.gateway or "a payment"
        reason = f" ({one.error_code.lower().replace('_', ' ')})" if one.error_code else ""
        shown = Money.rounded(money.amount, money.currency_code)
        parts.append(f"{shown} to {gateway}{reason}")
    if count == len(failed):
        return f"The payment provider refused it: {', '.join(parts)}."
    return f"{len(failed)} of {count} payments failed: {', '.join(parts)}."


def to_store_refund(refund: RefundPayload, order_id: str | None = None) -> StoreRefund:
    """The refund in our words. Raises ValueError when it lacks its date or currency."""
    payments = _payments(refund)
    created_at = refund.created_at or refund.processed_at
    owner = order_id or (refund.order.id if refund.order else None)
    if created_at is None or owner is None or refund.order is None:
        raise ValueError("the refund lacks its date or its order")
    status, explanation = refund_state(refund)
    return StoreRefund(
        id=refund.id,
        order_id=owner,
        created_at=created_at,
        amount=refund_amount(refund, refund.order.presentment_currency_code),
        status=status,
        note=refund.note,
        is_manual=bool(payments) and all(one.manual_payment_gateway for one in payments),
        explanation=explanation,
    )
