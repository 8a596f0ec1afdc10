"""A refund record is not money: its payments say what happened."""

from __future__ import annotations

import pytest

from app.domain.money import Money
from app.domain.order import TransactionStatus
from integrations.stores.shopify.payloads import RefundPayload
from integrations.stores.shopify.refund_status import to_store_refund
from tests.unit.shopify.answers import money_back, page, refund


@pytest.mark.parametrize(
    ("payments", "status", "amount", "said"),
    [
        ([("SUCCESS", "5.0")], TransactionStatus.SUCCESS, "5.00", None),
        ([("SUCCESS", "5.0"), ("SUCCESS", "2.5")], TransactionStatus.SUCCESS, "7.50", None),
        ([("SUCCESS", "5.0"), ("PENDING", "2.5")], TransactionStatus.PENDING, "7.50", None),
        ([("AWAITING_RESPONSE", "5.0")], TransactionStatus.PENDING, "5.00", None),
        ([("UNKNOWN", "5.0")], TransactionStatus.PENDING, "5.00", None),
        ([("FAILURE", "5.0")], TransactionStatus.FAILED, "5.00", "refused it: 5.00 EUR"),
        ([("ERROR", "5.0"), ("FAILURE", "1.0")], TransactionStatus.FAILED, "6.00", "1.00 EUR"),
        ([("SUCCESS", "5.0"), ("FAILURE", "2.5")], TransactionStatus.SUCCESS, "5.00", "1 of 2"),
        ([("PENDING", "5.0"), ("FAILURE", "2.5")], TransactionStatus.PENDING, "5.00", "1 of 2"),
        ([("SUCCESS", "5.0"), ("NEW", "2.5")], TransactionStatus.UNKNOWN, "7.50", "new to us"),
        ([], TransactionStatus.UNKNOWN, "0.00", "without any payment"),
    ],
)
def test_the_payments_decide(
    payments: list[tuple[str, str]], status: TransactionStatus, amount: str, said: str | None
) -> None:
    raw = refund(*(money_back(word, sum_) for word, sum_ in payments))
    found = to_store_refund(RefundPayload.model_validate(raw))
    assert (found.status, found.amount) == (status, Money.of(amount, "EUR"))
    assert (found.explanation is None) == (said is None)
    assert (said or "") in (found.explanation or "")


def test_more_payments_than_were_read_are_unknown() -> None:
    raw = refund(transactions=page(money_back(), more=True))
    assert to_store_refund(RefundPayload.model_validate(raw)).status is TransactionStatus.UNKNOWN


def test_only_a_wholly_manual_refund_is_manual() -> None:
    by_hand = money_back(manualPaymentGateway=True)
    assert to_store_refund(RefundPayload.model_validate(refund(by_hand))).is_manual
    mixed = refund(by_hand, money_back())
    assert not to_store_refund(RefundPayload.model_validate(mixed)).is_manual
    assert not to_store_refund(RefundPayload.model_validate(refund())).is_manual


def test_a_failure_names_the_providers_reason() -> None:
    raw = refund(money_back("FAILURE", "5.0", errorCode="CARD_DECLINED"))
    found = to_store_refund(RefundPayload.model_validate(raw))
    assert found.explanation == (
        "The payment provider refused it: 5.00 EUR to Shopify Payments (card declined)."
    )


@pytest.mark.parametrize("change", [{"order": None}, {"createdAt": None, "processedAt": None}])
def test_a_refund_without_its_order_or_date_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        to_store_refund(RefundPayload.model_validate(refund(money_back(), **change)))
