"""Reminders and passing on by the clock; authority lent for some days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.domain.approval import ApprovalState, Asked, Delegation
from app.domain.errors import InvalidEntry, NotAllowed
from app.domain.people import Agent, Tier
from app.usecases.approvals import approve
from app.usecases.delegations import delegate, end_delegation
from app.usecases.reminders import remind
from tests.support.bench import Bench
from tests.support.fakes import NOON, TEAM
from tests.unit.approvals.conftest import Counter, write_policy

HOUR = 3600.0
REMINDER = "Still waiting for approval: refund of 640.00 USD for #1001"


def test_a_reminder_a_day_each_written_once(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    assert counter.notes().count(REMINDER) == 0
    bench.clock.advance(23.9 * HOUR)
    assert remind(bench.deps, request.id) == "early"
    bench.clock.advance(0.2 * HOUR)
    assert remind(bench.deps, request.id) == "reminded"
    assert remind(bench.deps, request.id) == "early"
    assert counter.notes().count(REMINDER) == 1
    assert "makegood_approval_overdue" in counter.tags()
    bench.pass_time(HOUR, rounds=25)
    assert counter.notes().count(REMINDER) == 2
    assert bench.deps.approvals.find(request.id) != request


def test_after_three_reminders_the_next_one_is_asked_and_then_the_owner(
    counter: Counter,
) -> None:
    bench = counter.bench
    request = counter.ask()
    asked: list[Asked] = []
    for _ in range(7):
        bench.pass_time(12 * HOUR + 60, rounds=2)
        asked.append(counter.request(request).asked)
    assert asked == [*[Asked.TEAM_LEAD] * 2, *[Asked.MANAGER] * 3, *[Asked.OWNER] * 2]
    assert counter.notes().count(REMINDER) == 7
    texts = [write.note.as_text() for write in bench.helpdesk.written if write.note]
    # "After 3 reminders tell the owner": at the third one, whoever else is asked.
    assert sum("Now a manager is asked.\nTo be told: the owner." in text for text in texts) == 1
    assert sum("Now the owner is asked." in text for text in texts) == 1
    assert {"makegood_approval_escalated", "makegood_approval_told"} <= counter.tags()


def test_the_policy_says_how_often_and_who_is_told(counter: Counter) -> None:
    bench = counter.bench
    write_policy(
        bench,
        remind_every_hours=12,
        escalate_after_reminders=2,
        escalate_to="Head of support",
    )
    request = counter.ask()
    bench.pass_time(6 * HOUR + 60, rounds=4)
    assert counter.notes().count(REMINDER) == 2
    reminded = counter.request(request)
    assert (reminded.asked, reminded.told) == (Asked.MANAGER, "Head of support")
    texts = [write.note.as_text() for write in bench.helpdesk.written if write.note]
    assert sum("To be told: Head of support." in text for text in texts) == 1
    bench.pass_time(6 * HOUR + 60, rounds=4)
    assert counter.notes().count(REMINDER) == 4
    texts = [write.note.as_text() for write in bench.helpdesk.written if write.note]
    assert sum("Now Head of support is asked." in text for text in texts) == 1


def test_a_clock_that_stood_still_reminds_once_not_for_every_day(counter: Counter) -> None:
    counter.ask()
    counter.bench.clock.advance(10 * 24 * HOUR)
    assert counter.notes().count(REMINDER) == 1


def test_nobody_is_reminded_of_what_was_decided(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    approve(bench.deps, bench.account, request.id, bench.lead)
    bench.clock.advance(30 * HOUR)
    assert remind(bench.deps, request.id) == "closed"
    assert bench.deps.approvals.due(bench.clock.now(), 10) == []


def test_a_reminder_in_the_middle_of_an_approval_does_not_stop_it(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    bench.clock.advance(25 * HOUR)
    bench.script.during("recheck", lambda: remind(bench.deps, request.id))
    approved = approve(bench.deps, bench.account, request.id, bench.lead)
    assert (approved.state, approved.reminders) == (ApprovalState.APPROVED, 1)


# --- delegation ---

TODAY = NOON.date()


def lend(
    bench: Bench,
    giver: Agent | None = None,
    to: str = "21",
    first: date = TODAY,
    last: date = TODAY + timedelta(days=2),
) -> Delegation:
    return delegate(bench.deps, bench.account, giver or bench.lead, to, first, last)


@pytest.fixture
def substitute(bench: Bench) -> Agent:
    """An agent who stands in for a lead."""
    person = Agent(
        id="21", name="Tove Lund", email="tove@example.com", role="agent", tier=Tier.AGENT
    )
    bench.helpdesk.agents["21"] = person
    return person


def test_a_substitute_decides_in_the_leads_name(counter: Counter, substitute: Agent) -> None:
    bench = counter.bench
    request = counter.ask()
    lend(bench)
    approved = approve(bench.deps, bench.account, request.id, substitute)
    assert (approved.decided_by, approved.decided_for) == ("21", "12")
    counter.notes()
    texts = [write.note.as_text() for write in bench.helpdesk.written if write.note]
    assert any("Approved by: Tove Lund, on behalf of Ines Prado" in text for text in texts)


def test_it_begins_and_ends_by_itself(counter: Counter, substitute: Agent) -> None:
    bench = counter.bench
    request = counter.ask()
    lend(bench, first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=1))
    for hours, may in ((0, False), (12, True), (35.9, True), (36, False)):
        bench.clock.moment = NOON.replace(hour=12, minute=0) + timedelta(hours=hours)
        if may:
            bench.script.fail("recheck", RuntimeError("as far as that"))
            with pytest.raises(RuntimeError):
                approve(bench.deps, bench.account, request.id, substitute)
        else:
            with pytest.raises(NotAllowed, match="a team lead is needed"):
                approve(bench.deps, bench.account, request.id, substitute)


def test_a_substitute_does_not_decide_about_the_givers_own_request(
    counter: Counter, substitute: Agent
) -> None:
    """A lead who lost the tier asks; what was lent before doesn't answer."""
    bench = counter.bench
    lend(bench)
    bench.helpdesk.agents["12"] = bench.lead
    request = counter.ask(bench.lead.model_copy(update={"tier": Tier.AGENT}))
    with pytest.raises(NotAllowed, match="You would act for Ines Prado"):
        approve(bench.deps, bench.account, request.id, substitute)
    assert counter.request(request).is_open
    assert counter.sent() == 0


def test_it_never_gives_more_than_the_giver_may_that_day(
    counter: Counter, substitute: Agent
) -> None:
    bench = counter.bench
    request = counter.ask()
    lend(bench)
    bench.helpdesk.agents["12"] = bench.lead.model_copy(update={"tier": Tier.AGENT})
    bench.clock.advance(120)
    with pytest.raises(NotAllowed, match="a team lead is needed"):
        approve(bench.deps, bench.account, request.id, substitute)


def test_it_never_gives_more_than_was_lent(bench: Bench, substitute: Agent) -> None:
    bench.helpdesk.agents.update(TEAM)
    bench.add_order("#1001", "2400.00")
    counter = Counter(bench, bench.triage())
    request = counter.ask()
    assert request.asked is Asked.MANAGER
    lend(bench)
    with pytest.raises(NotAllowed, match="a manager is needed"):
        approve(bench.deps, bench.account, request.id, substitute)


def test_what_was_lent_cannot_be_lent_on_nor_released_alone(
    counter: Counter, substitute: Agent
) -> None:
    lend(counter.bench)
    counter.bench.helpdesk.agents["11"] = TEAM["11"]
    with pytest.raises(NotAllowed, match="a team lead is needed"):
        lend(counter.bench, giver=substitute, to="11")
    own = counter.ask(substitute)
    with pytest.raises(NotAllowed, match="yourself"):
        approve(counter.bench.deps, counter.bench.account, own.id, substitute)


def test_ended_early_it_gives_nothing(counter: Counter, substitute: Agent) -> None:
    bench = counter.bench
    request = counter.ask()
    lent = lend(bench)
    with pytest.raises(NotAllowed, match="a manager"):
        end_delegation(bench.deps, bench.account, substitute, lent.id)
    ended = end_delegation(bench.deps, bench.account, bench.lead, lent.id)
    assert end_delegation(bench.deps, bench.account, bench.manager, lent.id) == ended
    with pytest.raises(NotAllowed):
        approve(bench.deps, bench.account, request.id, substitute)
    events = bench.deps.audit.of_subject("acme", f"delegation:{lent.id}")
    assert [event.action for event in events] == ["delegation_made", "delegation_ended"]


@pytest.mark.parametrize("to", ["12", "13", "22"])
def test_only_to_somebody_else_who_may_act(bench: Bench, to: str) -> None:
    bench.helpdesk.agents["22"] = bench.lead.model_copy(
        update={"id": "22", "email": "ines+2@example.com"}
    )
    giver = bench.lead.model_copy(update={"email": "ines@example.com"})
    with pytest.raises(NotAllowed):
        lend(bench, giver=giver, to=to)
    assert bench.deps.delegations.present("acme", bench.clock.now()) == []


@pytest.mark.parametrize(
    ("first", "days"), [(TODAY, -1), (TODAY - timedelta(days=9), 2), (TODAY, 366)]
)
def test_days_that_cannot_be_are_refused(
    bench: Bench, substitute: Agent, first: date, days: int
) -> None:
    with pytest.raises(InvalidEntry):
        lend(bench, first=first, last=first + timedelta(days=days))
