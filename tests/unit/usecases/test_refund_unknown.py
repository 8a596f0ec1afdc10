"""Lost answers and refusals: the store is read before anything is sent again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.errors import (
    AccessDenied,
    Malformed,
    RateLimited,
)
from app.domain.plan import RefundChoice
from app.domain.refund import RefundState
from app.usecases.plans import offer_choice
from app.usecases.refunds import request_refund
from tests.support.bench import Bench, outcome_writes
from tests.support.scripted import limited, lost, rejected, unavailable, usd

# --- lost answers ---


def test_an_answer_lost_after_processing_is_read_and_not_resent(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", lost(), after=True)
    unknown = bench.work(refund)
    assert unknown.state is RefundState.UNKNOWN
    assert bench.work(refund).state is RefundState.UNKNOWN  # not yet due
    bench.clock.advance(2)
    settled = bench.work(refund)
    assert settled.state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 1
    assert bench.store.paid() == [usd("48.60")]
    assert outcome_writes(bench, refund) == ["settled"]


def test_an_answer_lost_before_processing_is_resent_with_the_same_key(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(2)
    bench.script.calls.clear()
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.calls[:3] == ["find_refund", "recheck", "send_refund"]
    assert len(bench.store.inputs) == 1
    assert bench.store.inputs[0][0] == refund.idempotency_key
    assert bench.store.paid() == [usd("48.60")]


def test_every_attempt_has_the_same_key_and_input(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    sent: list[tuple[str, str | None]] = []

    def remember() -> None:
        present = bench.refund(refund)
        sent.append((present.idempotency_key, present.store_input))
        raise lost()

    for _ in range(5):
        bench.script.during("send_refund", remember)
    bench.pass_time(seconds=61, rounds=10)
    assert len(sent) == 5
    assert len(set(sent)) == 1


def test_resends_end_after_four_and_a_person_is_told_once(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost(), times=50)
    waits = []
    for _ in range(5):
        unknown = bench.work(refund)
        assert unknown.state is RefundState.UNKNOWN
        assert unknown.next_check_at is not None
        waits.append((unknown.next_check_at - bench.clock.now()).total_seconds())
        bench.clock.moment = unknown.next_check_at
    assert waits == [2, 5, 15, 60, 60]
    assert bench.script.count("send_refund") == 5
    asked = bench.work(refund)
    assert asked.state is RefundState.UNKNOWN
    assert "nothing is sent again by itself" in (asked.explanation or "")
    assert asked.next_check_at == bench.clock.now() + timedelta(hours=1)
    bench.pass_time(seconds=3600, rounds=5)
    assert bench.script.count("send_refund") == 5
    assert outcome_writes(bench, refund) == ["unknown"]
    assert bench.helpdesk.notes("7")[-1].endswith("the store's answer is missing")
    assert len(bench.helpdesk.notes("7")) == 2


def test_an_unknown_refund_that_turns_up_later_settles(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", lost(), times=5)
    bench.pass_time(seconds=61, rounds=8)
    asked = bench.refund(refund)
    assert asked.state is RefundState.UNKNOWN
    bench.store.book(
        refund.order_id, usd("48.60"), note=f"{refund.marker} ticket 7", plan=refund.plan
    )
    bench.pass_time(seconds=1900, rounds=3)
    assert bench.refund(refund).state is RefundState.SETTLED
    assert outcome_writes(bench, refund) == ["unknown", "settled"]


def test_nothing_is_resent_after_23_hours(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(23 * 3600 + 1)
    asked = bench.work(refund)
    assert asked.state is RefundState.UNKNOWN
    assert bench.script.count("send_refund") == 1
    assert outcome_writes(bench, refund) == ["unknown"]


def test_it_is_still_resent_shortly_before_23_hours(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(23 * 3600 - 1)
    assert bench.work(refund).state is RefundState.SETTLED


def test_it_is_not_resent_when_somebody_refunded_by_hand_meanwhile(bench: Bench) -> None:
    """The key stops a second refund of ours, never one that a person made in the store."""
    bench.add_order("#1001", "48.60")
    case = bench.triage()
    goodwill = RefundChoice(amount_override=usd("10.00"))
    plan = offer_choice(bench.deps, bench.account, case.id, goodwill, bench.agent)
    refund, _ = request_refund(bench.deps, bench.account, plan.id, bench.agent, False)
    bench.clock.advance(6)
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.store.book(refund.order_id, usd("10.00"), plan=None)
    bench.clock.advance(2)
    asked = bench.work(refund)
    assert asked.state is RefundState.UNKNOWN
    assert "10.00 USD was refunded meanwhile" in (asked.explanation or "")
    bench.pass_time(seconds=3601, rounds=3)
    assert bench.script.count("send_refund") == 1
    assert bench.store.paid() == [usd("10.00")]


def test_a_refund_that_arrives_between_looking_and_resending_is_read(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(2)
    bench.script.during(
        "recheck",
        lambda: bench.store.book(
            refund.order_id, usd("48.60"), note=f"{refund.marker} ticket 7", plan=refund.plan
        ),
    )
    assert bench.work(refund).state is RefundState.UNKNOWN
    assert bench.script.count("send_refund") == 1
    bench.clock.advance(2)
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 1
    assert outcome_writes(bench, refund) == ["settled"]


def test_a_store_that_cannot_be_read_is_never_sent_to_again(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.script.fail("find_refund", unavailable(), times=500)
    bench.pass_time(seconds=30, rounds=20)
    assert bench.script.count("send_refund") == 1
    assert outcome_writes(bench, refund) == []
    bench.pass_time(seconds=60, rounds=10)
    # After a quarter of an hour a person is told, and the store is asked once an hour.
    assert outcome_writes(bench, refund) == ["unknown"]
    before = bench.script.count("find_refund")
    bench.pass_time(seconds=600, rounds=12)
    assert bench.script.count("find_refund") - before <= 3
    assert bench.script.count("send_refund") == 1


@pytest.mark.parametrize("error", [unavailable(), limited(7)], ids=["unavailable", "rate limited"])
def test_surely_not_processed_still_reads_before_it_sends_again(
    bench: Bench, error: Exception
) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", error)
    unknown = bench.work(refund)
    wait = 7 if isinstance(error, RateLimited) else 2
    assert unknown.state is RefundState.UNKNOWN
    assert unknown.next_check_at == bench.clock.now() + timedelta(seconds=wait)
    bench.clock.advance(wait)
    bench.script.calls.clear()
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.calls[0] == "find_refund"
    assert len(bench.store.books) == 1


def test_an_unreadable_answer_is_unknown(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail(
        "send_refund", Malformed("half", vendor="fake", operation="send_refund"), after=True
    )
    assert bench.work(refund).state is RefundState.UNKNOWN
    bench.clock.advance(2)
    assert bench.work(refund).state is RefundState.SETTLED
    assert len(bench.store.books) == 1


# --- refusals ---


def test_a_refusal_is_final_and_tells_why(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", rejected("Refund amount is greater than net payment"))
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert "greater than net payment" in (failed.explanation or "")
    bench.pass_time(seconds=3600, rounds=3)
    assert bench.script.count("send_refund") == 1
    assert bench.store.books == []
    assert bench.helpdesk.notes("7")[-1].endswith("failed: no money moved")


def test_after_a_refusal_the_order_may_be_refunded_anew_with_another_key(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", rejected())
    bench.work(refund)
    case = bench.deps.cases.case("acme", refund.case_id)
    assert case is not None
    second = bench.click(case)
    assert second.id != refund.id
    assert second.idempotency_key != refund.idempotency_key
    bench.clock.advance(6)
    assert bench.work(second).state is RefundState.SETTLED
    assert bench.store.paid() == [usd("48.60")]


def test_a_refusal_after_a_lost_answer_reads_the_store_first(bench: Bench) -> None:
    """ "Nothing is left to refund" may mean: because the first attempt was processed."""
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(2)

    def arrives_late() -> None:
        bench.store.book(
            refund.order_id, usd("48.60"), note=f"{refund.marker} ticket 7", plan=refund.plan
        )
        raise rejected("nothing left")

    bench.script.during("send_refund", arrives_late)
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.store.paid() == [usd("48.60")]


def test_a_refusal_after_a_lost_answer_that_cannot_be_checked_stays_unknown(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(2)

    def refuse_and_go_away() -> None:
        bench.script.fail("find_refund", unavailable())
        raise rejected("nothing left")

    bench.script.during("send_refund", refuse_and_go_away)
    assert bench.work(refund).state is RefundState.UNKNOWN


def test_a_refusal_after_a_lost_answer_with_nothing_in_the_store_is_a_failure(
    bench: Bench,
) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(2)
    bench.script.fail("send_refund", rejected("closed"))
    assert bench.work(refund).state is RefundState.FAILED
    assert bench.store.books == []


def test_a_token_without_the_right_fails_it(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("recheck", AccessDenied("no scope", vendor="fake", operation="recheck"))
    assert bench.work(refund).state is RefundState.FAILED


# --- a store that has no keys: sent once, then only read ---


def test_without_keys_a_lost_refund_is_read_until_it_shows(bench: Bench) -> None:
    bench.store.resend_is_safe = False
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    bench.clock.advance(30)
    late = bench.work(refund)
    assert late.state is RefundState.UNKNOWN
    assert late.next_check_at == bench.clock.now() + timedelta(seconds=30)
    bench.store.book(
        refund.order_id, usd("48.60"), note=f"{refund.marker} ticket 7", plan=refund.plan
    )
    bench.clock.advance(30)
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 1
    assert bench.store.paid() == [usd("48.60")]


def test_without_keys_nothing_is_ever_sent_again(bench: Bench) -> None:
    bench.store.resend_is_safe = False
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.pass_time(seconds=61, rounds=15)
    asked = bench.refund(refund)
    assert asked.state is RefundState.UNKNOWN
    assert "payment provider" in (asked.explanation or "")
    assert bench.script.count("find_refund") > 8
    bench.pass_time(seconds=3601, rounds=5)
    assert bench.script.count("send_refund") == 1
    assert bench.store.paid() == []
    assert outcome_writes(bench, refund) == ["unknown"]


def test_without_keys_a_worker_that_died_while_sending_is_not_repeated(bench: Bench) -> None:
    bench.store.resend_is_safe = False
    bench.add_order("#1001")
    refund = bench.held()

    def die() -> None:
        raise SystemExit

    bench.script.during("send_refund", die)
    with pytest.raises(SystemExit):
        bench.work(refund)
    assert bench.refund(refund).state is RefundState.SENDING
    bench.pass_time(seconds=61, rounds=20)
    assert bench.refund(refund).state is RefundState.UNKNOWN
    assert bench.script.count("send_refund") == 1
    assert bench.store.paid() == []


@pytest.mark.parametrize("error", [unavailable(), limited(7)])
def test_without_keys_what_surely_never_arrived_has_failed(bench: Bench, error: Exception) -> None:
    bench.store.resend_is_safe = False
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", error)
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert "no money moved" in (failed.explanation or "")
    bench.pass_time(seconds=61, rounds=5)
    assert bench.script.count("send_refund") == 1
