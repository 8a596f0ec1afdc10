"""From Shopify's answers to our order: exact, and never yes on a guess."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.money import Money
from app.domain.order import (
    FulfilmentStatus,
    PaymentStatus,
    Restock,
    TransactionKind,
    TransactionStatus,
)
from app.domain.refundability import order_blocks
from integrations.stores.shopify.words import Notes
from tests.unit.shopify.answers import (
    LINE_1,
    LINE_2,
    SALE,
    bag,
    line,
    money_back,
    order_json,
    page,
    payment,
    read,
    refund,
    shipment,
    suggestion,
)


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_a_plain_order_has_nothing_unknown() -> None:
    order = read(order_json())
    assert (order.unknown_values, order.missing, order.is_complete) == ((), (), True)
    assert order_blocks(order) == []
    assert order.admin_url == "https://admin.shopify.com/store/demo/orders/1"
    assert order.customer is not None
    assert order.customer.orders_count == 3
    assert order.customer.lifetime_value == euros("86.70")
    assert order.country == "DE"
    assert order.risk == "accept"


# --- money --------------------------------------------------------------------------------------


def test_a_lines_total_is_its_price_less_every_discount() -> None:
    discounts = [{"allocatedAmountSet": bag("1.2")}, {"allocatedAmountSet": bag("0.35")}]
    order = read(order_json(lineItems=page(line(discountAllocations=discounts))))
    (only,) = order.lines
    assert (only.discount, only.total, only.tax) == (euros("1.55"), euros("22.45"), euros("3.83"))


def test_refunded_and_removed_units_stay_in_the_quantity() -> None:
    (only,) = read(order_json(lineItems=page(line(quantity=3, refundableQuantity=1)))).lines
    assert (only.quantity, only.refundable_quantity, only.refunded_quantity) == (3, 1, 2)
    assert only.total == euros("36")


def test_amounts_are_read_in_the_customers_currency() -> None:
    def yen(amount: str) -> dict[str, Any]:
        return bag(amount, "JPY", shop_amount="1.0")

    raw = order_json(
        presentmentCurrencyCode="JPY",
        totalPriceSet=yen("1200.0"),
        totalReceivedSet=yen("1200.0"),
        totalRefundedSet=yen("0.0"),
        totalRefundedShippingSet=yen("0.0"),
        totalTipReceivedSet=yen("0.0"),
        lineItems=page(
            line(originalUnitPriceSet=yen("600.0"), taxLines=[{"priceSet": yen("109.0")}])
        ),
        shippingLines=page(),
        transactions=[payment(amountSet=yen("1200.0"))],
        everything=None,
    )
    order = read(raw)
    assert order.total == Money.of("1200", "JPY")
    assert order.lines[0].total == Money.of("1200", "JPY")
    assert order.shop_currency == "EUR"
    assert order.missing == ("the store's own suggestion",)


def test_an_amount_finer_than_its_currency_needs_a_person() -> None:
    order = read(order_json(totalTipReceivedSet=bag("0.005")))
    assert order.unknown_values == ("tip=0.005 EUR",)


@pytest.mark.parametrize(
    "change",
    [
        {"lineItems": page(line(originalUnitPriceSet=bag("12.0", "USD")))},
        {"totalReceivedSet": bag("28.9", "USD")},
        {"everything": suggestion(amountSet=bag("28.9", "USD"))},
        {"transactions": [payment(amountSet=bag("28.9", "USD"))]},
    ],
)
def test_mixed_currencies_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is in USD"):
        read(order_json(**change))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "twelve", ""])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError):
        read(order_json(totalPriceSet=bag(amount)))


def test_refunds_on_their_way_are_counted_by_their_payments() -> None:
    transactions = [
        payment(),
        money_back("PENDING", "5.0"),
        money_back("AWAITING_RESPONSE", "1.5"),
        money_back("UNKNOWN", "0.25"),
        money_back("SUCCESS", "2.0"),
        money_back("FAILURE", "9.0"),
    ]
    order = read(order_json(transactions=transactions, transactionsCount={"count": 6}))
    assert order.refund_pending == euros("6.75")
    assert order.unknown_values == ()


def test_duties_and_tips_are_told() -> None:
    duty = {"id": "gid://shopify/Duty/1", "price": bag("2.5")}
    order = read(order_json(lineItems=page(line(duties=[duty])), totalTipReceivedSet=bag("1.0")))
    assert (order.duties, order.tip) == (euros("2.50"), euros("1"))


# --- words that we don't know -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"displayFinancialStatus": "PAID_IN_KIND"}, "displayFinancialStatus=PAID_IN_KIND"),
        ({"displayFinancialStatus": None}, "displayFinancialStatus=null"),
        ({"displayFulfillmentStatus": "TELEPORTED"}, "displayFulfillmentStatus=TELEPORTED"),
        ({"returnStatus": "LOST"}, "returnStatus=LOST"),
        ({"returns": page({"id": "r", "status": "INSPECTING"})}, "return.status=INSPECTING"),
        (
            {"disputes": [{"id": "d", "initiatedAs": "INQUIRY", "status": "PAUSED"}]},
            "dispute.status=PAUSED",
        ),
        ({"transactions": [payment(kind="BARTER")]}, "transaction.kind=BARTER"),
        ({"transactions": [payment(status="MAYBE")]}, "transaction.status=MAYBE"),
        ({"fulfillments": [shipment(status="ADRIFT")]}, "fulfillment.status=ADRIFT"),
        ({"refunds": [refund(money_back("MAYBE"))]}, "transaction.status=MAYBE"),
        (
            {
                "everything": suggestion(
                    refundLineItems=[
                        {
                            "quantity": 2,
                            "restockType": "LEGACY_RESTOCK",
                            "lineItem": {"id": LINE_1},
                            "subtotalSet": bag("24.0"),
                            "totalTaxSet": bag("3.83"),
                        }
                    ]
                )
            },
            "restockType=LEGACY_RESTOCK",
        ),
    ],
)
def test_a_new_word_is_named_and_stops_the_machine(change: dict[str, Any], named: str) -> None:
    order = read(order_json(**change))
    assert named in order.unknown_values
    assert any(finding.code == "store_unknown_value" for finding in order_blocks(order))


def test_unknown_words_become_unknown_values() -> None:
    order = read(
        order_json(displayFinancialStatus="X", transactions=[payment(kind="X", status="X")])
    )
    assert order.payment_status is PaymentStatus.UNKNOWN
    assert order.transactions[0].kind is TransactionKind.UNKNOWN
    assert order.transactions[0].status is TransactionStatus.UNKNOWN


def test_another_api_version_stops_the_machine() -> None:
    notes = Notes()
    notes.unknown("apiVersion", "2027-01")
    assert read(order_json(), notes).unknown_values == ("apiVersion=2027-01",)


# --- what isn't told ----------------------------------------------------------------------------


def test_absent_optional_parts_are_unknown_not_no() -> None:
    raw = order_json(customer=None, returns=None, disputes=None, risk=None, shippingAddress=None)
    del raw["lineItems"]["nodes"][0]["product"]
    order = read(raw)
    assert (order.is_disputed, order.has_open_return) == (None, None)
    assert (order.customer, order.risk, order.country) == (None, None, None)
    assert order.lines[0].is_final_sale is None
    assert {finding.code for finding in order_blocks(order)} == {"store_dispute", "store_return"}


@pytest.mark.parametrize("field", ["totalPriceSet", "lineItems", "presentmentCurrencyCode"])
def test_an_order_without_its_money_is_refused(field: str) -> None:
    raw = order_json()
    raw[field] = None
    with pytest.raises(ValidationError):
        read(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"lineItems": page(line(), more=True)},
        {"shippingLines": page(more=True)},
        {"returns": page(more=True)},
        {"transactionsCount": {"count": 2}},
        {"fulfillmentsCount": {"count": 2}},
        {"fulfillmentsCount": None, "fulfillments": [shipment(n) for n in range(10)]},
        {"transactionsCount": None, "transactions": [payment() for _ in range(30)]},
        {"refunds": [refund() for _ in range(20)]},
        {"refunds": [refund(transactions=page(more=True))]},
        {"refunds": [refund(refundLineItems=page(more=True))]},
        {"fulfillments": [shipment(fulfillmentLineItems=page(more=True))]},
    ],
)
def test_a_list_that_is_cut_short_makes_the_order_incomplete(change: dict[str, Any]) -> None:
    assert read(order_json(**change)).is_complete is False


# --- disputes and returns -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "blocks"),
    [
        ("NEEDS_RESPONSE", True),
        ("UNDER_REVIEW", True),
        ("LOST", True),
        ("ACCEPTED", True),
        ("CHARGE_REFUNDED", True),
        ("PREVENTED", True),
        ("WON", False),
        ("NEW_WORD", None),
    ],
)
def test_only_a_won_dispute_is_harmless(status: str, blocks: bool | None) -> None:
    dispute = {"id": "d", "initiatedAs": "CHARGEBACK", "status": status}
    assert read(order_json(disputes=[dispute])).is_disputed is blocks


@pytest.mark.parametrize(
    ("summary", "returns", "is_open"),
    [
        ("NO_RETURN", [], False),
        ("NO_RETURN", ["DECLINED", "CANCELED"], False),
        ("RETURNED", ["CLOSED"], False),
        ("NO_RETURN", ["OPEN"], True),
        ("NO_RETURN", ["REQUESTED", "CLOSED"], True),
        ("IN_PROGRESS", [], True),
        ("RETURN_REQUESTED", None, True),
        ("NO_RETURN", None, None),
        ("NO_RETURN", ["HELD"], None),
    ],
)
def test_an_open_return_is_seen(
    summary: str, returns: list[str] | None, is_open: bool | None
) -> None:
    nodes = None if returns is None else page(*({"id": "r", "status": s} for s in returns))
    assert read(order_json(returnStatus=summary, returns=nodes)).has_open_return is is_open


# --- shipping -----------------------------------------------------------------------------------


def delivered(*shipments: dict[str, Any], **changes: Any) -> tuple[bool | None, datetime | None]:
    raw = order_json(
        fulfillments=list(shipments),
        fulfillmentsCount={"count": len(shipments)},
        lineItems=page(line(**changes), line(LINE_2)),
    )
    first = read(raw).lines[0]
    return first.was_shipped, first.delivered_at


def test_the_last_parcel_of_a_line_counts() -> None:
    assert delivered(
        shipment(1, (LINE_1, 1), deliveredAt="2026-11-01T10:00:00Z"),
        shipment(2, (LINE_1, 1), deliveredAt="2026-11-04T10:00:00Z"),
        shipment(3, (LINE_2, 2), deliveredAt="2026-11-09T10:00:00Z"),
    ) == (True, datetime(2026, 11, 4, 10, tzinfo=UTC))


def test_one_parcel_without_a_date_leaves_the_date_open() -> None:
    assert delivered(shipment(1, (LINE_1, 1)), shipment(2, (LINE_1, 1), deliveredAt=None)) == (
        True,
        None,
    )


def test_a_carriers_event_stands_in_for_the_date() -> None:
    events = {
        "nodes": [
            {"status": "DELIVERED", "happenedAt": "2026-11-02T10:00:00+01:00"},
            {"status": "OUT_FOR_DELIVERY", "happenedAt": "2026-11-03T10:00:00Z"},
        ]
    }
    assert delivered(shipment(deliveredAt=None, events=events)) == (
        True,
        datetime(2026, 11, 2, 9, tzinfo=UTC),
    )


def test_a_date_without_an_offset_is_refused() -> None:
    with pytest.raises(ValidationError):
        delivered(shipment(deliveredAt="2026-11-01T10:00:00"))


@pytest.mark.parametrize(
    ("units", "unfulfilled", "refundable", "shipped"),
    [
        (2, 0, 2, True),
        (1, 1, 2, None),
        (0, 2, 2, False),
        (0, 0, 0, False),
        (0, 0, 2, None),
        (1, 0, 1, True),
    ],
)
def test_shipped_in_part_is_neither_yes_nor_no(
    units: int, unfulfilled: int, refundable: int, shipped: bool | None
) -> None:
    parcels = [shipment(1, (LINE_1, units))] if units else []
    answer, _ = delivered(*parcels, unfulfilledQuantity=unfulfilled, refundableQuantity=refundable)
    assert answer is shipped


def test_a_cancelled_parcel_never_left() -> None:
    assert delivered(shipment(status="CANCELLED"), unfulfilledQuantity=2) == (False, None)


@pytest.mark.parametrize(
    ("display", "parcels", "status"),
    [
        ("FULFILLED", 1, FulfilmentStatus.FULFILLED),
        ("PARTIALLY_FULFILLED", 1, FulfilmentStatus.PARTIAL),
        ("UNFULFILLED", 0, FulfilmentStatus.UNFULFILLED),
        ("ON_HOLD", 0, FulfilmentStatus.UNFULFILLED),
        ("ON_HOLD", 1, FulfilmentStatus.PARTIAL),
        ("SCHEDULED", 1, FulfilmentStatus.PARTIAL),
        ("FULFILLMENT_NOT_REQUIRED", 0, FulfilmentStatus.NOT_REQUIRED),
    ],
)
def test_statuses_of_what_is_left_dont_hide_what_was_sent(
    display: str, parcels: int, status: FulfilmentStatus
) -> None:
    raw = order_json(
        displayFulfillmentStatus=display, fulfillments=[shipment() for _ in range(parcels)]
    )
    assert read(raw).fulfilment_status is status


# --- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "attributes", "final"),
    [
        (["kitchen"], [], False),
        (["Final-Sale"], [], True),
        (["finalsale "], [], True),
        (["final"], [], False),
        ([], [{"key": "_final_sale", "value": "no"}], False),
        ([], [{"key": "final-sale", "value": "Yes"}], True),
        ([], [{"key": "Note", "value": "FINAL SALE"}], True),
        ([], [{"key": "engraving", "value": None}], False),
        (None, [], None),
        (None, [{"key": "condition", "value": "final sale"}], True),
    ],
)
def test_final_sale_is_known_only_where_tags_can_be_read(
    tags: list[str] | None, attributes: list[dict[str, Any]], final: bool | None
) -> None:
    product = None if tags is None else {"id": "p", "productType": "", "tags": tags}
    raw = order_json(lineItems=page(line(product=product, customAttributes=attributes)))
    (only,) = read(raw).lines
    assert only.is_final_sale is final
    assert only.product_type is None


def test_restock_follows_the_suggestion_and_stops_shipments_first() -> None:
    def entry(kind: str) -> dict[str, Any]:
        return {
            "quantity": 1,
            "restockType": kind,
            "lineItem": {"id": LINE_1},
            "subtotalSet": bag("12.0"),
            "totalTaxSet": bag("1.91"),
        }

    for kinds in (["CANCEL", "RETURN"], ["RETURN", "CANCEL"]):
        raw = order_json(everything=suggestion(refundLineItems=[entry(kind) for kind in kinds]))
        assert read(raw).lines[0].restock is Restock.CANCEL


def test_payments_that_can_take_nothing_back_are_left_out() -> None:
    def tender(number: int, amount: str, maximum: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "kind": "SUGGESTED_REFUND",
            "gateway": "cash on delivery",
            "formattedGateway": None,
            "amountSet": bag(amount),
            "maximumRefundableSet": maximum,
            "parentTransaction": {"id": f"t{number}", "manualPaymentGateway": number == 3},
        }

    raw = order_json(
        everything=suggestion(
            suggestedTransactions=[
                tender(1, "0.0", bag("0.0")),
                tender(2, "0.0", bag("3.0")),
                tender(3, "2.0", None),
            ]
        )
    )
    found = read(raw).suggestion
    assert found is not None
    assert [(t.transaction_id, t.maximum, t.is_manual, t.label) for t in found.tenders] == [
        ("t2", euros("3"), False, "cash on delivery"),
        ("t3", euros("2"), True, "cash on delivery"),
    ]


def test_past_refunds_carry_what_they_paid() -> None:
    lines = page(
        {"quantity": 1, "lineItem": {"id": LINE_1}}, {"quantity": 1, "lineItem": {"id": LINE_1}}
    )
    raw = order_json(refunds=[refund(money_back("PENDING"), refundLineItems=lines, createdAt=None)])
    (past,) = read(raw).refunds
    assert (past.amount, past.status) == (euros("5"), TransactionStatus.PENDING)
    assert past.lines == {LINE_1: 2}
    assert SALE not in past.id
