"""Kustomer on the wire: connected, and before anything is connected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.kustomer_bench import KustomerBench, fresh_org, kustomer_bench


@pytest.fixture
def bench() -> Iterator[KustomerBench]:
    with kustomer_bench() as made:
        yield made


@pytest.fixture
def fresh() -> Iterator[KustomerBench]:
    """An org in which nothing of ours is installed yet."""
    with fresh_org() as made:
        yield made
