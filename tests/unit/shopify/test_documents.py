"""Every document against the vendor's real schema."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    FieldNode,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from graphql.language.visitor import Visitor

from app.domain.matching import OrderQuery
from integrations.stores.shopify.documents import (
    DECISION_CONTEXT,
    DOCUMENTS,
    FIND_CANDIDATES,
    FOLDER,
    REFUND_CREATE,
    REFUND_PREVIEW,
    STORE_CREDIT_CREDIT,
    Document,
)
from integrations.stores.shopify.lookup import plan_lookup
from integrations.stores.shopify.vocabulary import API_VERSION
from tests.support.shopify_schema import documented_cost, vendor_schema

VERSIONS = ["2026-07", API_VERSION]
ORDER = "gid://shopify/Order/1"
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.operation)


def test_every_file_is_loaded() -> None:
    assert len(list(FOLDER.glob("*.graphql"))) == len(DOCUMENTS)


@by_name
@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_valid_and_asks_for_nothing_deprecated(document: Document, version: str) -> None:
    schema, parsed = vendor_schema(version), parse(document.text)
    assert validate(schema, parsed) == []
    assert validate(schema, parsed, [NoDeprecatedCustomRule]) == []


@by_name
def test_staff_and_contracts_which_need_special_plans_are_never_asked_for(
    document: Document,
) -> None:
    class Names(Visitor):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()

        def enter_field(self, node: FieldNode, *_: Any) -> None:
            self.found.add(node.name.value)

    names = Names()
    visit(parse(document.text), names)
    assert names.found
    assert not names.found & {"staffMember", "contract", "user"}


def test_the_mutation_carries_its_key_on_the_field() -> None:
    (operation,) = (
        node
        for node in parse(REFUND_CREATE.text).definitions
        if isinstance(node, OperationDefinitionNode)
    )
    assert [one.name.value for one in operation.directives or ()] == []
    (field,) = operation.selection_set.selections
    assert [one.name.value for one in field.directives or ()] == ["idempotent"]


def test_only_refunds_and_bonuses_are_mutations() -> None:
    assert [one for one in DOCUMENTS if one.is_mutation] == [REFUND_CREATE, STORE_CREDIT_CREDIT]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (DECISION_CONTEXT, {"orderId": ORDER}),
        (DECISION_CONTEXT, {"orderId": ORDER, "withReturns": False, "withProducts": False}),
        (
            REFUND_PREVIEW,
            {
                "orderId": ORDER,
                "refundLineItems": [{"lineItemId": "gid://shopify/LineItem/1", "quantity": 1}],
                "shippingAmount": "4.90",
                "withLocations": True,
            },
        ),
        (
            FIND_CANDIDATES,
            plan_lookup(
                OrderQuery(
                    emails=tuple(f"ida{n}@example.com" for n in range(4)),
                    phones=("+4930555010", "+4930555011"),
                    order_names=("1", "2", "3", "4", "5"),
                )
            ).variables,
        ),
        (FIND_CANDIDATES, {}),
        (
            REFUND_CREATE,
            {
                "idempotencyKey": "8a0f4c1e",
                "input": {
                    "orderId": ORDER,
                    "currency": "EUR",
                    "notify": False,
                    "note": "R-7Q2KXW9PHM ticket 1",
                    "refundLineItems": [
                        {
                            "lineItemId": "gid://shopify/LineItem/1",
                            "quantity": 1,
                            "restockType": "NO_RESTOCK",
                        }
                    ],
                    "shipping": {"fullRefund": True},
                    "discrepancyReason": "OTHER",
                    "transactions": [
                        {
                            "orderId": ORDER,
                            "parentId": "gid://shopify/OrderTransaction/1",
                            "gateway": "shopify_payments",
                            "kind": "REFUND",
                            "amount": "59.80",
                        }
                    ],
                },
            },
        ),
    ],
)
def test_variables_have_the_shape_that_the_schema_wants(
    document: Document, variables: dict[str, Any]
) -> None:
    schema, parsed = vendor_schema(API_VERSION), parse(document.text)
    (operation,) = (
        node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)
    )
    coerced = get_variable_values(schema, operation.variable_definitions or (), variables)
    assert not isinstance(coerced, list), coerced


@by_name
def test_it_stays_far_below_the_vendors_limit(document: Document) -> None:
    cost = documented_cost(vendor_schema(API_VERSION), parse(document.text))
    assert cost < (400 if document is DECISION_CONTEXT else 1000), cost
