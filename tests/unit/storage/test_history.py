"""The history of refunds: counted by subject and window, for limits and for facts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.policy.history import HistoryFigure, item_key
from app.domain.policy.limits import Subject
from app.domain.refund import RefundState
from app.records import HistoryAsked
from tests.unit.storage.records import NOW, ORDER, Records

SKU = item_key(ORDER.lines[0])


def ask(records: Records, subject: Subject, key: str, hours: int, **more: str) -> HistoryFigure:
    asked = HistoryAsked(subject=subject, hours=hours, key=key, **more)
    return records.ledger.history("acme", [asked], NOW)[0]


@pytest.mark.parametrize(
    ("subject", "more"),
    [
        (Subject.STORE, {"key": "store-1"}),
        (Subject.AGENT, {"key": "mia"}),
        (Subject.ITEM, {"key": SKU}),
        (Subject.CUSTOMER, {"key": "", "requester_id": "customer"}),
        (Subject.ORDER, {"key": ORDER.order_id, "store_id": "store-1"}),
    ],
)
def test_a_refund_counts_for_each_of_its_subjects(
    records: Records, subject: Subject, more: dict[str, str]
) -> None:
    refund = records.add_refund("7", requested_by="mia", created_at=NOW - timedelta(hours=2))
    if "requester_id" in more:
        case = records.cases.case("acme", refund.case_id)
        assert case is not None
        more = {**more, "requester_id": case.requester_id}
    found = ask(records, subject, hours=24, **more)
    assert (found.count, found.orders) == (1, 1)
    assert found.amounts == (refund.plan.total_in_shop_currency,)
    assert ask(records, subject, hours=1, **more).count == 0
    assert ask(records, subject, hours=0, **more).count == 1
    somebody = {**more, "key": "somebody else"}
    if subject is Subject.CUSTOMER:
        somebody["requester_id"] = "somebody else"
    assert ask(records, subject, hours=24, **somebody).count == 0


def test_what_came_to_nothing_does_not_count(records: Records) -> None:
    refund = records.add_refund("7")
    records.ledger.move(refund, RefundState.CANCELLED, NOW, "mia")
    found = ask(records, Subject.STORE, "store-1", 24)
    assert (found.count, found.amounts) == (0, ())


def test_another_accounts_refunds_are_nobodys_business(records: Records) -> None:
    records.add_refund("7")
    asked = HistoryAsked(subject=Subject.STORE, hours=24, key="store-1")
    assert records.ledger.history("other", [asked], NOW)[0].count == 0
