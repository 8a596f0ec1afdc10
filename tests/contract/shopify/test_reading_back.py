"""What stands in the shop is what counts, also where it should never stand."""

from __future__ import annotations

import requests

from app.domain.pricing import everything_left
from integrations.http import BoundedSession
from integrations.sandbox.shopify.builder import refund_by_merchant
from integrations.stores.shopify import documents
from integrations.stores.shopify.client import ShopifyClient
from integrations.stores.shopify.tokens import AuthMode, TokenProvider
from tests.support.store_bench import ShopifyBench, prepared
from tests.support.surroundings import CallableClock, make_surroundings


def test_a_reference_that_stands_twice_is_told(bench: ShopifyBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    order = bench.shop.orders[intent.order.order_id]
    for amount in ("1.00", "2.00"):
        refund_by_merchant(
            bench.shop, order, {"amount": amount, "note": f"{intent.refund.marker} again"}
        )
    found = bench.store().find_refund(intent.refund)
    assert found is not None
    assert found.id == order.refunds[0].id
    assert (
        found.explanation == f"2 refunds of this order carry the reference {intent.refund.marker}."
    )


def test_moving_money_waits_longer_for_its_answer_than_reading(bench: ShopifyBench) -> None:
    limits: list[object] = []

    class Watched(BoundedSession):
        def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
            limits.append(kwargs["timeout"])
            return super().send(request, **kwargs)

    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    surroundings = make_surroundings(
        {"shopify": bench.endpoint}, CallableClock(bench.sandbox.clock.now), vault=bench.vault
    )
    with Watched(1, 1) as session:
        tokens = TokenProvider(
            shop=bench.shop.domain,
            mode=AuthMode.STATIC,
            owner="store_1",
            vault=bench.vault,
            surroundings=surroundings,
            session=session,
        )
        client = ShopifyClient(
            shop=bench.shop.domain, tokens=tokens, surroundings=surroundings, session=session
        )
        client.execute(documents.REFUND_FIND, {"orderId": intent.order.order_id})
        client.execute(documents.REFUND_CREATE, intent.refund.store_input or "")
    assert limits == [(2.0, 5.0), (2.0, 15.0)]
