"""Tokens, scopes, versions, mistakes in documents, rate limits and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from integrations.sandbox.server import SandboxServer
from integrations.sandbox.shopify import Shop, ShopifySandbox
from integrations.sandbox.shopify.model import Order
from tests.sandbox.shopify.client import REFUND_CREATE, Client, payout

MakeOrder = Callable[..., Order]
WHO_AM_I = "query WhoAmI { shop { name } currentAppInstallation { accessScopes { handle } } }"
ORDER_AND_CUSTOMER = """
query Both($id: ID!) {
  order(id: $id) { name email customer { id } returns(first: 1) { nodes { id } } }
}
"""


def codes(body: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in body["errors"]]


def test_unknown_token(client: Client) -> None:
    client.token = "shpat_wrong"
    answer = client.raw(WHO_AM_I)
    assert answer.status_code == 401
    assert answer.get_json() == {
        "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
    }


def test_a_token_of_another_shop_is_unknown(sandbox: ShopifySandbox, client: Client) -> None:
    client.token = sandbox.issue_token(sandbox.add_shop("other"))
    assert client.raw(WHO_AM_I).status_code == 401


def test_a_token_ends(sandbox: ShopifySandbox, client: Client, shop: Shop) -> None:
    client.token = sandbox.issue_token(shop, life=timedelta(hours=24))
    assert client.raw(WHO_AM_I).status_code == 200
    sandbox.clock.advance(24 * 3600)
    assert client.raw(WHO_AM_I).status_code == 401


def test_shops_do_not_see_each_others_orders(
    sandbox: ShopifySandbox, client: Client, make_order: MakeOrder
) -> None:
    order = make_order()
    other = sandbox.add_shop("other")
    stranger = Client(sandbox, other, sandbox.issue_token(other))
    assert stranger.data(ORDER_AND_CUSTOMER, id=order.id) == {"order": None}


def test_missing_scope_is_a_partial_error(
    sandbox: ShopifySandbox, client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    order = make_order()
    client.token = sandbox.issue_token(shop, {"write_orders", "read_returns"})
    body = client.call(ORDER_AND_CUSTOMER, id=order.id)
    assert body["data"]["order"]["customer"] is None
    assert body["data"]["order"]["name"] == order.name
    (error,) = body["errors"]
    assert error["path"] == ["order", "customer"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["requiredAccess"] == "`read_customers` access scope."


def test_reading_scope_moves_no_money(
    sandbox: ShopifySandbox, client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    order = make_order()
    client.token = sandbox.issue_token(shop, {"read_orders"})
    values = {"orderId": order.id, "transactions": [payout(order, "1.00")]}
    body = client.call(REFUND_CREATE, input=values, key="k-1")
    assert codes(body) == ["ACCESS_DENIED"]
    assert order.refunds == []


def test_scopes_are_listed_as_granted(sandbox: ShopifySandbox, client: Client, shop: Shop) -> None:
    client.token = sandbox.issue_token(shop, {"write_orders", "read_customers"})
    scopes = client.data(WHO_AM_I)["currentAppInstallation"]["accessScopes"]
    assert [scope["handle"] for scope in scopes] == ["read_customers", "write_orders"]


def test_old_orders_are_absent_without_the_scope(
    sandbox: ShopifySandbox, client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    old = make_order(name="#1", created_at="2026-09-21T11:59:59Z")
    new = make_order(name="#2", created_at="2026-09-21T12:00:00Z")
    assert client.data(ORDER_AND_CUSTOMER, id=old.id)["order"]["name"] == "#1"
    client.token = sandbox.issue_token(shop, {"write_orders", "read_customers", "read_returns"})
    assert client.data(ORDER_AND_CUSTOMER, id=old.id)["order"] is None
    assert client.data(ORDER_AND_CUSTOMER, id=new.id)["order"]["name"] == "#2"
    assert client.refund(old, "1.00", key="k-1")["userErrors"] == [
        {"field": ["orderId"], "message": "Order does not exist"}
    ]


def test_protected_data_is_withheld_from_unapproved_apps(
    sandbox: ShopifySandbox, client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    order = make_order()
    client.token = sandbox.issue_token(shop, sees_protected_data=False)
    body = client.call(ORDER_AND_CUSTOMER, id=order.id)
    assert body["data"]["order"]["email"] is None
    assert codes(body) == ["ACCESS_DENIED"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("2026-10", "2026-10"), ("2025-04", "2026-01"), ("2027-01", "2027-01")],
)
def test_versions_that_are_gone_fall_forward(client: Client, asked: str, answered: str) -> None:
    client.version = asked
    answer = client.raw(WHO_AM_I)
    assert answer.status_code == 200
    assert answer.headers["X-Shopify-API-Version"] == answered


def test_versions_that_never_were(client: Client) -> None:
    client.version = "2026-11"
    assert client.raw(WHO_AM_I).status_code == 404


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ shop { colour } }", "undefinedField"),
        ("{ shop(id: 1) { name } }", "argumentNotAccepted"),
        ("{ order { id } }", "missingRequiredArguments"),
        ("{ shop @maybe { name } }", "undefinedDirective"),
        ("query Q($x: Nothing) { shop { name } }", "undefinedType"),
        ("query Q($x: ID) { shop { name } }", "variableNotUsed"),
        ("query Q { order(id: $x) { id } }", "variableNotDefined"),
        ('mutation Q @idempotent(key: "k") { orderCancel(orderId: "gid://shopify/Order/1", '
         "reason: OTHER, restock: true) { orderCancelUserErrors { message } } }",
         "directiveCannotBeApplied"),
    ],
)  # fmt: skip
def test_mistakes_in_documents(client: Client, query: str, code: str) -> None:
    body = client.call(query)
    assert code in codes(body)
    assert "data" not in body


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"colour": "red"}, []), ({"orderId": None}, ["orderId"]), ({"note": 5}, ["note"])],
)
def test_mistakes_in_variables(
    client: Client, make_order: MakeOrder, changes: dict[str, Any], path: list[str]
) -> None:
    order = make_order()
    body = client.call(REFUND_CREATE, input={"orderId": order.id, **changes}, key="k-1")
    assert codes(body)[0] == "INVALID_VARIABLE"
    assert body["errors"][0]["extensions"]["problems"][0]["path"] == path
    assert order.refunds == []


def test_one_of_inputs_take_exactly_one(client: Client) -> None:
    query = "query Q($i: CustomerIdentifierInput!) { customerByIdentifier(identifier: $i) { id } }"
    both = {"emailAddress": "ida@example.com", "phoneNumber": "+4930123456"}
    assert codes(client.call(query, i=both)) == ["INVALID_VARIABLE"]


def test_long_input_lists_are_refused(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    lines = [{"lineItemId": order.line_items[0].id, "quantity": 1}] * 251
    body = client.call(
        REFUND_CREATE, input={"orderId": order.id, "refundLineItems": lines}, key="k-1"
    )
    assert codes(body) == ["MAX_INPUT_SIZE_EXCEEDED"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"query": 5}', b'{"variables": {}}'])
def test_unreadable_bodies(client: Client, body: bytes) -> None:
    answer = client.sandbox.app.test_client().post(
        f"/shops/{client.shop.domain}/admin/api/2026-10/graphql.json",
        data=body,
        content_type="application/json",
    )
    assert answer.status_code == 400


def test_wrong_kind_of_id(client: Client) -> None:
    body = client.call('{ order(id: "gid://shopify/Product/1") { id } }')
    assert codes(body) == ["RESOURCE_NOT_FOUND"]
    assert body["data"] == {"order": None}


def test_throttled_in_http_200_and_restored(
    sandbox: ShopifySandbox, client: Client, shop: Shop
) -> None:
    bucket = sandbox.bucket(shop)
    bucket.drain()
    body = client.call("query WhoAmI { shop { name plan { publicDisplayName } } }")
    assert codes(body) == ["THROTTLED"]
    cost = body["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (2, None)
    assert cost["throttleStatus"]["currentlyAvailable"] == 0
    sandbox.clock.advance(0.02)
    assert "errors" not in client.call("{ shop { name plan { publicDisplayName } } }")


def test_the_bucket_is_charged_what_was_answered(
    client: Client, sandbox: ShopifySandbox, shop: Shop
) -> None:
    body = client.call("{ orders(first: 100) { nodes { id customer { id } } } }")
    assert body["extensions"]["cost"]["requestedQueryCost"] == 2 + 9 * 2
    assert body["extensions"]["cost"]["actualQueryCost"] == 2
    assert sandbox.bucket(shop).status()["currentlyAvailable"] == 1998


def test_too_dear_for_any_plan(client: Client) -> None:
    inner = "lineItems(first: 250) { nodes { id product { id } } }"
    query = (
        f"{{ orders(first: 250) {{ nodes {{ id a: {inner} b: {inner} c: {inner} d: {inner} }} }} }}"
    )
    assert codes(client.call(query)) == ["MAX_COST_EXCEEDED"]


def test_switched_off_parts_cost_nothing(client: Client) -> None:
    query = """query Q($on: Boolean!) {
      a: customerByIdentifier(identifier: {emailAddress: "a@example.com"}) @include(if: $on) { id }
      ...More @skip(if: $on)
      shop { name }
    }
    fragment More on QueryRoot { b: locations(first: 5) { nodes { id } } }"""
    on = client.call(query, on=True)
    off = client.call(query, on=False)
    assert set(on["data"]) == {"a", "shop"}
    assert set(off["data"]) == {"b", "shop"}
    assert on["extensions"]["cost"]["requestedQueryCost"] == 2
    assert off["extensions"]["cost"]["requestedQueryCost"] == 1 + 5


@pytest.fixture
def url(sandbox: ShopifySandbox, shop: Shop) -> Iterator[str]:
    with SandboxServer(sandbox.app) as server:
        yield sandbox.shop_url(server.url, shop) + "/admin/api/2026-10/graphql.json"


@pytest.mark.parametrize(
    ("kind", "processed"),
    [("disconnect_before", 0), ("disconnect_after", 1), ("timeout_after", 1), ("html_502", 0),
     ("malformed", 1), ("internal_error_before", 0), ("internal_error_after", 1),
     ("throttled", 0)],
)  # fmt: skip
def test_lost_answers_then_the_same_key(
    sandbox: ShopifySandbox,
    client: Client,
    url: str,
    make_order: MakeOrder,
    kind: str,
    processed: int,
) -> None:
    order = make_order()
    sandbox.faults.add("RefundCreate", kind)
    values = {"orderId": order.id, "transactions": [payout(order, "5.00")]}
    body = {"query": REFUND_CREATE, "variables": {"input": values, "key": "k-1"}}
    headers = {"X-Shopify-Access-Token": client.token}
    try:
        answer = requests.post(url, json=body, headers=headers, timeout=5)
        lost = answer.status_code != 200 or kind == "malformed" or "errors" in answer.json()
    except requests.ConnectionError:
        lost = True
    assert lost
    assert len(order.refunds) == processed
    again = requests.post(url, json=body, headers=headers, timeout=5).json()
    assert again["data"]["refundCreate"]["userErrors"] == []
    assert len(order.refunds) == 1
    assert sandbox.calls.by_subject() == {order.id: 2}
