"""A connected Zendesk sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.helpdesk_bench import ZendeskBench, zendesk_bench


@pytest.fixture
def bench() -> Iterator[ZendeskBench]:
    with zendesk_bench() as made:
        yield made
