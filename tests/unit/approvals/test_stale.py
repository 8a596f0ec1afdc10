"""A fresh reading of the order voids the request that it made untrue, and no other one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.approval import ApprovalState
from app.domain.case import Case
from app.domain.classification import Kind
from app.domain.crm import RefundStatus
from app.domain.decision import Verdict
from app.domain.errors import Conflict, Unavailable
from app.domain.refund import RefundState
from app.usecases.approval_queue import QueueFilter, queue
from app.usecases.approvals import approve, deny, withdraw
from app.usecases.cases import correct_case_kind, open_ticket, refresh_case
from tests.support.scripted import unavailable, usd
from tests.unit.approvals.conftest import Counter, write_policy


def change(counter: Counter, **changes: Any) -> None:
    """The order is another one at the store."""
    orders = counter.bench.store.orders
    [(order_id, order)] = orders.items()
    orders[order_id] = order.model_copy(update=changes)


def change_item(counter: Counter, **changes: Any) -> None:
    [order] = counter.bench.store.orders.values()
    change(counter, lines=tuple(line.model_copy(update=changes) for line in order.lines))


def refresh(counter: Counter) -> Case:
    bench = counter.bench
    return refresh_case(bench.deps, bench.account, counter.case.id, bench.agent)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"is_cancelled": True}, "the order was cancelled"),
        ({"is_disputed": True}, "the customer's bank opened a dispute"),
        ({"refunded": usd("50.00")}, "50.00 USD was refunded meanwhile by somebody else"),
    ],
)
def test_a_changed_order_voids_the_request_at_the_refresh(
    counter: Counter, changes: dict[str, Any], says: str
) -> None:
    bench = counter.bench
    request = counter.ask()
    change(counter, **changes)
    refresh(counter)
    void = counter.request(request)
    assert (void.state, void.changes, void.decided_by) == (ApprovalState.VOID, (says,), None)
    refund = counter.refund(request)
    assert (refund.state, refund.explanation) == (RefundState.CANCELLED, f"Void: {says}.")
    assert queue(bench.deps, bench.account, bench.lead, QueueFilter.OPEN) == []
    assert counter.notes()[-1] == "Request void: refund of 640.00 USD for #1001. No money moved"
    written = bench.helpdesk.written[-1]
    assert written.note is not None
    assert says in written.note.as_text()
    assert written.fields.status is not RefundStatus.AWAITING_APPROVAL
    acts = [event.action for event in open_ticket(bench.deps, bench.account, "7").history]
    assert "approval_void" in acts
    with pytest.raises(Conflict, match="void"):
        approve(bench.deps, bench.account, request.id, bench.lead)
    assert counter.sent() == 0


def test_a_second_refresh_says_it_no_second_time(counter: Counter) -> None:
    counter.ask()
    change(counter, is_cancelled=True)
    refresh(counter)
    refresh(counter)
    assert sum(one.startswith("Request void") for one in counter.notes()) == 1


def test_what_makes_the_answer_another_one_voids_it_too(counter: Counter) -> None:
    request = counter.ask()
    change_item(counter, is_final_sale=True)
    assert refresh(counter).decision.verdict is not Verdict.ELIGIBLE  # type: ignore[union-attr]
    assert counter.request(request).changes == ("final sale: yes now, not no",)


def test_a_lower_price_voids_it(counter: Counter) -> None:
    request = counter.ask()
    [order] = counter.bench.store.orders.values()
    [line] = order.lines
    change_item(counter, total=usd("600.00"), unit_price=usd("600.00"))
    refresh(counter)
    assert line.total == usd("640.00")
    assert counter.request(request).changes == ("the total is 600.00 USD now, not 640.00 USD",)


class _Killed(BaseException):
    """The process is gone: nobody catches this."""


@pytest.mark.parametrize(
    ("changes", "item", "says"),
    [
        ({}, {"total": usd("600.00")}, "the total is 600.00 USD now, not 640.00 USD"),
        ({}, {"is_final_sale": True}, "final sale: yes now, not no"),
        ({"is_cancelled": True}, {}, "the order was cancelled"),
    ],
)
def test_a_process_that_dies_before_it_voids_is_made_up_for_by_the_next_refresh(
    counter: Counter,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    item: dict[str, Any],
    says: str,
) -> None:
    bench = counter.bench
    request = counter.ask()
    change_item(counter, **item)
    change(counter, **changes)

    def die(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        # The refreshed decision is stored, and the request not looked at yet.
        patched.setattr("app.usecases.cases.void_stale_requests", die)
        with pytest.raises(_Killed):
            refresh(counter)
    stored = bench.deps.cases.case("acme", counter.case.id)
    assert stored is not None and stored.revision == counter.case.revision + 1
    assert counter.request(request).is_open
    # Nothing is different from the refresh before; all of it is from what was asked.
    refresh(counter)
    assert counter.request(request).changes == (says,)
    assert counter.refund(request).state is RefundState.CANCELLED


def test_the_same_order_read_again_leaves_it_open(counter: Counter) -> None:
    request = counter.ask()
    refresh(counter)
    change_item(counter, tags=("oak",), product_type="Desk")
    refresh(counter)
    assert counter.request(request) == request
    assert counter.bench.deps.approvals.count_waiting("acme") == 1


def test_days_that_go_by_and_another_policy_leave_it_open(counter: Counter) -> None:
    """What the policy said when it was asked stays."""
    bench = counter.bench
    request = counter.ask()
    bench.clock.advance(timedelta(days=200).total_seconds())
    decision = refresh(counter).decision
    assert decision is not None
    assert decision.verdict is Verdict.NOT_ELIGIBLE
    assert counter.request(request).is_open
    write_policy(bench, clauses=())
    refresh(counter)
    assert counter.request(request).is_open
    assert approve(bench.deps, bench.account, request.id, bench.lead).state is (
        ApprovalState.APPROVED
    )


def test_another_kind_of_wish_leaves_it_open_unless_the_order_changed(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    correct_case_kind(bench.deps, bench.account, counter.case.id, Kind.DAMAGED_WRONG, bench.agent)
    assert counter.request(request).is_open
    change(counter, is_cancelled=True)
    correct_case_kind(bench.deps, bench.account, counter.case.id, Kind.EXCHANGE_CREDIT, bench.agent)
    assert counter.request(request).state is ApprovalState.VOID


def test_a_store_that_does_not_answer_voids_nothing(counter: Counter) -> None:
    request = counter.ask()
    change(counter, is_cancelled=True)
    counter.bench.script.fail("read_order", unavailable())
    with pytest.raises(Unavailable):
        refresh(counter)
    assert counter.request(request).is_open


def test_what_was_decided_stays_decided(counter: Counter) -> None:
    bench = counter.bench
    first = counter.ask()
    withdraw(bench.deps, bench.account, first.id, bench.agent)
    refresh(counter)
    second = counter.ask()
    deny(bench.deps, bench.account, second.id, bench.lead, "no photo")
    change(counter, is_cancelled=True)
    refresh(counter)
    assert counter.request(first).state is ApprovalState.WITHDRAWN
    assert counter.request(second).state is ApprovalState.DENIED


def test_whoever_decides_at_the_same_moment_is_first(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    change(counter, is_cancelled=True)
    bench.script.during(
        "read_order", lambda: deny(bench.deps, bench.account, request.id, bench.lead, "no")
    )
    refresh(counter)
    assert counter.request(request).state is ApprovalState.DENIED
    assert sum(one.startswith("Request void") for one in counter.notes()) == 0
