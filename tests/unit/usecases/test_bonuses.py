"""A bonus on store credit is given at most once, whatever is lost, and people hear of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.bonus import Bonus, BonusState
from app.domain.case import Case
from app.domain.errors import IllegalTransition
from app.domain.order import Customer
from app.domain.plan import Destination, RefundChoice, Terms
from app.domain.refund import Refund, RefundState
from app.usecases.bonuses import work_on_bonus
from app.usecases.plans import offer_choice
from app.usecases.reconcile import reconcile
from app.usecases.refunds import request_refund
from app.usecases.resume import requeue_unfinished
from tests.support.bench import Bench, outcome_writes
from tests.support.scripted import limited, lost, rejected, unavailable, usd

MARA = Customer(id="store-customer-1")


def with_bonus(bench: Bench, case: Case) -> None:
    """The stored case as if the policy gave 10 per cent on store credit."""
    assert case.decision is not None
    lines = tuple(
        line.model_copy(update={"terms": Terms(bonus_percent=Decimal(10))})
        for line in case.decision.lines
    )
    decision = case.decision.model_copy(update={"lines": lines})
    changed = case.model_copy(update={"decision": decision, "revision": case.revision + 1})
    now = bench.clock.now()
    assert bench.deps.cases.save_decision(changed, None, "tests", "case_refreshed", now, None)


def settled(bench: Bench, number: int = 1, price: str = "48.60") -> Refund:
    """A refund to store credit that settled, with its bonus queued."""
    bench.add_order(f"#{number}", price, customer=MARA, can_store_credit=True, can_give_bonus=True)
    case = bench.triage(str(number), f"refund #{number} please")
    with_bonus(bench, case)
    assert case.order is not None
    line = {"line_id": case.order.lines[0].id, "quantity": 1}
    choice = RefundChoice.model_validate({"lines": [line], "destination": Destination.STORE_CREDIT})
    offered = offer_choice(bench.deps, bench.account, case.id, choice, bench.agent)
    refund, _ = request_refund(bench.deps, bench.account, offered.id, bench.agent, False)
    bench.clock.advance(6)
    done = bench.work(refund)
    assert done.state is RefundState.SETTLED
    bench.script.calls.clear()
    return done


def bonus_of(bench: Bench, refund: Refund) -> Bonus:
    found = bench.deps.bonuses.of_refund("acme", refund.id)
    assert found is not None
    return found


def work(bench: Bench, refund: Refund) -> Bonus:
    work_on_bonus(bench.deps, bonus_of(bench, refund).id)
    return bonus_of(bench, refund)


def told(bench: Bench, refund: Refund) -> list[str]:
    """The states of the bonus that the ticket was told about."""
    return [
        write.write.marker.rsplit("-", 1)[-1]
        for write in bench.deps.outbox.of_ticket("acme", refund.ticket_id)
        if write.purpose == "bonus"
    ]


def test_it_is_queued_with_the_settled_refund_and_given_once(bench: Bench) -> None:
    refund = settled(bench)
    bonus = bonus_of(bench, refund)
    assert (bonus.state, bonus.amount) == (BonusState.QUEUED, usd("4.86"))
    assert ("bonus", bonus.id) in bench.notifier.heard
    assert work(bench, refund).state is BonusState.GIVEN
    for _ in range(3):
        work_on_bonus(bench.deps, bonus.id)
    assert bench.script.count("send_credit") == 1
    assert [one.amount for one in bench.store.credits] == [usd("4.86")]
    assert bonus_of(bench, refund).store_credit_id == "credit-1"
    assert outcome_writes(bench, refund) == ["settled"]
    assert told(bench, refund) == ["given"]
    assert reconcile(bench.deps, "acme").agrees


def test_a_refund_without_a_bonus_has_none(bench: Bench) -> None:
    bench.add_order("#1", "48.60", customer=MARA, can_store_credit=True)
    refund = bench.held()
    bench.work(refund)
    assert bench.deps.bonuses.of_refund("acme", refund.id) is None


def test_an_answer_lost_after_it_was_given_is_found_and_not_sent_again(bench: Bench) -> None:
    refund = settled(bench)
    bench.script.fail("send_credit", lost(), after=True)
    assert work(bench, refund).state is BonusState.UNKNOWN
    assert work(bench, refund).state is BonusState.UNKNOWN  # not yet due
    bench.clock.advance(5)
    assert work(bench, refund).state is BonusState.GIVEN
    assert bench.script.count("send_credit") == 1
    assert len(bench.store.credits) == 1
    assert told(bench, refund) == ["given"]


def test_an_answer_lost_before_it_was_given_goes_to_a_person_and_is_never_resent(
    bench: Bench,
) -> None:
    refund = settled(bench)
    bench.script.fail("send_credit", lost())
    work(bench, refund)
    bench.pass_time(seconds=60, rounds=20)
    assert bonus_of(bench, refund).state is BonusState.UNKNOWN
    assert bench.script.count("send_credit") == 1
    assert bench.store.credits == []
    assert told(bench, refund) == ["unknown"]
    [fault] = reconcile(bench.deps, "acme").differences
    assert "still unknown" in fault.what
    # It arrived after all: the next look takes it over.
    bench.store.send_credit(bonus_of(bench, refund))
    bench.pass_time(seconds=3600, rounds=2)
    assert bonus_of(bench, refund).state is BonusState.GIVEN
    assert told(bench, refund) == ["unknown", "given"]


def test_a_worker_that_died_while_it_was_given_is_read_up_by_the_next(bench: Bench) -> None:
    refund = settled(bench)
    bench.script.fail("send_credit", SystemExit(), after=True)
    with pytest.raises(SystemExit):
        work(bench, refund)
    assert bonus_of(bench, refund).state is BonusState.SENDING
    bench.clock.advance(bench.deps.patience_seconds + 1)
    assert requeue_unfinished(bench.deps)["bonuses"] == 1
    assert work(bench, refund).state is BonusState.GIVEN
    assert bench.script.count("send_credit") == 1


@pytest.mark.parametrize("error", [limited(3), unavailable()])
def test_what_surely_wasnt_processed_is_sent_again(bench: Bench, error: Exception) -> None:
    refund = settled(bench)
    bench.script.fail("send_credit", error)
    assert work(bench, refund).state is BonusState.QUEUED
    bench.clock.advance(6)
    assert work(bench, refund).state is BonusState.GIVEN
    assert len(bench.store.credits) == 1


@pytest.mark.parametrize("step", ["prepare_credit", "send_credit"])
def test_a_refusal_is_final_and_the_refund_stands(bench: Bench, step: str) -> None:
    refund = settled(bench)
    bench.script.fail(step, rejected("no permission"))
    bonus = work(bench, refund)
    assert (bonus.state, bonus.explanation) == (BonusState.REFUSED, "no permission")
    assert bench.refund(refund).state is RefundState.SETTLED
    assert told(bench, refund) == ["refused"]
    assert bench.store.credits == []


def test_a_store_that_cant_be_read_is_asked_for_a_day(bench: Bench) -> None:
    refund = settled(bench)
    bench.script.fail("prepare_credit", unavailable(), times=50)
    bench.pass_time(seconds=3600, rounds=26)
    assert bonus_of(bench, refund).state is BonusState.REFUSED
    assert bench.script.count("send_credit") == 0
    assert told(bench, refund) == ["refused"]


def test_two_bonuses_of_one_customer_are_never_taken_for_one_another(bench: Bench) -> None:
    first = settled(bench, 1)
    bench.script.fail("send_credit", lost())
    assert work(bench, first).state is BonusState.UNKNOWN
    second = settled(bench, 2)
    # While it isn't known what became of the first one, the second one waits.
    assert work(bench, second).state is BonusState.QUEUED
    bench.store.send_credit(bonus_of(bench, first))
    bench.clock.advance(60)
    assert work(bench, first).state is BonusState.GIVEN
    assert work(bench, second).state is BonusState.GIVEN
    ids = {bonus_of(bench, one).store_credit_id for one in (first, second)}
    assert ids == {one.id for one in bench.store.credits}
    assert len(ids) == 2


def test_several_new_credits_are_left_to_a_person(bench: Bench) -> None:
    refund = settled(bench)
    bench.script.fail("send_credit", lost(), after=True)
    bonus = work(bench, refund)
    bench.store.send_credit(bonus)
    bench.clock.advance(5)
    bonus = work(bench, refund)
    assert bonus.state is BonusState.UNKNOWN
    assert "2 credits" in (bonus.explanation or "")
    assert told(bench, refund) == ["unknown"]


def test_a_bonus_that_is_gone_from_the_store_is_seen(bench: Bench) -> None:
    refund = settled(bench)
    work(bench, refund)
    bench.store.credits.clear()
    [fault] = reconcile(bench.deps, "acme").differences
    assert fault.what == "the bonus of 4.86 USD is not in the store"


def test_what_is_final_stays(bench: Bench) -> None:
    refund = settled(bench)
    given = work(bench, refund)
    for final in (given, given.model_copy(update={"state": BonusState.REFUSED})):
        assert final.state.is_final
        for to in BonusState:
            with pytest.raises(IllegalTransition):
                final.moved_to(to)
