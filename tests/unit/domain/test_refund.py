"""The refund's state machine, and the one word for where a case stands."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from app.domain.case import Case, refund_status
from app.domain.classification import Classification, Kind, Reason, Request
from app.domain.crm import RefundStatus
from app.domain.decision import Decision, Verdict
from app.domain.errors import IllegalTransition
from app.domain.matching import Match, MatchOutcome
from app.domain.pricing import build_plan, everything_left
from app.domain.refund import Refund, RefundState, check_move, new_marker
from tests.strategies import NOW, make_order

S = RefundState
LEGAL = {
    (S.PROPOSED, S.AWAITING_APPROVAL),
    (S.PROPOSED, S.APPROVED),
    (S.PROPOSED, S.CANCELLED),
    (S.AWAITING_APPROVAL, S.APPROVED),
    (S.AWAITING_APPROVAL, S.DECLINED),
    (S.AWAITING_APPROVAL, S.CANCELLED),
    (S.APPROVED, S.HOLDING),
    (S.APPROVED, S.CANCELLED),
    (S.HOLDING, S.SENDING),
    (S.HOLDING, S.CANCELLED),
    (S.HOLDING, S.FAILED),
    (S.SENDING, S.SETTLED),
    (S.SENDING, S.PENDING),
    (S.SENDING, S.FAILED),
    (S.SENDING, S.UNKNOWN),
    (S.UNKNOWN, S.SETTLED),
    (S.UNKNOWN, S.PENDING),
    (S.UNKNOWN, S.FAILED),
    (S.PENDING, S.SETTLED),
    (S.PENDING, S.FAILED),
}


def make_refund(state: RefundState, **changes: object) -> Refund:
    order = make_order()
    values: dict[str, object] = {
        "id": "refund-1",
        "account_id": "account-1",
        "case_id": "case-1",
        "plan_id": "plan-1",
        "ticket_id": "ticket-1",
        "store_id": order.store_id,
        "order_id": order.order_id,
        "order_name": order.name,
        "state": state,
        "plan": build_plan(order, everything_left(order)),
        "marker": "R-7Q2KXW9PHM",
        "idempotency_key": "key-1",
        "requested_by": "agent-1",
        "requested_by_name": "Ada",
        "notify_customer": False,
        "created_at": NOW,
    }
    return Refund.model_validate({**values, **changes})


@pytest.mark.parametrize(("current", "to"), list(product(S, S)))
def test_every_move_is_legal_or_raises(current: RefundState, to: RefundState) -> None:
    refund = make_refund(current)
    if (current, to) in LEGAL:
        assert refund.moved_to(to).state is to
        assert refund.state is current
        return
    with pytest.raises(IllegalTransition):
        check_move(current, to)
    with pytest.raises(IllegalTransition):
        refund.moved_to(to)


def test_final_open_and_spent_states() -> None:
    assert {s for s in S if s.is_final} == {S.SETTLED, S.DECLINED, S.CANCELLED, S.FAILED}
    assert {s for s in S if s.counts_as_spent} == {
        *(S.HOLDING, S.SENDING, S.UNKNOWN, S.PENDING, S.SETTLED)
    }
    assert all(
        s.is_open for s in (S.AWAITING_APPROVAL, S.APPROVED, S.HOLDING, S.SENDING, S.UNKNOWN)
    )
    assert not any(s.is_open for s in S if s.is_final)


@pytest.mark.parametrize("state", list(S))
def test_only_what_may_be_cancelled_says_so(state: RefundState) -> None:
    refund = make_refund(state, hold_until=NOW + timedelta(seconds=5))
    if refund.may_cancel(NOW):
        assert (state, S.CANCELLED) in LEGAL
    assert not (state.counts_as_spent and refund.may_cancel(NOW + timedelta(seconds=5)))


def test_the_last_instant_of_the_hold_is_too_late() -> None:
    refund = make_refund(S.HOLDING, hold_until=NOW)
    assert refund.may_cancel(NOW - timedelta(microseconds=1))
    assert not refund.may_cancel(NOW)
    assert not make_refund(S.HOLDING).may_cancel(NOW)


def test_markers_are_readable_and_differ() -> None:
    markers = {new_marker() for _ in range(200)}
    assert len(markers) == 200
    assert all(
        len(m) == 12 and m.startswith("R-") and not set(m[2:]) & set("01IO") for m in markers
    )


# --- where a case stands ------------------------------------------------------------------------


def make_case(outcome: MatchOutcome, verdict: Verdict | None = None) -> Case:
    decision = verdict and Decision(
        verdict=verdict, headline="", policy_id="p", policy_version=1, decided_at=NOW
    )
    return Case(
        id="case-1",
        account_id="account-1",
        ticket_id="ticket-1",
        requester_id="requester-1",
        requester_name=None,
        subject="",
        classification=Classification(
            refund=True,
            refund_related=True,
            kind=Kind.REFUND_ITEM,
            confidence=0.9,
            needs_human=False,
            classifier="test",
        ),
        request=Request(kind=Kind.REFUND_ITEM, reason=Reason.UNKNOWN),
        match=Match(outcome=outcome, explanation=""),
        decision=decision or None,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("state", "status"),
    [
        *((s, RefundStatus.REFUNDING) for s in (S.APPROVED, S.HOLDING, S.SENDING)),
        (S.AWAITING_APPROVAL, RefundStatus.AWAITING_APPROVAL),
        (S.PENDING, RefundStatus.REFUNDING),
        (S.SETTLED, RefundStatus.REFUNDED),
        (S.FAILED, RefundStatus.FAILED),
        (S.UNKNOWN, RefundStatus.UNKNOWN),
        (S.PROPOSED, RefundStatus.ELIGIBLE),
        (S.DECLINED, RefundStatus.DECLINED),
        (S.CANCELLED, RefundStatus.ELIGIBLE),
    ],
)
def test_the_latest_refund_speaks_first(state: RefundState, status: RefundStatus) -> None:
    case = make_case(MatchOutcome.MATCHED, Verdict.ELIGIBLE)
    assert refund_status(case, make_refund(state)) is status


@pytest.mark.parametrize("verdict", list(Verdict))
def test_then_the_decision(verdict: Verdict) -> None:
    assert refund_status(make_case(MatchOutcome.MATCHED, verdict), None) == verdict.value


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (MatchOutcome.CHOOSE, RefundStatus.CHOOSE_ORDER),
        (MatchOutcome.NONE, RefundStatus.NO_ORDER),
        (MatchOutcome.UNAVAILABLE, RefundStatus.STORE_UNAVAILABLE),
        (MatchOutcome.MATCHED, RefundStatus.STORE_UNAVAILABLE),
    ],
)
def test_then_the_match(outcome: MatchOutcome, status: RefundStatus) -> None:
    assert refund_status(make_case(outcome), None) is status
