"""The same customer asking on two channels about the same order is one case."""

from __future__ import annotations

from datetime import timedelta

from app.domain.channel import Channel
from app.usecases.cases import open_ticket
from app.usecases.triage import triage_delivery
from tests.support.bench import Bench


def _ask(bench: Bench, ticket_id: str, channel: Channel, text: str = "refund #1001") -> str:
    ticket = bench.helpdesk.add_ticket(ticket_id, text)
    bench.helpdesk.tickets[ticket_id] = ticket.model_copy(update={"channel": channel})
    delivery = bench.deliver(ticket_id)
    assert delivery is not None
    return triage_delivery(bench.deps, delivery)


def test_a_chat_after_a_mail_joins_its_case_with_one_note(bench: Bench) -> None:
    bench.add_order("#1001")
    assert _ask(bench, "7", Channel.EMAIL) == "triaged"
    assert _ask(bench, "8", Channel.CHAT) == "joined"
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert bench.helpdesk.notes("8") == ["Refund: asked for already on ticket 7"]
    first, second = (open_ticket(bench.deps, bench.account, one) for one in ("7", "8"))
    assert first.case is not None and second.case is not None
    assert first.case.id == second.case.id
    assert [(one.ticket_id, one.channel) for one in second.asked_on] == [
        ("7", Channel.EMAIL),
        ("8", Channel.CHAT),
    ]
    again = bench.deliver("8", "again")
    assert again is not None
    assert triage_delivery(bench.deps, again) == "triaged before"
    assert len(bench.helpdesk.notes("8")) == 1


def test_one_case_is_refunded_once_from_whichever_ticket(bench: Bench) -> None:
    bench.add_order("#1001")
    _ask(bench, "7", Channel.EMAIL)
    _ask(bench, "8", Channel.CHAT)
    case = open_ticket(bench.deps, bench.account, "8").case
    assert case is not None
    refund = bench.click(case)
    assert bench.click(case, bench.lead).id == refund.id
    bench.clock.advance(6)
    bench.work(refund)
    assert len(bench.store.books) == 1


def test_another_order_is_another_case(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.add_order("#1002")
    assert _ask(bench, "7", Channel.EMAIL) == "triaged"
    assert _ask(bench, "8", Channel.CHAT, "refund #1002") == "triaged"


def test_a_wish_weeks_later_is_a_new_one(bench: Bench) -> None:
    bench.add_order("#1001")
    assert _ask(bench, "7", Channel.EMAIL) == "triaged"
    bench.clock.advance(timedelta(days=15).total_seconds())
    assert _ask(bench, "8", Channel.CHAT) == "triaged"


def test_a_case_whose_money_went_back_is_finished(bench: Bench) -> None:
    bench.add_order("#1001", "48.60", "20.00")
    refund = bench.held(text="refund #1001")
    bench.work(refund)
    assert _ask(bench, "8", Channel.CHAT) == "triaged"
