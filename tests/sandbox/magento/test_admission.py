"""Who may call, beyond what the recordings show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.sandbox.magento import MagentoSandbox, Site
from tests.sandbox.magento.client import Client, authorization, decoded

Make = Callable[..., Any]


def search(*conditions: tuple[str, str, str], **more: str) -> str:
    """`/rest/V1/orders` with one filter group per condition, properly escaped."""
    parts = []
    for number, (name, value, condition) in enumerate(conditions):
        head = f"searchCriteria%5Bfilter_groups%5D%5B{number}%5D%5Bfilters%5D%5B0%5D"
        parts += [
            f"{head}%5Bfield%5D={name}",
            f"{head}%5Bvalue%5D={value}",
            f"{head}%5Bcondition_type%5D={condition}",
        ]
    parts += [f"searchCriteria%5B{key}%5D={value}" for key, value in more.items()]
    return "/rest/V1/orders?" + "&".join(parts or ["searchCriteria="])


def test_ten_filter_groups_and_escaped_blanks_are_fine(client: Client, make_order: Make) -> None:
    make_order()
    groups = [("created_at", "2026-01-01%2000%3A00%3A00", "gteq")] * 10
    assert client.get(search(*groups))["total_count"] == 1


def test_a_shop_behind_a_proxy_that_hides_its_address_refuses_every_signature(
    client: Client, site: Site, make_order: Make
) -> None:
    make_order()
    site.settings.seen_base_url = "http://magento.example.com"
    response = client.send("GET", "/rest/V1/orders/1")
    assert response.status_code == 401
    assert decoded(response)["message"] == "The signature is invalid. Verify and try again."


@pytest.mark.parametrize("scheme", ["Basic abc", "", "OAuth"])
def test_without_a_credential_the_missing_resource_is_named(client: Client, scheme: str) -> None:
    response = client.send("GET", "/rest/V1/creditmemos?searchCriteria=", header=scheme)
    assert response.status_code == 401
    assert decoded(response)["parameters"] == {"resources": "Magento_Sales::sales_creditmemo"}


def test_a_nonce_is_used_up_by_a_wrong_signature(client: Client, make_order: Make) -> None:
    make_order()
    url, now = client.url("/rest/V1/orders/1"), client.sandbox.clock.now().timestamp()
    wrong = authorization(client.integration, "GET", url, now, nonce="n1", secret="x" * 32)
    right = authorization(client.integration, "GET", url, now, nonce="n1")
    assert client.send("GET", "/rest/V1/orders/1", header=wrong).status_code == 401
    response = client.send("GET", "/rest/V1/orders/1", header=right)
    assert response.status_code == 401
    assert "nonce" in decoded(response)["message"]


def test_admin_tokens_last_an_hour_and_six_failures_lock(
    sandbox: MagentoSandbox, client: Client, site: Site, make_order: Make
) -> None:
    make_order()
    sandbox.add_admin(site, "ann", "right-password")
    path = "/rest/V1/integration/admin/token"
    right = {"username": "ann", "password": "right-password"}
    token = decoded(client.send("POST", path, right, header=""))
    bearer = f"Bearer {token}"
    assert client.send("GET", "/rest/V1/orders/1", header=bearer).status_code == 200
    sandbox.clock.advance(3601)
    assert client.send("GET", "/rest/V1/orders/1", header=bearer).status_code == 401

    for _ in range(6):
        wrong = {"username": "ann", "password": "wrong"}
        assert client.send("POST", path, wrong, header="").status_code == 401
    assert client.send("POST", path, right, header="").status_code == 401
    sandbox.clock.advance(1801)
    assert client.send("POST", path, right, header="").status_code == 200


def test_a_list_without_criteria_is_refused(client: Client) -> None:
    response = client.send("GET", "/rest/V1/orders")
    assert response.status_code == 400
    assert decoded(response) == {
        "message": '"%fieldName" is required. Enter and try again.',
        "parameters": {"fieldName": "searchCriteria"},
    }


@pytest.mark.parametrize(
    ("field", "value", "condition", "count"),
    [
        ("customer_email", "IDA%40EXAMPLE.COM", "eq", 1),
        ("customer_email", "ida%40example.com%20", "eq", 1),
        ("customer_email", "ida%25", "like", 1),
        ("customer_email", "ida%25", "nlike", 1),
        ("customer_email", "ida%2Btag%40example.com", "eq", 0),
        ("customer_email", "ida+tag%40example.com", "eq", 0),
        ("customer_id", "", "null", 2),
        ("customer_id", "", "notnull", 0),
        ("entity_id", "1%2C2", "in", 2),
        ("entity_id", "1", "nin", 1),
        ("entity_id", "1", "neq", 1),
        ("grand_total", "37.50", "eq", 1),
        ("grand_total", "37.50", "gt", 0),
        ("grand_total", "37.50", "lteq", 2),
        ("increment_id", "000000002", "eq", 1),
    ],
)
def test_conditions(
    client: Client, make_order: Make, field: str, value: str, condition: str, count: int
) -> None:
    make_order()
    make_order(email="otto@example.com", shipping="5")
    answer = client.get(search((field, value, condition)).replace("ida+", "ida%20"))
    assert answer["total_count"] == count


def test_pages_and_order(client: Client, make_order: Make) -> None:
    for number in range(5):
        make_order(email=f"c{number}@example.com")
    path = search(pageSize="2", currentPage="2")
    path += "&searchCriteria%5BsortOrders%5D%5B0%5D%5Bfield%5D=entity_id"
    path += "&searchCriteria%5BsortOrders%5D%5B0%5D%5Bdirection%5D=DESC"
    answer = client.get(path)
    assert [order["entity_id"] for order in answer["items"]] == [3, 2]
    assert answer["total_count"] == 5
