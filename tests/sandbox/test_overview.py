"""The page that leads to all sandboxes of a demo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Page, expect

from integrations.sandbox.overview import create_app
from integrations.sandbox.server import SandboxServer

BOOKS = [
    {"name": "1", "currency": "EUR", "received": "48.60", "paid_back": "0", "refunds": []},
    {
        "name": "2",
        "currency": "EUR",
        "received": "20.00",
        "paid_back": "5.00",
        "refunds": [{"amount": "5.00", "paid": "5.00", "by_makegood": True}],
    },
]


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    def look() -> dict[str, object]:
        return {
            "neighbours": [{"name": "Overview", "url": "/", "current": True},
                           {"name": "Zendesk", "url": "http://127.0.0.1/agent"}],
            "desks": [{"name": "Zendesk", "url": "http://127.0.0.1/agent", "tickets": 3,
                       "notes": 2}],
            "stores": [{"name": "Northwind", "kind": "shopify", "orders": BOOKS}],
        }  # fmt: skip

    with SandboxServer(create_app(look).wsgi_app) as running:
        yield running


def test_strangers_see_nothing(server: SandboxServer) -> None:
    app = create_app(lambda: {})
    for path in ("/", "/look", "/static/overview.js"):
        assert (
            app.test_client().get(path, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code
            == 403
        )
    assert requests.get(f"{server.url}/static/desk.css", timeout=5).status_code == 200


@pytest.mark.browser
def test_it_leads_to_the_desks_and_shows_the_books(server: SandboxServer, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(server.url)
    expect(page.get_by_role("link", name="Open Zendesk")).to_have_attribute(
        "href", "http://127.0.0.1/agent"
    )
    rows = page.locator("tbody tr")
    # What was refunded comes first.
    expect(rows.first).to_contain_text("5.00 by Makegood")
    expect(rows).to_have_count(2)
    page.get_by_label("Only orders with refunds").check()
    expect(rows).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
