"""Tickets, cases, decisions and plans: one triage per ticket, no decision on an old case."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.records import DeliveryState, TriageResult, new_id
from app.storage.tables import decisions, plans, tickets
from tests.unit.storage.records import (
    NOW,
    Records,
    at_once,
    make_case,
    make_event,
    make_offered,
    make_write,
    triaged,
)


def not_about_a_refund(ticket_id: str, delivery_id: int | None) -> TriageResult:
    return TriageResult(
        delivery_id=delivery_id,
        account_id="acme",
        ticket_id=ticket_id,
        requester_id="customer-1",
        is_refund=False,
        outcome="not about a refund",
    )


def test_a_triage_is_stored_whole(records: Records) -> None:
    number = records.inbox.add("acme", make_event(), "0" * 64, NOW)
    case, write = make_case(), make_write()
    offered = make_offered(case)
    assert not records.cases.is_triaged("acme", "7")
    assert records.cases.save_triage(triaged(case, number, offered=offered, write=write), NOW)
    assert records.cases.is_triaged("acme", "7")
    assert records.cases.case_of_ticket("acme", "7") == case
    assert records.cases.case("acme", case.id) == case
    assert records.cases.offered("acme", offered.id) == offered
    assert records.cases.current_offer("acme", case.id) == offered
    assert records.outbox.of_ticket("acme", "7") == [write]
    [done] = records.inbox.with_state("acme", DeliveryState.DONE, 10)
    assert (done.id, done.outcome) == (number, "triaged")
    [event] = records.audit.of_subject("acme", f"case:{case.id}")
    assert event.data["plan"] == offered.id
    for asked in ("other", "nobody"):
        assert records.cases.case(asked, case.id) is None
        assert records.cases.case_of_ticket(asked, "7") is None
        assert records.cases.offered(asked, offered.id) is None


def test_only_one_of_many_triages_of_a_ticket_is_kept(records: Records) -> None:
    results = [
        triaged(case := make_case(), None, offered=make_offered(case), write=make_write(f"m{n}"))
        for n in range(6)
    ]
    answers = at_once(
        *[lambda result=result: records.cases.save_triage(result, NOW) for result in results]
    )
    assert sorted(map(str, answers)) == ["False"] * 5 + ["True"], answers
    winner = results[answers.index(True)]
    assert records.cases.case_of_ticket("acme", "7") == winner.case
    # Nothing of the others is left: no note, no plan, no decision, no event.
    assert len(records.outbox.of_ticket("acme", "7")) == 1
    with records.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(plans)).scalar_one() == 1
        assert tx.execute(select(func.count()).select_from(decisions)).scalar_one() == 1
    assert records.audit.verify("acme") == (3, None)


def test_a_triage_that_fails_in_its_last_part_leaves_nothing(records: Records) -> None:
    assert records.outbox.add(make_write("taken"), NOW)
    number = records.inbox.add("acme", make_event(), "0" * 64, NOW)
    with pytest.raises(IntegrityError):
        records.cases.save_triage(triaged(make_case(), number, write=make_write("taken")), NOW)
    assert not records.cases.is_triaged("acme", "7")
    assert records.cases.case_of_ticket("acme", "7") is None
    assert records.inbox.counts() == {"received": 1}


def test_a_ticket_that_was_left_alone_can_be_taken_up_by_hand_once(records: Records) -> None:
    assert records.cases.save_triage(not_about_a_refund("7", None), NOW)
    # Another delivery of its beginning can't turn it round.
    number = records.inbox.add("acme", make_event(), "0" * 64, NOW)
    assert not records.cases.save_triage(triaged(make_case(), number), NOW)
    again = [triaged(make_case(), None).model_copy(update={"takes_up": True}) for _ in range(4)]
    answers = at_once(*[partial(records.cases.save_triage, taken_up, NOW) for taken_up in again])
    assert sorted(map(str, answers)) == ["False"] * 3 + ["True"], answers
    with records.database.read() as tx:
        assert tx.execute(select(tickets.c.is_refund)).scalar_one() is True
    assert records.cases.case_of_ticket("acme", "7") is not None


def test_a_decision_on_an_old_case_is_not_kept(records: Records) -> None:
    case = records.add_case()
    newer = case.model_copy(update={"revision": 2, "decision_id": new_id("dec")})
    offered = make_offered(newer)
    write = make_write("second")
    assert records.cases.save_decision(newer, offered, "11", "case_refreshed", NOW, write)
    late = case.model_copy(update={"revision": 2, "decision_id": new_id("dec")})
    lost = make_offered(late)
    assert not records.cases.save_decision(late, lost, "12", "order_chosen", NOW, make_write("x"))
    assert records.cases.case("acme", case.id) == newer
    assert records.cases.current_offer("acme", case.id) == offered
    assert records.cases.offered("acme", lost.id) is None
    assert records.outbox.of_ticket("acme", "7") == [write]
    actions = [event.action for event in records.audit.of_subject("acme", f"case:{case.id}")]
    assert actions == ["case_triaged", "case_refreshed"]


def test_only_one_of_many_decisions_of_a_revision_wins(records: Records) -> None:
    case = records.add_case()
    versions = [
        case.model_copy(update={"revision": 2, "decision_id": new_id("dec")}) for _ in range(5)
    ]
    answers = at_once(
        *[
            lambda one=one: records.cases.save_decision(one, make_offered(one), "11", "x", NOW)
            for one in versions
        ]
    )
    assert sorted(map(str, answers)) == ["False"] * 4 + ["True"], answers
    assert records.cases.case("acme", case.id) == versions[answers.index(True)]


def test_an_agents_own_plan_is_kept_but_not_proposed(records: Records) -> None:
    case = records.add_case()
    own = records.add_plan(case)
    assert records.cases.offered("acme", own.id) == own
    assert records.cases.current_offer("acme", case.id) is None


def test_cases_without_an_order_are_kept_too(records: Records) -> None:
    case = records.add_case("9", order=False)
    assert records.cases.case_of_ticket("acme", "9") == case
    assert replace(records).cases.current_offer("acme", case.id) is None
