"""Plans: parts, payments and total agree to the cent, and never exceed what is refundable."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.money import Money
from app.domain.order import Order, PastRefund, Remaining, SuggestedLine, Tender
from app.domain.plan import ChosenLine, InvalidChoice, Plan, RefundChoice
from app.domain.pricing import (
    build_plan,
    everything_left,
    plan_line,
    refundable_maximum,
    shipping_left,
    split_over_tenders,
)
from app.domain.remainder import Units, shares_of
from tests.strategies import (
    NOW,
    line_items,
    make_line,
    make_order,
    make_suggestion,
    money_in,
    orders,
)


def euro(text: str) -> Money:
    return Money.of(text, "EUR")


def choose(order: Order, data: Any) -> RefundChoice:
    lines = [line for line in order.lines if line.refundable_quantity > 0]
    chosen = tuple(
        ChosenLine(
            line_id=line.id,
            quantity=data.draw(st.integers(1, line.refundable_quantity)),
            percent=Decimal(data.draw(st.integers(1, 100))),
        )
        for line in lines
        if data.draw(st.booleans())
    )
    most = shipping_left(order).minor_units
    shipping = data.draw(st.none() | money_in(order.currency, 0, most))
    return RefundChoice(lines=chosen, shipping=shipping)


@given(orders(), st.data())
def test_parts_and_payments_sum_to_a_total_within_what_is_refundable(
    order: Order, data: Any
) -> None:
    choice = choose(order, data)
    try:
        plan = build_plan(order, choice)
    except InvalidChoice as error:
        # The order was paid in full, so only a choice that rounds to nothing is refused.
        assert "nothing is chosen" in str(error)
        return
    parts = [line.total for line in plan.lines] + [plan.shipping, plan.shipping_tax]
    assert Money.total(parts, order.currency) + plan.adjustment == plan.total
    assert Money.total((t.amount for t in plan.tenders), order.currency) == plan.total
    assert Money.zero(order.currency) < plan.total <= refundable_maximum(order)
    assert Plan.from_json(plan.to_json()) == plan


@given(line_items(), st.data())
def test_part_refunds_one_after_another_sum_to_the_line(line: Any, data: Any) -> None:
    line = line.model_copy(update={"refundable_quantity": line.quantity})
    paid, discount, tax = euro("0"), euro("0"), euro("0")
    while line.refundable_quantity:
        units = data.draw(st.integers(1, line.refundable_quantity))
        part = plan_line(make_order((line,)), ChosenLine(line_id=line.id, quantity=units))
        paid, tax, discount = paid + part.amount, tax + part.tax, discount + part.discount
        line = line.model_copy(update={"refundable_quantity": line.refundable_quantity - units})
    assert (paid, tax, discount) == (line.total, line.tax, line.discount)


def test_everything_left_is_the_whole_order() -> None:
    order = make_order(shipping_tax=euro("1"))
    plan = build_plan(order, everything_left(order))
    assert plan.total == order.paid == euro("28.00")
    assert plan.is_shipping_full and plan.shipping_tax == euro("1.00")


@pytest.mark.parametrize(
    ("percent", "includes_tax", "total"),
    [("100", False, "11.00"), ("50", False, "5.50"), ("33.3", False, "3.66"), ("50", True, "5.00")],
)
def test_a_percentage_of_a_unit(percent: str, includes_tax: bool, total: str) -> None:
    order = make_order(prices_include_tax=includes_tax)
    line = ChosenLine(line_id="line-1", quantity=1, percent=Decimal(percent))
    assert build_plan(order, RefundChoice(lines=(line,))).total == euro(total)


def test_a_part_of_the_shipping_takes_its_share_of_the_tax() -> None:
    order = make_order(shipping_tax=euro("1"))
    plan = build_plan(order, RefundChoice(shipping=euro("2.50")))
    assert (plan.total, plan.shipping_tax) == (euro("3.00"), euro("0.50"))
    assert not plan.is_shipping_full


@pytest.mark.parametrize(
    "choice",
    [
        RefundChoice(),
        RefundChoice(lines=(ChosenLine(line_id="line-1", quantity=3),)),
        RefundChoice(lines=(ChosenLine(line_id="line-9", quantity=1),)),
        RefundChoice(shipping=euro("5.01")),
        RefundChoice(shipping=euro("-1")),
        RefundChoice(amount_override=euro("27.01")),
        RefundChoice(amount_override=euro("0")),
        RefundChoice(amount_override=euro("-1")),
        RefundChoice(shipping=Money.of("1", "USD")),
        RefundChoice(amount_override=Money.of("1", "USD")),
    ],
)
def test_what_cant_be_refunded_is_refused(choice: RefundChoice) -> None:
    with pytest.raises(InvalidChoice):
        build_plan(make_order(), choice)


def test_a_line_is_chosen_once() -> None:
    line = ChosenLine(line_id="line-1", quantity=1)
    with pytest.raises(ValueError, match="once"):
        RefundChoice(lines=(line, line))


@given(money_in("EUR", 1, 2700))
def test_an_override_is_the_total_and_the_adjustment_says_by_how_much(amount: Money) -> None:
    order = make_order()
    line = ChosenLine(line_id="line-1", quantity=1)
    plan = build_plan(order, RefundChoice(lines=(line,), amount_override=amount))
    assert plan.total == amount
    assert plan.adjustment == amount - euro("11.00")
    assert plan.comparison is None


@given(st.lists(money_in("EUR", 0, 5000), min_size=1, max_size=4), st.data())
def test_payments_take_the_total_in_order_each_up_to_its_maximum(
    maxima: list[Money], data: Any
) -> None:
    tenders = tuple(
        Tender(transaction_id=str(i), gateway="g", label="l", amount=euro("0"), maximum=maximum)
        for i, maximum in enumerate(maxima)
    )
    most = Money.total(maxima, "EUR")
    total = data.draw(money_in("EUR", 0, most.minor_units))
    parts = split_over_tenders(total, tenders)
    assert Money.total((part.amount for part in parts), "EUR") == total
    for part in parts:
        assert euro("0") < part.amount <= maxima[int(part.transaction_id or 0)]
    assert all(p.amount == maxima[int(p.transaction_id or 0)] for p in parts[:-1])
    with pytest.raises(InvalidChoice):
        split_over_tenders(most + euro("0.01"), tenders)


def card(amount: str, maximum: str, **changes: Any) -> Tender:
    return Tender(
        transaction_id=changes.pop("transaction_id", "t-1"),
        gateway="card",
        label="Card",
        amount=euro(amount),
        maximum=euro(maximum),
        **changes,
    )


def test_the_stores_split_is_kept_for_its_own_total_but_never_above_a_maximum() -> None:
    zero = euro("0")
    fair = (card("10", "20"), card("17", "20", transaction_id="t-2"))
    order = make_order(suggestion=make_suggestion(euro("27"), euro("5"), zero, fair))
    plan = build_plan(order, everything_left(order))
    assert [tender.amount for tender in plan.tenders] == [euro("10"), euro("17")]
    greedy = (card("17", "12"), card("10", "20", transaction_id="t-2"))
    order = make_order(suggestion=make_suggestion(euro("27"), euro("5"), zero, greedy))
    plan = build_plan(order, everything_left(order))
    assert [tender.amount for tender in plan.tenders] == [euro("12"), euro("15")]


def test_a_manual_payment_warns_and_marks_the_plan() -> None:
    tender = card("27", "27", is_manual=True)
    suggestion = make_suggestion(euro("27"), euro("5"), euro("0"), (tender,))
    plan = build_plan(make_order(suggestion=suggestion), everything_left(make_order()))
    assert plan.is_manual
    assert any("by hand" in warning for warning in plan.warnings)


def _with_parts(subtotal: str, amount: str = "27") -> Order:
    line = SuggestedLine(line_id="line-1", quantity=2, subtotal=euro(subtotal), tax=euro("2"))
    suggestion = make_suggestion(euro(amount), euro("5"), euro("0"))
    return make_order(suggestion=suggestion.model_copy(update={"lines": (line,)}))


def test_the_stores_figure_is_taken_from_its_parts() -> None:
    both = RefundChoice(lines=(ChosenLine(line_id="line-1", quantity=2),))
    agreeing = build_plan(_with_parts("20"), both)
    assert agreeing.comparison is not None and agreeing.is_exact
    half = RefundChoice(lines=(ChosenLine(line_id="line-1", quantity=2, percent=Decimal(50)),))
    assert build_plan(_with_parts("20"), half).is_exact
    differing = build_plan(_with_parts("19", "26"), both)
    assert differing.comparison is not None and not differing.is_exact
    assert differing.comparison.difference == euro("1")


def test_parts_that_dont_serve_give_no_comparison() -> None:
    one = RefundChoice(lines=(ChosenLine(line_id="line-1", quantity=1),))
    both = RefundChoice(lines=(ChosenLine(line_id="line-1", quantity=2),))
    assert build_plan(_with_parts("20"), one).comparison is None
    assert build_plan(_with_parts("19"), both).comparison is None


@given(st.integers(1, 100))
def test_an_exact_suggestion_is_compared_less_our_percentage(percent: int) -> None:
    order = make_order()
    theirs = SuggestedLine(line_id="line-1", quantity=2, subtotal=euro("20"), tax=euro("2"))
    tenders = order.suggestion.tenders if order.suggestion else ()
    suggestion = make_suggestion(euro("22"), euro("0"), euro("0"), tenders)
    suggestion = suggestion.model_copy(update={"lines": (theirs,), "maximum": euro("27")})
    line = ChosenLine(line_id="line-1", quantity=2, percent=Decimal(percent))
    plan = build_plan(order, RefundChoice(lines=(line,)), suggestion)
    assert plan.comparison is not None and plan.is_exact
    wrong = suggestion.model_copy(update={"amount": euro("22.01")})
    assert not build_plan(order, RefundChoice(lines=(line,)), wrong).is_exact


def test_the_shops_currency_follows_the_stores_rate() -> None:
    order = make_order(shop_currency="USD")
    assert order.suggestion is not None
    rated = order.suggestion.model_copy(update={"amount_in_shop_currency": Money.of("54", "USD")})
    order = order.model_copy(update={"suggestion": rated})
    plan = build_plan(order, RefundChoice(amount_override=euro("10")))
    assert plan.total_in_shop_currency == Money.of("20", "USD")


def test_without_payments_nothing_is_planned() -> None:
    with pytest.raises(InvalidChoice):
        build_plan(make_order(suggestion=None), everything_left(make_order()))


@given(money_in("EUR", 0, 2700), money_in("EUR", 0, 2700))
def test_what_went_or_is_going_back_is_no_longer_refundable(done: Money, going: Money) -> None:
    assume(done + going <= euro("27"))
    past = PastRefund(id="r", created_at=NOW, amount=done)
    order = make_order(refunded=done, refund_pending=going, refunds=(past,))
    assert refundable_maximum(order) == euro("27") - done - going


def test_more_back_than_paid_leaves_nothing() -> None:
    assert refundable_maximum(make_order(refunded=euro("30"))) == euro("0")
    left = make_order(refunded_shipping=euro("9"), suggestion=None)
    assert shipping_left(left) == euro("0")


def test_a_plan_whose_parts_dont_sum_up_cant_be_made() -> None:
    plan = build_plan(make_order((make_line(),)), everything_left(make_order()))
    for change in ({"total": euro("26")}, {"tenders": ()}, {"adjustment": euro("1")}):
        with pytest.raises(ValueError, match="make"):
            Plan.model_validate({**dict(plan), **change})


@given(st.data())
def test_refunds_from_what_is_left_end_at_what_was_left(data: Any) -> None:
    """Whatever is chosen one after another, the last units take the odd cents."""
    counts = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    left: dict[str, tuple[Remaining, int]] = {}
    for number, units in enumerate(counts):
        price, discount, tax = (data.draw(money_in("EUR", 0, 9_999)) for _ in range(3))
        left[f"line-{number}"] = (Remaining(price=price, discount=discount, tax=tax), units)

    def worth(one: Remaining) -> Decimal:
        return (one.price - one.discount + one.tax).amount

    expected = sum((worth(remaining) for remaining, _ in left.values()), Decimal(0))
    paid = Decimal(0)
    while left:
        now = {name: data.draw(st.integers(1, units)) for name, (_, units) in left.items()}
        shares = shares_of(
            Units(name, remaining, now[name], units) for name, (remaining, units) in left.items()
        )
        paid += sum((worth(share) for share in shares.values()), Decimal(0))
        left = {
            name: (
                Remaining(
                    price=remaining.price - shares[name].price,
                    discount=remaining.discount - shares[name].discount,
                    tax=remaining.tax - shares[name].tax,
                ),
                units - now[name],
            )
            for name, (remaining, units) in left.items()
            if units > now[name]
        }
    assert paid == expected


def test_a_plan_prices_lines_from_what_is_left_together() -> None:
    """Tax 0.585 becomes 0.59; the half cent that was gained goes to the discount: 0.26."""
    left = Remaining(price=euro("13.32"), discount=euro("1.00"), tax=euro("2.34"))
    line = make_line(quantity=4, refundable_quantity=4).model_copy(update={"remaining": left})
    part = plan_line(make_order((line,)), ChosenLine(line_id=line.id, quantity=1))
    assert (part.amount, part.discount, part.tax) == (euro("3.07"), euro("0.26"), euro("0.59"))
    whole = plan_line(make_order((line,)), ChosenLine(line_id=line.id, quantity=4))
    assert (whole.amount, whole.tax) == (euro("12.32"), euro("2.34"))
