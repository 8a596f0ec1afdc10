"""`refundCreate`: what is refused, what is booked, and that a key moves money once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from integrations.sandbox.shopify import GatewayRule, Shop, ShopifySandbox
from integrations.sandbox.shopify.idempotency import CONCURRENT_REQUEST, PARAMETER_MISMATCH
from integrations.sandbox.shopify.model import Order
from tests.sandbox.shopify.client import (
    REFUND_CREATE,
    Client,
    messages,
    payout,
    presentment,
)

MakeOrder = Callable[..., Order]
NO_DIRECTIVE = REFUND_CREATE.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")


def line(order: Order, quantity: int, **more: Any) -> dict[str, Any]:
    return {"lineItemId": order.line_items[0].id, "quantity": quantity, **more}


def test_a_refund_of_two_lines_is_booked(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    payload = client.refund(
        order,
        "28.90",
        key="k-1",
        note="R-1",
        refundLineItems=[line(order, 2, restockType="NO_RESTOCK")],
        shipping={"fullRefund": True},
    )
    assert payload["userErrors"] == []
    assert presentment(payload["refund"]["totalRefundedSet"]) == Decimal("28.90")
    assert payload["refund"]["orderAdjustments"]["nodes"] == []
    assert payload["order"]["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert order.line_items[0].refundable_quantity == 1
    again = client.suggest(order, full=True, shipping=True)
    assert presentment(again["amountSet"]) == Decimal("12.00")


def test_goodwill_lowers_no_quantity_and_is_an_adjustment(
    client: Client, make_order: MakeOrder
) -> None:
    order = make_order()
    payload = client.refund(order, "1.00", key="k-1", discrepancyReason="CUSTOMER")
    (adjustment,) = payload["refund"]["orderAdjustments"]["nodes"]
    assert adjustment["reason"] == "CUSTOMER"
    assert presentment(adjustment["amountSet"]) == Decimal("-1.00")
    assert order.line_items[0].refundable_quantity == 3


@pytest.mark.parametrize(
    ("changes", "message", "field"),
    [
        ({"amount": "40.91"},
         "Refund amount $40.91 is greater than net payment received $40.90", None),
        ({"quantity": 4}, "Quantity cannot refund more items than were purchased",
         ["refundLineItems", "0", "quantity"]),
        ({"restock": "LEGACY_RESTOCK"}, "Restock type LEGACY_RESTOCK is not accepted",
         ["refundLineItems", "0", "restockType"]),
        ({"restock": "CANCEL"}, "Restock type CANCEL is not possible for this quantity",
         ["refundLineItems", "0", "restockType"]),
        ({"payout": {"parentId": "gid://shopify/OrderTransaction/1"}},
         "Transactions require a parent_id associated with the order", ["transactions"]),
        ({"payout": {"parentId": None}},
         "Transactions require a parent_id associated with the order", ["transactions"]),
        ({"payout": {"kind": "SALE"}}, "Kind sale is not a valid transaction", None),
        ({"amount": "1.005"}, "Transaction amount is invalid", ["transactions"]),
        ({"input": {"currency": "USD"}},
         "Currency must match the order's presentment currency", ["currency"]),
        ({"input": {"shipping": {"amount": "4.91"}}},
         "Shipping amount cannot be greater than the shipping left to refund",
         ["shipping", "amount"]),
        ({"input": {"transactions": []}}, "Transactions can't be blank", ["transactions"]),
        ({"input": {"orderId": "gid://shopify/Order/404"}}, "Order does not exist", ["orderId"]),
    ],
)  # fmt: skip
def test_refusals_change_nothing(
    client: Client,
    make_order: MakeOrder,
    changes: dict[str, Any],
    message: str,
    field: list[str] | None,
) -> None:
    order = make_order()
    values: dict[str, Any] = {
        "transactions": [
            payout(order, changes.get("amount", "12.00"), **changes.get("payout", {}))
        ],
        "refundLineItems": [
            line(order, changes.get("quantity", 1), restockType=changes.get("restock"))
        ],
        **changes.get("input", {}),
    }
    payload = client.refund(order, None, key="k-1", **values)
    assert payload["userErrors"] == [{"field": field, "message": message}]
    assert payload["refund"] is None
    assert order.refunds == []
    assert order.line_items[0].refunded_quantity == 0


def test_over_refunding_is_not_helped_by_the_flag(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    payload = client.refund(order, "50.00", key="k-1", allowOverRefunding=True)
    assert "greater than net payment" in messages(payload)[0]


def test_currency_is_required_when_it_differs(client: Client, make_order: MakeOrder) -> None:
    order = make_order(currency="USD", rate="1.42")
    refused = client.refund(order, "5.00", key="k-1", currency=None)
    assert refused["userErrors"][0]["field"] == ["currency"]
    made = client.refund(order, "5.00", key="k-2")["refund"]["totalRefundedSet"]
    assert made["presentmentMoney"] == {"amount": "5.0", "currencyCode": "USD"}
    assert made["shopMoney"]["amount"] == "7.1"


def test_the_parents_gateway_counts(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    payload = client.refund(
        order, None, key="k-1", transactions=[payout(order, "1.00", gateway="other")]
    )
    assert payload["refund"]["transactions"]["nodes"][0]["gateway"] == "shopify_payments"


def test_one_payment_gives_back_no_more_than_it_took(client: Client, make_order: MakeOrder) -> None:
    order = make_order(
        transactions=[{"amount": "30.90"}, {"amount": "10.00", "gateway": "gift_card"}]
    )
    payload = client.refund(order, None, key="k-1", transactions=[payout(order, "10.01", 1)])
    assert messages(payload) == ["Refund amount $10.01 is greater than net payment received $10.00"]


def test_authorised_money_cannot_be_refunded(client: Client, make_order: MakeOrder) -> None:
    order = make_order(transactions=[{"kind": "AUTHORIZATION", "amount": "40.90"}])
    payload = client.refund(order, "5.00", key="k-1")
    assert messages(payload) == ["Transactions require a parent_id associated with the order"]


def test_unshipped_units_that_are_refunded_will_not_ship(
    client: Client, make_order: MakeOrder
) -> None:
    order = make_order(fulfillments=[])
    client.refund(order, "12.00", key="k-1", refundLineItems=[line(order, 1, restockType="CANCEL")])
    assert order.line_items[0].unfulfilled_quantity == 2


def test_store_credit_needs_no_transaction(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    credit = {"storeCreditRefund": {"amount": {"amount": "12.00", "currencyCode": "EUR"}}}
    payload = client.refund(
        order,
        None,
        key="k-1",
        transactions=[],
        refundMethods=[credit],
        refundLineItems=[line(order, 1)],
    )
    assert payload["userErrors"] == []
    assert order.customer is not None
    assert order.customer.store_credit[0].balance == Decimal("12.00")


@pytest.mark.parametrize("changes", [{"customer": None}, {"company": "Example GmbH"}])
def test_store_credit_needs_a_private_customer(
    client: Client, make_order: MakeOrder, changes: dict[str, Any]
) -> None:
    order = make_order(**changes)
    credit = {"storeCreditRefund": {"amount": {"amount": "12.00", "currencyCode": "EUR"}}}
    payload = client.refund(order, None, key="k-1", refundMethods=[credit])
    assert payload["userErrors"][0]["field"] == ["refundMethods"]
    assert order.refunds == []


def test_pending_refund_counts_as_spent_but_not_as_refunded(
    client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    shop.gateways["shopify_payments"] = GatewayRule("PENDING", settles_after=timedelta(days=2))
    order = make_order()
    payload = client.refund(order, "30.00", key="k-1")
    assert payload["refund"]["transactions"]["nodes"][0]["status"] == "PENDING"
    assert presentment(payload["order"]["totalRefundedSet"]) == 0
    assert "net payment received $10.90" in messages(client.refund(order, "11.00", key="k-2"))[0]
    shop.clock.advance(2 * 86_400)
    query = (
        "query Q($id: ID!) { order(id: $id) { totalRefundedSet { presentmentMoney { amount } } } }"
    )
    data = client.data(query, id=order.id)
    assert presentment(data["order"]["totalRefundedSet"]) == Decimal("30.00")


def test_failed_refund_pays_nothing_and_can_be_repeated(
    client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    shop.gateways["shopify_payments"] = GatewayRule("FAILURE", error_code="CARD_DECLINED")
    order = make_order()
    payload = client.refund(order, "40.90", key="k-1")
    (transaction,) = payload["refund"]["transactions"]["nodes"]
    assert (transaction["status"], transaction["errorCode"]) == ("FAILURE", "CARD_DECLINED")
    assert payload["order"]["displayFinancialStatus"] == "PAID"
    shop.gateways.clear()
    assert client.refund(order, "40.90", key="k-2")["userErrors"] == []


def test_manual_refund_is_bookkeeping_and_final(
    client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    shop.gateways["manual"] = GatewayRule("PENDING")
    order = make_order(transactions=[{"amount": "40.90", "gateway": "manual", "manual": True}])
    payload = client.refund(order, "5.00", key="k-1")
    assert payload["refund"]["transactions"]["nodes"][0]["status"] == "SUCCESS"


def test_the_directive_is_mandatory_at_run_time(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    values = {"orderId": order.id, "transactions": [payout(order, "1.00")]}
    body = client.call(NO_DIRECTIVE, input=values)
    assert body["data"] == {"refundCreate": None}
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body["errors"][0]["message"].startswith("The @idempotent directive is required")
    assert order.refunds == []
    client.version = "2026-01"  # where it was optional
    assert client.call(NO_DIRECTIVE, input=values)["data"]["refundCreate"]["userErrors"] == []


@pytest.mark.parametrize("key", ["", "   "])
def test_blank_keys_are_refused(client: Client, make_order: MakeOrder, key: str) -> None:
    order = make_order()
    values = {"orderId": order.id, "transactions": [payout(order, "1.00")]}
    body = client.call(REFUND_CREATE, input=values, key=key)
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert order.refunds == []


def test_same_key_and_input_answers_the_stored_refund(
    client: Client, make_order: MakeOrder
) -> None:
    order = make_order()
    first = client.refund(order, "5.00", key="k-1")
    second = client.refund(order, "5.00", key="k-1")
    assert second["refund"]["id"] == first["refund"]["id"]
    assert len(order.refunds) == 1


def test_same_key_with_other_input_is_refused(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    client.refund(order, "5.00", key="k-1")
    assert messages(client.refund(order, "6.00", key="k-1")) == [PARAMETER_MISMATCH]
    assert len(order.refunds) == 1


def test_a_refused_attempt_uses_up_its_key(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    refused = messages(client.refund(order, "99.00", key="k-1"))
    assert messages(client.refund(order, "99.00", key="k-1")) == refused
    assert messages(client.refund(order, "5.00", key="k-1")) == [PARAMETER_MISMATCH]


def test_after_24_hours_a_key_is_new(client: Client, shop: Shop, make_order: MakeOrder) -> None:
    order = make_order()
    client.refund(order, "5.00", key="k-1")
    shop.clock.advance(24 * 3600 - 1)
    client.refund(order, "5.00", key="k-1")
    assert len(order.refunds) == 1
    shop.clock.advance(1)
    client.refund(order, "5.00", key="k-1")
    assert len(order.refunds) == 2


def test_a_twin_of_a_running_request_is_refused(
    client: Client, shop: Shop, make_order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    answers: list[list[str]] = []
    twins_answered = threading.Event()

    def click() -> None:
        answers.append(messages(client.refund(order, "5.00", key="k-1")))
        if len(answers) == 3:
            twins_answered.set()

    # The first request is held half-way until its three twins have their answers.
    shop.refund_seconds = 30
    hold = SimpleNamespace(sleep=twins_answered.wait)
    monkeypatch.setattr("integrations.sandbox.shopify.resolve_root.time", hold)
    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [*[[CONCURRENT_REQUEST]] * 3, []]
    assert len(order.refunds) == 1


def test_many_keys_at_once_never_overdraw(
    sandbox: ShopifySandbox, client: Client, make_order: MakeOrder
) -> None:
    order = make_order()
    threads = [
        threading.Thread(target=client.refund, args=(order, "10.00"), kwargs={"key": f"k-{n}"})
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(order.refunds) == 4
    assert sum(refund.paid() for refund in order.refunds) == Decimal("40.00")
