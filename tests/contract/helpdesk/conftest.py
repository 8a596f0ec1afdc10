"""Every test here runs once for each kind of helpdesk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.helpdesk_bench import BENCHES, HelpdeskBench


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[HelpdeskBench]:
    """A connected helpdesk of each kind, over real HTTP."""
    with BENCHES[request.param]() as made:
        yield made
