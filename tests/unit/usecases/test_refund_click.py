"""What a click does, and what stops it while it holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.errors import (
    Conflict,
    NotAllowed,
)
from app.domain.plan import ChosenLine, RefundChoice
from app.domain.refund import RefundState
from app.usecases.cases import refresh_case
from app.usecases.plans import offer_choice
from app.usecases.refunds import cancel_refund, request_refund, work_on_refund
from tests.support.bench import Bench
from tests.support.fakes import TEAM
from tests.support.scripted import usd

# --- the click ---


def test_a_click_stores_the_intent_and_sends_nothing(bench: Bench) -> None:
    order = bench.add_order("#1001", "48.60")
    case = bench.triage()
    bench.script.calls.clear()
    refund = bench.click(case)
    assert refund.state is RefundState.HOLDING
    assert refund.plan.total == usd("48.60")
    assert refund.order_id == order.order_id
    assert refund.hold_until == bench.clock.now() + timedelta(seconds=5)
    assert bench.script.calls == []
    assert ("refund", refund.id) in bench.notifier.heard


def test_a_second_click_gets_the_same_refund(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    offered = bench.deps.cases.current_offer("acme", case.id)
    assert offered is not None
    first, is_new = request_refund(bench.deps, bench.account, offered.id, bench.agent, True)
    second, again = request_refund(bench.deps, bench.account, offered.id, bench.agent, False)
    assert (is_new, again) == (True, False)
    assert second == first
    assert second.notify_customer is True


def test_a_click_after_the_refund_settled_gets_the_settled_one(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.work(bench.held())
    again, is_new = request_refund(bench.deps, bench.account, refund.plan_id, bench.agent, True)
    assert again.state is RefundState.SETTLED
    assert not is_new
    assert bench.store.paid() == [usd("48.60")]


def test_two_plans_of_one_order_are_one_refund_at_a_time(bench: Bench) -> None:
    order = bench.add_order("#1001", "10.00", "20.00")
    case = bench.triage()
    choice = RefundChoice(lines=(ChosenLine(line_id=order.lines[0].id, quantity=1),))
    part = offer_choice(bench.deps, bench.account, case.id, choice, bench.agent)
    refund = bench.click(case)
    with pytest.raises(Conflict, match=refund.marker):
        request_refund(bench.deps, bench.account, part.id, bench.agent, True)
    bench.clock.advance(6)
    bench.work(refund)
    assert bench.store.paid() == [usd("30.00")]
    # The plan of before is of an older state of the case: it can't be executed afterwards either.
    with pytest.raises(Conflict):
        request_refund(bench.deps, bench.account, part.id, bench.agent, True)
    assert bench.store.paid() == [usd("30.00")]


def test_two_tickets_about_one_order_are_one_refund(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    first = bench.triage("7")
    # Long enough for the second one to be a wish of its own.
    bench.clock.advance(15 * 24 * 3600)
    second = bench.triage("8")
    refund = bench.click(first)
    with pytest.raises(Conflict, match="already under way"):
        bench.click(second)
    bench.clock.advance(6)
    assert bench.work(refund).state is RefundState.SETTLED
    # The second ticket's plan is from before: it is held against the store before money moves.
    late = bench.click(second)
    bench.clock.advance(6)
    assert bench.work(late).state is RefundState.FAILED
    assert bench.store.paid() == [usd("48.60")]


def test_an_amount_over_the_tier_is_refused_and_nothing_is_stored(bench: Bench) -> None:
    bench.add_order("#1001", "700.00")
    case = bench.triage()
    with pytest.raises(NotAllowed, match="a team lead is needed"):
        bench.click(case)
    assert bench.deps.ledger.of_case("acme", case.id) == []
    assert bench.click(case, bench.lead).requested_by == bench.lead.id


@pytest.mark.parametrize(
    "change", [{"tier": None}, {"is_active": False}], ids=["light agent", "suspended"]
)
def test_who_may_not_act_neither_starts_nor_cancels(
    bench: Bench, change: dict[str, object]
) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    nobody = bench.agent.model_copy(update=change)
    with pytest.raises(NotAllowed):
        bench.click(case, nobody)
    refund = bench.click(case)
    with pytest.raises(NotAllowed):
        cancel_refund(bench.deps, bench.account, refund.id, nobody)
    assert bench.refund(refund).state is RefundState.HOLDING


def test_a_plan_of_an_older_state_of_the_case_is_refused(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    old = bench.deps.cases.current_offer("acme", case.id)
    assert old is not None
    refresh_case(bench.deps, bench.account, case.id, bench.agent)
    with pytest.raises(Conflict, match="changed since this plan was shown"):
        request_refund(bench.deps, bench.account, old.id, bench.agent, True)


def test_a_plan_of_another_account_is_unknown(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    offered = bench.deps.cases.current_offer("acme", case.id)
    assert offered is not None
    other = bench.deps.account("other")
    with pytest.raises(LookupError):
        request_refund(bench.deps, other, offered.id, TEAM["12"], True)
    refund = bench.click(case)
    with pytest.raises(LookupError):
        cancel_refund(bench.deps, other, refund.id, TEAM["12"])


# --- the hold ---


def test_nothing_is_sent_while_it_holds(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.click(bench.triage())
    bench.script.calls.clear()
    bench.clock.advance(4.9)
    assert bench.work(refund).state is RefundState.HOLDING
    assert bench.script.calls == []


def test_cancel_in_the_hold_stops_it_for_good(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.click(bench.triage())
    cancelled = cancel_refund(bench.deps, bench.account, refund.id, bench.agent)
    assert cancelled.state is RefundState.CANCELLED
    assert cancel_refund(bench.deps, bench.account, refund.id, bench.agent) == cancelled
    bench.script.calls.clear()
    bench.clock.advance(3600)
    assert bench.work(refund).state is RefundState.CANCELLED
    assert bench.script.calls == []


def test_cancel_after_the_hold_is_too_late(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    with pytest.raises(Conflict, match="Too late"):
        cancel_refund(bench.deps, bench.account, refund.id, bench.agent)
    assert bench.work(refund).state is RefundState.SETTLED


def test_a_cancel_that_wins_the_race_with_the_worker_sends_nothing(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()

    def cancel_now() -> None:
        # The agent's request read the clock just before the hold was over.
        bench.deps.ledger.move(refund, RefundState.CANCELLED, bench.clock.now(), bench.agent.id)

    bench.script.during("recheck", cancel_now)
    assert work_on_refund(bench.deps, refund.id) == "later"
    assert bench.refund(refund).state is RefundState.CANCELLED
    assert bench.script.count("send_refund") == 0
    assert bench.store.books == []


def test_a_cancel_that_loses_the_race_is_told_so(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    seen_by_agent = bench.refund(refund)
    bench.work(refund)
    with pytest.raises(Conflict):
        bench.deps.ledger.move(
            seen_by_agent, RefundState.CANCELLED, bench.clock.now(), bench.agent.id
        )
    assert bench.refund(refund).state is RefundState.SETTLED
