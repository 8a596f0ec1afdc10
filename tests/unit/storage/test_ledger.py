"""The ledger: one refund per plan, one open refund per order, and no move on old knowledge."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.domain.errors import Conflict, IllegalTransition
from app.domain.money import Money
from app.domain.refund import OPEN_STATES, Refund, RefundState
from app.records import WriteState
from app.storage.tables import refunds, ticket_writes
from tests.unit.storage.records import NOW, Records, at_once, make_refund, make_write


def moved(records: Records, refund: Refund, *states: RefundState) -> Refund:
    for state in states:
        refund = records.ledger.move(refund, state, NOW, "tests")
    return refund


def test_open_keeps_the_intent_and_its_audit_event(records: Records) -> None:
    refund = records.add_refund()
    assert records.ledger.get("acme", refund.id) == refund
    assert records.ledger.find(refund.id) == refund
    assert records.ledger.of_case("acme", refund.case_id) == [refund]
    assert records.ledger.of_order("acme", "store-1", refund.order_id) == [refund]
    assert records.ledger.get("other", refund.id) is None
    [event] = records.audit.of_subject("acme", f"refund:{refund.id}")
    assert (event.actor, event.action) == ("11", "refund_requested")
    assert event.data["amount"] == "48.60 USD"


def test_two_opens_of_the_same_plan_at_once_are_one_refund(records: Records) -> None:
    offered = records.add_plan(records.add_case())
    intents = [make_refund(offered) for _ in range(6)]
    others = [Records.open(records.database) for _ in intents]
    results = at_once(
        *[
            lambda intent=intent, other=other: other.ledger.open(intent, NOW)
            for intent, other in zip(intents, others, strict=True)
        ]
    )
    answers = [result for result in results if not isinstance(result, Exception)]
    assert len(answers) == 6, results
    assert sum(is_new for _, is_new in answers) == 1
    assert len({refund.id for refund, _ in answers}) == 1
    assert len(records.ledger.of_case("acme", offered.case_id)) == 1
    assert len(records.audit.of_subject("acme", f"refund:{answers[0][0].id}")) == 1


def test_two_plans_of_one_order_at_once_are_one_refund_and_conflicts(records: Records) -> None:
    plans = [records.add_plan(records.add_case(str(ticket))) for ticket in range(4)]
    results = at_once(
        *[lambda plan=plan: records.ledger.open(make_refund(plan), NOW) for plan in plans]
    )
    won = [result for result in results if not isinstance(result, Exception)]
    lost = [result for result in results if isinstance(result, Conflict)]
    assert (len(won), len(lost)) == (1, 3), results
    assert won[0][0].marker in str(lost[0])
    assert len(records.ledger.of_order("acme", "store-1", plans[0].plan.order_id)) == 1


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_every_open_state_keeps_the_order_closed_for_others(
    records: Records, state: RefundState
) -> None:
    records.add_refund("7", state=state)
    with pytest.raises(Conflict):
        records.add_refund("8")


@pytest.mark.parametrize(
    "state", sorted(set(RefundState) - OPEN_STATES - {RefundState.PROPOSED}), ids=str
)
def test_a_closed_refund_lets_the_next_one_start(records: Records, state: RefundState) -> None:
    records.add_refund("7", state=state)
    second = records.add_refund("8")
    assert len(records.ledger.of_order("acme", "store-1", second.order_id)) == 2


def test_a_key_or_marker_that_exists_is_refused_by_the_database(records: Records) -> None:
    first = records.add_refund("7", state=RefundState.SETTLED)
    with pytest.raises(IntegrityError):
        records.add_refund("8", idempotency_key=first.idempotency_key)
    with pytest.raises(IntegrityError):
        records.add_refund("9", marker=first.marker)


def test_a_move_stores_state_changes_audit_note_and_customer_in_one_step(
    records: Records,
) -> None:
    refund = moved(records, records.add_refund(), RefundState.SENDING)
    case = records.cases.case("acme", refund.case_id)
    assert case is not None
    write = make_write("refund-note")
    settled = records.ledger.move(
        refund,
        RefundState.SETTLED,
        NOW,
        "makegood",
        changes={
            "settled_amount": Money.of("48.00", "USD"),
            "settled_at": NOW,
            "next_check_at": None,
        },
        write=write,
        customer_of=case,
    )
    assert records.ledger.find(refund.id) == settled
    assert records.outbox.of_ticket("acme", "7") == [write]
    assert records.outbox.due_customers(NOW, 10) == [("acme", "customer-1")]
    event = records.audit.of_subject("acme", f"refund:{refund.id}")[-1]
    assert (event.action, event.data["from"]) == ("refund_settled", "sending")


def test_a_move_that_fails_in_its_last_part_leaves_nothing(records: Records) -> None:
    refund = moved(records, records.add_refund(), RefundState.SENDING)
    assert records.outbox.add(make_write("taken"), NOW)
    before = records.audit.verify("acme")
    with pytest.raises(IntegrityError):
        records.ledger.move(refund, RefundState.SETTLED, NOW, "makegood", write=make_write("taken"))
    assert records.ledger.find(refund.id) == refund
    assert records.audit.verify("acme") == before


def test_only_one_of_many_movers_wins(records: Records) -> None:
    refund = records.add_refund()
    targets = [RefundState.SENDING, RefundState.CANCELLED, RefundState.FAILED] * 2
    results = at_once(
        *[lambda to=to: records.ledger.move(refund, to, NOW, "tests") for to in targets]
    )
    won = [result for result in results if isinstance(result, Refund)]
    assert len(won) == 1, results
    assert all(isinstance(item, Conflict) for item in results if item is not won[0])
    assert records.ledger.find(refund.id) == won[0]
    assert records.audit.verify("acme")[1] is None
    assert len(records.audit.of_subject("acme", f"refund:{refund.id}")) == 2


def test_a_move_on_old_knowledge_is_a_conflict_even_in_the_same_state(records: Records) -> None:
    refund = records.add_refund()
    later = records.ledger.record(
        refund, NOW, "tests", "noted", {"next_check_at": NOW + timedelta(seconds=60)}
    )
    with pytest.raises(Conflict):
        records.ledger.move(refund, RefundState.SENDING, NOW, "tests")
    with pytest.raises(Conflict):
        records.ledger.record(refund, NOW, "tests", "noted", {})
    assert records.ledger.find(refund.id) == later


def test_a_body_that_an_older_version_wrote_can_still_be_moved(records: Records) -> None:
    """It lacks a field that has a default by now; the refund is the same."""
    refund = records.add_refund()
    with records.database.write() as tx:
        body = json.loads(tx.execute(select(refunds.c.body)).scalar_one())
        for key in ("attempts", "explanation", "sent_at"):
            del body[key]
        tx.execute(update(refunds).values(body=json.dumps(body)))
    read = records.ledger.find(refund.id)
    assert read == refund
    assert read is not None
    sending = records.ledger.move(read, RefundState.SENDING, NOW, "tests")
    assert records.ledger.find(refund.id) == sending


def test_a_move_that_does_not_exist_is_refused(records: Records) -> None:
    refund = records.add_refund()
    with pytest.raises(IllegalTransition):
        records.ledger.move(refund, RefundState.SETTLED, NOW, "tests")
    with pytest.raises(Conflict):
        records.ledger.move(make_refund(records.add_plan(records.add_case("9"))),
                            RefundState.SENDING, NOW, "tests")  # fmt: skip
    assert records.ledger.find(refund.id) == refund


def test_due_are_those_with_work_left_and_only_when_their_time_has_come(records: Records) -> None:
    due = {
        state: moved_aside(records, ticket, state)
        for ticket, state in enumerate(
            (
                RefundState.HOLDING,
                RefundState.SENDING,
                RefundState.UNKNOWN,
                RefundState.PENDING,
                RefundState.SETTLED,
                RefundState.CANCELLED,
                RefundState.AWAITING_APPROVAL,
            )
        )
    }
    expected = {
        due[state].id
        for state in (
            RefundState.HOLDING,
            RefundState.SENDING,
            RefundState.UNKNOWN,
            RefundState.PENDING,
        )
    }
    assert records.ledger.due(NOW + timedelta(seconds=4), 10) == []
    assert set(records.ledger.due(NOW + timedelta(seconds=5), 10)) == expected
    assert len(records.ledger.due(NOW + timedelta(seconds=5), 2)) == 2


def moved_aside(records: Records, ticket: int, state: RefundState) -> Refund:
    """A refund in a state, of an order of its own."""
    return records.add_refund(str(ticket), state=state, order_id=f"order-{ticket}")


def test_a_refund_without_a_time_for_its_next_look_is_due_at_once(records: Records) -> None:
    refund = records.add_refund(next_check_at=None)
    assert records.ledger.due(NOW, 10) == [refund.id]


def test_all_of_lists_states_oldest_first(records: Records) -> None:
    first = moved_aside(records, 1, RefundState.FAILED)
    second = records.add_refund(
        "2", state=RefundState.SETTLED, order_id="o2", created_at=NOW + timedelta(seconds=1)
    )
    wanted = (RefundState.SETTLED, RefundState.FAILED)
    assert records.ledger.all_of("acme", wanted) == [first, second]
    assert records.ledger.all_of("acme", (RefundState.SETTLED,)) == [second]
    assert records.ledger.all_of("other", wanted) == []


def test_totals_count_settled_refunds_of_one_customer(records: Records) -> None:
    assert records.ledger.totals_of_requester("acme", "customer-1") == (0, None, None)
    for number in range(2):
        refund = moved(
            records,
            records.add_refund(str(number), order_id=f"o{number}"),
            RefundState.SENDING,
        )
        records.ledger.move(
            refund,
            RefundState.SETTLED,
            NOW,
            "tests",
            changes={"settled_at": NOW + timedelta(days=number)},
        )
    moved_aside(records, 9, RefundState.FAILED)
    assert records.ledger.totals_of_requester("acme", "customer-1") == (
        2,
        Money.of("97.20", "USD"),
        NOW + timedelta(days=1),
    )
    assert records.ledger.totals_of_requester("acme", "customer-2")[0] == 0
    assert records.ledger.totals_of_requester("other", "customer-1")[0] == 0


def test_queued_notes_of_a_move_start_as_queued(records: Records) -> None:
    refund = moved(records, records.add_refund(), RefundState.SENDING)
    odd = make_write().model_copy(update={"state": WriteState.SENT, "attempts": 9})
    records.ledger.move(refund, RefundState.FAILED, NOW, "tests", write=odd)
    with records.database.read() as tx:
        row = tx.execute(select(ticket_writes.c.state, ticket_writes.c.attempts)).one()
    assert tuple(row) == ("queued", 0)
