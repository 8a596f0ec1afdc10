"""What the helpdesk sends us: webhooks and the sidebar's first load, as they really arrive."""

from __future__ import annotations

import pytest

from app.domain.crm import CHECKED_TAG, Note, TicketWrite
from app.domain.errors import BadDelivery, NotAllowed
from app.domain.ticket import TicketEvent, TicketEventKind
from tests.support.helpdesk_bench import Directory, HelpdeskBench
from tests.support.mailbox import Post


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
    posts = bench.drained()
    events = [receive(bench, post) for post in posts]
    assert {one.dedupe_key for one in events if one is not None} == {f"created:{ticket_id}"}
    for event in events:
        assert event is not None
        assert (event.ticket_id, event.kind) == (ticket_id, TicketEventKind.CREATED)
    assert [receive(bench, post) for post in posts] == events


def test_no_words_of_the_customer_are_in_it(bench: HelpdeskBench) -> None:
    bench.ticket(bench.person("customer"), 'Order #zebra "} , {"v": 2, money back please')
    for post in bench.drained():
        event = receive(bench, post)
        assert event is not None
        assert "zebra" not in event.to_json() and "money" not in event.to_json()


def test_our_own_note_brings_nothing(bench: HelpdeskBench) -> None:
    ticket_id = bench.ticket(bench.person("customer"), "Order #1001")
    before = len(bench.drained())
    assert before >= 1
    helpdesk = bench.helpdesk()
    write = TicketWrite(
        ticket_id=ticket_id,
        marker="w-1",
        note=Note(headline="Eligible"),
        add_tags=(CHECKED_TAG,),
    )
    helpdesk.write_ticket(write, helpdesk.read_ticket(ticket_id))
    assert len(bench.drained()) == before


def test_a_changed_delivery_is_refused(bench: HelpdeskBench) -> None:
    bench.ticket(bench.person("customer"), "Order #1001")
    post = bench.drained()[0]
    forged = Post(post.headers, post.body.replace(b'{"', b'{ "', 1))
    assert forged.body != post.body
    with pytest.raises(BadDelivery) as refused:
        receive(bench, forged)
    assert refused.value.status == 401


def test_the_person_who_opens_the_sidebar_is_known(bench: HelpdeskBench) -> None:
    person = bench.person("agent")
    opened = bench.opened_by(person, Directory(bench.account))
    assert opened == (bench.account.id, person)


def test_an_account_that_is_not_set_up_lets_nobody_in(bench: HelpdeskBench) -> None:
    with pytest.raises(NotAllowed):
        bench.opened_by(bench.person("agent"), Directory())


def test_only_the_helpdesk_may_frame_the_sidebar(bench: HelpdeskBench) -> None:
    origin = bench.integration.frame_ancestor(bench.account, bench.surroundings)
    scheme, _, host = origin.partition("://")
    assert scheme in ("http", "https")
    assert host and "/" not in host and "*" not in host
