"""The desk and the SDK's protocol in a real browser, with our SDK double and the npm copy."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket, User
from tests.support.prerequisites import npm_package

pytestmark = pytest.mark.browser

# Loads the npm copy's three CommonJS files the way a bundler would.
BUNDLE = """
(function () {{ var sources = {sources}; var loaded = {{}};
function load(name) {{ if (loaded[name]) return loaded[name].exports;
var module = loaded[name] = {{ exports: {{}} }};
new Function('require', 'module', 'exports', sources[name])(
  function (wanted) {{ return load(wanted.replace('./', '')); }}, module, module.exports);
return module.exports; }}
window.ZAFClient = load('index'); }})();
"""


def npm_bundle() -> str:
    folder: Path = npm_package("zendesk_app_framework_sdk") / "lib"
    sources = {
        name: (folder / f"{name}.js").read_text(encoding="utf-8")
        for name in ("index", "client", "utils")
    }
    return BUNDLE.format(sources=json.dumps(sources))


class AppServer:
    """Serves an app's page: a signed POST in, a page out that makes a client."""

    def __init__(self) -> None:
        self.first_loads: list[tuple[dict[str, list[str]], dict[str, list[str]]]] = []
        self.script = ""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.first_loads.append((parse_qs(urlsplit(self.path).query), parse_qs(form)))
                self._page()

            def do_GET(self) -> None:
                self._page()

            def _page(self) -> None:
                body = (
                    f"<!doctype html><title>App</title><body><p id=ready>App</p>{server.script}"
                    "<script>window.client = ZAFClient.init();</script></body>"
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/zendesk/sidebar"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def app(zendesk: ZendeskSandbox) -> Iterator[AppServer]:
    server = AppServer()
    zendesk.sidebar_url = server.url
    server.script = f'<script src="{zendesk.base}/sdk/zaf_sdk.js"></script>'
    yield server
    server.stop()


@pytest.fixture
def open_app(
    zendesk: ZendeskSandbox, app: AppServer, ticket: Ticket, page: Page
) -> Callable[..., Frame]:
    def opener(agent: User | None = None) -> Frame:
        page.goto(zendesk.desk_url(ticket.id, agent=agent.id if agent else None))
        page.frame_locator(".app-slot iframe").locator("#ready").wait_for()
        frame = next(one for one in page.frames if one.url.startswith(app.url))
        # The client is made by the page's last script, after the text above is there.
        frame.wait_for_function("Boolean(window.client)")
        return frame

    return opener


@pytest.fixture(params=["double", "npm"])
def either_sdk(request: pytest.FixtureRequest, app: AppServer) -> str:
    if request.param == "npm":
        app.script = f"<script>{npm_bundle()}</script>"
    return str(request.param)


def test_first_load_is_a_signed_post_for_the_acting_agent(
    zendesk: ZendeskSandbox, app: AppServer, open_app: Callable[..., Frame]
) -> None:
    open_app(zendesk.team_lead)
    [(query, form)] = app.first_loads
    assert query["origin"] == [zendesk.base]
    assert query["app_guid"]
    key = zendesk.account.apps[zendesk.installation.app_id].keys.public_pem
    audience = f"https://acme.zendesk.com/api/v2/apps/installations/{zendesk.installation.id}.json"
    claims = jwt.decode(form["token"][0], key, algorithms=["RS256"], audience=audience)
    assert claims["sub"].endswith(f"/users/{zendesk.team_lead.id}.json")


def test_context_get_set_invoke_and_request(
    zendesk: ZendeskSandbox,
    page: Page,
    ticket: Ticket,
    status_field: int,
    either_sdk: str,
    open_app: Callable[..., Frame],
) -> None:
    frame = open_app()
    context = frame.evaluate("client.context()")
    assert (context["ticketId"], context["location"]) == (ticket.id, "ticket_sidebar")
    assert context["account"] == {"subdomain": "acme"}
    metadata = frame.evaluate("client.metadata()")
    assert metadata["installationId"] == zendesk.installation.id
    got = frame.evaluate(
        "client.get(['ticket.id', 'ticket.requester', 'currentUser', 'colorScheme', 'no.such'])"
    )
    assert got["ticket.id"] == ticket.id
    assert got["ticket.requester"]["email"] == "lena@example.com"
    assert got["currentUser"]["name"] == "Mira Holt"
    assert got["colorScheme"] in ("light", "dark")
    assert list(got["errors"]) == ["no.such"]
    refused = frame.evaluate("client.get('no.such').catch((error) => [error.name, error.message])")
    assert refused[0] == "APIUnknownPathError"
    assert refused[1].startswith('"no.such"')

    field = f"ticket.customField:custom_field_{status_field}"
    heard = frame.evaluate(
        f"""async () => {{
            const heard = [];
            client.on('ticket.custom_field_{status_field}.changed', (v) => heard.push(v));
            client.on('*.changed', (event) => heard.push(event.propertyName));
            await client.set('{field}', 'refund_done');
            await client.get('ticket.id');
            return heard;
        }}"""
    )
    assert heard == ["refund_done", f"ticket.custom_field_{status_field}"]
    assert ticket.custom_fields.get(status_field) is None, "set changes the form only"
    assert frame.evaluate(f"client.get('{field}')")[field] == "refund_done"
    assert page.locator(f"#f-custom_field_{status_field}").input_value() == "refund_done"
    bad = frame.evaluate(f"client.set('{field}', 'nonsense').catch((error) => error.message)")
    assert "options" in bad
    frame.evaluate("client.invoke('ticket.tags.add', 'refund_done_by_hand')")
    frame.evaluate("client.invoke('comment.appendText', 'We refund 48.60 EUR.')")
    assert page.locator("#text").input_value() == "We refund 48.60 EUR."
    frame.evaluate("client.invoke('resize', {width: '100%', height: '333px'})")
    assert page.locator(".app-slot iframe").evaluate("(one) => one.style.height") == "333px"
    frame.evaluate("client.invoke('notify', 'Refunded', 'notice')")
    expect(page.locator(".toast", has_text="Refunded")).to_be_visible()

    body = frame.evaluate("client.request({url: '/api/v2/users/me.json'})")
    assert body["user"]["id"] == zendesk.agent.id
    failed = frame.evaluate("client.request('/api/v2/tickets/1.json').catch((xhr) => xhr)")
    assert (failed["status"], failed["responseJSON"]["error"]) == (404, "RecordNotFound")

    page.locator("#submit").click()
    expect(page.locator(".comment.staff")).to_have_count(1)
    assert ticket.custom_fields[status_field] == "refund_done"
    assert "refund_done_by_hand" in ticket.tags


def test_save_hook_can_block(
    page: Page, ticket: Ticket, either_sdk: str, open_app: Callable[..., Frame]
) -> None:
    frame = open_app()
    frame.evaluate(
        """async () => {
            window.answer = 'A refund waits for approval';
            client.on('ticket.save', () => window.answer);
            await client.get('ticket.id');
        }"""
    )
    page.locator("#text").fill("Done")
    page.locator("#submit").click()
    expect(page.locator(".toast.error")).to_have_text("A refund waits for approval")
    assert len(ticket.comments) == 1
    frame.evaluate("window.answer = undefined")
    page.locator("#submit").click()
    expect(page.locator(".comment")).to_have_count(2)


def test_the_wire_is_texts_but_replies_are_objects(
    page: Page, either_sdk: str, open_app: Callable[..., Frame]
) -> None:
    page.add_init_script(
        """if (window === window.top) {
            window.wire = [];
            addEventListener('message', (e) => window.wire.push(e.data));
        }"""
    )
    frame = open_app()
    frame.evaluate("client.on('ticket.save', () => true); client.get(['ticket.id', 'currentUser'])")
    page.evaluate("deskHost().hook('ticket.save')")
    wire: list[Any] = page.evaluate("window.wire")
    texts = [json.loads(one) for one in wire if isinstance(one, str)]
    assert texts[0]["key"] == "iframe.handshake"
    assert {"appGuid", "instanceGuid", "message"} <= set(texts[0])
    keys = [one.get("key") for one in texts]
    assert "iframe.on:context.updated" in keys
    assert "iframe.on:app.registered" not in keys
    [asked] = [one for one in texts if one.get("request") == "get"]
    assert (asked["id"], asked["params"]) == (1, ["ticket.id", "currentUser"])
    objects = [one for one in wire if isinstance(one, dict)]
    assert [one["key"] for one in objects] == ["iframe.reply:ticket.save"]
    assert "error" not in objects[0]


def test_init_is_false_without_origin_or_guid(
    page: Page, app: AppServer, either_sdk: str, zendesk: ZendeskSandbox
) -> None:
    page.goto(app.url + "?app_guid=x")
    assert page.evaluate("window.client") is False
    page.goto(f"{app.url}#origin={html.escape(zendesk.base)}&app_guid=x")
    assert page.evaluate("typeof window.client") == "object"


def test_a_note_arrives_while_the_desk_is_open(
    page: Page, zendesk: ZendeskSandbox, customer: User, ticket: Ticket
) -> None:
    other = zendesk.add_ticket(customer.id, "A second wish", "text")
    page.goto(zendesk.desk_url(ticket.id))
    expect(page.locator(".row")).to_have_count(2)
    note = {"comment": {"body": "Not eligible", "public": False}}
    zendesk.engine.update(ticket, note, zendesk.integration_user)
    zendesk.engine.update(other, note, zendesk.integration_user)
    expect(page.locator(".comment.note")).to_contain_text("Not eligible")
    expect(page.locator(f'.row[data-id="{other.id}"] .badge.fresh')).to_have_text("1 note")
    expect(page.locator(f'.row[data-id="{ticket.id}"] .badge')).not_to_have_class("badge fresh")


def test_write_as_a_customer_by_keyboard(page: Page, zendesk: ZendeskSandbox) -> None:
    page.goto(zendesk.desk_url())
    page.keyboard.press("n")
    page.locator("#writer [name=name]").fill("Noor Haddad")
    page.locator("#writer [name=email]").fill("noor@example.com")
    page.locator("#writer [name=subject]").fill("Charged twice <b>")
    page.locator("#writer [name=description]").fill("Order 1033 <script>x</script>")
    page.locator("#writer button.primary").click()
    expect(page.locator("#subject")).to_have_text("Charged twice <b>")
    [made] = zendesk.account.tickets.values()
    assert zendesk.account.users[made.requester_id].email == "noor@example.com"
    page.locator("body").press("i")
    page.keyboard.type("checked by hand")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment.note")).to_contain_text("checked by hand")
    page.locator("#text").blur()
    page.keyboard.press("c")
    page.keyboard.type("Any news?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment.customer")).to_have_count(2)
    assert [one.public for one in made.comments] == [True, False, True]


def test_agent_switch_and_light_agent(page: Page, zendesk: ZendeskSandbox, ticket: Ticket) -> None:
    page.goto(zendesk.desk_url(ticket.id))
    page.locator("#agent").select_option(str(zendesk.light_agent.id))
    expect(page.locator("#agent")).to_have_value(str(zendesk.light_agent.id))
    expect(page.locator("#subject")).to_have_text("Money back please")
    expect(page.locator("input[name=kind][value=public]")).to_be_disabled()


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_screen(
    chromium: Browser, zendesk: ZendeskSandbox, ticket: Ticket, app: AppServer, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(zendesk.desk_url(ticket.id))
    page.locator(".comment").wait_for()
    for view in ("list", "talk", "form", "apps"):
        tab = page.locator(f'.tabs button[data-show="{view}"]')
        if tab.is_visible():
            tab.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
