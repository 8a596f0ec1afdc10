"""One house for the whole folder, and agents who sit down before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.house import AGENT, House, Written, open_house
from tests.browser.sidebar import Seat, close_all
from tests.support.browser import launched

SitDown = Callable[..., Seat]


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="package")
def browser_context() -> Iterator[BrowserContext]:
    """One for all: a browser keeps our scripts and styles, as an agent's does all day."""
    with launched() as browser:
        yield browser.new_context(
            viewport={"width": 1360, "height": 860}, locale="en-US", timezone_id="Etc/UTC"
        )


@pytest.fixture
def sit_down(browser_context: BrowserContext, house: House) -> Iterator[SitDown]:
    """An agent opens a ticket in a page of their own."""
    seats: list[Seat] = []

    def opener(ticket: Written, agent: str = AGENT, scheme: str = "light") -> Seat:
        seat = Seat(house, browser_context.new_page(), agent)
        seats.append(seat)
        seat.open(ticket, scheme)
        return seat

    yield opener
    close_all(seats)
