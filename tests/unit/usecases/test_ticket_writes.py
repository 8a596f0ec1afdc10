"""A ticket write arrives once: after lost answers, collisions, deaths and overtaking workers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.crm import Note, TicketWrite
from app.domain.errors import AccessDenied, ConfigurationError, Malformed, NotFound, StaleWrite
from app.records import PendingWrite, WriteState
from app.usecases.ticket_writes import deliver_write
from tests.support.bench import Bench
from tests.support.scripted import limited, lost, rejected, unavailable


@pytest.fixture
def write(bench: Bench) -> PendingWrite:
    """A queued note on ticket 7."""
    bench.helpdesk.add_ticket("7", "hello")
    pending = PendingWrite(
        id="write_1",
        account_id="acme",
        case_id=None,
        purpose="decision",
        write=TicketWrite(ticket_id="7", marker="m-1", note=Note(headline="Hello")),
        state=WriteState.QUEUED,
        attempts=0,
    )
    assert bench.deps.outbox.add(pending, bench.clock.now())
    return pending


def kept(bench: Bench) -> PendingWrite:
    [found] = bench.deps.outbox.of_ticket("acme", "7")
    return found


def test_the_first_attempt_writes_on_the_revision_that_was_seen(
    bench: Bench, write: PendingWrite
) -> None:
    assert deliver_write(bench.deps, write.id, seen=bench.helpdesk.tickets["7"]) == "sent"
    assert bench.script.calls == ["write_ticket"]
    assert deliver_write(bench.deps, write.id) == "nothing to do"
    assert bench.helpdesk.notes("7") == ["Hello"]
    assert kept(bench).state is WriteState.SENT


def test_it_is_marked_as_being_sent_before_the_helpdesk_is_called(
    bench: Bench, write: PendingWrite
) -> None:
    seen: list[WriteState] = []
    bench.script.during("write_ticket", lambda: seen.append(kept(bench).state))
    deliver_write(bench.deps, write.id)
    assert seen == [WriteState.SENDING]


def test_after_a_lost_answer_the_history_is_read_and_nothing_is_written_twice(
    bench: Bench, write: PendingWrite
) -> None:
    bench.script.fail("write_ticket", lost(), after=True)
    assert deliver_write(bench.deps, write.id) == "later"
    assert kept(bench).state is WriteState.UNKNOWN
    assert deliver_write(bench.deps, write.id) == "nothing to do"
    bench.clock.advance(5)
    bench.script.calls.clear()
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.script.calls == ["read_ticket", "find_write"]
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_after_an_answer_lost_before_processing_it_is_written(
    bench: Bench, write: PendingWrite
) -> None:
    bench.script.fail("write_ticket", lost())
    deliver_write(bench.deps, write.id)
    bench.clock.advance(5)
    bench.script.calls.clear()
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.script.calls == ["read_ticket", "find_write", "write_ticket"]
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_a_worker_that_died_is_followed_by_one_that_looks_first(
    bench: Bench, write: PendingWrite
) -> None:
    bench.script.fail("write_ticket", KeyboardInterrupt(), after=True)
    with pytest.raises(KeyboardInterrupt):
        deliver_write(bench.deps, write.id)
    assert kept(bench).state is WriteState.SENDING
    assert deliver_write(bench.deps, write.id) == "nothing to do"
    bench.clock.advance(bench.deps.patience_seconds)
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_a_history_that_cannot_be_read_keeps_it_unwritten(
    bench: Bench, write: PendingWrite
) -> None:
    bench.script.fail("write_ticket", lost(), after=True)
    deliver_write(bench.deps, write.id)
    bench.script.fail("find_write", unavailable(), times=3)
    for _ in range(3):
        bench.clock.advance(600)
        assert deliver_write(bench.deps, write.id) == "later"
        assert kept(bench).state is WriteState.UNKNOWN
    bench.clock.advance(600)
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.script.count("write_ticket") == 1


def test_a_collision_is_read_again_and_written(bench: Bench, write: PendingWrite) -> None:
    seen = bench.helpdesk.tickets["7"]
    bench.helpdesk.touch("7", "by an agent")
    assert deliver_write(bench.deps, write.id, seen=seen) == "sent"
    assert bench.script.calls == ["write_ticket", "read_ticket", "find_write", "write_ticket"]
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_endless_collisions_are_put_off(bench: Bench, write: PendingWrite) -> None:
    stale = StaleWrite("changed", vendor="fake", operation="write_ticket")
    bench.script.fail("write_ticket", stale, times=4)
    assert deliver_write(bench.deps, write.id) == "later"
    assert bench.script.count("write_ticket") == 4
    bench.clock.advance(5)
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_an_overtaken_worker_sees_that_its_note_is_there(bench: Bench, write: PendingWrite) -> None:
    """It was stopped before its call for longer than anybody waits; then both write."""
    answers: list[str] = []

    def overtake() -> None:
        bench.clock.advance(bench.deps.patience_seconds)
        answers.append(deliver_write(bench.deps, write.id))

    bench.script.during("write_ticket", overtake)
    answers.append(deliver_write(bench.deps, write.id, seen=bench.helpdesk.tickets["7"]))
    assert answers == ["sent", "sent"]
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_an_overtaken_workers_write_in_flight_makes_the_second_one_stale(
    bench: Bench, write: PendingWrite
) -> None:
    """The first worker's call arrives after the second one looked, and before it writes."""
    bench.script.fail("write_ticket", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        deliver_write(bench.deps, write.id)
    bench.clock.advance(bench.deps.patience_seconds)

    def arrives() -> None:
        bench.helpdesk.written.append(write.write)
        bench.helpdesk.touch("7")

    bench.script.during("write_ticket", arrives)
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_a_late_workers_bad_news_does_not_make_others_write_blindly(
    bench: Bench, write: PendingWrite
) -> None:
    """It puts the write back as if nothing had been sent, while another one's is in flight."""

    def overtake_and_die() -> None:
        bench.clock.advance(bench.deps.patience_seconds)
        bench.script.fail("write_ticket", KeyboardInterrupt(), after=True)
        with pytest.raises(KeyboardInterrupt):
            deliver_write(bench.deps, write.id)
        raise limited(1)

    bench.script.during("write_ticket", overtake_and_die)
    assert deliver_write(bench.deps, write.id) == "later"
    assert kept(bench).state is WriteState.QUEUED
    bench.clock.advance(5)
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.helpdesk.notes("7") == ["Hello"]


@pytest.mark.parametrize(
    "error",
    [rejected("the ticket is closed"), NotFound("gone", vendor="fake", operation="read_ticket")],
)
@pytest.mark.parametrize("operation", ["read_ticket", "write_ticket"])
def test_a_final_no_is_kept_with_its_cause(
    bench: Bench, write: PendingWrite, operation: str, error: Exception
) -> None:
    bench.script.fail(operation, error)
    assert deliver_write(bench.deps, write.id) == "refused"
    assert (kept(bench).state, kept(bench).cause) == (WriteState.REFUSED, str(error))
    bench.clock.advance(3600)
    assert deliver_write(bench.deps, write.id) == "nothing to do"


def test_a_withdrawn_token_keeps_the_note_until_an_admin_acted(
    bench: Bench, write: PendingWrite
) -> None:
    denied = AccessDenied("the token was withdrawn", vendor="fake", operation="write_ticket")
    bench.script.fail("read_ticket", denied, times=5)
    bench.pass_time(seconds=700, rounds=5)
    assert kept(bench).state is WriteState.QUEUED
    bench.pass_time(seconds=700, rounds=1)
    assert kept(bench).state is WriteState.SENT
    assert bench.helpdesk.notes("7") == ["Hello"]


def test_a_right_that_never_comes_back_is_given_up_after_a_day(
    bench: Bench, write: PendingWrite
) -> None:
    denied = AccessDenied("no", vendor="fake", operation="read_ticket")
    bench.script.fail("read_ticket", denied, times=1000)
    for _ in range(150):
        bench.clock.advance(600)
        deliver_write(bench.deps, write.id)
    assert kept(bench).state is WriteState.REFUSED


def test_a_rate_limit_is_waited_for(bench: Bench, write: PendingWrite) -> None:
    bench.script.fail("write_ticket", limited(33))
    assert deliver_write(bench.deps, write.id) == "later"
    bench.clock.advance(32)
    assert deliver_write(bench.deps, write.id) == "nothing to do"
    bench.clock.advance(1)
    assert deliver_write(bench.deps, write.id) == "sent"
    assert bench.helpdesk.notes("7") == ["Hello"]


@pytest.mark.parametrize(
    "error",
    [
        unavailable(),
        Malformed("half an answer", vendor="fake", operation="read_ticket"),
        ConfigurationError("no key opens the token"),
    ],
)
def test_what_may_pass_is_tried_again_with_growing_pauses(
    bench: Bench, write: PendingWrite, error: Exception
) -> None:
    bench.script.fail("read_ticket", error, times=3)
    for wait in (5, 10, 20):
        assert deliver_write(bench.deps, write.id) == "later"
        bench.clock.advance(wait - 1)
        assert deliver_write(bench.deps, write.id) == "nothing to do"
        bench.clock.advance(1)
    assert deliver_write(bench.deps, write.id) == "sent"


def test_an_account_that_was_switched_off_keeps_its_writes(
    bench: Bench, write: PendingWrite
) -> None:
    account = bench.account
    off = account.model_copy(update={"is_active": False})
    bench.deps.accounts.save(off, "tests", bench.clock.now())
    assert deliver_write(bench.deps, write.id) == "later"
    bench.deps.accounts.save(account, "tests", bench.clock.now())
    bench.clock.advance(600)
    assert deliver_write(bench.deps, write.id) == "sent"


def test_the_clock_announces_a_write_that_nobody_sent(bench: Bench, write: PendingWrite) -> None:
    bench.pass_time(seconds=10, rounds=2)
    assert bench.script.calls == []  # announced by whoever queued it, a moment ago
    bench.pass_time(seconds=20, rounds=1)
    assert kept(bench).state is WriteState.SENT


def test_redis_being_empty_changes_nothing(bench: Bench, write: PendingWrite) -> None:
    class Deaf:
        def wake(self, job: str, *ids: str, at: object = None) -> None:
            """Everything is lost."""

    deaf = replace(bench.deps, notifier=Deaf())
    bench.script.fail("write_ticket", lost(), after=True)
    deliver_write(deaf, write.id)
    bench.pass_time(seconds=timedelta(seconds=40).total_seconds(), rounds=3)
    assert kept(bench).state is WriteState.SENT
    assert bench.helpdesk.notes("7") == ["Hello"]
