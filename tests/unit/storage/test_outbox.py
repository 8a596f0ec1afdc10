"""Ticket writes: one marker, one worker, and no way back from what may have been written."""

from __future__ import annotations

from datetime import timedelta

from app.domain.refund import RefundState
from app.records import PendingWrite, WriteState
from app.storage.outbox import touch_customer
from tests.unit.storage.records import NOW, Records, at_once, make_write


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_a_marker_is_queued_once(records: Records) -> None:
    first = make_write("m-1")
    assert records.outbox.add(first, NOW)
    assert not records.outbox.add(make_write("m-1"), NOW)
    assert records.outbox.of_ticket("acme", "7") == [first]
    answers = at_once(*[lambda: records.outbox.add(make_write("m-2"), NOW) for _ in range(6)])
    assert sorted(map(str, answers)) == ["False"] * 5 + ["True"], answers


def test_one_of_many_workers_gets_a_write(records: Records) -> None:
    write = make_write()
    records.outbox.add(write, NOW)
    results = at_once(*[lambda: records.outbox.claim(write.id, NOW, 60) for _ in range(8)])
    taken = [item for item in results if isinstance(item, PendingWrite)]
    assert taken == [write], results
    assert results.count(None) == 7


def test_a_claim_tells_the_state_before_it(records: Records) -> None:
    write = make_write()
    records.outbox.add(write, NOW)
    first = records.outbox.claim(write.id, NOW, 60)
    assert first is not None
    assert (first.state, first.attempts) == (WriteState.QUEUED, 0)
    [kept] = records.outbox.of_ticket("acme", "7")
    assert (kept.state, kept.attempts) == (WriteState.SENDING, 1)
    assert records.outbox.claim(write.id, NOW + seconds(59), 60) is None
    again = records.outbox.claim(write.id, NOW + seconds(60), 60)
    assert again is not None
    assert (again.state, again.attempts) == (WriteState.SENDING, 1)


def test_what_may_have_been_written_stays_marked_as_such(records: Records) -> None:
    write = make_write()
    records.outbox.add(write, NOW)
    records.outbox.claim(write.id, NOW, 60)
    records.outbox.requeue(write.id, NOW + seconds(5), "no answer", unknown=True)
    claimed = records.outbox.claim(write.id, NOW + seconds(5), 60)
    assert claimed is not None
    assert (claimed.state, claimed.cause) == (WriteState.UNKNOWN, "no answer")
    [kept] = records.outbox.of_ticket("acme", "7")
    assert kept.state is WriteState.UNKNOWN


def test_surely_unwritten_goes_back_to_the_queue(records: Records) -> None:
    write = make_write()
    records.outbox.add(write, NOW)
    records.outbox.claim(write.id, NOW, 60)
    records.outbox.requeue(write.id, NOW + seconds(5), "slow down", unknown=False)
    assert records.outbox.due(NOW + seconds(4), 10) == []
    assert records.outbox.due(NOW + seconds(5), 10) == [write.id]
    claimed = records.outbox.claim(write.id, NOW + seconds(5), 60)
    assert claimed is not None
    assert (claimed.state, claimed.attempts) == (WriteState.QUEUED, 1)


def test_sent_and_refused_are_final(records: Records) -> None:
    sent, refused = make_write("a"), make_write("b", ticket_id="8")
    for write in (sent, refused):
        records.outbox.add(write, NOW)
        records.outbox.claim(write.id, NOW, 60)
    records.outbox.sent(sent.id, "change-1", NOW)
    records.outbox.refuse(refused.id, "closed", NOW)
    for write in (sent, refused):
        # A worker that was overtaken comes back with old news.
        records.outbox.requeue(write.id, NOW, "late", unknown=True)
        records.outbox.refuse(write.id, "late", NOW)
        assert records.outbox.claim(write.id, NOW + timedelta(days=1), 60) is None
    assert records.outbox.due(NOW + timedelta(days=1), 10) == []
    assert records.outbox.of_ticket("acme", "7")[0].state is WriteState.SENT
    [kept] = records.outbox.of_ticket("acme", "8")
    assert (kept.state, kept.cause) == (WriteState.REFUSED, "closed")
    assert records.outbox.claim("write_of_nobody", NOW, 60) is None


def touch(records: Records) -> None:
    with records.database.write() as tx:
        touch_customer(tx, "acme", "customer-1", NOW)


def test_many_changes_of_a_customer_are_one_write(records: Records) -> None:
    assert records.outbox.claim_customer("acme", "customer-1", NOW, 60) is None
    for _ in range(3):
        touch(records)
    assert records.outbox.due_customers(NOW, 10) == [("acme", "customer-1")]
    results = at_once(
        *[lambda: records.outbox.claim_customer("acme", "customer-1", NOW, 60) for _ in range(5)]
    )
    assert sorted(map(str, results)) == ["3"] + ["None"] * 4, results
    records.outbox.customer_written("acme", "customer-1", 3)
    assert records.outbox.due_customers(NOW + timedelta(days=1), 10) == []


def test_a_change_during_the_write_stays_to_be_written(records: Records) -> None:
    touch(records)
    assert records.outbox.claim_customer("acme", "customer-1", NOW, 60) == 1
    touch(records)
    records.outbox.customer_written("acme", "customer-1", 1)
    assert records.outbox.claim_customer("acme", "customer-1", NOW, 60) == 2


def test_a_postponed_customer_waits(records: Records) -> None:
    touch(records)
    records.outbox.claim_customer("acme", "customer-1", NOW, 60)
    records.outbox.postpone_customer("acme", "customer-1", NOW + seconds(9), "slow down")
    assert records.outbox.due_customers(NOW + seconds(8), 10) == []
    assert records.outbox.claim_customer("acme", "customer-1", NOW + seconds(9), 60) == 1


def test_first_changes_of_a_customer_at_once_are_all_counted(
    records: Records,
) -> None:
    """Two refunds of one new customer settle at the same moment."""
    refunds = [
        records.add_refund(str(n), order_id=f"o{n}", state=RefundState.SENDING) for n in range(4)
    ]
    case = records.cases.case_of_ticket("acme", "0")
    results = at_once(
        *[
            lambda refund=refund: records.ledger.move(
                refund, RefundState.SETTLED, NOW, "tests", customer_of=case
            )
            for refund in refunds
        ]
    )
    assert [item for item in results if isinstance(item, Exception)] == []
    assert records.outbox.claim_customer("acme", "customer-1", NOW, 60) == 4
