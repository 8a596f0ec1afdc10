"""A caller of the sandbox's Admin API, with the documents that the tests need."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from werkzeug.test import TestResponse

from integrations.sandbox.shopify import Shop, ShopifySandbox
from integrations.sandbox.shopify.model import Order

REFUND_CREATE = """
mutation RefundCreate($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund {
      id note totalRefundedSet { presentmentMoney { amount currencyCode } shopMoney { amount } }
      transactions(first: 20) { nodes { id status gateway errorCode parentTransaction { id } } }
      orderAdjustments(first: 5) { nodes { reason amountSet { presentmentMoney { amount } } } }
    }
    order { displayFinancialStatus totalRefundedSet { presentmentMoney { amount } } }
    userErrors { field message }
  }
}
"""

SUGGEST = """
query RefundPreview(
  $id: ID!, $lines: [RefundLineItemInput!], $shipping: Boolean, $shippingAmount: Money,
  $full: Boolean = false, $allocation: RefundMethodAllocation = ORIGINAL_PAYMENT_METHODS
) {
  order(id: $id) {
    suggestedRefund(
      refundLineItems: $lines, refundShipping: $shipping, shippingAmount: $shippingAmount,
      suggestFullRefund: $full, refundMethodAllocation: $allocation
    ) {
      amountSet { presentmentMoney { amount currencyCode } shopMoney { amount currencyCode } }
      maximumRefundableSet { presentmentMoney { amount } }
      totalTaxSet { presentmentMoney { amount } }
      shipping { amountSet { presentmentMoney { amount } } taxSet { presentmentMoney { amount } } }
      refundLineItems { quantity restockType subtotalSet { presentmentMoney { amount } } }
      suggestedTransactions {
        kind gateway parentTransaction { id }
        amountSet { presentmentMoney { amount } }
        maximumRefundableSet { presentmentMoney { amount } }
      }
      suggestedRefundMethods { __typename amount { presentmentMoney { amount } } }
    }
  }
}
"""


class Client:
    """`raw` gives the HTTP answer, `call` its JSON, the rest single operations."""

    def __init__(self, sandbox: ShopifySandbox, shop: Shop, token: str) -> None:
        self.sandbox, self.shop, self.token = sandbox, shop, token
        self.version = "2026-10"

    def raw(self, query: str, variables: dict[str, Any] | None = None) -> TestResponse:
        return self.sandbox.app.test_client().post(
            f"/shops/{self.shop.domain}/admin/api/{self.version}/graphql.json",
            data=json.dumps({"query": query, "variables": variables or {}}),
            content_type="application/json",
            headers={"X-Shopify-Access-Token": self.token},
        )

    def call(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.raw(query, variables)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        body: dict[str, Any] = answer.get_json()
        return body

    def data(self, query: str, **variables: Any) -> Any:
        body = self.call(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def suggest(self, order: Order, **arguments: Any) -> Any:
        return self.data(SUGGEST, id=order.id, **arguments)["order"]["suggestedRefund"]

    def refund(
        self, order: Order, amount: str | None, *, key: str, **changes: Any
    ) -> dict[str, Any]:
        """Refund `amount` from the order's first payment; keywords replace parts of the input."""
        values: dict[str, Any] = {"orderId": order.id, "currency": order.currency}
        if amount is not None:
            values["transactions"] = [payout(order, amount)]
        payload: dict[str, Any] = self.data(REFUND_CREATE, input={**values, **changes}, key=key)[
            "refundCreate"
        ]
        return payload


def payout(order: Order, amount: str, index: int = 0, **changes: Any) -> dict[str, Any]:
    """An `OrderTransactionInput` against the order's payment number `index`."""
    payment = order.transactions[index]
    return {
        "orderId": order.id,
        "parentId": payment.id,
        "gateway": payment.gateway,
        "kind": "REFUND",
        "amount": amount,
        **changes,
    }


def presentment(bag: Any) -> Decimal:
    return Decimal(bag["presentmentMoney"]["amount"])


def messages(payload: dict[str, Any]) -> list[str]:
    return [error["message"] for error in payload["userErrors"]]
