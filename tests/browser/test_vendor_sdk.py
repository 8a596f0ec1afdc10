"""A refund with the vendor's own SDK in place of our double.

The npm package is an old copy of it, published for bundlers; pages load the vendor's file. It
speaks the same protocol: https://developer.zendesk.com/api-reference/apps/apps-core-api/client_api/
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import House
from tests.support.prerequisites import npm_package

pytestmark = pytest.mark.browser

# Makes one script of the package's modules, as a bundler would.
_BUNDLE = """(() => {
  const sources = %s, loaded = {};
  const load = (name) => {
    if (!loaded[name]) {
      const module = loaded[name] = { exports: {} };
      sources[name]((wanted) => load(wanted.replace('./', '')), module, module.exports);
    }
    return loaded[name].exports;
  };
  window.ZAFClient = load('index');
  window.isVendorSdk = true;
})();"""


def _bundle() -> str:
    folder = npm_package("zendesk_app_framework_sdk") / "lib"
    modules = (
        f"{json.dumps(name)}: (require, module, exports) => {{\n"
        f"{(folder / f'{name}.js').read_text(encoding='utf-8')}\n}}"
        for name in ("index", "client", "utils")
    )
    return _BUNDLE % f"{{{', '.join(modules)}}}"


@pytest.fixture
def sdk_url() -> Iterator[str]:
    script = _bundle().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript; charset=utf-8")
            self.send_header("Content-Length", str(len(script)))
            self.end_headers()
            self.wfile.write(script)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/zaf_sdk.js"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_whole_refund_with_the_vendors_sdk(house: House, sit_down: SitDown, sdk_url: str) -> None:
    ticket = house.write("guest_order")
    with house.another_web(MAKEGOOD_ZENDESK_SDK_URL=sdk_url):
        seat = sit_down(ticket)
        assert seat.frame.evaluate("window.isVendorSdk") is True
        expect(seat.pay).to_contain_text("Refund $19.44")
        seat.page.locator("#scheme").click()
        expect(seat.find("html")).to_have_attribute("data-scheme", "dark")
        seat.pay.click()
        seat.expect_settled("$19.44")
        expect(seat.form_field("Refund status")).to_have_value("makegood_refunded")
        expect(seat.form_field("Refund amount")).to_have_value("19.44")
        # The frame grew with its content.
        house.wait(
            lambda: seat.frame.evaluate(
                "innerHeight >= Math.floor(document.body.getBoundingClientRect().height)"
            ),
            "a frame as high as its content",
        )
    assert house.refunds(ticket.order) == [Decimal("19.44")]
