"""Money at Magento: one call, the right invoice, the right rows, and what a lost answer leaves."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import OutcomeUnknown, Rejected
from app.domain.money import Money
from app.domain.order import Order
from app.domain.plan import ChosenLine, RefundChoice
from app.domain.pricing import build_plan, everything_left
from tests.support.magento_bench import MAGENTO_KINDS, MagentoBench
from tests.support.store_bench import make_refund, prepared, sent


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def lines(order: Order, *wanted: tuple[int, int]) -> RefundChoice:
    """Units of lines by their place in the order."""
    return RefundChoice(
        lines=tuple(ChosenLine(line_id=order.lines[at].id, quantity=n) for at, n in wanted)
    )


def body_of(store_input: str | None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(store_input or "")["body"]
    return body


# --- routes ---------------------------------------------------------------------------------------


def test_a_card_is_paid_back_through_its_gateway(bench: MagentoBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    stored = json.loads(intent.refund.store_input or "")
    assert (stored["route"], stored["body"]["isOnline"]) == ("invoice", True)
    # People read the shop's own name of the method, not its code.
    assert [one.label for one in intent.order.transactions] == ["Credit Card"]
    kept = sent(bench.store(), intent.refund)
    assert not kept.is_manual
    assert bench.paid_out(intent.order.order_id) == Decimal("38.40")


def test_a_bank_transfer_is_recorded_and_nothing_is_paid(bench: MagentoBench) -> None:
    intent = prepared(bench.store(), bench.sell("by_hand"), everything_left)
    assert intent.refund.plan.is_manual
    stored = json.loads(intent.refund.store_input or "")
    assert stored["route"] == "order"
    assert "isOnline" not in stored["body"]
    assert sent(bench.store(), intent.refund).is_manual
    assert bench.paid_out(intent.order.order_id) == 0


def test_a_payment_captured_outside_the_gateway_is_never_guessed(bench: MagentoBench) -> None:
    """The order route would book a refund that nobody pays, and answer as if it were done."""
    order_id = bench.sell("plain", invoices=[{"online": False}])
    order = bench.store().read_order(order_id)
    with pytest.raises(Rejected):
        bench.store().recheck(order, everything_left(order))
    assert any("how" in one for one in order.missing)


def test_the_marker_is_for_staff_and_rows_are_always_named(bench: MagentoBench) -> None:
    intent = prepared(
        bench.store(), bench.sell("plain"), lambda order: RefundChoice(shipping=euros("1.90"))
    )
    body = body_of(intent.refund.store_input)
    assert body["comment"]["is_visible_on_front"] == 0
    assert intent.refund.marker in body["comment"]["comment"]
    assert (body["appendComment"], body["notify"]) == (False, False)
    assert [item["qty"] for item in body["items"]] == [0]
    assert body["arguments"]["shipping_amount"] == "1.90"


def test_no_shipping_is_said_as_zero_and_all_of_it_by_leaving_it_out(bench: MagentoBench) -> None:
    without = prepared(bench.store(), bench.sell("plain"), lambda order: lines(order, (0, 1)))
    assert body_of(without.refund.store_input)["arguments"]["shipping_amount"] == "0"
    whole = prepared(bench.store(), bench.sell("plain"), everything_left)
    assert "shipping_amount" not in body_of(whole.refund.store_input)["arguments"]


# --- composites, currencies, taxes ----------------------------------------------------------------


def test_each_kind_of_composite_is_refunded_by_its_right_rows(bench: MagentoBench) -> None:
    order_id = bench.sell("composites")
    parts = prepared(bench.store(), order_id, lambda order: lines(order, (0, 1), (1, 1), (3, 1)))
    assert parts.refund.plan.total == euros("55")
    assert sent(bench.store(), parts.refund).amount == euros("55")
    rest = prepared(bench.store(), order_id, everything_left)
    assert rest.refund.plan.is_exact
    sent(bench.store(), rest.refund)
    order = bench.store().read_order(order_id)
    assert (order.refunded, order.total) == (euros("72.90"), euros("72.90"))
    assert [line.refundable_quantity for line in order.lines] == [0, 0, 0, 0]


@pytest.mark.parametrize("units", [1, 2, 3, 4, 5, 7])
def test_odd_cents_fall_where_magento_lets_them_fall(bench: MagentoBench, units: int) -> None:
    """Unit after unit: each memo is what was shown, and together they are the order's total."""
    item = {
        "sku": "PEN",
        "name": "Pen",
        "qty": units,
        "price": "3.33",
        "tax_percent": "19",
        "discount": "1.00",
    }
    order_id = bench.sell("plain", items=[item])
    for _ in range(units):
        intent = prepared(bench.store(), order_id, lambda order: lines(order, (0, 1)))
        kept = sent(bench.store(), intent.refund)
        assert kept.amount == intent.refund.plan.total
    rest = prepared(bench.store(), order_id, everything_left)
    sent(bench.store(), rest.refund)
    order = bench.store().read_order(order_id)
    assert order.refunded == order.total


def test_many_lines_in_part_are_refunded_as_shown(bench: MagentoBench) -> None:
    items = [
        {
            "sku": f"S{n}",
            "name": f"Sort {n}",
            "qty": 3,
            "price": f"{n}.37",
            "tax_percent": "19",
            "discount": "0.50",
        }
        for n in range(1, 6)
    ]
    order_id = bench.sell("plain", items=items)
    for _ in range(2):
        intent = prepared(
            bench.store(), order_id, lambda order: lines(order, *((at, 1) for at in range(5)))
        )
        assert intent.refund.plan.is_exact
        assert sent(bench.store(), intent.refund).amount == intent.refund.plan.total
    sent(bench.store(), prepared(bench.store(), order_id, everything_left).refund)
    order = bench.store().read_order(order_id)
    assert order.refunded == order.total


def test_a_plain_amount_in_another_currency_is_paid_to_the_cent(bench: MagentoBench) -> None:
    dollars = Money.of("11.00", "USD")
    intent = prepared(
        bench.store(), bench.sell("dollars"), lambda order: RefundChoice(amount_override=dollars)
    )
    arguments = body_of(intent.refund.store_input)["arguments"]
    assert arguments["adjustment_positive"] == "10.00"
    assert sent(bench.store(), intent.refund).amount == dollars


@pytest.mark.parametrize("includes_tax", [None, False, True])
def test_a_part_of_taxed_shipping_is_sent_only_when_the_shops_way_is_known(
    bench: MagentoBench, includes_tax: bool | None
) -> None:
    bench.site.settings.shipping_shown_incl_tax = bool(includes_tax)
    bench.configure(shipping_includes_tax=includes_tax)
    order_id = bench.sell("tax_on_top")

    def part(order: Order) -> RefundChoice:
        return RefundChoice(shipping=euros("2.00"))

    if includes_tax is None:
        with pytest.raises(Rejected, match="with or without its tax"):
            prepared(bench.store(), order_id, part)
        assert bench.books(order_id) == []
        return
    intent = prepared(bench.store(), order_id, part)
    assert sent(bench.store(), intent.refund).amount == intent.refund.plan.total == euros("2.38")


def test_a_fee_is_kept_and_a_surcharge_given(bench: MagentoBench) -> None:
    for override, field in (("5.00", "adjustment_negative"), ("12.50", "adjustment_positive")):

        def choose(order: Order, amount: str = override) -> RefundChoice:
            book = lines(order, (1, 1))
            return book.model_copy(update={"amount_override": euros(amount)})

        intent = prepared(bench.store(), bench.sell("plain"), choose)
        difference = abs(Decimal(override) - Decimal("9.50"))
        assert Decimal(body_of(intent.refund.store_input)["arguments"][field]) == difference
        assert sent(bench.store(), intent.refund).amount == euros(override)


@pytest.mark.parametrize(("is_set", "units"), [(True, 100), (False, 98)])
def test_goods_return_to_stock_only_where_the_merchant_wants_it(
    bench: MagentoBench, is_set: bool, units: int
) -> None:
    bench.configure(return_to_stock=is_set)
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.store().send_refund(intent.refund)
    assert bench.site.stock["MUG"].qty == units


# --- several invoices -----------------------------------------------------------------------------


def test_parts_of_an_order_charged_twice_are_refunded_one_after_another(
    bench: MagentoBench,
) -> None:
    order_id = bench.sell("two_payments")
    first = prepared(
        bench.store(),
        order_id,
        lambda order: RefundChoice(lines=lines(order, (0, 1)).lines, shipping=euros("4.90")),
    )
    assert sent(bench.store(), first.refund).amount == euros("16.90")
    second = prepared(bench.store(), order_id, everything_left)
    assert sent(bench.store(), second.refund).amount == euros("21.50")
    assert [one.paid for one in bench.books(order_id)] == [Decimal("16.90"), Decimal("21.50")]
    assert bench.paid_out(order_id) == Decimal("38.40")


def test_what_two_charges_would_have_to_give_is_refused_before_anything_is_sent(
    bench: MagentoBench,
) -> None:
    order_id = bench.sell("two_payments")
    with pytest.raises(Rejected, match="charged in 2 parts"):
        prepared(bench.store(), order_id, lambda order: lines(order, (0, 2), (1, 1)))
    assert bench.count("send") == 0


def test_only_the_charged_part_of_an_order_can_go_back(bench: MagentoBench) -> None:
    order_id = bench.sell("plain", invoices=[{"rows": {"0": 1}}], shipments=[])
    order = bench.store().read_order(order_id)
    assert [line.refundable_quantity for line in order.lines] == [1, 0]
    assert order.paid == euros("16.90")
    intent = prepared(bench.store(), order_id, everything_left)
    assert sent(bench.store(), intent.refund).amount == euros("16.90")


# --- once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["could_not_save_after", "html_500_after"])
def test_an_answer_that_hides_a_refund_is_unknown_and_then_found(
    bench: MagentoBench, kind: str
) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.fault("send", kind)
    with pytest.raises(OutcomeUnknown):
        bench.store().send_refund(intent.refund)
    found = bench.store().find_refund(intent.refund)
    assert found is not None
    assert found.amount == euros("38.40")


def test_a_refund_that_was_paid_but_not_booked_is_never_called_a_refusal(
    bench: MagentoBench,
) -> None:
    """Two at once, the database gives one up: its money has gone all the same."""
    bench.site.settings.concurrency = "deadlock"
    bench.site.gateway.seconds = 0.3
    order_id = bench.sell("plain")
    one = prepared(bench.store(), order_id, lambda order: lines(order, (0, 1)))
    two = prepared(bench.store(), order_id, lambda order: lines(order, (0, 1)))
    results: list[str] = []

    def work(intent: Any) -> None:
        try:
            results.append(bench.store().send_refund(intent.refund).id)
        except OutcomeUnknown:
            results.append("unknown")

    threads = [threading.Thread(target=work, args=(intent,)) for intent in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results)[-1] == "unknown"
    assert bench.paid_out(order_id) == 24
    assert len(bench.books(order_id)) == 1


def test_an_order_that_counts_less_than_its_memos_is_not_refunded_again(
    bench: MagentoBench,
) -> None:
    bench.site.gateway.seconds = 0.3
    order_id = bench.sell("plain")
    intents = [
        prepared(bench.store(), order_id, lambda order: lines(order, (0, 1))) for _ in range(2)
    ]
    threads = [
        threading.Thread(target=lambda one=one: bench.store().send_refund(one.refund))
        for one in intents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.paid_out(order_id) == 24
    order = bench.store().read_order(order_id)
    assert order.refunded == euros("24")
    assert any("credit memos make 24.00 EUR" in one for one in order.missing)
    with pytest.raises(Rejected, match="payment provider"):
        bench.store().recheck(order, lines(order, (1, 1)))


def test_a_refund_of_nothing_is_never_sent(bench: MagentoBench) -> None:
    """Magento itself would book it, even below zero."""
    store = bench.store()
    order = store.read_order(bench.sell("plain"))
    choice = lines(order, (1, 1))
    recheck = store.recheck(order, choice)
    refund = make_refund(order, build_plan(order, choice, recheck.suggestion))
    nothing = refund.plan.model_copy(update={"total": euros("0")})
    refund = refund.model_copy(update={"plan": nothing})
    with pytest.raises(Rejected, match="Not sent"):
        store.prepare_refund(refund, recheck)


def test_a_way_of_paying_that_changed_is_refused(bench: MagentoBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    shown = intent.refund.plan.model_copy(update={"is_manual": True})
    with pytest.raises(Rejected, match="changed since it was shown"):
        bench.store().prepare_refund(make_refund(intent.order, shown), intent.recheck)


def test_kinds_cost_what_they_say(bench: MagentoBench) -> None:
    for kind, total in (("plain", "38.40"), ("discounted", "35.05"), ("composites", "72.90")):
        assert kind in MAGENTO_KINDS
        assert bench.store().read_order(bench.sell(kind)).total == euros(total)


@pytest.mark.parametrize(
    "changes",
    [
        {"route": "order"},
        {"route": "orders"},
        {"id": "000000001/cancel"},
        {"body": {"items": []}},
        {"body": {"isOnline": False}},
        {"body": {"isOnline": "true"}},
    ],
)
def test_a_stored_call_that_would_do_something_else_is_not_sent(
    bench: MagentoBench, changes: dict[str, Any]
) -> None:
    """No rows would be everything; the wrong route would book what nobody pays."""
    intent = prepared(bench.store(), bench.sell("plain"), lambda order: lines(order, (0, 1)))
    stored = json.loads(intent.refund.store_input or "")
    body = {**stored["body"], **changes.get("body", {})}
    changed = json.dumps({**stored, **changes, "body": body})
    with pytest.raises(Rejected, match="Not sent"):
        bench.store().send_refund(intent.refund.model_copy(update={"store_input": changed}))
    assert bench.count("send") == 0
