"""Shopify's words in ours. A word that isn't here is unknown: it is kept as text, never guessed.

Enums grow within an API version's life: https://shopify.dev/docs/api/usage/versioning
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from app.domain.money import Money, minor_unit_digits
from app.domain.order import PaymentStatus, Restock, TransactionKind, TransactionStatus
from integrations.stores.shopify.payloads import Bag, DisputePayload, MoneyPayload

W = TypeVar("W")

PAYMENT_STATUS: dict[str, PaymentStatus] = {
    "AUTHORIZED": PaymentStatus.AUTHORIZED,
    "EXPIRED": PaymentStatus.EXPIRED,
    "PAID": PaymentStatus.PAID,
    "PARTIALLY_PAID": PaymentStatus.PARTIALLY_PAID,
    "PARTIALLY_REFUNDED": PaymentStatus.PARTIALLY_REFUNDED,
    "PENDING": PaymentStatus.PENDING,
    "REFUNDED": PaymentStatus.REFUNDED,
    "VOIDED": PaymentStatus.VOIDED,
}
TRANSACTION_KIND: dict[str, TransactionKind] = {
    "AUTHORIZATION": TransactionKind.AUTHORIZATION,
    "EMV_AUTHORIZATION": TransactionKind.AUTHORIZATION,
    "CAPTURE": TransactionKind.CAPTURE,
    "SALE": TransactionKind.SALE,
    "REFUND": TransactionKind.REFUND,
    "VOID": TransactionKind.VOID,
    "CHANGE": TransactionKind.CHANGE,
}
# The vendor's own UNKNOWN is a payment whose provider hasn't said yet: it may still move.
TRANSACTION_STATUS: dict[str, TransactionStatus] = {
    "SUCCESS": TransactionStatus.SUCCESS,
    "PENDING": TransactionStatus.PENDING,
    "AWAITING_RESPONSE": TransactionStatus.PENDING,
    "UNKNOWN": TransactionStatus.PENDING,
    "FAILURE": TransactionStatus.FAILED,
    "ERROR": TransactionStatus.FAILED,
}
RESTOCK: dict[str, Restock] = {
    "NO_RESTOCK": Restock.NONE,
    "RETURN": Restock.RETURN,
    "CANCEL": Restock.CANCEL,
}
RESTOCK_TYPE: dict[Restock, str] = {ours: theirs for theirs, ours in RESTOCK.items()}

# With a lost or accepted chargeback the bank has taken the money: a refund would pay twice.
_DISPUTE_BLOCKS = frozenset(
    {"NEEDS_RESPONSE", "UNDER_REVIEW", "LOST", "ACCEPTED", "CHARGE_REFUNDED", "PREVENTED"}
)
_DISPUTE_OVER = frozenset({"WON"})
_RETURN_OPEN = frozenset({"OPEN", "REQUESTED"})
_RETURN_OVER = frozenset({"CANCELED", "CLOSED", "DECLINED"})
_RETURN_SUMMARY_OPEN = frozenset({"IN_PROGRESS", "RETURN_REQUESTED", "INSPECTION_COMPLETE"})
_RETURN_SUMMARY_OVER = frozenset({"NO_RETURN", "RETURNED", "RETURN_FAILED"})


class Notes:
    """What was strange in an answer: values we don't know, and parts that weren't told."""

    def __init__(self) -> None:
        # The customer's currency, once it is known: an amount in another one is an error.
        self.currency: str | None = None
        self._unknown: dict[str, None] = {}
        self._missing: dict[str, None] = {}

    def unknown(self, field: str, value: object) -> None:
        """A value outside our vocabulary."""
        self._unknown[f"{field}={value}"] = None

    def missing(self, what: str) -> None:
        """A part that a decision needs and that wasn't there."""
        self._missing[what] = None

    @property
    def unknown_values(self) -> tuple[str, ...]:
        """Each `field=value` once."""
        return tuple(self._unknown)

    @property
    def missing_parts(self) -> tuple[str, ...]:
        """Each missing part once."""
        return tuple(self._missing)

    def payment_status(self, value: str | None) -> PaymentStatus:
        """`displayFinancialStatus` in our words."""
        return self._word(PAYMENT_STATUS, "displayFinancialStatus", value, PaymentStatus.UNKNOWN)

    def transaction_kind(self, value: str) -> TransactionKind:
        """A transaction's `kind` in our words."""
        return self._word(TRANSACTION_KIND, "transaction.kind", value, TransactionKind.UNKNOWN)

    def transaction_status(self, value: str) -> TransactionStatus:
        """A transaction's `status` in our words."""
        unknown = TransactionStatus.UNKNOWN
        return self._word(TRANSACTION_STATUS, "transaction.status", value, unknown)

    def restock(self, value: str) -> Restock:
        """A restock type in our words."""
        return self._word(RESTOCK, "restockType", value, Restock.NONE)

    def _word(self, words: dict[str, W], field: str, value: str | None, otherwise: W) -> W:
        if value in words:
            return words[value]
        self.unknown(field, value if value is not None else "null")
        return otherwise

    def money(self, payload: MoneyPayload, field: str) -> Money:
        """Exact money. An amount finer than its currency is rounded for show, and noted."""
        amount, currency = payload.amount, payload.currency_code
        if not amount.is_finite():
            raise ValueError(f"{field} is not an amount")
        money = Money.rounded(amount, currency)
        if money.amount != amount:
            self.unknown(field, f"{amount} {currency}")
        return money

    def presentment(self, bag: Bag, field: str) -> Money:
        """The amount in the customer's currency. Raises ValueError when it is in another one."""
        money = self.money(bag.presentment_money, field)
        if self.currency is not None and money.currency != self.currency:
            raise ValueError(f"{field} is in {money.currency}, the order in {self.currency}")
        return money

    def total(self, bags: Iterable[Bag], currency: str, field: str) -> Money:
        """Sum in the customer's currency."""
        return Money.total((self.presentment(bag, field) for bag in bags), currency)

    def is_disputed(self, disputes: tuple[DisputePayload, ...] | None) -> bool | None:
        """Whether a chargeback or inquiry stands against a refund; None when it isn't told."""
        if disputes is None:
            return None
        statuses = {dispute.status for dispute in disputes}
        for status in sorted(statuses - _DISPUTE_BLOCKS - _DISPUTE_OVER):
            self.unknown("dispute.status", status)
        if statuses & _DISPUTE_BLOCKS:
            return True
        return None if statuses - _DISPUTE_OVER else False

    def has_open_return(self, summary: str | None, statuses: set[str] | None) -> bool | None:
        """Whether a return is open. The summary alone proves an open one, never its absence."""
        if summary not in _RETURN_SUMMARY_OPEN | _RETURN_SUMMARY_OVER:
            self.unknown("returnStatus", summary if summary is not None else "null")
        if summary in _RETURN_SUMMARY_OPEN:
            return True
        if statuses is None:
            return None
        for status in sorted(statuses - _RETURN_OPEN - _RETURN_OVER):
            self.unknown("return.status", status)
        if statuses & _RETURN_OPEN:
            return True
        return None if statuses - _RETURN_OVER else False


def wire_amount(money: Money) -> str:
    """An amount as it is sent: the currency's own number of decimals ("4.90", "1200")."""
    return f"{money.amount:.{minor_unit_digits(money.currency)}f}"
