"""An empty site with a frozen clock, and a client with every resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.sandbox.magento import Clock, MagentoSandbox, Site
from integrations.sandbox.magento.model import Order
from tests.sandbox.magento.client import Client
from tests.sandbox.magento.recorded_shop import NOW


@pytest.fixture
def sandbox() -> MagentoSandbox:
    return MagentoSandbox(clock=Clock(NOW))


@pytest.fixture
def site(sandbox: MagentoSandbox) -> Site:
    return sandbox.add_site("demo")


@pytest.fixture
def client(sandbox: MagentoSandbox, site: Site) -> Client:
    return Client(sandbox, site, sandbox.add_integration(site, None))


@pytest.fixture
def make_order(sandbox: MagentoSandbox, site: Site) -> Callable[..., Order]:
    """Two mugs at 13.75 with tax and 10.00 shipping, paid online; keywords change it."""

    def make(**changes: Any) -> Order:
        spec: dict[str, Any] = {
            "email": "ida@example.com",
            "items": [{"sku": "MUG", "price": "12.50", "qty": 2, "tax_percent": "10"}],
            "shipping": "10",
            "payment": {"method": "fakepay"},
        }
        return sandbox.add_order(site, {**spec, **changes})

    return make
