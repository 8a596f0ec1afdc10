"""The policy's page in Chromium: from a typing error to a version in force, by a manager."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import make_server

from app import create_app
from app.domain.decision import Verdict
from app.replaying import run_replay
from app.settings import Settings
from tests.browser.sidebar import HAND_OVER
from tests.support.fakes import KEYS, World, make_line, make_order, make_world
from tests.web.conftest import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path)
    made.add_order(make_order("#1042", (make_line(1, "Merino beanie", "20.00", quantity=2),)))
    Desk(made).receive("501", "I want a refund for my order #1042")
    yield made
    made.database.dispose()


@pytest.fixture
def address(world: World) -> Iterator[tuple[str, str]]:
    """The server's address, and a manager's session."""
    settings = Settings(zendesk_sdk_url="https://static.example.com/sdk/zaf.js")
    app = create_app(settings, world.deps, session_keys=KEYS, probe=list)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    signer = app.extensions["makegood"].signer
    yield f"http://127.0.0.1:{server.server_port}", signer.issue_session("acme", "14", "71")
    server.shutdown()
    thread.join(10)


def opened(context: BrowserContext, address: tuple[str, str]) -> tuple[Page, Page]:
    base, session = address
    sidebar = context.new_page()
    sidebar.goto(f"{base}/policy")
    with context.expect_page() as found:
        sidebar.evaluate(HAND_OVER, ["/policy", session])
    return sidebar, found.value


def work(world: World) -> None:
    """What a worker does with the replay that was asked for."""
    job = next(one for one in reversed(world.notifier.heard) if one[0] == "policy_replay")
    url = world.database.engine.url.render_as_string(hide_password=False)
    run_replay(world.deps, url, *job[1:])


def test_a_manager_brings_a_version_into_force(
    browser_context: BrowserContext, address: tuple[str, str], world: World
) -> None:
    sidebar, page = opened(browser_context, address)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    text = page.get_by_label("The policy, in plain English")
    expect(text).to_have_attribute("readonly", "")
    page.get_by_role("button", name="Start a new version").click()
    # The first text that a process reads makes its grammar ready, which takes a while.
    expect(text).not_to_have_attribute("readonly", "", timeout=60_000)
    activate = page.get_by_role("button", name="Put into force")
    expect(activate).to_be_disabled()
    written = text.input_value()
    text.fill(written.replace("within the last 30 days", "wihtin the last 30 days"))
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".problem-error").first).to_contain_text("within")
    text.fill(written.replace("within the last 30 days", "within the last 10 days"))
    page.get_by_role("button", name="Check").click()
    replay = page.get_by_role("button", name="Try on past cases")
    expect(replay).to_be_enabled()
    replay.click()
    expect(page.locator("#replay-state")).to_contain_text("Waiting")
    expect(activate).to_be_disabled()
    work(world)
    change = page.locator(".change").first
    expect(change).to_contain_text("Eligible → Not eligible")
    change.locator("summary").click()
    expect(change).to_contain_text("2 days late")
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(activate).to_be_enabled()
    activate.click()
    expect(page.locator("#notice")).to_contain_text("in force")
    assert world.deps.policies.in_force("acme", "store-1", world.clock.now()).version == 2
    Desk(world).receive("502", "I want a refund for my order #1042")
    decision = Desk(world).case("502").decision
    assert decision is not None
    assert decision.verdict is Verdict.NOT_ELIGIBLE
    assert faults == []
    page.close()
    sidebar.close()


def test_without_a_sidebar_it_says_how_to_open_it(
    browser_context: BrowserContext, address: tuple[str, str]
) -> None:
    page = browser_context.new_page()
    page.goto(f"{address[0]}/policy")
    expect(page.locator("#notice")).to_contain_text("Open this page from Makegood in a ticket")
    assert not page.get_by_label("The policy, in plain English").is_visible()
    page.close()
