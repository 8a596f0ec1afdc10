"""Deliveries: kept once, worked on by one worker at a time, never lost."""

from __future__ import annotations

from datetime import timedelta

from app.ports import Account
from app.records import Delivery, DeliveryState
from tests.unit.storage.records import NOW, Records, at_once, make_event


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def add(records: Records, key: str = "event-1", ticket: str = "7") -> int:
    number = records.inbox.add("acme", make_event(ticket, key), "0" * 64, NOW)
    assert number is not None
    return number


def test_a_delivery_comes_back_as_it_was(records: Records) -> None:
    number = add(records)
    claimed = records.inbox.claim(number, NOW, 60)
    assert claimed == Delivery(
        id=number, account_id="acme", event=make_event(), received_at=NOW, attempts=1
    )


def test_a_repetition_is_kept_once_per_account(records: Records) -> None:
    add(records)
    assert records.inbox.add("acme", make_event(), "1" * 64, NOW) is None
    other = Account(id="other", helpdesk="zendesk", name="Other")
    records.accounts.save(other, "tests", NOW)
    assert records.inbox.add("other", make_event(), "0" * 64, NOW) is not None
    assert records.inbox.counts() == {"received": 2}


def test_repetitions_at_once_are_kept_once(records: Records) -> None:
    results = at_once(
        *[lambda: records.inbox.add("acme", make_event(), "0" * 64, NOW) for _ in range(8)]
    )
    assert [item for item in results if isinstance(item, Exception)] == []
    assert sum(item is not None for item in results) == 1
    assert records.inbox.counts() == {"received": 1}


def test_one_of_many_workers_gets_a_delivery(records: Records) -> None:
    number = add(records)
    results = at_once(*[lambda: records.inbox.claim(number, NOW, 60) for _ in range(8)])
    taken = [item for item in results if isinstance(item, Delivery)]
    assert len(taken) == 1, results
    assert results.count(None) == 7


def test_a_dead_workers_delivery_is_taken_over_after_its_lease(records: Records) -> None:
    number = add(records)
    assert records.inbox.claim(number, NOW, 60) is not None
    assert records.inbox.claim(number, NOW + seconds(59), 60) is None
    assert records.inbox.due(NOW + seconds(59), 10) == []
    assert records.inbox.due(NOW + seconds(60), 10) == [number]
    again = records.inbox.claim(number, NOW + seconds(60), 60)
    assert again is not None
    assert again.attempts == 2


def test_finished_and_parked_are_taken_by_nobody(records: Records) -> None:
    done, parked = add(records, "a"), add(records, "b")
    records.inbox.finish(done, "triaged", NOW)
    records.inbox.park(parked, "unreadable", NOW)
    later = NOW + timedelta(days=9)
    assert records.inbox.claim(done, later, 60) is None
    assert records.inbox.claim(parked, later, 60) is None
    assert records.inbox.claim(12345, later, 60) is None
    assert records.inbox.due(later, 10) == []
    assert records.inbox.counts() == {"done": 1, "parked": 1}
    [kept] = records.inbox.with_state("acme", DeliveryState.PARKED, 10)
    assert (kept.id, kept.outcome) == (parked, "unreadable")
    assert records.inbox.with_state("other", DeliveryState.PARKED, 10) == []


def test_a_late_worker_does_not_undo_what_another_one_finished(records: Records) -> None:
    number = add(records)
    records.inbox.finish(number, "triaged", NOW)
    records.inbox.postpone(number, NOW, "too late")
    records.inbox.park(number, "too late", NOW)
    [kept] = records.inbox.with_state("acme", DeliveryState.DONE, 10)
    assert kept.outcome == "triaged"


def test_postponed_waits_with_its_cause(records: Records) -> None:
    number = add(records)
    records.inbox.claim(number, NOW, 60)
    records.inbox.postpone(number, NOW + seconds(5), "the store is away")
    assert records.inbox.claim(number, NOW + seconds(4), 60) is None
    taken = records.inbox.claim(number, NOW + seconds(5), 60)
    assert taken is not None
    assert (taken.attempts, taken.outcome) == (2, "the store is away")


def test_replay_takes_up_parked_ones_only_and_says_who(records: Records) -> None:
    number = add(records)
    assert not records.inbox.replay("acme", number, "11", NOW)
    records.inbox.claim(number, NOW, 60)
    records.inbox.park(number, "unreadable", NOW)
    assert not records.inbox.replay("other", number, "11", NOW)
    assert records.inbox.replay("acme", number, "11", NOW)
    assert not records.inbox.replay("acme", number, "11", NOW)
    taken = records.inbox.claim(number, NOW, 60)
    assert taken is not None
    assert taken.attempts == 1
    [event] = records.audit.of_subject("acme", f"delivery:{number}")
    assert (event.actor, event.action) == ("11", "delivery_replayed")


def test_due_are_the_oldest_first_and_newest_listed_first(records: Records) -> None:
    numbers = [add(records, key) for key in "abc"]
    records.inbox.postpone(numbers[0], NOW + seconds(3), "later")
    records.inbox.postpone(numbers[1], NOW + seconds(1), "later")
    assert records.inbox.due(NOW + seconds(9), 10) == [numbers[2], numbers[1], numbers[0]]
    assert records.inbox.due(NOW + seconds(9), 1) == [numbers[2]]
    listed = records.inbox.with_state("acme", DeliveryState.RECEIVED, 2)
    assert [item.id for item in listed] == [numbers[2], numbers[1]]
