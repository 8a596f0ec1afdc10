"""Triage: one note per refund ticket, none for others, whatever comes twice, late or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.classification import Classification
from app.domain.classify.clean import Cleaned
from app.domain.errors import AccessDenied, Malformed, NotFound
from app.domain.matching import MatchOutcome
from app.domain.ticket import Contact, Requester, TicketEvent, TicketEventKind
from app.records import DeliveryState
from app.usecases.cases import triage_by_hand
from app.usecases.triage import triage_delivery
from tests.support.bench import Bench, FixedClassifier
from tests.support.scripted import limited, lost, unavailable


def deliver(bench: Bench, ticket_id: str = "7", key: str = "") -> int:
    number = bench.deliver(ticket_id, key)
    assert number is not None
    return number


def states(bench: Bench) -> dict[str, int]:
    return bench.deps.inbox.counts()


def test_a_refund_ticket_costs_one_read_one_write_and_two_reads_of_the_store(
    bench: Bench,
) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    assert triage_delivery(bench.deps, deliver(bench)) == "triaged"
    assert bench.script.calls == ["read_ticket", "find_orders", "read_order", "write_ticket"]
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert bench.helpdesk.tickets["7"].tags == ("makegood_checked",)
    assert states(bench) == {"done": 1}


def test_another_ticket_costs_no_store_call_and_gets_no_note(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "where is my parcel")
    assert triage_delivery(bench.deps, deliver(bench)) == "not about a refund"
    assert bench.script.calls == ["read_ticket"]
    assert bench.helpdesk.written == []
    assert bench.deps.cases.case_of_ticket("acme", "7") is None
    assert bench.deps.cases.is_triaged("acme", "7")


@pytest.mark.parametrize(
    ("change", "outcome"),
    [({"is_closed": True}, "closed"), ({"is_from_agent": True}, "written by an agent")],
)
def test_closed_tickets_and_agents_own_ones_get_none(
    bench: Bench, change: dict[str, bool], outcome: str
) -> None:
    bench.add_order("#1001")
    ticket = bench.helpdesk.add_ticket("7", "refund please")
    bench.helpdesk.tickets["7"] = ticket.model_copy(update=change)
    assert triage_delivery(bench.deps, deliver(bench)) == outcome
    assert bench.script.calls == ["read_ticket"]
    assert bench.helpdesk.written == []


def test_the_same_delivery_worked_on_twice_is_one_note(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    assert triage_delivery(bench.deps, number) == "triaged"
    assert triage_delivery(bench.deps, number) == "nothing to do"
    bench.pass_time(seconds=200, rounds=4)
    assert len(bench.helpdesk.notes("7")) == 1


def test_a_repeated_delivery_is_not_even_kept(bench: Bench) -> None:
    bench.helpdesk.add_ticket("7", "refund please")
    assert bench.deliver("7", "event-1") is not None
    assert bench.deliver("7", "event-1") is None


def test_deliveries_out_of_order_are_one_note(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    created = deliver(bench, key="created")
    reply = bench.deliver("7", "reply", kind="customer_replied")
    assert reply is not None
    assert triage_delivery(bench.deps, reply) == "triaged"
    bench.script.calls.clear()
    assert triage_delivery(bench.deps, created) == "triaged before"
    assert bench.script.calls == []
    assert len(bench.helpdesk.notes("7")) == 1
    assert states(bench) == {"done": 2}


def test_our_own_write_starts_nothing(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.triage()
    own = bench.deliver("7", "our own change", kind="updated")
    assert own is not None
    bench.script.calls.clear()
    assert triage_delivery(bench.deps, own) == "triaged before"
    assert bench.script.calls == []


def test_two_workers_with_two_deliveries_of_one_ticket_are_one_note(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    first, second = deliver(bench, key="a"), deliver(bench, key="b")
    answers: list[str] = []
    bench.script.during("read_order", lambda: answers.append(triage_delivery(bench.deps, second)))
    answers.append(triage_delivery(bench.deps, first))
    assert answers == ["triaged", "triaged before"]
    assert len(bench.helpdesk.notes("7")) == 1
    assert states(bench) == {"done": 2}


def test_a_worker_that_is_overtaken_leaves_one_note(bench: Bench) -> None:
    """Its lease ran out while it was waiting for the store."""
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    answers: list[str] = []

    def overtake() -> None:
        bench.clock.advance(2 * bench.deps.patience_seconds + 1)
        answers.append(triage_delivery(bench.deps, number))

    bench.script.during("read_order", overtake)
    answers.append(triage_delivery(bench.deps, number))
    assert answers == ["triaged", "triaged before"]
    assert len(bench.helpdesk.notes("7")) == 1


def test_a_store_that_is_away_is_asked_three_times_then_the_note_says_so(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    bench.script.fail("find_orders", unavailable(), times=3)
    assert triage_delivery(bench.deps, number) == "later"
    assert bench.helpdesk.written == []
    assert triage_delivery(bench.deps, number) == "nothing to do"
    bench.clock.advance(10)
    assert triage_delivery(bench.deps, number) == "later"
    bench.clock.advance(10)
    assert triage_delivery(bench.deps, number) == "triaged"
    assert bench.helpdesk.notes("7") == ["Refund: the store could not be read"]
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    assert case.match.outcome is MatchOutcome.UNAVAILABLE
    assert case.decision is None


def test_an_order_that_cannot_be_read_is_asked_three_times_too(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    deliver(bench)
    bench.script.fail("read_order", unavailable(), times=3)
    bench.pass_time(seconds=130, rounds=4)
    assert bench.script.count("read_order") == 3
    assert bench.helpdesk.notes("7") == ["Refund: the store could not be read"]


def test_an_order_that_vanished_is_told_to_the_agent(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    bench.script.fail("read_order", NotFound("gone", vendor="fake", operation="read_order"))
    assert triage_delivery(bench.deps, deliver(bench)) == "triaged"
    assert bench.helpdesk.notes("7") == ["Refund: the store could not be read"]


@pytest.mark.parametrize("operation", ["read_ticket", "find_orders", "read_order"])
def test_rate_limits_are_waited_for_as_long_as_told(bench: Bench, operation: str) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    bench.script.fail(operation, limited(41))
    assert triage_delivery(bench.deps, number) == "later"
    bench.clock.advance(40)
    assert triage_delivery(bench.deps, number) == "nothing to do"
    bench.clock.advance(1)
    assert triage_delivery(bench.deps, number) == "triaged"
    assert len(bench.helpdesk.notes("7")) == 1


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("read_ticket", Malformed("unreadable", vendor="fake", operation="read")),
        ("read_ticket", AccessDenied("token", vendor="fake", operation="read")),
        ("find_orders", Malformed("unreadable", vendor="fake", operation="find")),
        ("read_order", Malformed("unreadable", vendor="fake", operation="order")),
        ("read_order", AccessDenied("scope", vendor="fake", operation="order")),
    ],
)
def test_what_cannot_be_read_is_parked_and_can_be_replayed(
    bench: Bench, operation: str, error: Exception
) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    bench.script.fail(operation, error)
    assert triage_delivery(bench.deps, number) == "parked"
    parked = bench.deps.inbox.with_state("acme", DeliveryState.PARKED, 10)
    assert [(item.id, item.outcome) for item in parked] == [(number, str(error))]
    bench.pass_time(seconds=600, rounds=3)
    assert bench.helpdesk.written == []
    assert bench.deps.inbox.replay("acme", number, "11", bench.clock.now())
    assert triage_delivery(bench.deps, number) == "triaged"
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]


def test_a_fault_of_our_own_parks_the_delivery_instead_of_losing_it(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    broken = replace(bench.deps, classifier=FixedClassifier(ZeroDivisionError()))
    assert triage_delivery(broken, number) == "parked"
    assert bench.deps.inbox.replay("acme", number, "11", bench.clock.now())
    assert triage_delivery(bench.deps, number) == "triaged"


def test_a_ticket_that_is_gone_is_done(bench: Bench) -> None:
    assert triage_delivery(bench.deps, deliver(bench, "nowhere")) == "gone"
    assert states(bench) == {"done": 1}


def test_a_helpdesk_that_is_away_is_asked_less_and_less_then_parked(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    bench.script.fail("read_ticket", unavailable(), times=50)
    bench.pass_time(seconds=400, rounds=40)
    assert bench.script.count("read_ticket") == 8
    assert states(bench) == {"parked": 1}
    assert bench.deps.inbox.replay("acme", number, "11", bench.clock.now())


def test_a_note_that_was_not_sent_at_once_is_sent_once_later(bench: Bench) -> None:
    """The worker dies after triage is stored and before the note is written."""
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    number = deliver(bench)
    bench.script.fail("write_ticket", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        triage_delivery(bench.deps, number)
    assert bench.helpdesk.notes("7") == []
    bench.pass_time(seconds=100, rounds=4)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]


def test_a_note_whose_answer_was_lost_is_not_written_again(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    bench.script.fail("write_ticket", lost(), after=True)
    assert triage_delivery(bench.deps, deliver(bench)) == "triaged"
    bench.pass_time(seconds=100, rounds=4)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert bench.script.count("write_ticket") == 1


def test_card_numbers_are_masked_before_anything_sees_or_keeps_them(bench: Bench) -> None:
    bench.add_order("#1001")
    seen: list[str] = []

    class Listening(FixedClassifier):
        def classify_message(self, message: Cleaned) -> Classification:
            seen.append(message.model_dump_json())
            return bench.deps.classifier.classify_message(message)

    ticket = bench.helpdesk.add_ticket("7", "refund to 4111 1111 1111 1111 please")
    bench.helpdesk.tickets["7"] = ticket.model_copy(update={"subject": "Card 4111111111111111"})
    listening = Listening(ZeroDivisionError())
    triage_delivery(replace(bench.deps, classifier=listening), deliver(bench))
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    assert len(seen) == 1
    for text in (seen[0], case.to_json()):
        assert "4111111111111111" not in text.replace(" ", "")
    assert case.subject == "Card [card ending 1111]"


# --- whose order ---


def test_two_orders_and_no_number_leave_the_choice_to_the_agent(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.add_order("#1002")
    case = bench.triage()
    assert case.match.outcome is MatchOutcome.CHOOSE
    assert case.decision is None
    assert bench.script.count("read_order") == 0
    assert bench.helpdesk.notes("7") == ["Refund: choose the order"]


def test_a_strangers_number_shows_nothing_of_the_strangers_order(bench: Bench) -> None:
    bench.add_order("#1001", "987.65", email="stranger@example.com")
    case = bench.triage(text="refund order #1001 please")
    assert case.match.outcome is MatchOutcome.NONE
    note = bench.helpdesk.written[0].note
    assert note is not None
    assert "987.65" not in note.as_text()
    assert "stranger" not in case.to_json()
    assert bench.script.count("read_order") == 0


def test_other_addresses_of_the_profile_are_tried_when_the_first_finds_nothing(
    bench: Bench,
) -> None:
    bench.add_order("#1001", email="mara.private@example.org")
    bench.helpdesk.add_ticket("7", "refund please")
    requester = bench.helpdesk.tickets["7"].requester
    bench.helpdesk.profiles[requester.id] = Requester(
        id=requester.id,
        emails=(
            *requester.emails,
            Contact(value="mara.private@example.org", is_verified=True),
        ),
    )
    assert triage_delivery(bench.deps, deliver(bench)) == "triaged"
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    assert case.match.outcome is MatchOutcome.MATCHED
    assert "mara.private" not in case.to_json()


def test_an_unverified_address_proves_nothing(bench: Bench) -> None:
    bench.add_order("#1001", email="victim@example.org")
    bench.helpdesk.add_ticket("7", "refund please")
    requester = bench.helpdesk.tickets["7"].requester
    bench.helpdesk.profiles[requester.id] = Requester(
        id=requester.id,
        emails=(*requester.emails, Contact(value="victim@example.org", is_verified=False)),
    )
    triage_delivery(bench.deps, deliver(bench))
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    assert case.match.outcome is MatchOutcome.NONE


def test_a_profile_that_cannot_be_read_leaves_the_first_answer(bench: Bench) -> None:
    bench.helpdesk.add_ticket("7", "refund please")
    bench.script.fail("read_requester", unavailable())
    assert triage_delivery(bench.deps, deliver(bench)) == "triaged"
    assert bench.helpdesk.notes("7") == ["Refund: no order found"]


# --- by hand ---


def test_an_agent_takes_up_a_ticket_that_triage_left_alone(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "it arrived in pieces, what now")
    assert triage_delivery(bench.deps, deliver(bench)) == "not about a refund"
    case = triage_by_hand(bench.deps, bench.account, "7", bench.agent)
    assert case.decision is not None
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert triage_by_hand(bench.deps, bench.account, "7", bench.agent) == case
    late = bench.deliver("7", "late", kind="updated")
    assert late is not None
    assert triage_delivery(bench.deps, late) == "triaged before"
    assert len(bench.helpdesk.notes("7")) == 1


def test_two_agents_at_once_make_one_case(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "it arrived in pieces")
    triage_delivery(bench.deps, deliver(bench))
    cases = []
    bench.script.during(
        "read_order",
        lambda: cases.append(triage_by_hand(bench.deps, bench.account, "7", bench.lead)),
    )
    cases.append(triage_by_hand(bench.deps, bench.account, "7", bench.agent))
    assert cases[0] == cases[1]
    assert len(bench.helpdesk.notes("7")) == 1


@pytest.mark.parametrize("kind", ["updated", "unknown"])
def test_an_event_that_says_nothing_new_costs_no_call(bench: Bench, kind: str) -> None:
    bench.helpdesk.add_ticket("7", "refund please")
    event = TicketEvent(
        ticket_id="7",
        kind=TicketEventKind(kind),
        dedupe_key=f"event-{kind}",
        vendor_kind="zen:event-type:ticket.status_changed",
    )
    number = bench.deps.inbox.add("acme", event, "0" * 64, bench.deps.clock.now())
    assert number is not None
    assert triage_delivery(bench.deps, number) == "not for triage"
    assert bench.script.calls == []
    assert not bench.deps.cases.is_triaged("acme", "7")
    assert states(bench) == {"done": 1}
