"""A shop with a frozen clock and a client that speaks to it over the WSGI interface."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.sandbox.shopify import Clock, Shop, ShopifySandbox
from integrations.sandbox.shopify.model import Order
from tests.sandbox.shopify.client import Client

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def sandbox() -> ShopifySandbox:
    return ShopifySandbox(clock=Clock(NOW))


@pytest.fixture
def shop(sandbox: ShopifySandbox) -> Shop:
    return sandbox.add_shop("demo")


@pytest.fixture
def client(sandbox: ShopifySandbox, shop: Shop) -> Client:
    return Client(sandbox, shop, sandbox.issue_token(shop))


@pytest.fixture
def make_order(sandbox: ShopifySandbox, shop: Shop) -> Callable[..., Order]:
    """An order of three mugs at 12.00 with shipping 4.90, all delivered; keywords change it."""

    def make(**changes: Any) -> Order:
        spec: dict[str, Any] = {
            "email": "ida@example.com",
            "customer": {"name": "Ida Example", "email": "ida@example.com"},
            "line_items": [{"title": "Mug", "quantity": 3, "price": "12.00", "tax_rate": "0.19"}],
            "shipping": {"title": "Parcel", "price": "4.90", "tax_rate": "0.19"},
            "fulfillments": [{"delivered_at": "2026-11-10T10:00:00Z"}],
        }
        return sandbox.add_order(shop, {**spec, **changes})

    return make
