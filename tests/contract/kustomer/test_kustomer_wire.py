"""What is particular to Kustomer: the budget of calls, notes once, tags, proof of who clicks."""

from __future__ import annotations

import pytest
import responses

from app.domain.crm import CHECKED_TAG, Note, RefundStatus, TicketFields
from app.domain.errors import NotFound, OutcomeUnknown, RateLimited, Unavailable
from integrations.helpdesks.kustomer.note import MAX_CHARACTERS
from tests.contract.helpdesk.test_writing import write_for
from tests.support.helpdesk_bench import outcome_of
from tests.support.kustomer_bench import KustomerBench
from tests.support.surroundings import RecordingPace


@pytest.fixture
def ticket_id(bench: KustomerBench) -> str:
    return bench.ticket(bench.person("customer"), "Order #1001, money back please", ("vip",))


def test_a_ticket_costs_two_reads_and_two_writes(bench: KustomerBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    ticket = helpdesk.read_ticket(ticket_id)
    helpdesk.read_requester(ticket.requester.id)
    helpdesk.read_messages(ticket_id)
    helpdesk.write_ticket(write_for(ticket_id), ticket)
    assert bench.sandbox.calls.by_operation() == {
        "messages.list": 1,
        "customers.show": 1,
        "conversations.update": 1,
        "notes.create": 1,
    }


def test_a_reply_that_becomes_a_request_costs_no_more(bench: KustomerBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    helpdesk.read_messages(ticket_id)
    helpdesk.read_ticket(ticket_id)
    assert bench.sandbox.calls.count() == 2
    # Whoever reads again wants to know what is there now.
    helpdesk.read_ticket(ticket_id)
    assert bench.sandbox.calls.count("messages.list") == 2


def test_tags_are_appended_where_a_call_is_left(bench: KustomerBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    helpdesk.write_ticket(write_for(ticket_id, "w-1"), seen)
    assert bench.tags(ticket_id) == {"vip"}
    helpdesk.write_ticket(write_for(ticket_id, "w-2", note=None), seen)
    assert bench.tags(ticket_id) == {"vip", CHECKED_TAG}
    helpdesk.write_ticket(write_for(ticket_id, "w-3", fields=TicketFields()), seen)
    assert bench.sandbox.calls.count("conversations.tags.add") == 2


def test_only_changed_keys_are_sent_and_others_stay(bench: KustomerBench, ticket_id: str) -> None:
    org = bench.sandbox.org
    org.klasses["conversation"].properties["theirsStr"] = {"displayName": "x", "type": "Str"}
    org.conversations[ticket_id].custom["theirsStr"] = "kept"
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    bench.edit(ticket_id)
    helpdesk.write_ticket(write_for(ticket_id), seen)
    assert org.conversations[ticket_id].custom["theirsStr"] == "kept"
    later = write_for(
        ticket_id, "w-2", note=None, fields=TicketFields(status=RefundStatus.REFUNDED)
    )
    helpdesk.write_ticket(later, seen)
    assert bench.fields(ticket_id)["amount"] == "48.60"


def test_attributes_that_the_org_lacks_are_left_out(bench: KustomerBench, ticket_id: str) -> None:
    stored = bench.account.config["attributes"]
    assert isinstance(stored, dict)
    less = {"conversation": {"status": stored["conversation"]["status"]}, "customer": {}}
    config = {**bench.account.config, "attributes": less}
    bench.account = bench.account.model_copy(update={"config": config})
    helpdesk = bench.helpdesk()
    helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    custom = bench.sandbox.org.conversations[ticket_id].custom
    assert set(custom) == set(less["conversation"].values())


def test_a_note_that_is_there_already_counts_as_written(
    bench: KustomerBench, ticket_id: str
) -> None:
    bench.sandbox.org.switches.duplicate_note = "conflict"
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    helpdesk.write_ticket(write_for(ticket_id), seen)
    assert helpdesk.write_ticket(write_for(ticket_id), seen).change_id
    assert len(bench.comments(ticket_id)) == 1


def test_a_note_is_found_by_its_last_line_where_no_external_id_comes_back(
    bench: KustomerBench, ticket_id: str
) -> None:
    helpdesk = bench.helpdesk()
    helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    for note in bench.sandbox.org.notes.values():
        note.external_id = None
    assert bench.helpdesk().find_write(ticket_id, "w-1") is not None
    assert bench.helpdesk().find_write(ticket_id, "w-2") is None


def test_attributes_whose_answer_was_lost_leave_the_note_to_the_next_attempt(
    bench: KustomerBench, ticket_id: str
) -> None:
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    bench.sandbox.faults.add("conversations.update", "disconnect_after")
    write = write_for(ticket_id)
    assert outcome_of(lambda: helpdesk.write_ticket(write, seen)) is OutcomeUnknown
    assert bench.comments(ticket_id) == []
    assert helpdesk.find_write(ticket_id, "w-1") is None
    helpdesk.write_ticket(write, seen)
    assert len(bench.comments(ticket_id)) == 1


def test_the_longest_note_is_taken(bench: KustomerBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    note = Note(headline="Eligible", paragraphs=("Long ünïcode. " * 2000,))
    helpdesk.write_ticket(write_for(ticket_id, note=note), helpdesk.read_ticket(ticket_id))
    [written] = bench.comments(ticket_id)
    assert len(written.text) <= MAX_CHARACTERS
    assert "(shortened)" in written.text
    assert helpdesk.find_write(ticket_id, "w-1") is not None


# --- reading ------------------------------------------------------------------------------------


def test_before_its_first_message_a_conversation_is_read_later(bench: KustomerBench) -> None:
    org = bench.sandbox.org
    customer = org.customers[bench.person("customer")]
    made = bench.sandbox.engine.create_conversation(customer, "Refund", "email")
    assert outcome_of(lambda: bench.helpdesk().read_ticket(made.id)) is Unavailable
    bench.sandbox.clock.advance(180)
    assert outcome_of(lambda: bench.helpdesk().read_ticket(made.id)) is NotFound
    bench.sandbox.add_message(made.id, "Money back please")
    assert bench.helpdesk().read_ticket(made.id).description == "Money back please"


def test_what_only_agents_wrote_is_no_ticket(bench: KustomerBench) -> None:
    customer = bench.sandbox.org.customers[bench.person("customer")]
    made = bench.sandbox.engine.create_conversation(customer, "Hello", "email")
    bench.sandbox.add_message(made.id, "How was it?", direction="out")
    bench.sandbox.add_message(made.id, "I am away until Monday", auto=True)
    assert outcome_of(lambda: bench.helpdesk().read_ticket(made.id)) is NotFound


def test_the_words_of_a_chat_are_read_together(bench: KustomerBench, ticket_id: str) -> None:
    bench.sandbox.add_message(ticket_id, "How can I help?", direction="out")
    bench.sandbox.add_message(ticket_id, "It is broken")
    ticket = bench.helpdesk().read_ticket(ticket_id)
    assert ticket.description == "Order #1001, money back please\n\nIt is broken"
    said = bench.helpdesk().read_messages(ticket_id)
    assert [one.is_from_customer for one in said] == [True, False, True]


def test_the_newest_words_of_a_long_conversation_are_read(
    bench: KustomerBench, ticket_id: str
) -> None:
    for number in range(120):
        bench.sandbox.add_message(ticket_id, f"Line {number}", direction="out")
    bench.sandbox.add_message(ticket_id, "It is broken")
    assert bench.helpdesk().read_ticket(ticket_id).description.endswith("It is broken")
    assert len(bench.helpdesk().read_messages(ticket_id)) == 122


def test_a_limit_that_kustomer_reports_holds_the_next_call_back(
    bench: KustomerBench, ticket_id: str
) -> None:
    bench.fault("read", "http_429", retry_after="60")
    assert outcome_of(lambda: bench.helpdesk().read_ticket(ticket_id)) is RateLimited
    calls = bench.sandbox.calls.count()
    pace = RecordingPace()
    pace.waits = [30.0]
    paced = bench.integration.open(bench.account, bench.paced(pace))
    assert outcome_of(lambda: paced.read_ticket(ticket_id)) is RateLimited
    assert bench.sandbox.calls.count() == calls


def test_another_message_makes_another_sight_for_the_sweep(
    bench: KustomerBench, ticket_id: str
) -> None:
    since = bench.sandbox.org.conversations[ticket_id].created_at
    before = bench.helpdesk().recent_tickets(since, None).events
    bench.sandbox.add_message(ticket_id, "Any news?")
    after = bench.helpdesk().recent_tickets(since, None).events
    assert [one.ticket_id for one in before + after] == [ticket_id, ticket_id]
    assert before[0].dedupe_key != after[0].dedupe_key


# --- who clicks ---------------------------------------------------------------------------------


def challenge(bench: KustomerBench, person: str, text: str) -> int:
    given = bench.integration.challenge_request(bench.account, text)
    assert given is not None
    return bench.request_as(bench.person(person), given).status_code


@pytest.mark.parametrize("person", ["agent", "team_lead", "manager"])
def test_whose_session_wrote_it_is_kustomers_word(bench: KustomerBench, person: str) -> None:
    assert challenge(bench, person, "makegood-1") == 201
    assert bench.helpdesk().who_wrote("makegood-1") == bench.person(person)
    assert bench.sandbox.org.kobjects == {}
    assert bench.helpdesk().who_wrote("makegood-1") is None


def test_who_may_write_nothing_is_proven_by_nothing(bench: KustomerBench) -> None:
    assert challenge(bench, "looks_only", "makegood-1") == 403
    assert bench.helpdesk().who_wrote("makegood-1") is None


def test_what_cannot_be_removed_does_no_harm(bench: KustomerBench) -> None:
    assert challenge(bench, "agent", "makegood-1") == 201
    bench.sandbox.faults.add("kobjects.delete", "http_500")
    assert bench.helpdesk().who_wrote("makegood-1") == bench.person("agent")


@pytest.mark.parametrize("hostile", ["../../users/current", "a/b?c=d", "x y", "+", ""])
def test_a_hostile_challenge_finds_nobody(bench: KustomerBench, hostile: str) -> None:
    assert outcome_of(lambda: bench.helpdesk().who_wrote(hostile)) is None
    assert bench.helpdesk().who_wrote(hostile) is None


# --- orders kept there --------------------------------------------------------------------------


def test_kept_orders_cost_nothing_where_none_are_kept(bench: KustomerBench) -> None:
    assert bench.helpdesk().kept_orders(bench.person("customer")) == ()
    assert bench.calls() == {}


def test_kept_orders_are_the_customers_own(bench: KustomerBench) -> None:
    config = {**bench.account.config, "order_klass": "order"}
    bench.account = bench.account.model_copy(update={"config": config})
    mine, other = bench.person("customer"), bench.customer("other@example.com")
    bench.sandbox.add_kobject("order", mine, title="Mine", data={"total": "18.00"})
    bench.sandbox.add_kobject("order", other, title="Not mine")
    [found] = bench.helpdesk().kept_orders(mine)
    assert (found.title, found.facts) == ("Mine", (("Total", "18.00"),))


@responses.activate
def test_an_author_that_somebody_else_named_proves_nobody(bench: KustomerBench) -> None:
    klass = bench.account.config["sign_in_klass"]
    people = {"createdBy": bench.person("agent"), "modifiedBy": bench.person("manager")}
    record = {
        "id": bench.no_ticket,
        "attributes": {"externalId": "makegood-1"},
        "relationships": {name: {"data": {"id": one}} for name, one in people.items()},
    }
    address = f"{bench.sandbox.base}/v1/klasses/{klass}"
    responses.get(f"{address}/externalId=makegood-1", json={"data": record})
    responses.delete(f"{address}/{bench.no_ticket}", status=204)
    assert bench.helpdesk().who_wrote("makegood-1") is None
    record["relationships"].pop("modifiedBy")  # type: ignore[attr-defined]
    record["attributes"] = {"externalId": "makegood-2"}
    responses.get(f"{address}/externalId=makegood-2", json={"data": record})
    assert bench.helpdesk().who_wrote("makegood-2") == bench.person("agent")
