"""Every test here runs once for each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.store_bench import BENCHES, StoreBench


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[StoreBench]:
    """A connected store of each kind, over real HTTP."""
    with BENCHES[request.param]() as made:
        yield made
