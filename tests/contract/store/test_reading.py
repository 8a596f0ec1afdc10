"""What every store adapter must read, and in how many calls."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.errors import NotFound, RateLimited, Unavailable, VendorError
from app.domain.matching import FoundBy, MatchOutcome, OrderQuery, match_order
from app.domain.money import Money
from app.domain.order import FulfilmentStatus, PaymentStatus
from app.domain.plan import RefundChoice
from app.domain.pricing import build_plan, everything_left
from tests.support.store_bench import StoreBench

IDA = "ida@example.com"


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


# --- finding ------------------------------------------------------------------------------------


def test_an_order_is_found_by_its_customers_address_in_one_call(bench: StoreBench) -> None:
    name = bench.order_name(2001)
    order_id = bench.sell("plain", name=name)
    lookup = bench.store().find_orders(OrderQuery(emails=(IDA,)))
    assert bench.calls() == {"find": 1}
    (candidate,) = lookup.candidates
    assert candidate.found_by is FoundBy.EMAIL
    assert (candidate.order.order_id, candidate.order.name) == (order_id, name)
    assert candidate.order.total == euros("38.40")
    assert (lookup.problems, lookup.has_more) == ((), False)


def test_everything_a_ticket_tells_is_asked_in_one_call(bench: StoreBench) -> None:
    own = bench.sell("plain", name=bench.order_name(2001))
    guest = bench.sell("guest", name=bench.order_name(2002), email="second@example.com")
    stranger = bench.sell(
        "plain",
        name=bench.order_name(2003),
        email="kim@example.com",
        customer={"name": "Kim Example", "email": "kim@example.com"},
    )
    query = OrderQuery(
        emails=(IDA, "second@example.com"),
        phones=("+4930555010",),
        order_names=("2001", "#2003", "9999"),
    )
    lookup = bench.store().find_orders(query)
    assert bench.calls() == {"find": 1}
    found = {one.order.order_id: one.found_by for one in lookup.candidates}
    assert found == {
        own: FoundBy.EMAIL,
        guest: FoundBy.ORDER_EMAIL,
        stranger: FoundBy.ORDER_NUMBER,
    }
    match = match_order(query, [lookup])
    assert match.order is not None
    assert match.order.order_id == own
    assert stranger not in {order.order_id for order in match.candidates}


def test_an_order_is_found_by_phone(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    lookup = bench.store().find_orders(OrderQuery(phones=("+49 30 555-010",)))
    if not bench.traits.finds_by_phone:
        assert (lookup.candidates, bench.calls()) == ((), {})
        assert "phone" in lookup.problems[0]
        return
    assert [(c.order.order_id, c.found_by) for c in lookup.candidates] == [
        (order_id, FoundBy.PHONE)
    ]


def test_a_number_that_only_begins_like_an_order_finds_nothing(bench: StoreBench) -> None:
    bench.sell("plain", name=bench.order_name(20011))
    lookup = bench.store().find_orders(OrderQuery(order_names=("2001",)))
    assert lookup.candidates == ()


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "1001 OR name:*",
        "x) OR (email:*",
        'a"b',
        "-1001",
        "NOT",
        "1001\nOR",
        "email:*",
        "\uff11\uff10\uff10\uff11",
        "",
        "#",
        "a" * 40,
    ],
)
def test_search_operators_in_a_ticket_find_nobodys_orders(bench: StoreBench, text: str) -> None:
    bench.sell("plain")
    query = OrderQuery(
        emails=(f"{text}@example.com", "ida@example.com OR email:*", '"@"'), order_names=(text,)
    )
    lookup = bench.store().find_orders(query)
    assert lookup.candidates == ()
    assert match_order(query, [lookup]).outcome in {MatchOutcome.NONE, MatchOutcome.UNAVAILABLE}


def test_nothing_searchable_makes_no_call(bench: StoreBench) -> None:
    lookup = bench.store().find_orders(OrderQuery(order_names=("* OR *",)))
    assert bench.calls() == {}
    assert lookup.problems


def test_more_orders_than_fit_are_admitted(bench: StoreBench) -> None:
    for _ in range(bench.traits.orders_on_a_page + 2):
        bench.sell("plain")
    lookup = bench.store().find_orders(OrderQuery(emails=(IDA,)))
    assert lookup.has_more
    assert match_order(OrderQuery(emails=(IDA,)), [lookup]).outcome is MatchOutcome.CHOOSE


# --- reading ------------------------------------------------------------------------------------


def test_an_order_is_read_whole_in_few_calls(bench: StoreBench) -> None:
    order_id = bench.sell("plain", name=bench.order_name(2001))
    order = bench.store().read_order(order_id)
    assert bench.calls() == bench.traits.calls_to_read
    assert order.is_complete
    assert (order.missing, order.unknown_values) == ((), ())
    assert (order.total, order.paid, order.refunded) == (euros("38.40"), euros("38.40"), euros("0"))
    assert order.payment_status is PaymentStatus.PAID
    assert order.fulfilment_status is FulfilmentStatus.FULFILLED
    assert order.shipping == euros("4.90")
    assert (order.is_disputed, order.has_open_return, order.is_refundable) == (False, False, True)
    mug, book = order.lines
    assert (mug.sku, mug.quantity, mug.refundable_quantity) == ("MUG", 2, 2)
    mugs_tax, books_tax = bench.traits.taxes
    assert (mug.total, mug.tax, mug.unit_price) == (euros("24"), euros(mugs_tax), euros("12"))
    assert (book.total, book.tax) == (euros("9.50"), euros(books_tax))
    assert mug.was_shipped is True
    assert mug.delivered_at == bench.traits.delivered_at
    assert order.customer is not None
    assert order.customer.email == IDA
    assert order.suggestion is not None
    assert order.suggestion.amount == euros("38.40")


@pytest.mark.parametrize("kind", ["plain", "discounted", "tax_on_top", "dollars", "yen"])
def test_our_figure_is_the_stores_figure(bench: StoreBench, kind: str) -> None:
    order = bench.store().read_order(bench.sell(kind))
    plan = build_plan(order, everything_left(order))
    assert plan.total == order.total
    assert plan.comparison is not None
    assert plan.comparison.agrees


def test_unshipped_goods_are_known_as_such(bench: StoreBench) -> None:
    order = bench.store().read_order(bench.sell("unshipped"))
    assert order.fulfilment_status is FulfilmentStatus.UNFULFILLED
    assert [line.was_shipped for line in order.lines] == [False, False]
    assert [line.delivered_at for line in order.lines] == [None, None]


def test_a_partly_shipped_line_is_left_to_a_person(bench: StoreBench) -> None:
    order = bench.store().read_order(bench.sell("partly_shipped"))
    assert order.fulfilment_status is FulfilmentStatus.PARTIAL
    assert [line.was_shipped for line in order.lines] == [None, True]


def test_a_dispute_is_seen(bench: StoreBench) -> None:
    kind = "disputed" if bench.traits.knows_disputes else "plain"
    order = bench.store().read_order(bench.sell(kind))
    assert order.is_disputed is bench.traits.knows_disputes


def test_an_authorisation_is_no_payment(bench: StoreBench) -> None:
    order = bench.store().read_order(bench.sell("authorized"))
    assert order.payment_status is PaymentStatus.AUTHORIZED
    assert order.paid == euros("0")


def test_a_business_order_is_known_as_such(bench: StoreBench) -> None:
    kind = "business" if bench.traits.knows_businesses else "plain"
    order = bench.store().read_order(bench.sell(kind))
    assert order.is_business_order is bench.traits.knows_businesses


def test_a_refund_on_its_way_is_not_offered_again(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    if bench.traits.has_pending_refunds:
        bench.provider("pending")
    bench.refund_elsewhere(order_id, "10.00")
    order = bench.store().read_order(order_id)
    gone = (order.refunded, order.refund_pending)
    waits = bench.traits.has_pending_refunds
    assert gone == ((euros("0"), euros("10")) if waits else (euros("10"), euros("0")))
    with pytest.raises(Exception, match="more than the"):
        build_plan(order, RefundChoice(amount_override=euros("30")))


def test_an_unknown_order_is_not_found(bench: StoreBench) -> None:
    real = bench.sell("plain")
    head, _, number = real.rpartition("/")
    with pytest.raises(NotFound):
        bench.store().read_order(f"{head}/{number}999" if head else f"{number}999")


# --- the re-check -------------------------------------------------------------------------------


def test_the_recheck_prices_exactly_the_choice_in_few_calls(bench: StoreBench) -> None:
    order = bench.store().read_order(bench.sell("plain"))
    choice = RefundChoice(
        lines=everything_left(order).lines[1:], shipping=Money.of("2.00", order.currency)
    )
    before = sum(bench.calls().values())
    recheck = bench.store().recheck(order, choice)
    assert sum(bench.calls().values()) == before + bench.traits.calls_to_recheck
    assert recheck.suggestion.amount == euros("11.50")
    assert recheck.refundable == {line.id: line.refundable_quantity for line in order.lines}
    assert build_plan(order, choice, recheck.suggestion).is_exact


def test_a_plain_amount_has_payments_to_go_back_to(bench: StoreBench) -> None:
    order = bench.store().read_order(bench.sell("plain"))
    choice = RefundChoice(amount_override=euros("5"))
    plan = build_plan(order, choice, bench.store().recheck(order, choice).suggestion)
    assert [tender.amount for tender in plan.tenders] == [euros("5")]


def test_the_recheck_sees_what_happened_elsewhere(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    order = bench.store().read_order(order_id)
    bench.refund_elsewhere(order_id, "10.00")
    recheck = bench.store().recheck(order, everything_left(order))
    assert recheck.refunded == euros("10")
    assert recheck.payment_status is PaymentStatus.PARTIALLY_REFUNDED
    assert recheck.notes == ("by the merchant",)
    assert recheck.suggestion.maximum == euros("28.40")


# --- when the store doesn't answer ---------------------------------------------------------------


@pytest.mark.parametrize("step", ["find", "read", "recheck"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("http_429", RateLimited),
        ("http_500", Unavailable),
        ("http_503", Unavailable),
        ("html_502", Unavailable),
        ("disconnect_before", Unavailable),
        ("disconnect_after", Unavailable),
        ("malformed", VendorError),
    ],
)
def test_a_lost_answer_to_a_read_says_so_after_one_call(
    bench: StoreBench, step: str, kind: str, error: type[VendorError]
) -> None:
    order_id = bench.sell("plain")
    store = bench.store()
    order = store.read_order(order_id)
    before = bench.count(step)
    bench.fault(step, kind)
    with pytest.raises(error) as caught:
        match step:
            case "find":
                store.find_orders(OrderQuery(emails=(IDA,)))
            case "read":
                store.read_order(order_id)
            case _:
                store.recheck(order, everything_left(order))
    assert IDA not in str(caught.value)
    assert bench.count(step) == before + 1


def test_the_wait_that_the_store_asks_for_is_kept(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    bench.fault("read", "http_429", retry_after="7.0")
    with pytest.raises(RateLimited) as caught:
        bench.store().read_order(order_id)
    assert caught.value.retry_after_seconds == 7


def test_a_slow_answer_is_given_up(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    bench.fault("read", "slow", seconds=30)
    with pytest.raises(Unavailable):
        bench.store(read_timeout_seconds=0.3).read_order(order_id)


def test_a_used_up_budget_sends_nothing(bench: StoreBench) -> None:
    order_id = bench.sell("plain")
    bench.pace.waits = [60.0]
    with pytest.raises(RateLimited) as caught:
        bench.store().read_order(order_id)
    assert caught.value.retry_after_seconds == 60
    assert bench.calls() == {}


def test_what_the_store_says_about_its_budget_is_passed_on(bench: StoreBench) -> None:
    bench.store().read_order(bench.sell("plain"))
    if not bench.traits.tells_its_budget:
        assert bench.pace.reported == []
        return
    (key, cost), *_ = bench.pace.reserved
    assert Decimal(cost) > 0
    (reported, status), *_ = bench.pace.reported
    assert reported == key
    assert 0 <= status["available"] <= status["maximum"]


def test_the_checks_of_a_good_connection_are_all_ok(bench: StoreBench) -> None:
    bench.sell("plain")
    checks = bench.store().check()
    assert checks
    assert {check.status for check in checks} == {"ok"}, checks


def test_orders_to_one_address_have_one_key_and_no_part_of_it(bench: StoreBench) -> None:
    first, second = (bench.sell("plain", name=bench.order_name(2000 + n)) for n in (1, 2))
    orders = [bench.store().read_order(one) for one in (first, second)]
    (key,) = {order.address_key for order in orders}
    assert key is not None and len(key) == 64
    text = orders[0].model_dump_json()
    assert not any(word in text for word in ("Lindenweg", "Main St", "12345", "90001"))


def test_an_order_to_another_address_has_another_key(bench: StoreBench) -> None:
    first = bench.sell("plain", name=bench.order_name(2001))
    other = bench.sell("plain", name=bench.order_name(2002), street="Am Kai 9")
    assert bench.store().read_order(other).address_key not in {
        None,
        bench.store().read_order(first).address_key,
    }
