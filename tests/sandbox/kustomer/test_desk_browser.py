"""The desk, its cards and the SDK's calls in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.kustomer.model import Conversation, Customer
from tests.sandbox.kustomer.definition import definition

pytestmark = pytest.mark.browser

STARTS = "Kustomer.initialize((context, config) => { seen.push(context); window.cfg = config; });"


class CardServer:
    """Serves a card's page, and answers commands with what they carried."""

    def __init__(self) -> None:
        self.script = ""
        self.start = STARTS
        self.paths: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.paths.append(self.path)
                self._answer(
                    "text/html; charset=utf-8",
                    f"<!doctype html><title>Card</title><body><p>Card</p>"
                    f"<script>window.seen = [];</script>{server.script}<script>"
                    f"if (window.Kustomer) {{ Kustomer.on('context', (c) => seen.push(c)); "
                    f"{server.start} }}</script></body>".encode(),
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer("application/json", body)

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def cards(kustomer: KustomerSandbox) -> Iterator[CardServer]:
    server = CardServer()
    server.script = f'<script src="{kustomer.base}/sdk/kustomer-card.min.js"></script>'
    made = definition()
    made["kviews"][0]["template"] = (
        f'<DynamicCard src="{server.base}/card?lang=en" context={{object.context}} fillToWidth />'
    )
    made["commands"][0]["url"] = f"{server.base}/commands/lookup"
    from integrations.sandbox.kustomer.apps import register_version

    register_version(kustomer.org, made)
    kustomer.install("refund_helper", "1.0.0")
    yield server
    server.stop()


@pytest.fixture
def open_card(
    kustomer: KustomerSandbox, cards: CardServer, conversation: Conversation, page: Page
) -> Callable[..., Frame]:
    def opened(**more: Any) -> Frame:
        page.goto(kustomer.desk_url(conversation.id, **more))
        iframe = page.wait_for_selector("#cards iframe", state="attached")
        assert iframe is not None
        frame = iframe.content_frame()
        assert frame is not None
        frame.wait_for_function("window.seen && seen.length > 0")
        return frame

    return opened


def test_a_card_is_told_what_the_agent_looks_at(
    kustomer: KustomerSandbox,
    cards: CardServer,
    customer: Customer,
    conversation: Conversation,
    page: Page,
    open_card: Callable[..., Frame],
) -> None:
    frame = open_card()
    assert f"parentUrl={kustomer.base.replace(':', '%3A').replace('/', '%2F')}" in cards.paths[0]
    assert "lang=en" in cards.paths[0] and "&id=" in cards.paths[0]
    first = frame.evaluate("seen[0]")
    assert (first["type"], first["conversation"]["id"]) == ("conversation", conversation.id)
    assert first["customer"]["attributes"]["emails"][0]["email"] == "lena@example.com"
    assert first["customer"]["relationships"]["org"]["data"]["id"] == kustomer.org.id
    assert frame.evaluate("cfg") == {"userRoles": ["org.user"]}
    # Turning to another conversation keeps the card and tells it.
    other = kustomer.add_conversation(customer.id, "Another", "text")
    page.locator(f"#rows [data-id='{other.id}']").click()
    # The list may be drawn anew in between, and then the card is told of the first once more.
    frame.wait_for_function("id => seen.at(-1).conversation?.id === id", arg=other.id)
    # With the timeline collapsed there is a customer and no conversation.
    page.locator("#collapse").click()
    frame.wait_for_function("seen.at(-1).type === 'customer'")
    assert frame.evaluate("[seen.at(-1).conversation, seen.at(-1).customer.id]") == [
        None,
        customer.id,
    ]


def test_a_card_that_never_starts_stays_hidden(
    kustomer: KustomerSandbox, cards: CardServer, conversation: Conversation, page: Page
) -> None:
    cards.start = ""
    page.goto(kustomer.desk_url(conversation.id))
    expect(page.get_by_text("This card has not started.")).to_be_visible()
    expect(page.locator("#cards iframe")).to_be_hidden()


def test_starting_twice_is_an_error(
    cards: CardServer, page: Page, open_card: Callable[..., Frame]
) -> None:
    cards.start = STARTS + STARTS
    frame = open_card()
    expect(page.get_by_text("initialize was called twice")).to_be_visible()
    assert frame.evaluate("seen.length") == 1
    assert page.evaluate("deskHosts()[0].errors") == ["initialize was called twice"]


def test_requests_run_as_the_agent(
    kustomer: KustomerSandbox, conversation: Conversation, open_card: Callable[..., Frame]
) -> None:
    frame = open_card(agent=kustomer.team_lead.id)
    path = f"/v1/conversations/{conversation.id}"
    by_callback = frame.evaluate(
        "(url) => new Promise((done) => Kustomer.request({ url, method: 'GET' }, "
        "(err, data) => done([err, data])))",
        path,
    )
    assert by_callback[0] is None
    # The `data` part, unwrapped.
    assert by_callback[1]["attributes"]["name"] == "Money back please"
    note = {"url": f"{path}/notes", "method": "POST", "body": {"body": "By hand"}}
    frame.evaluate("(options) => Kustomer.request(options)", note)
    [made] = kustomer.notes(conversation.id)
    assert made["createdBy"] == kustomer.team_lead.id
    failed = frame.evaluate(
        "(url) => new Promise((done) => Kustomer.request({ url }, "
        "(err, data) => done([err, data])))",
        "/v1/outbound-webhooks",
    )
    assert failed[0]["status"] == 403 and failed[1] is None
    outside = frame.evaluate(
        "() => Kustomer.request({ url: 'https://example.com/' }).catch((err) => err.message)"
    )
    assert "/v1/" in outside


def test_commands_by_callback_and_by_promise(
    kustomer: KustomerSandbox, conversation: Conversation, open_card: Callable[..., Frame]
) -> None:
    frame = open_card()
    name = next(iter(kustomer.org.commands))
    given = {"body": {"conversationId": conversation.id}}
    run = "([name, given]) => new Promise((done) => Kustomer.command.run(name, given, "
    err, data = frame.evaluate(run + "(err, data) => done([err, data])))", [name, given])
    assert err is None
    assert data["responseBody"] == given["body"]
    assert data["requestHeaders"]["x-kustomer-user-id"] == kustomer.agent.id
    by_promise = frame.evaluate(
        "([name, given]) => Kustomer.command.run(name, given)", [name, given]
    )
    assert by_promise["statusCode"] == 200
    refused = frame.evaluate(
        "([name]) => Kustomer.command.run(name, { body: {} }).catch((err) => err)", [name]
    )
    assert refused["status"] == 400
    assert [one["user"] for one in kustomer.org.command_runs] == [kustomer.agent.id] * 2


def test_answers_may_come_out_of_order_and_promises_may_be_missing(
    kustomer: KustomerSandbox, conversation: Conversation, open_card: Callable[..., Frame]
) -> None:
    kustomer.org.switches.sdk_promises = False
    frame = open_card()
    kustomer.faults.add("conversations.show", "slow", seconds=0.6)
    order = frame.evaluate(
        """([slow, fast]) => new Promise((done) => { const order = [];
        const end = (name) => () => { order.push(name); if (order.length === 2) { done(order); } };
        const answer = Kustomer.request({ url: slow }, end('slow'));
        if (answer !== undefined) { order.push('a promise'); }
        setTimeout(() => Kustomer.request({ url: fast }, end('fast')), 150); })""",
        [f"/v1/conversations/{conversation.id}", "/v1/users/current"],
    )
    assert order == ["fast", "slow"]


def test_size_fold_status_and_modals(page: Page, open_card: Callable[..., Frame]) -> None:
    frame = open_card()
    frame.evaluate("Kustomer.resize({ height: 321 })")
    expect(page.locator("#cards iframe")).to_have_css("height", "321px")
    frame.evaluate("document.body.style.height = '77px'; Kustomer.resize()")
    page.wait_for_function("deskHosts()[0].sizes.length === 2")
    frame.evaluate("Kustomer.updateStatus('danger', 'Something is wrong')")
    expect(page.get_by_text("Something is wrong")).to_be_visible()
    frame.evaluate("Kustomer.close()")
    expect(page.locator("#cards iframe")).to_be_hidden()
    frame.evaluate("Kustomer.open()")
    expect(page.locator("#cards iframe")).to_be_visible()
    problems = frame.evaluate(
        """() => { const problems = [];
        for (const id of ['a', 'b', 'c', 'a', 'd']) {
          try { Kustomer.modal.init({ id, url: '/modal' }, () => {}); }
          catch (problem) { problems.push(problem.message); } }
        Kustomer.modal.show('a'); return problems; }"""
    )
    assert problems == ["the modal a exists already", "at most 3 modals can be registered"]
    expect(page.locator("dialog.card-modal[open] iframe")).to_be_visible()


def test_outside_the_desk_a_card_gets_nothing(
    kustomer: KustomerSandbox, cards: CardServer, page: Page
) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    page.goto(f"{cards.base}/card")
    page.wait_for_timeout(300)
    assert page.evaluate("seen") == []
    assert any("outside Kustomer" in text for text in warnings)
    # A page that frames it and claims to be somebody else is not listened to.
    page.goto(f"{cards.base}/frame")
    page.set_content(
        f'<iframe src="{cards.base}/card?parentUrl=https://acme.kustomerapp.com&id=1"></iframe>'
    )
    page.wait_for_timeout(300)
    assert page.frames[-1].evaluate("seen") == []


def test_notes_arrive_while_the_agent_looks(
    kustomer: KustomerSandbox, conversation: Conversation, page: Page
) -> None:
    page.goto(kustomer.desk_url(conversation.id))
    expect(page.locator("#timeline .customer")).to_have_count(1)
    kustomer.engine.add_note(conversation, "Eligible: 48.60", kustomer.machine_user.id)
    expect(page.locator("#timeline .note")).to_contain_text("Eligible: 48.60")
    page.locator("#text").fill("We are on it")
    page.locator("#send").click()
    expect(page.locator("#timeline .staff")).to_contain_text("We are on it")
    page.locator("#agent").select_option(label="Dario Venn · Team lead")
    expect(page.locator("#agent")).to_have_value(kustomer.team_lead.id)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_desk_shows_one_part_at_a_time(
    kustomer: KustomerSandbox, conversation: Conversation, chromium: Browser, scheme: Any
) -> None:
    opened = chromium.new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    opened.goto(kustomer.desk_url(conversation.id))
    expect(opened.locator(".talk")).to_be_visible()
    expect(opened.locator(".list")).to_be_hidden()
    opened.get_by_role("button", name="Attributes").click()
    expect(opened.locator(".form")).to_be_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    assert opened.evaluate("document.documentElement.dataset.scheme") == scheme
    opened.close()
