"""What only a Shopify shop has: token modes, scopes, API versions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.store_bench import ShopifyBench, shopify_bench


@pytest.fixture
def bench() -> Iterator[ShopifyBench]:
    """A Shopify shop over real HTTP."""
    with shopify_bench() as made:
        yield made
