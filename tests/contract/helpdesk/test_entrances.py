"""What the helpdesk sends us: webhooks and the sidebar's first load, as they really arrive."""

from __future__ import annotations

import pytest

from app.domain.crm import CHECKED_TAG, Note, TicketWrite
from app.domain.errors import BadDelivery, NotAllowed
from app.domain.ticket import TicketEvent, TicketEventKind
from tests.support.helpdesk_bench import Directory, HelpdeskBench, Post


def receive(bench: HelpdeskBench, post: Post) -> TicketEvent | None:
    return bench.integration.receive(
        bench.account,
        bench.surroundings.vault,
        post.headers,
        post.body,
        bench.surroundings.clock.now(),
    )


def test_a_new_ticket_arrives_once(bench: HelpdeskBench) -> None:
    ticket_id = bench.ticket(bench.person("customer"), "Order #1001, money back please")
    (post,) = bench.drained()
    event = receive(bench, post)
    assert event is not None
    assert (event.ticket_id, event.kind) == (ticket_id, TicketEventKind.CREATED)
    assert receive(bench, post) == event


def test_no_words_of_the_customer_are_in_it(bench: HelpdeskBench) -> None:
    bench.ticket(bench.person("customer"), 'Order #1001 "} , {"v": 2, money back please')
    (post,) = bench.drained()
    assert b"1001" not in post.body
    assert receive(bench, post) is not None


def test_our_own_note_brings_nothing(bench: HelpdeskBench) -> None:
    ticket_id = bench.ticket(bench.person("customer"), "Order #1001")
    assert len(bench.drained()) == 1
    helpdesk = bench.helpdesk()
    write = TicketWrite(
        ticket_id=ticket_id,
        marker="w-1",
        note=Note(headline="Eligible"),
        add_tags=(CHECKED_TAG,),
    )
    helpdesk.write_ticket(write, helpdesk.read_ticket(ticket_id))
    assert len(bench.drained()) == 1


def test_a_changed_delivery_is_refused(bench: HelpdeskBench) -> None:
    bench.ticket(bench.person("customer"), "Order #1001")
    (post,) = bench.drained()
    forged = Post(post.headers, post.body.replace(b"ticket_id", b"ticket_id "))
    with pytest.raises(BadDelivery) as refused:
        receive(bench, forged)
    assert refused.value.status == 401


def test_the_person_who_opens_the_sidebar_is_known(bench: HelpdeskBench) -> None:
    person = bench.person("agent")
    visit = bench.integration.visit(
        Directory(bench.account), bench.sidebar_form(person), bench.surroundings.clock.now()
    )
    assert (visit.account_id, visit.agent_id) == (bench.account.id, person)
    assert visit.expires_at > bench.surroundings.clock.now()


def test_an_account_that_is_not_set_up_lets_nobody_in(bench: HelpdeskBench) -> None:
    form = bench.sidebar_form(bench.person("agent"))
    with pytest.raises(NotAllowed):
        bench.integration.visit(Directory(), form, bench.surroundings.clock.now())


def test_only_the_helpdesk_may_frame_the_sidebar(bench: HelpdeskBench) -> None:
    origin = bench.integration.frame_ancestor(bench.account, bench.surroundings)
    scheme, _, host = origin.partition("://")
    assert scheme in ("http", "https")
    assert host and "/" not in host and "*" not in host
