"""A conversation that becomes a refund request later is triaged then, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.classify.rules import RuleClassifier
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import TicketPage
from app.records import DeliveryState
from app.usecases.sweep import sweep
from app.usecases.triage import triage_delivery
from tests.support.bench import Bench


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """A bench whose classifier reads."""
    return replace(bench, deps=replace(bench.deps, classifier=RuleClassifier()))


def _say(bench: Bench, text: str, number: int, *, is_from_customer: bool = True) -> str:
    """Somebody writes on ticket 7; what triage makes of the delivery."""
    bench.helpdesk.add_message("7", text, is_from_customer=is_from_customer)
    kind = "customer_replied" if is_from_customer else "updated"
    delivery = bench.deliver("7", f"message-{number}", kind=kind)
    assert delivery is not None
    bench.script.calls.clear()
    return triage_delivery(bench.deps, delivery)


def _begin(bench: Bench, text: str = "Where is my parcel? It is order #1001.") -> None:
    bench.add_order("#1001")
    bench.add_order("#1002")
    bench.helpdesk.add_ticket("7", text)
    delivery = bench.deliver("7")
    assert delivery is not None
    assert triage_delivery(bench.deps, delivery) == "not about a refund"


def test_the_fifth_message_asks_for_money_back_and_is_triaged_once(bench: Bench) -> None:
    _begin(bench)
    assert _say(bench, "Any news?", 2) == "not about a refund"
    assert bench.script.calls == ["read_messages"]
    assert _say(bench, "It is on its way.", 3, is_from_customer=False) == "triaged before"
    assert bench.script.calls == []
    assert _say(bench, "Can you change the address to 12 Mill Lane?", 4) == "not about a refund"
    assert _say(bench, "I have had enough. Please refund my money.", 5) == "triaged"
    assert bench.script.calls == [
        "read_messages",
        "read_ticket",
        "find_orders",
        "read_order",
        "write_ticket",
    ]
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None and case.order is not None
    assert case.request.orders_named == ("1001",)
    assert case.order.name == "#1001"
    assert _say(bench, "Refund me now!", 6) == "triaged before"
    assert bench.script.calls == []
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert bench.deps.inbox.counts() == {DeliveryState.DONE.value: 6}


def test_a_short_yes_to_an_offered_refund_is_a_wish_for_a_person_to_look_at(bench: Bench) -> None:
    _begin(bench)
    _say(bench, "Sorry about that. Shall we refund the order?", 2, is_from_customer=False)
    assert _say(bench, "Yes please, do that", 3) == "triaged"
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    assert case.classification.needs_human
    assert case.request.orders_named == ("1001",)


@pytest.mark.parametrize("answer", ["No thanks", "Yes please send it, I don't want a refund"])
def test_a_no_is_none(bench: Bench, answer: str) -> None:
    _begin(bench)
    _say(bench, "Shall we refund the order or send it again?", 2, is_from_customer=False)
    assert _say(bench, answer, 3) == "not about a refund"
    assert bench.helpdesk.written == []


def test_a_reply_that_arrives_before_the_ticket_is_read_too(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "Where is my parcel? Order #1001.")
    assert _say(bench, "Forget it, I want my money back.", 2) == "triaged"
    created = bench.deliver("7", "created")
    assert created is not None
    assert triage_delivery(bench.deps, created) == "triaged before"
    assert len(bench.helpdesk.notes("7")) == 1


def test_two_replies_at_once_are_one_note(bench: Bench) -> None:
    _begin(bench)
    bench.helpdesk.add_message("7", "I want a refund")
    first, second = (
        bench.deliver("7", "a", "customer_replied"),
        bench.deliver("7", "b", "customer_replied"),
    )
    assert first is not None and second is not None
    answers: list[str] = []
    bench.script.during("read_order", lambda: answers.append(triage_delivery(bench.deps, second)))
    answers.append(triage_delivery(bench.deps, first))
    assert answers == ["triaged", "triaged before"]
    assert len(bench.helpdesk.notes("7")) == 1


def test_a_mail_that_a_machine_sent_is_left_alone(bench: Bench) -> None:
    bench.add_order("#1001")
    ticket = bench.helpdesk.add_ticket("7", "For refunds please contact my colleague. Refund!")
    bench.helpdesk.tickets["7"] = ticket.model_copy(update={"subject": "Automatic reply: order"})
    delivery = bench.deliver("7")
    assert delivery is not None
    assert triage_delivery(bench.deps, delivery) == "sent by a machine"
    assert bench.helpdesk.written == []


def test_a_language_that_is_not_read_is_not_called_no_refund(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "Hej, jag vill ha pengarna tillbaka för min beställning nu.")
    delivery = bench.deliver("7")
    assert delivery is not None
    assert triage_delivery(bench.deps, delivery) == "language not supported"
    assert bench.script.calls == ["read_ticket"]


# --- messages whose delivery was lost -------------------------------------------------------------


def _sweep(bench: Bench, *, changed_at: datetime, awaits_answer: bool | None = True) -> int:
    """What a sweep makes of a change of ticket 7."""
    event = TicketEvent(
        ticket_id="7",
        kind=TicketEventKind.SWEPT,
        dedupe_key=f"sweep:7:{changed_at}",
        vendor_kind="search",
        occurred_at=changed_at,
        awaits_answer=awaits_answer,
    )
    bench.helpdesk.pages = [TicketPage(events=(event,))]
    return sweep(bench.deps, "acme")


def test_a_message_that_no_delivery_brought_is_found_and_triaged_once(bench: Bench) -> None:
    _begin(bench)
    begun = bench.clock.now()
    assert _sweep(bench, changed_at=begun) == 0
    bench.clock.advance(600)
    asked = bench.clock.now()
    bench.helpdesk.add_message("7", "Please refund my money.", is_from_customer=True)
    bench.clock.advance(300)
    assert _sweep(bench, changed_at=asked) == 1
    bench.pass_time(rounds=1)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    bench.clock.advance(300)
    assert _sweep(bench, changed_at=bench.clock.now() - timedelta(seconds=90)) == 0


def test_what_others_change_on_a_ticket_is_read_once_and_starts_nothing(bench: Bench) -> None:
    _begin(bench)
    bench.clock.advance(600)
    bench.helpdesk.add_message("7", "Shall we refund it?", is_from_customer=False)
    changed = bench.clock.now()
    bench.clock.advance(300)
    assert _sweep(bench, changed_at=changed, awaits_answer=False) == 0
    assert _sweep(bench, changed_at=changed) == 1
    bench.script.calls.clear()
    bench.pass_time(rounds=1)
    assert bench.script.calls == ["read_messages"]
    assert _sweep(bench, changed_at=changed) == 0
    assert bench.helpdesk.notes("7") == []


def test_a_ticket_of_which_no_delivery_came_at_all_is_read_to_its_end(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "Where is my parcel? It is order #1001.")
    bench.helpdesk.add_message("7", "I have had enough. Refund my money.", is_from_customer=True)
    bench.clock.advance(300)
    assert _sweep(bench, changed_at=bench.clock.now() - timedelta(seconds=90)) == 1
    bench.pass_time(rounds=1)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]


def test_a_message_from_before_the_ticket_was_first_read_is_found_too(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "Where is my parcel? It is order #1001.")
    bench.clock.advance(30)
    bench.helpdesk.add_message("7", "Refund my money instead.", is_from_customer=True)
    asked = bench.clock.now()
    delivery = bench.deliver("7")
    assert delivery is not None
    assert triage_delivery(bench.deps, delivery) == "not about a refund"
    bench.clock.advance(300)
    assert _sweep(bench, changed_at=asked) == 1
    bench.pass_time(rounds=1)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
