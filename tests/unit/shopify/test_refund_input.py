"""What is sent to refundCreate, entry by entry."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.order import Order, Restock, SuggestedLine
from app.domain.plan import ChosenLine, Destination, Plan, RefundChoice
from app.domain.pricing import build_plan, everything_left
from app.domain.refund import Refund
from app.ports import Recheck
from integrations.stores.shopify.refund_input import carries, prepare, stored_input
from tests.support.store_bench import make_refund
from tests.unit.shopify.answers import LINE_1, SALE, order_json, read


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def recheck(order: Order, *lines: SuggestedLine) -> Recheck:
    assert order.suggestion is not None
    suggestion = order.suggestion
    if lines:
        suggestion = suggestion.model_copy(update={"lines": lines})
    return Recheck(
        suggestion=suggestion,
        refundable={LINE_1: 2},
        refunded=euros("0"),
        payment_status=order.payment_status,
        is_refundable=True,
        is_cancelled=False,
        is_disputed=False,
    )


def entry(quantity: int, restock: Restock, location: str | None = None) -> SuggestedLine:
    return SuggestedLine(
        line_id=LINE_1,
        quantity=quantity,
        subtotal=euros("12"),
        tax=euros("1.91"),
        restock=restock,
        location_id=location,
    )


def made(choice: RefundChoice | None = None, *lines: SuggestedLine, **plan: Any) -> dict[str, Any]:
    """The `input` for a choice (left out: everything)."""
    order = read(order_json())
    built = build_plan(order, choice or everything_left(order))
    changed = built.model_copy(update=plan)
    refund = make_refund(order, built, marker="R-7Q2KXW9PHM", idempotency_key="key-1", plan=changed)
    variables = json.loads(prepare(refund, recheck(order, *lines)))
    assert variables["idempotencyKey"] == "key-1"
    made_input: dict[str, Any] = variables["input"]
    return made_input


def test_a_full_refund() -> None:
    assert made() == {
        "orderId": "gid://shopify/Order/1",
        "currency": "EUR",
        "note": "R-7Q2KXW9PHM ticket 4711",
        "notify": False,
        "refundLineItems": [{"lineItemId": LINE_1, "quantity": 2, "restockType": "NO_RESTOCK"}],
        "shipping": {"fullRefund": True},
        "transactions": [
            {
                "orderId": "gid://shopify/Order/1",
                "parentId": SALE,
                "gateway": "shopify_payments",
                "kind": "REFUND",
                "amount": "28.90",
            }
        ],
    }


def test_a_line_with_two_fates_becomes_two_entries() -> None:
    lines = (entry(1, Restock.CANCEL), entry(1, Restock.RETURN, "gid://shopify/Location/1"))
    assert made(None, *lines)["refundLineItems"] == [
        {"lineItemId": LINE_1, "quantity": 1, "restockType": "CANCEL"},
        {
            "lineItemId": LINE_1,
            "quantity": 1,
            "restockType": "RETURN",
            "locationId": "gid://shopify/Location/1",
        },
    ]


def test_no_location_goes_with_goods_that_arent_restocked() -> None:
    (line,) = made(None, entry(2, Restock.NONE, "gid://shopify/Location/1"))["refundLineItems"]
    assert "locationId" not in line


@pytest.mark.parametrize("units", [(1,), (2, 1), ()])
def test_other_quantities_than_chosen_are_refused(units: tuple[int, ...]) -> None:
    lines = [entry(count, Restock.NONE) for count in units]
    other = entry(2, Restock.NONE).model_copy(update={"line_id": "gid://shopify/LineItem/99"})
    with pytest.raises(Rejected, match="other quantities"):
        made(None, *(lines or [other]))


def test_a_part_of_the_shipping_is_an_amount() -> None:
    given = made(RefundChoice(shipping=euros("1.9")))
    assert given["shipping"] == {"amount": "1.90"}
    assert "refundLineItems" not in given


def test_a_plain_amount_has_only_transactions() -> None:
    given = made(RefundChoice(amount_override=euros("5")))
    assert not {"refundLineItems", "shipping", "discrepancyReason"} & set(given)
    assert [one["amount"] for one in given["transactions"]] == ["5.00"]


def test_a_difference_to_the_lines_is_explained() -> None:
    line = ChosenLine(line_id=LINE_1, quantity=2)
    less = RefundChoice(lines=(line,), amount_override=euros("20"))
    assert made(less)["discrepancyReason"] == "OTHER"
    half = RefundChoice(lines=(line.model_copy(update={"percent": Decimal(50)}),))
    assert made(half)["discrepancyReason"] == "RESTOCK"
    assert "discrepancyReason" not in made(RefundChoice(lines=(line,)))


def test_over_refunding_is_never_asked_for() -> None:
    assert "allowOverRefunding" not in made()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tenders": ()}, "names no payment"),
        ({"destination": Destination.STORE_CREDIT}, "store credit"),
    ],
)
def test_what_the_store_cant_be_asked_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        made(None, **changes)


def test_a_payment_without_a_parent_is_refused_unless_it_never_has_one() -> None:
    order = read(order_json())
    plan = build_plan(order, everything_left(order))
    (tender,) = plan.tenders
    orphan = tender.model_copy(update={"transaction_id": None})
    with pytest.raises(Rejected, match="no payment that the money can go back to"):
        made(None, tenders=(orphan,))
    cash = orphan.model_copy(update={"gateway": "cash"})
    (sent,) = made(None, tenders=(cash,))["transactions"]
    assert "parentId" not in sent


def refund_with(store_input: str | None) -> Refund:
    order = read(order_json())
    plan: Plan = build_plan(order, everything_left(order))
    return make_refund(order, plan, marker="R-7Q2KXW9PHM", idempotency_key="k").model_copy(
        update={"store_input": store_input}
    )


def test_stored_input_is_sent_as_it_stands() -> None:
    text = (
        '{"idempotencyKey": "k",  "input": {"orderId":"gid://shopify/Order/1",'
        '"note":"R-7Q2KXW9PHM ticket 4711"}}'
    )
    assert stored_input(refund_with(text)) == text


@pytest.mark.parametrize("text", [None, "", "[]", "null", '{"input": {}}', "{"])
def test_unreadable_stored_input_is_never_sent(text: str | None) -> None:
    with pytest.raises(Rejected, match="Not sent"):
        stored_input(refund_with(text))


@pytest.mark.parametrize(
    ("note", "is_ours"),
    [
        ("R-7Q2KXW9PHM ticket 1", True),
        ("refund (R-7Q2KXW9PHM), see ticket", True),
        ("R-7Q2KXW9PHMX", False),
        ("XR-7Q2KXW9PHM", False),
        ("A-R-7Q2KXW9PHM", False),
        ("r-7q2kxw9phm", False),
        (None, False),
        ("", False),
    ],
)
def test_only_the_whole_marker_counts(note: str | None, is_ours: bool) -> None:
    assert carries(note, refund_with(None)) is is_ours
