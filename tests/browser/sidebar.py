"""An agent's browser page: the helpdesk, and in it our panel's frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.house import HOLD_SECONDS, House, Written

# A refund holds, is sent by a worker, and the panel asks every second.
SETTLES_MS = (HOLD_SECONDS + 20) * 1000
_FRAME = ".app-slot iframe"

# Browsers only report a policy violation to the page that broke it.
_REPORT_VIOLATIONS = """addEventListener('securitypolicyviolation', (event) => {
  console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI}`);
});"""


# A form of ours with nothing that the browser itself would hold back.
FORCE = """({ action, approval, reason }) => {
  const form = document.createElement('form');
  form.noValidate = true;
  Object.assign(form.dataset, { action, approval });
  const field = document.createElement('textarea');
  field.name = 'reason';
  field.value = reason;
  form.append(field);
  document.getElementById('panel').append(form);
  form.requestSubmit();
  form.remove();
}"""

# What the sidebar does when the page that it opened says that it is ready.
HAND_OVER = """([path, session]) => {
  addEventListener('message', (event) => {
    if (event.data?.makegood !== 'ready') { return; }
    event.source.postMessage({ makegood: 'session', session, locale: 'en-US' }, location.origin);
  });
  window.open(path, '_blank');
}"""


class Watch:
    """Everything a browser complains about. What a test brings about itself is expected."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self._expected: list[str] = []
        page.add_init_script(_REPORT_VIOLATIONS)
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def expect(self, part: str) -> None:
        """Complaints that contain `part` are right here."""
        self._expected.append(part)

    def unexpected(self) -> list[str]:
        return [one for one in self.complaints if not any(part in one for part in self._expected)]


class PanelPage:
    """Our panel as it stands in a helpdesk's page. Locators are in the panel's own frame.

    `wait` waits until something is so, and says what never came.
    """

    def __init__(self, page: Page, wait: Callable[[Callable[[], object], str], None]) -> None:
        self.page = page
        self.watch = Watch(page)
        self._wait = wait

    def show(self, url: str) -> None:
        """Open the helpdesk's page; waits until the panel knows the person's role."""
        self.page.goto(url)
        expect(self.panel).to_have_attribute("data-needs-role", "no", timeout=20_000)

    @property
    def frame(self) -> Frame:
        """The sidebar's own document."""
        handle = self.page.locator(_FRAME).element_handle()
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def find(self, selector: str, **more: Any) -> Locator:
        return self.page.frame_locator(_FRAME).locator(selector, **more)

    @property
    def panel(self) -> Locator:
        return self.find(".panel")

    @property
    def verdict(self) -> Locator:
        return self.find("#verdict")

    @property
    def pay(self) -> Locator:
        """The button that refunds what the decision says."""
        return self.find(".pay .button-money")

    @property
    def told(self) -> Locator:
        """What is said about the last click, wherever it is said."""
        return self.find(".notice")

    def narrow(self, width: int) -> None:
        """Make the frame this wide, as helpdesks with a fixed app bar do."""
        self.page.locator(_FRAME).evaluate(
            """(frame, width) => {
              frame.style.cssText += `; box-sizing: content-box; width: ${width}px`; }""",
            width,
        )
        self._wait(lambda: self.frame.evaluate("innerWidth") == width, f"{width} px")


def close_all(panels: Iterable[PanelPage]) -> None:
    """Close the pages; none may have complained about anything unexpected."""
    found = list(panels)
    for one in found:
        one.page.close()
    assert [complaint for one in found for complaint in one.watch.unexpected()] == []


class Seat(PanelPage):
    """One agent before one ticket. Locators are in the sidebar unless they say `desk`."""

    def __init__(self, house: House, page: Page, agent: str) -> None:
        super().__init__(page, house.wait)
        self.house = house
        self.agent = agent

    def open(self, ticket: Written, scheme: str = "light") -> None:
        """The ticket in the desk, with the sidebar's panel drawn and the role known."""
        self.show(self.house.desk_url(ticket, self.agent, scheme))

    @property
    def reason(self) -> Locator:
        return self.find(".strip p")

    @property
    def cancel(self) -> Locator:
        return self.find("button[data-action=cancel]")

    @property
    def notice(self) -> Locator:
        return self.find("#notice")

    def force(self, action: str, approval: str, reason: str = "") -> None:
        """Press what the page doesn't offer, as somebody who edits the page may: the page's own
        scripts then send the call that a button would send."""
        given = {"action": action, "approval": approval, "reason": reason}
        self.frame.evaluate(FORCE, given)

    def unfold(self, name: str) -> Locator:
        """Open a fold of the panel by its id; returns it."""
        fold = self.find(f"#fold-{name}")
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()
        return fold

    def press_until_told(self, button: Locator, words: str) -> None:
        """Press a button that moves no money until a notice says `words`.

        A fresh panel may come in between a press and its release, as it may for a person.
        """
        told = re.compile(re.escape(words))
        for _ in range(3):
            button.click()
            try:
                expect(self.notice).to_contain_text(told, timeout=2500)
                return
            except AssertionError:
                continue
        expect(self.notice).to_contain_text(told)

    def expect_settled(self, amount: str) -> None:
        expect(self.verdict).to_have_text("Refunded", timeout=SETTLES_MS)
        expect(self.reason).to_have_text(f"{amount} refunded")

    def form_field(self, title: str) -> Locator:
        """A field of the open ticket form, in the desk."""
        return self.page.locator(f"#f-custom_field_{self.house.field_ids[title]}")
