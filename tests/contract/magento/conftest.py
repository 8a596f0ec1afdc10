"""What only a Magento site has: invoices, offline payments, permissions, no keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.magento_bench import MagentoBench, magento_bench


@pytest.fixture
def bench() -> Iterator[MagentoBench]:
    """A Magento site over real HTTP."""
    with magento_bench() as made:
        yield made
