"""Store credit accounts: what is refused, what is booked, and what its history shows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from integrations.sandbox.shopify.model import Order
from tests.sandbox.shopify.client import Client

MakeOrder = Callable[..., Order]

CREDIT = """
mutation StoreCreditCredit($id: ID!, $input: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $id, creditInput: $input) {
    storeCreditAccountTransaction { id event amount { amount currencyCode }
      balanceAfterTransaction { amount } }
    userErrors { code field message }
  }
}
"""
HISTORY = """
query History($id: ID!) {
  customerByIdentifier(identifier: {id: $id}) {
    storeCreditAccounts(first: 5) { nodes {
      id balance { amount currencyCode }
      transactions(first: 2, reverse: true) {
        nodes {
          __typename event amount { amount }
          ... on StoreCreditAccountCreditTransaction { id }
        }
        pageInfo { hasNextPage }
      }
    } }
  }
}
"""
NODE = """
query One($id: ID!) {
  node(id: $id) { id ... on StoreCreditAccountCreditTransaction { event } }
}
"""


def credit(client: Client, owner: str, amount: str, currency: str = "EUR") -> dict[str, Any]:
    given = {"creditAmount": {"amount": amount, "currencyCode": currency}}
    answer = client.call(CREDIT, id=owner, input=given)
    found: dict[str, Any] = answer["data"]["storeCreditAccountCredit"]
    return found


def test_credits_are_booked_and_listed_newest_first(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    assert order.customer is not None
    for amount in ("1.00", "2.50", "3.00"):
        assert credit(client, order.customer.id, amount)["userErrors"] == []
    found = client.call(HISTORY, id=order.customer.id)["data"]["customerByIdentifier"]
    [account] = found["storeCreditAccounts"]["nodes"]
    assert Decimal(account["balance"]["amount"]) == Decimal("6.50")
    newest = account["transactions"]["nodes"]
    assert [Decimal(one["amount"]["amount"]) for one in newest] == [Decimal(3), Decimal("2.5")]
    assert {one["event"] for one in newest} == {"ADJUSTMENT"}
    assert account["transactions"]["pageInfo"]["hasNextPage"]
    node = client.call(NODE, id=newest[0]["id"])["data"]["node"]
    assert node == {"id": newest[0]["id"], "event": "ADJUSTMENT"}


def test_a_refund_to_store_credit_is_another_event(client: Client, make_order: MakeOrder) -> None:
    order = make_order()
    assert order.customer is not None
    money = {"amount": "5.00", "currencyCode": order.currency}
    method = [{"storeCreditRefund": {"amount": money}}]
    payload = client.refund(order, None, key="k-1", refundMethods=method, transactions=[])
    assert payload["userErrors"] == []
    found = client.call(HISTORY, id=order.customer.id)["data"]["customerByIdentifier"]
    [account] = found["storeCreditAccounts"]["nodes"]
    assert [one["event"] for one in account["transactions"]["nodes"]] == ["ORDER_REFUND"]


@pytest.mark.parametrize(
    ("owner", "amount", "currency", "code"),
    [
        ("customer", "0.00", "EUR", "NEGATIVE_OR_ZERO_AMOUNT"),
        ("customer", "0.001", "EUR", "NEGATIVE_OR_ZERO_AMOUNT"),
        ("gid://shopify/Customer/1", "1.00", "EUR", "OWNER_NOT_FOUND"),
        ("gid://shopify/StoreCreditAccount/1", "1.00", "EUR", "ACCOUNT_NOT_FOUND"),
        ("account", "1.00", "USD", "MISMATCHING_CURRENCY"),
    ],
)
def test_what_the_vendor_refuses(
    client: Client, make_order: MakeOrder, owner: str, amount: str, currency: str, code: str
) -> None:
    order = make_order()
    assert order.customer is not None
    credit(client, order.customer.id, "1.00")
    owners = {"customer": order.customer.id, "account": order.customer.store_credit[0].id}
    refused = credit(client, owners.get(owner, owner), amount, currency)
    assert [one["code"] for one in refused["userErrors"]] == [code]
    assert refused["storeCreditAccountTransaction"] is None
    assert order.customer.store_credit[0].balance == Decimal("1.00")


def test_a_key_is_refused_where_the_vendor_knows_none(
    client: Client, make_order: MakeOrder
) -> None:
    order = make_order()
    assert order.customer is not None
    keyed = CREDIT.replace("creditInput: $input) {", 'creditInput: $input) @idempotent(key: "k") {')
    given = {"creditAmount": {"amount": "1.00", "currencyCode": "EUR"}}
    answer = client.call(keyed, id=order.customer.id, input=given)
    assert "not supported" in answer["errors"][0]["message"]
    assert order.customer.store_credit == []
