"""Finding orders and customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from integrations.sandbox.shopify import Shop
from integrations.sandbox.shopify.model import Order, gid_number
from tests.sandbox.shopify.client import Client

MakeOrder = Callable[..., Order]
ORDERS = "query FindOrders($q: String) { found: orders(first: 10, query: $q) { nodes { name } } }"
CUSTOMER = """
query FindCustomer($i: CustomerIdentifierInput!) {
  customerByIdentifier(identifier: $i) { displayName orders(first: 5) { nodes { name } } }
}
"""


def names(client: Client, query: str | None) -> list[str]:
    return sorted(node["name"] for node in client.data(ORDERS, q=query)["found"]["nodes"])


@pytest.fixture
def orders(make_order: MakeOrder) -> dict[str, Order]:
    return {
        name: make_order(name=name, email=email, customer=customer, tags=tags)
        for name, email, customer, tags in (
            ("#1001", "ida@example.com", {"name": "Ida", "email": "ida@example.com"}, ["vip"]),
            ("#10010", "bo@example.com", {"name": "Bo", "email": "bo@example.com"}, []),
            ("#1002", "guest@example.com", None, []),
        )
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (None, ["#1001", "#10010", "#1002"]),
        ("name:#1001", ["#1001", "#10010"]),
        ("name:1002", ["#1002"]),
        ('email:"ida@example.com"', ["#1001"]),
        ('email:"IDA@example.com"', ["#1001"]),
        ("email:example.com", ["#1001", "#10010", "#1002"]),
        ('email:"example.com"', []),
        ('email:"ida@example.com" name:#1002', []),
        ('email:"ida@example.com" OR email:"bo@example.com"', ["#1001", "#10010"]),
        ("name:#100 -name:#1001", ["#1002"]),
        ("NOT (tag:vip OR name:#1002)", ["#10010"]),
        ("created_at:<2026-01-01", []),
        ("created_at:>=2026-01-01", ["#1001", "#10010", "#1002"]),
        ("email:*", ["#1001", "#10010", "#1002"]),
        ("id:0", []),
        ("ida@example.com", ["#1001"]),
    ],
)
def test_queries(
    client: Client, orders: dict[str, Order], query: str | None, found: list[str]
) -> None:
    assert names(client, query) == sorted(found)


def test_customer_id_and_confirmation_number(client: Client, orders: dict[str, Order]) -> None:
    ida = orders["#1001"].customer
    assert ida is not None
    assert names(client, f"customer_id:{gid_number(ida.id)}") == ["#1001"]
    number = orders["#1002"].confirmation_number
    assert names(client, f"confirmation_number:{number}") == ["#1002"]


def test_unknown_filter_is_ignored_with_a_warning(client: Client, orders: dict[str, Order]) -> None:
    body = client.call(ORDERS, q="phone:+4930123456")
    assert len(body["data"]["found"]["nodes"]) == 3
    (entry,) = body["extensions"]["search"]
    assert entry["path"] == ["found"]
    assert [(w["field"], w["code"]) for w in entry["warnings"]] == [("phone", "invalid_field")]


def test_prefix_matching_can_be_switched_off(
    client: Client, shop: Shop, orders: dict[str, Order]
) -> None:
    shop.name_search_is_prefix = False
    assert names(client, "name:#1001") == ["#1001"]


def test_the_index_lags_but_reading_by_id_does_not(
    client: Client, shop: Shop, make_order: MakeOrder
) -> None:
    shop.search_index_lag = timedelta(seconds=30)
    order = make_order(name="#7")
    assert names(client, "name:#7") == []
    by_id = "query Q($id: ID!) { order(id: $id) { name } }"
    assert client.data(by_id, id=order.id)["order"]["name"] == "#7"
    customer = client.data(CUSTOMER, i={"emailAddress": "ida@example.com"})
    assert customer["customerByIdentifier"]["orders"]["nodes"] == [{"name": "#7"}]
    shop.clock.advance(30)
    assert names(client, "name:#7") == ["#7"]


def test_customer_by_exact_identifier(client: Client, make_order: MakeOrder) -> None:
    order = make_order(customer={"name": "Ida", "email": "ida@example.com", "phone": "+4930123456"})
    assert order.customer is not None
    for identifier in (
        {"emailAddress": "Ida@Example.com"},
        {"phoneNumber": "+4930123456"},
        {"id": order.customer.id},
    ):
        found = client.data(CUSTOMER, i=identifier)["customerByIdentifier"]
        assert found["displayName"] == "Ida"
    for identifier in ({"emailAddress": "example.com"}, {"phoneNumber": "030123456"}):
        assert client.data(CUSTOMER, i=identifier)["customerByIdentifier"] is None


def test_pages(client: Client, orders: dict[str, Order]) -> None:
    query = """query Q($after: String) { orders(first: 2, after: $after, sortKey: ID) {
      nodes { name } pageInfo { hasNextPage endCursor } } }"""
    first = client.data(query)["orders"]
    assert first["pageInfo"]["hasNextPage"] is True
    second = client.data(query, after=first["pageInfo"]["endCursor"])["orders"]
    assert [n["name"] for n in first["nodes"] + second["nodes"]] == list(orders)
    assert second["pageInfo"]["hasNextPage"] is False


def test_a_page_size_is_required(client: Client) -> None:
    body = client.call("{ orders { nodes { id } } }")
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
