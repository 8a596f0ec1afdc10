"""Every test here runs once for each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.store_bench import BENCHES, TRAITS, StoreBench

_KINDS = sorted(BENCHES)


@pytest.fixture(params=_KINDS)
def bench(request: pytest.FixtureRequest) -> Iterator[StoreBench]:
    """A connected store of each kind, over real HTTP."""
    with BENCHES[request.param]() as made:
        yield made


@pytest.fixture(params=[kind for kind in _KINDS if TRAITS[kind].has_pending_refunds])
def bench_that_waits(request: pytest.FixtureRequest) -> Iterator[StoreBench]:
    """A store whose refunds may wait for the payment provider."""
    with BENCHES[request.param]() as made:
        yield made


@pytest.fixture(
    params=[kind for kind in _KINDS if "two_payments" not in TRAITS[kind].whole_kinds_refused]
)
def bench_that_splits(request: pytest.FixtureRequest) -> Iterator[StoreBench]:
    """A store whose refund may go back to several payments."""
    with BENCHES[request.param]() as made:
        yield made


@pytest.fixture(params=[kind for kind in _KINDS if TRAITS[kind].gives_store_credit])
def bench_that_credits(request: pytest.FixtureRequest) -> Iterator[StoreBench]:
    """A store that can give store credit."""
    with BENCHES[request.param]() as made:
        yield made
