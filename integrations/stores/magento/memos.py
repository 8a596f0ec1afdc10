"""What a credit memo says: Magento's one document of a refund."""

from __future__ import annotations

import re

from app.domain.money import Money
from app.domain.order import TransactionStatus
from app.ports import StoreRefund
from integrations.stores.magento.payloads import MemoPayload

_STATUS = {
    1: TransactionStatus.PENDING,
    2: TransactionStatus.SUCCESS,
    3: TransactionStatus.FAILED,
}


def memo_status(memo: MemoPayload) -> TransactionStatus:
    """Open memos wait; refunded ones are done; anything new is unknown."""
    return _STATUS.get(memo.state or 0, TransactionStatus.UNKNOWN)


def memo_amount(memo: MemoPayload) -> Money:
    """What it gives back, in the currency that the customer paid in."""
    return Money.rounded(memo.grand_total, memo.order_currency_code)


def memo_note(memo: MemoPayload) -> str | None:
    """All its comments; a refund's marker stands in the first."""
    comments = [one.comment for one in memo.comments if one.comment]
    return "\n".join(comments) or None


def carries(note: str | None, marker: str) -> bool:
    """Whether a note holds exactly this marker, not a longer one that begins like it."""
    return note is not None and bool(re.search(rf"(?<![\w-]){re.escape(marker)}(?![\w-])", note))


def to_store_refund(memo: MemoPayload) -> StoreRefund:
    """The refund in our words. A memo without an invoice moved no money: a person pays."""
    is_online = memo.invoice_id is not None and memo.transaction_id is not None
    explanation = None
    if memo.invoice_id is not None and not is_online:
        explanation = (
            "Magento names no payment for this refund: look at the payment provider whether it "
            "went out."
        )
    return StoreRefund(
        id=str(memo.entity_id),
        order_id=str(memo.order_id),
        created_at=memo.created_at,
        amount=memo_amount(memo),
        status=memo_status(memo),
        note=memo_note(memo),
        is_manual=not is_online,
        explanation=explanation,
    )
