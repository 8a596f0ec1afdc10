"""The customer's fields: many changes are one write, with what the ledger says at that moment."""

from __future__ import annotations

from app.domain.crm import CustomerFields, TicketFields
from app.domain.money import Money
from app.domain.refund import RefundState
from app.usecases.cases import open_ticket
from app.usecases.customers import write_customer
from app.usecases.fields import save_fields
from tests.support.bench import MARA, Bench
from tests.support.fakes import make_line, make_order
from tests.support.scripted import limited, lost, rejected, unavailable, usd

WHO = f"customer-{MARA}"


def settle(bench: Bench, name: str, price: str, ticket: str) -> None:
    bench.add_order(name, price)
    refund = bench.work(bench.held(ticket, f"refund order {name} please"))
    assert refund.state is RefundState.SETTLED


def test_two_refunds_are_one_write_with_the_newest_totals(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    settle(bench, "#1002", "20.50", "8")
    assert write_customer(bench.deps, "acme", WHO) == "written"
    assert bench.helpdesk.customers == [
        (
            WHO,
            CustomerFields(
                refund_count=2,
                refunded_total=usd("30.50"),
                last_refund_on=bench.clock.now().date(),
            ),
        )
    ]
    assert write_customer(bench.deps, "acme", WHO) == "nothing to write"


def test_a_refund_that_settles_while_we_write_is_written_too(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    bench.script.during("write_customer", lambda: settle(bench, "#1002", "20.50", "8"))
    assert write_customer(bench.deps, "acme", WHO) == "written"
    assert bench.deps.outbox.due_customers(bench.clock.now(), 10) == [("acme", WHO)]
    assert write_customer(bench.deps, "acme", WHO) == "written"
    assert bench.helpdesk.customers[-1][1].refunded_total == usd("30.50")


def test_two_workers_write_once(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    answers: list[str] = []
    bench.script.during(
        "write_customer", lambda: answers.append(write_customer(bench.deps, "acme", WHO))
    )
    answers.append(write_customer(bench.deps, "acme", WHO))
    assert answers == ["nothing to write", "written"]
    assert len(bench.helpdesk.customers) == 1


def test_a_lost_answer_is_simply_written_again(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    bench.script.fail("write_customer", lost(), after=True)
    assert write_customer(bench.deps, "acme", WHO) == "later"
    bench.clock.advance(60)
    assert write_customer(bench.deps, "acme", WHO) == "written"
    assert bench.helpdesk.customers[0] == bench.helpdesk.customers[1]


def test_a_rate_limit_and_an_outage_are_waited_for(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    bench.script.fail("write_customer", limited(12))
    bench.script.fail("write_customer", unavailable())
    assert write_customer(bench.deps, "acme", WHO) == "later"
    bench.clock.advance(11)
    assert write_customer(bench.deps, "acme", WHO) == "nothing to write"
    bench.clock.advance(1)
    assert write_customer(bench.deps, "acme", WHO) == "later"
    bench.clock.advance(60)
    assert write_customer(bench.deps, "acme", WHO) == "written"


def test_a_final_no_is_on_record_and_not_repeated(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    bench.script.fail("write_customer", rejected("no such field"))
    assert write_customer(bench.deps, "acme", WHO) == "refused"
    bench.clock.advance(3600)
    assert write_customer(bench.deps, "acme", WHO) == "nothing to write"
    [event] = bench.deps.audit.of_subject("acme", f"customer:{WHO}")
    assert event.data == {"cause": "no such field"}


def test_refunds_in_two_currencies_have_no_sum(bench: Bench) -> None:
    settle(bench, "#1001", "10.00", "7")
    euro = make_order("#1002", (make_line(1, "Item", "20.00", currency="EUR"),), currency="EUR")
    bench.store.orders[euro.order_id] = euro
    bench.store.owners[euro.order_id] = MARA
    refund = bench.work(bench.held("8", "refund order #1002 please"))
    assert refund.settled_amount == Money.of("20.00", "EUR")
    write_customer(bench.deps, "acme", WHO)
    fields = bench.helpdesk.customers[-1][1]
    assert (fields.refund_count, fields.refunded_total) == (2, None)


def test_values_saved_by_hand_are_shown_until_a_later_refund_makes_new_totals(
    bench: Bench,
) -> None:
    bench.add_order("#1001", "10.00")
    case = bench.triage("7", "refund order #1001 please")
    by_hand = CustomerFields(refund_count=3)
    save_fields(bench.deps, bench.account, case.id, TicketFields(), by_hand, bench.agent)
    assert bench.helpdesk.customers[-1] == (WHO, by_hand)
    shown = open_ticket(bench.deps, bench.account, "7").customer_fields
    assert shown.refund_count == 3
    refund = bench.click(case)
    bench.clock.advance(10)
    assert bench.work(refund).state is RefundState.SETTLED
    shown = open_ticket(bench.deps, bench.account, "7").customer_fields
    assert (shown.refund_count, shown.refunded_total) == (1, usd("10.00"))
