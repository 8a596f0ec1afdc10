"""Fees, shares, destinations and sequences of part-refunds: exact, and never more than there is."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money
from app.domain.order import Duty, Order, Restock, SuggestedLine, Suggestion
from app.domain.plan import (
    ChosenFee,
    ChosenLine,
    Destination,
    FeeKind,
    InvalidChoice,
    Plan,
    ProRata,
    RefundChoice,
    Terms,
)
from app.domain.pricing import build_plan, everything_left, refundable_maximum, shipping_left
from app.domain.terms import choice_by_terms
from tests.strategies import make_line, make_order, make_suggestion, money, money_in, orders

CREDIT = Destination.STORE_CREDIT


def euro(text: str) -> Money:
    return Money.of(text, "EUR")


def restocking(percent: str = "10", *line_ids: str) -> ChosenFee:
    return ChosenFee(
        kind=FeeKind.RESTOCKING,
        label="Restocking fee",
        percent=Decimal(percent),
        line_ids=line_ids,
    )


def return_label(amount: Money) -> ChosenFee:
    return ChosenFee(kind=FeeKind.RETURN_SHIPPING, label="Return shipping", amount=amount)


@st.composite
def pro_ratas(draw: st.DrawFn) -> ProRata:
    of = draw(st.integers(1, 400))
    return ProRata(left=Decimal(draw(st.integers(1, of))), of=Decimal(of))


@st.composite
def choices(draw: st.DrawFn, order: Order) -> RefundChoice:
    """Any choice of an order's open lines, with shares, fees, destination and bonus."""
    lines = tuple(
        ChosenLine(
            line_id=line.id,
            quantity=draw(st.integers(1, line.refundable_quantity)),
            percent=Decimal(draw(st.integers(1, 10_000))) / 100,
            pro_rata=draw(st.none() | pro_ratas()),
            keeps_item=draw(st.booleans()),
        )
        for line in order.lines
        if line.refundable_quantity and draw(st.booleans())
    )
    fees = draw(
        st.lists(
            st.builds(restocking, st.integers(1, 40).map(str))
            | money_in(order.currency, 1, 2_000).map(return_label),
            max_size=3,
        )
    )
    most = refundable_maximum(order).minor_units
    override = st.none() | money_in(order.currency, 1, most) if most else st.none()
    return RefundChoice(
        lines=lines,
        shipping=draw(st.none() | money_in(order.currency, 0, shipping_left(order).minor_units)),
        fees=tuple(fees),
        amount_override=draw(override),
        destination=draw(st.sampled_from(list(Destination))),
        bonus_percent=Decimal(draw(st.integers(0, 30))),
    )


def is_negative(amount: Money) -> bool:
    return amount.amount < 0


@given(orders(), st.data())
def test_parts_less_fees_make_the_total_and_nothing_is_negative(order: Order, data: Any) -> None:
    order = order.model_copy(update={"can_store_credit": True, "can_give_bonus": True})
    choice = data.draw(choices(order))
    try:
        plan = build_plan(order, choice)
    except InvalidChoice as error:
        assert "nothing" in str(error)
        return
    parts = [line.total for line in plan.lines] + [plan.shipping, plan.shipping_tax]
    made = Money.total(parts, order.currency) - plan.fee_total + plan.adjustment
    assert made == plan.total
    assert Money.zero(order.currency) < plan.total <= refundable_maximum(order)
    amounts = [*parts, *(fee.amount for fee in plan.fees), *(one.amount for one in plan.tenders)]
    assert not any(is_negative(amount) for amount in amounts)
    paid = Money.total((one.amount for one in plan.tenders), order.currency)
    if plan.is_store_credit:
        assert not plan.tenders
        expected = plan.total.portion(Fraction(choice.bonus_percent) / 100)
        assert plan.credit_total - plan.total == expected
    else:
        assert paid == plan.total == plan.credit_total
    assert plan.total_in_shop_currency == plan.credit_total
    assert Plan.from_json(plan.to_json()) == plan


def after(order: Order, plan: Plan) -> Order:
    """The order once a plan was refunded, as a store has it."""
    taken = {line.line_id: line.quantity for line in plan.lines}
    lines = tuple(
        line.model_copy(
            update={"refundable_quantity": line.refundable_quantity - taken.get(line.id, 0)}
        )
        for line in order.lines
    )
    suggestion = order.suggestion
    assert suggestion is not None
    left = suggestion.model_copy(
        update={
            "maximum": suggestion.maximum - plan.total,
            "shipping_maximum": suggestion.shipping_maximum - plan.shipping,
        }
    )
    return order.model_copy(
        update={
            "lines": lines,
            "refunded": order.refunded + plan.total,
            "refunded_shipping": order.refunded_shipping + plan.shipping,
            "suggestion": left,
        }
    )


@st.composite
def paid_orders(draw: st.DrawFn) -> Order:
    """Paid orders nothing of which was refunded yet, with their tax included or on top."""
    order = draw(orders())
    lines = tuple(
        line.model_copy(update={"refundable_quantity": line.quantity}) for line in order.lines
    )
    return order.model_copy(update={"lines": lines})


@given(paid_orders(), st.data())
def test_any_sequence_of_part_refunds_ends_at_what_was_paid(order: Order, data: Any) -> None:
    """Units and shipping go back in any parts; the last one takes every odd cent."""
    whole, now, refunded = order.paid, order, Money.zero(order.currency)
    while any(line.refundable_quantity for line in now.lines) or shipping_left(now):
        lines = tuple(
            ChosenLine(
                line_id=line.id, quantity=data.draw(st.integers(1, line.refundable_quantity))
            )
            for line in now.lines
            if line.refundable_quantity
        )
        most = shipping_left(now).minor_units
        shipping = data.draw(money_in(order.currency, 0 if lines else 1, most))
        choice = RefundChoice(lines=lines, shipping=shipping)
        try:
            plan = build_plan(now, choice)
        except InvalidChoice:
            # These units round to nothing; all that is left is more than nothing.
            plan = build_plan(now, everything_left(now))
        now, refunded = after(now, plan), refunded + plan.total
    shipping_tax_without_shipping = order.shipping_tax if not order.shipping else whole - whole
    assert refunded == whole - shipping_tax_without_shipping
    with pytest.raises(InvalidChoice):
        build_plan(now, RefundChoice(amount_override=whole))


@given(paid_orders(), st.data())
def test_more_units_a_higher_share_and_lower_fees_never_give_less(order: Order, data: Any) -> None:
    line = data.draw(st.sampled_from(order.lines))
    few = data.draw(st.integers(1, line.quantity))
    many = data.draw(st.integers(few, line.quantity))
    low = data.draw(st.integers(1, 100))
    high = data.draw(st.integers(low, 100))
    fee = data.draw(st.integers(1, 50))
    less_fee = data.draw(st.integers(1, fee))

    def total(quantity: int, percent: int, kept: int) -> Money:
        chosen = ChosenLine(line_id=line.id, quantity=quantity, percent=Decimal(percent))
        choice = RefundChoice(lines=(chosen,), fees=(restocking(str(kept)),))
        try:
            return build_plan(order, choice).total
        except InvalidChoice:
            return Money.zero(order.currency)

    base = total(few, low, fee)
    assert total(many, low, fee) >= base
    assert total(few, high, fee) >= base
    assert total(few, low, less_fee) >= base


@given(money, st.integers(1, 400), st.data())
def test_a_portion_is_exact_and_its_rest_makes_the_whole(amount: Money, of: int, data: Any) -> None:
    share = Fraction(data.draw(st.integers(0, of)), of)
    part, rest = amount.portion(share), amount.portion(1 - share)
    assert abs((part + rest - amount).minor_units) <= 1
    assert abs(Fraction(part.minor_units) - Fraction(amount.minor_units) * share) <= Fraction(1, 2)
    assert amount.portion(Fraction(1)) == amount
    assert not amount.portion(Fraction(0))


@pytest.mark.parametrize(
    ("paid", "left", "of", "back"),
    # The exact half cent goes to the customer; a rounded percentage would lose it.
    [("0.03", "5", "6", "0.03"), ("30.00", "20", "30", "20.00"), ("10.00", "1", "3", "3.33")],
)
def test_pro_rata_is_exact(paid: str, left: str, of: str, back: str) -> None:
    line = make_line(quantity=1, refundable_quantity=1, total=euro(paid), tax=euro("0"))
    unused = ProRata(left=Decimal(left), of=Decimal(of))
    choice = RefundChoice(lines=(ChosenLine(line_id=line.id, quantity=1, pro_rata=unused),))
    assert build_plan(make_order((line,)), choice).total == euro(back)


def test_pro_rata_and_a_percentage_multiply() -> None:
    half = ProRata(left=Decimal(15), of=Decimal(30))
    line = ChosenLine(line_id="line-1", quantity=2, percent=Decimal(50), pro_rata=half)
    plan = build_plan(make_order(), RefundChoice(lines=(line,)))
    assert plan.total == euro("5.50")
    assert plan.lines[0].is_reduced and plan.lines[0].pro_rata == half


@pytest.mark.parametrize("left", ["0", "-1", "31"])
def test_a_part_that_is_none_is_refused(left: str) -> None:
    with pytest.raises(ValueError):
        ProRata(left=Decimal(left), of=Decimal(30))


def test_fees_are_kept_back_line_by_line_and_once_per_refund() -> None:
    lines = (make_line(), make_line(id="line-2", name="Lamp"))
    order = make_order(lines)
    both = tuple(ChosenLine(line_id=line.id, quantity=2) for line in lines)
    fees = (restocking("15", "line-2"), return_label(euro("4.95")))
    plan = build_plan(order, RefundChoice(lines=both, fees=fees))
    assert [fee.amount for fee in plan.fees] == [euro("3.30"), euro("4.95")]
    assert plan.total == euro("44") - euro("3.30") - euro("4.95")
    only_first = RefundChoice(lines=both[:1], fees=fees)
    assert [fee.label for fee in build_plan(order, only_first).fees] == ["Return shipping"]


def test_what_is_no_return_has_no_fee() -> None:
    fees = (restocking("15"), return_label(euro("4.95")))
    assert build_plan(make_order(), RefundChoice(shipping=euro("5"), fees=fees)).fees == ()
    goodwill = RefundChoice(amount_override=euro("3"), fees=fees)
    assert build_plan(make_order(), goodwill).total == euro("3")


def test_fees_that_leave_nothing_are_said_with_their_figures() -> None:
    line = ChosenLine(line_id="line-1", quantity=1)
    choice = RefundChoice(lines=(line,), fees=(return_label(euro("11")),))
    with pytest.raises(InvalidChoice, match=r"fees of 11\.00 EUR leave nothing of 11\.00 EUR"):
        build_plan(make_order(), choice)


def test_a_fee_in_another_currency_is_refused() -> None:
    line = ChosenLine(line_id="line-1", quantity=1)
    choice = RefundChoice(lines=(line,), fees=(return_label(Money.of("1", "USD")),))
    with pytest.raises(InvalidChoice, match="paid in EUR"):
        build_plan(make_order(), choice)


@pytest.mark.parametrize(
    "wrong", [{}, {"percent": Decimal(5), "amount": euro("1")}, {"amount": euro("0")}]
)
def test_a_fee_is_one_percentage_or_one_amount(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ChosenFee(kind=FeeKind.OTHER, label="Fee", **wrong)


def exact_suggestion(order: Order, amount: str = "22") -> Suggestion:
    theirs = SuggestedLine(line_id="line-1", quantity=2, subtotal=euro("20"), tax=euro("2"))
    tenders = order.suggestion.tenders if order.suggestion else ()
    suggestion = make_suggestion(euro(amount), euro("0"), euro("0"), tenders)
    return suggestion.model_copy(update={"lines": (theirs,), "maximum": euro("27")})


def test_a_fee_is_taken_off_the_stores_figure_too_on_purpose() -> None:
    order = make_order()
    line = ChosenLine(line_id="line-1", quantity=2)
    choice = RefundChoice(lines=(line,), fees=(restocking("10"),))
    plan = build_plan(order, choice, exact_suggestion(order))
    assert plan.comparison is not None and plan.is_exact
    assert plan.comparison.stores == plan.total == euro("19.80")
    assert not build_plan(order, choice, exact_suggestion(order, "21.99")).is_exact


def test_what_the_customer_keeps_isnt_put_on_stock() -> None:
    returned = make_line(restock=Restock.RETURN)
    unshipped = make_line(id="line-2", restock=Restock.CANCEL)
    order = make_order((returned, unshipped))
    chosen = tuple(ChosenLine(line_id=line.id, quantity=1, keeps_item=True) for line in order.lines)
    plan = build_plan(order, RefundChoice(lines=chosen))
    assert [line.restock for line in plan.lines] == [Restock.NONE, Restock.CANCEL]


def test_a_store_that_closes_the_order_warns_before_a_fee() -> None:
    order = make_order(closes_when_returned=True)
    everything = everything_left(order)
    assert not build_plan(order, everything).warnings
    with_fee = everything.model_copy(update={"fees": (restocking(),)})
    assert any("closes the order" in text for text in build_plan(order, with_fee).warnings)
    one = RefundChoice(
        lines=(ChosenLine(line_id="line-1", quantity=1),), fees=(return_label(euro("1")),)
    )
    assert not build_plan(order, one).warnings


# --- destinations -------------------------------------------------------------------------------


def test_store_credit_pays_no_card_and_gives_its_bonus_on_top() -> None:
    order = make_order(can_store_credit=True, can_give_bonus=True)
    choice = everything_left(order).model_copy(
        update={"destination": CREDIT, "bonus_percent": Decimal(10)}
    )
    plan = build_plan(order, choice)
    assert (plan.total, plan.bonus, plan.credit_total) == (euro("27"), euro("2.70"), euro("29.70"))
    assert plan.tenders == () and not plan.is_manual
    assert plan.total_in_shop_currency == euro("29.70")


def test_a_store_without_store_credit_gives_none() -> None:
    choice = RefundChoice(amount_override=euro("5"), destination=CREDIT)
    with pytest.raises(InvalidChoice, match="can't give store credit"):
        build_plan(make_order(), choice)


def test_a_bonus_needs_store_credit() -> None:
    order = make_order()
    plan = build_plan(order, everything_left(order))
    with pytest.raises(ValueError, match="bonus"):
        Plan.model_validate({**dict(plan), "bonus": euro("1")})
    choice = everything_left(order).model_copy(update={"bonus_percent": Decimal(10)})
    assert build_plan(order, choice).bonus is None


def test_a_plain_amount_in_another_currency_takes_the_orders_own_rate() -> None:
    order = make_order(shop_currency="USD")
    assert order.suggestion is not None
    rated = order.suggestion.model_copy(update={"amount_in_shop_currency": Money.of("54", "USD")})
    order = order.model_copy(update={"suggestion": rated})
    nothing = rated.model_copy(
        update={"amount": euro("0"), "amount_in_shop_currency": Money.of("0", "USD")}
    )
    plan = build_plan(order, RefundChoice(amount_override=euro("10")), nothing)
    assert plan.total_in_shop_currency == Money.of("20", "USD")


# --- terms --------------------------------------------------------------------------------------


def test_each_line_has_its_own_terms_and_equal_fees_are_charged_once() -> None:
    label = return_label(euro("4.95"))
    first = Terms(percent=Decimal(50), fees=(label,))
    second = Terms(fees=(label, restocking("15")), keeps_item=True)
    choice = choice_by_terms({"a": 1, "b": 2}, {"a": first, "b": second})
    assert [(line.line_id, line.quantity, line.percent) for line in choice.lines] == [
        ("a", 1, Decimal(50)),
        ("b", 2, Decimal(100)),
    ]
    assert choice.fees == (
        label.model_copy(update={"line_ids": ("a", "b")}),
        restocking("15", "b"),
    )
    assert choice.lines[1].keeps_item


def test_lines_that_go_to_different_places_are_refunded_one_after_the_other() -> None:
    terms = {"a": Terms(), "b": Terms(destination=CREDIT, bonus_percent=Decimal(10))}
    with pytest.raises(InvalidChoice, match="one after the other"):
        choice_by_terms({"a": 1, "b": 1}, terms)
    with pytest.raises(InvalidChoice, match="different bonuses"):
        choice_by_terms({"a": 1, "b": 1}, terms, destination=CREDIT)
    alone = choice_by_terms({"b": 1}, terms)
    assert (alone.destination, alone.bonus_percent) == (CREDIT, Decimal(10))
    to_card = choice_by_terms({"b": 1}, terms, destination=Destination.ORIGINAL_PAYMENT)
    assert to_card.bonus_percent == 0


def sold(currency: str, quantity: int, total: str, tax: str) -> Order:
    line = make_line(
        currency,
        quantity=quantity,
        refundable_quantity=quantity,
        unit_price=Money.of(total, currency),
        total=Money.of(total, currency),
        tax=Money.of(tax, currency),
    )
    return make_order((line,), currency=currency, shop_currency=currency)


def test_zero_and_three_decimals() -> None:
    one = ChosenLine(line_id="line-1", quantity=1)
    yen = build_plan(
        sold("JPY", 3, "1000", "100"), RefundChoice(lines=(one,), fees=(restocking("15"),))
    )
    assert yen.lines[0].amount == Money.of("333", "JPY")
    assert yen.lines[0].tax == Money.of("33", "JPY")
    assert (yen.fee_total, yen.total) == (Money.of("55", "JPY"), Money.of("311", "JPY"))
    third = one.model_copy(update={"percent": Decimal("33.3")})
    dinar = build_plan(sold("KWD", 1, "9.999", "0.501"), RefundChoice(lines=(third,)))
    assert dinar.total == Money.of("3.497", "KWD")


# --- import duties ------------------------------------------------------------------------------


def test_duties_go_back_unit_by_unit_and_sum_to_what_was_paid() -> None:
    duty = Duty(id="duty-1", amount=euro("1.00"))
    line = make_line(quantity=3, refundable_quantity=3, duties=(duty,))
    order = make_order((line,), duties=euro("1.00"), shipping=euro("0"))
    paid = order.paid + euro("1.00")
    assert order.suggestion is not None
    suggestion = make_suggestion(paid, euro("0"), euro("0"))
    order = order.model_copy(update={"paid": paid, "total": paid, "suggestion": suggestion})
    one = RefundChoice(lines=(ChosenLine(line_id="line-1", quantity=1),), duties=True)
    given = []
    for _ in range(3):
        plan = build_plan(order, one)
        assert plan.duties is not None
        given.append(plan.duties)
        order = after(order, plan)
    assert given == [euro("0.33"), euro("0.34"), euro("0.33")]
    assert order.refunded == paid


def test_duties_are_neither_reduced_nor_charged_a_fee_and_are_named_when_left_out() -> None:
    duty = Duty(id="duty-1", amount=euro("2.00"))
    order = make_order((make_line(duties=(duty,)),), duties=euro("2.00"))
    line = ChosenLine(line_id="line-1", quantity=2, percent=Decimal(50))
    choice = RefundChoice(lines=(line,), fees=(restocking("10"),), duties=True)
    plan = build_plan(order, choice)
    assert (plan.duties, plan.fee_total) == (euro("2.00"), euro("1.10"))
    assert plan.total == euro("11.00") - euro("1.10") + euro("2.00")
    assert not any("duties" in text for text in plan.warnings)
    without = build_plan(order, choice.model_copy(update={"duties": False}))
    assert without.duties is None
    assert any("Import duties of 2.00 EUR" in text for text in without.warnings)
