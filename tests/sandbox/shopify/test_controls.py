"""Cancelling, returns, and what happens behind the API's back; the books tell the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations.sandbox.server import ChildServer
from integrations.sandbox.shopify import GatewayRule, Shop, ShopifySandbox
from integrations.sandbox.shopify.model import Order
from tests.sandbox.shopify.client import Client, presentment

MakeOrder = Callable[..., Order]
CANCEL = """
mutation OrderCancel($id: ID!, $method: OrderCancelRefundMethodInput, $staffNote: String) {
  orderCancel(orderId: $id, reason: CUSTOMER, refundMethod: $method, restock: true,
              staffNote: $staffNote) {
    jobResult { id done status errors { message } }
    orderCancelUserErrors { code message }
  }
}
"""
STATUS = """
query OrderCancelStatus($job: ID!, $id: ID!) {
  node(id: $job) { ... on OrderCancelJobResult { done status } }
  order(id: $id) { cancelledAt displayFinancialStatus displayFulfillmentStatus
                   totalOutstandingSet { presentmentMoney { amount } } }
}
"""


def control(sandbox: ShopifySandbox, path: str, body: dict[str, Any] | None = None) -> Any:
    client = sandbox.app.test_client()
    answer = client.get(path) if body is None else client.post(path, json=body)
    return answer.get_json()


def cancel(client: Client, order: Order, **arguments: Any) -> Any:
    return client.data(CANCEL, id=order.id, **arguments)["orderCancel"]


def test_cancel_refunds_everything_once(client: Client, make_order: MakeOrder) -> None:
    order = make_order(fulfillments=[])
    done = cancel(client, order, method={"originalPaymentMethodsRefund": True})
    assert done["jobResult"]["status"] == "SUCCEEDED"
    status = client.data(STATUS, job=done["jobResult"]["id"], id=order.id)
    assert status["node"] == {"done": True, "status": "SUCCEEDED"}
    assert status["order"]["displayFinancialStatus"] == "REFUNDED"
    assert presentment(status["order"]["totalOutstandingSet"]) == 0
    assert order.refunds[0].paid() == Decimal("40.90")
    again = cancel(client, order, method={"originalPaymentMethodsRefund": True})
    assert again["orderCancelUserErrors"] == [
        {"code": "INVALID", "message": "Cannot cancel an order that has already been canceled"}
    ]
    assert len(order.refunds) == 1


def test_cancel_takes_its_time(client: Client, shop: Shop, make_order: MakeOrder) -> None:
    shop.cancel_takes = timedelta(seconds=10)
    order = make_order(fulfillments=[])
    job = cancel(client, order, method={"originalPaymentMethodsRefund": True})["jobResult"]
    assert (job["done"], job["status"]) == (False, "STARTED")
    assert cancel(client, order)["orderCancelUserErrors"][0]["code"] == "INVALID"
    shop.clock.advance(10)
    status = client.data(STATUS, job=job["id"], id=order.id)
    assert status["node"]["status"] == "SUCCEEDED"
    assert status["order"]["cancelledAt"] is not None


def test_cancel_without_a_method_pays_nothing(client: Client, make_order: MakeOrder) -> None:
    order = make_order(fulfillments=[])
    assert cancel(client, order)["jobResult"]["status"] == "SUCCEEDED"
    assert order.refunds == []


def test_cancel_to_store_credit(client: Client, make_order: MakeOrder) -> None:
    order = make_order(fulfillments=[])
    cancel(client, order, method={"storeCreditRefund": {}})
    assert order.customer is not None
    assert order.customer.store_credit[0].balance == Decimal("40.90")


def test_cancel_voids_a_hold(client: Client, make_order: MakeOrder) -> None:
    order = make_order(fulfillments=[], transactions=[{"kind": "AUTHORIZATION", "amount": "40.90"}])
    job = cancel(client, order)["jobResult"]
    status = client.data(STATUS, job=job["id"], id=order.id)
    assert status["order"]["displayFinancialStatus"] == "VOIDED"


@pytest.mark.parametrize(
    ("changes", "arguments", "code"),
    [
        ({}, {}, "INVALID"),  # shipped
        ({"fulfillments": []}, {"staffNote": "x" * 256}, "INVALID"),
        (
            {"fulfillments": [], "customer": None},
            {"method": {"storeCreditRefund": {}}},
            "STORE_CREDIT_REFUND_MISSING_CUSTOMER",
        ),
        (
            {"fulfillments": [], "company": "Example GmbH"},
            {"method": {"storeCreditRefund": {}}},
            "STORE_CREDIT_REFUND_B2B_NOT_SUPPORTED",
        ),
    ],
)
def test_cancel_refused(
    client: Client,
    make_order: MakeOrder,
    changes: dict[str, Any],
    arguments: dict[str, Any],
    code: str,
) -> None:
    order = make_order(**changes)
    payload = cancel(client, order, **arguments)
    assert payload["orderCancelUserErrors"][0]["code"] == code
    assert payload["jobResult"] is None
    assert order.cancelled_at is None


def test_open_return_shows_and_takes_returnable_units(
    client: Client, make_order: MakeOrder
) -> None:
    order = make_order(returns=[{"lines": {"0": 1}}])
    query = """query Q($id: ID!) {
      order(id: $id) { returnStatus returns(first: 5) { nodes { status totalQuantity } } }
      returnableFulfillments(orderId: $id, first: 5) {
        nodes { returnableFulfillmentLineItems(first: 5) { nodes { quantity } } }
      }
    }"""
    data = client.data(query, id=order.id)
    assert data["order"]["returnStatus"] == "IN_PROGRESS"
    assert data["order"]["returns"]["nodes"] == [{"status": "OPEN", "totalQuantity": 1}]
    (node,) = data["returnableFulfillments"]["nodes"]
    assert node["returnableFulfillmentLineItems"]["nodes"] == [{"quantity": 2}]


def test_seeding_over_http_and_the_books(sandbox: ShopifySandbox, shop: Shop) -> None:
    spec = {"name": "#77", "line_items": [{"price": "10.00", "quantity": 2}]}
    made = control(sandbox, "/_sandbox/orders", {"orders": [spec]})
    assert made["orders"][0]["name"] == "#77"
    client = Client(sandbox, shop, sandbox.issue_token(shop))
    order = shop.orders[made["orders"][0]["id"]]
    client.refund(order, "5.00", key="k-9", note="R-9")
    books = control(sandbox, "/_sandbox/books")
    assert books["counters"]["refunds"] == 1
    assert books["counters"]["keys_used_twice"] == 0
    (entry,) = books["orders"]
    assert (entry["received"], entry["paid_back"]) == ("20.00", "5.00")
    assert (entry["refunds"][0]["note"], entry["refunds"][0]["key"]) == ("R-9", "k-9")
    assert entry["refunds"][0]["transactions"][0]["status"] == "SUCCESS"


def test_bad_seed_over_http(sandbox: ShopifySandbox, shop: Shop) -> None:
    answer = sandbox.app.test_client().post("/_sandbox/orders", json={"colour": "red"})
    assert answer.status_code == 400
    assert "colour" in answer.get_json()["error"]
    assert shop.orders == {}


@pytest.mark.parametrize("path", ["orders", "refunds", "clock", "cancel", "shops"])
def test_controls_refuse_other_machines(sandbox: ShopifySandbox, shop: Shop, path: str) -> None:
    answer = sandbox.app.test_client().post(
        f"/_sandbox/{path}", json={}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert answer.status_code == 403
    assert shop.orders == {}


@pytest.mark.parametrize(("status", "paid"), [("SUCCESS", "10.00"), ("FAILURE", "0")])
def test_a_pending_refund_is_settled_by_hand(
    sandbox: ShopifySandbox,
    shop: Shop,
    client: Client,
    make_order: MakeOrder,
    status: str,
    paid: str,
) -> None:
    shop.gateways["shopify_payments"] = GatewayRule("PENDING")
    order = make_order()
    client.refund(order, "10.00", key="k-1")
    assert control(sandbox, "/_sandbox/books")["orders"][0]["pending"] == "10.00"
    control(sandbox, "/_sandbox/refunds/settle", {"order": order.name, "status": status})
    assert control(sandbox, "/_sandbox/books")["orders"][0]["paid_back"] == paid
    assert control(sandbox, "/_sandbox/books")["orders"][0]["pending"] == "0"


def test_the_merchant_acts_behind_our_back(
    sandbox: ShopifySandbox, client: Client, make_order: MakeOrder
) -> None:
    order = make_order(name="#5")
    control(sandbox, "/_sandbox/refunds", {"order": "#5", "lines": {"0": 1}, "note": "by hand"})
    assert presentment(client.suggest(order, full=True)["amountSet"]) == Decimal("24.00")
    control(sandbox, "/_sandbox/disputes", {"order": "#5"})
    query = "query Q($id: ID!) { order(id: $id) { disputes { initiatedAs status } } }"
    assert client.data(query, id=order.id)["order"]["disputes"] == [
        {"initiatedAs": "CHARGEBACK", "status": "NEEDS_RESPONSE"}
    ]
    control(sandbox, "/_sandbox/cancel", {"order": "#5", "refund": True})
    assert order.cancelled_at is not None
    counters = control(sandbox, "/_sandbox/books")["counters"]
    assert (counters["refunds_by_admin"], counters["refunds_by_api"]) == (2, 0)
    assert control(sandbox, "/_sandbox/books")["orders"][0]["paid_back"] == "40.90"


def test_earlier_refunds_can_be_seeded(client: Client, make_order: MakeOrder) -> None:
    order = make_order(refunds=[{"lines": {"0": 2}, "shipping": "4.90", "note": "earlier"}])
    assert presentment(client.suggest(order, full=True)["amountSet"]) == Decimal("12.00")


def test_settings_over_http(sandbox: ShopifySandbox) -> None:
    made = control(sandbox, "/_sandbox/shops", {"name": "second", "currency": "USD"})
    rule = {"status": "PENDING", "settles_after_seconds": 60, "settles_as": "FAILURE"}
    settings = {"gateways": {"slow_pay": rule}, "closed_with": 423}
    control(sandbox, "/_sandbox/settings", {"shop": made["shop"], **settings})
    second = sandbox.shops["second.myshopify.com"]
    assert second.currency == "USD"
    assert second.gateways["slow_pay"].settles_after == timedelta(minutes=1)
    assert Client(sandbox, second, made["token"]).raw("{ shop { name } }").status_code == 423
    refused = control(sandbox, "/_sandbox/settings", {"shop": made["shop"], "colour": "red"})
    assert "colour" in refused["error"]


def test_the_clock_moves_over_http(sandbox: ShopifySandbox, shop: Shop) -> None:
    before = sandbox.clock.now()
    control(sandbox, "/_sandbox/clock", {"advance_seconds": 90})
    assert sandbox.clock.now() - before == timedelta(seconds=90)


def test_goodwill_credit_is_no_refund(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    query = """mutation Credit($id: ID!, $input: StoreCreditAccountCreditInput!) {
      storeCreditAccountCredit(id: $id, creditInput: $input) {
        storeCreditAccountTransaction { balanceAfterTransaction { amount } }
        userErrors { code }
      }
    }"""
    assert order.customer is not None
    money = {"creditAmount": {"amount": "7.50", "currencyCode": "EUR"}}
    payload = client.data(query, id=order.customer.id, input=money)["storeCreditAccountCredit"]
    assert payload["storeCreditAccountTransaction"]["balanceAfterTransaction"]["amount"] == "7.5"
    assert presentment(client.suggest(order, full=True)["maximumRefundableSet"]) == Decimal("40.90")


def test_the_same_webhook_twice_is_refused(client: Client) -> None:
    query = """mutation Hook($hook: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: REFUNDS_CREATE, webhookSubscription: $hook) {
        webhookSubscription { uri } userErrors { field message }
      }
    }"""
    hook = {"uri": "https://example.com/hooks"}
    made = client.data(query, hook=hook)["webhookSubscriptionCreate"]
    assert made == {"webhookSubscription": hook, "userErrors": []}
    again = client.data(query, hook=hook)["webhookSubscriptionCreate"]
    assert again["webhookSubscription"] is None
    assert again["userErrors"][0]["field"] == ["webhookSubscription", "uri"]
    listed = client.data("{ webhookSubscriptions(first: 5) { nodes { topic } } }")
    assert listed["webhookSubscriptions"]["nodes"] == [{"topic": "REFUNDS_CREATE"}]


def test_in_a_process_of_its_own() -> None:
    with ChildServer("integrations.sandbox.shopify.app:create_demo_app") as child:
        answer = requests.post(
            f"{child.url}/shops/demo.myshopify.com/admin/api/2026-10/graphql.json",
            json={"query": "{ shop { myshopifyDomain } }"},
            headers={"X-Shopify-Access-Token": "sandbox-token"},
            timeout=5,
        )
        assert answer.json()["data"]["shop"]["myshopifyDomain"] == "demo.myshopify.com"
