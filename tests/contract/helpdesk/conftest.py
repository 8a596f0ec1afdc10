"""Every test here runs once for each kind of helpdesk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.helpdesk_bench import BENCHES, CLOSING, HelpdeskBench


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[HelpdeskBench]:
    """A connected helpdesk of each kind, over real HTTP."""
    with BENCHES[request.param]() as made:
        yield made


@pytest.fixture(params=CLOSING)
def closing_bench(request: pytest.FixtureRequest) -> Iterator[HelpdeskBench]:
    """Only helpdesks that close tickets for good, and refuse a write that has become stale."""
    with BENCHES[request.param]() as made:
        yield made
