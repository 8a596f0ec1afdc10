"""People of the sandbox helpdesks who use the sidebar as it is used there: they are proven to us by
the helpdesk, and then use the interface with the session that they were given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import requests

from app.cli.desks import Desk
from app.domain.errors import ConfigurationError
from integrations.http import BoundedSession, SessionPool

# Staff of the sandbox helpdesks by the tier that they have.
AGENT = "mira.holt@example.com"
TEAM_LEAD = "dario.venn@example.com"
MANAGER = "ines.okafor@example.com"
BY_TIER = {"agent": AGENT, "team_lead": TEAM_LEAD, "manager": MANAGER}

_BOOT = re.compile(r'<script type="application/json" id="boot"[^>]*>(.*?)</script>', re.DOTALL)
_pool = SessionPool(lambda: BoundedSession(5.0, 30.0))


@dataclass(frozen=True)
class Answer:
    """What came back: `body` is a JSON value, or a page's text."""

    status_code: int
    body: Any

    def json(self) -> Any:
        return self.body

    def raise_for_status(self) -> None:
        """Raises requests.HTTPError unless it succeeded."""
        if self.status_code >= 400:
            raise requests.HTTPError(f"{self.status_code}: {str(self.body)[:300]}")


class Sidebar:
    """One person's open sidebar. May be used from several threads."""

    def call(self, verb: str, ticket_id: str, path: str, body: object = None) -> Answer:
        """One call of the page, made while this ticket is open."""
        raise NotImplementedError

    def panel(self, ticket_id: str) -> Answer:
        """The panel as the page loads it, from the stored case."""
        return self.call("GET", ticket_id, f"/sidebar/tickets/{ticket_id}")

    def refresh(self, ticket_id: str, case_id: str) -> Answer:
        """Fresh figures from the store."""
        return self.call("POST", ticket_id, f"/api/v1/cases/{case_id}/refresh", {})

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """What the sidebar shows. Raises requests.HTTPError."""
        answer = self.call("GET", ticket_id, f"/api/v1/tickets/{ticket_id}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def price(self, ticket_id: str, case_id: str, choice: dict[str, Any]) -> dict[str, Any]:
        """A plan for a choice of one's own, priced with the store. Raises requests.HTTPError."""
        answer = self.call("POST", ticket_id, f"/api/v1/cases/{case_id}/plans", choice)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def refund(self, ticket_id: str, plan: str) -> Answer:
        """Press the button that came with a plan."""
        body = {"plan": plan, "notify_customer": False}
        return self.call("POST", ticket_id, "/api/v1/refunds", body)

    def cancel(self, ticket_id: str, refund_id: str) -> Answer:
        """Stop it while it holds."""
        return self.call("POST", ticket_id, f"/api/v1/refunds/{refund_id}/cancel", {})


def zendesk_session(url: str, token: str) -> str:
    """The session that the sidebar's page gets for a token that Zendesk signed."""
    page = _pool.session().post(f"{url}/zendesk/sidebar", data={"token": token})
    boot = _BOOT.search(page.text)
    if page.status_code != 200 or boot is None:
        raise ConfigurationError(f"the sidebar didn't open: HTTP {page.status_code}")
    return str(json.loads(boot[1])["session"])


class ZendeskSidebar(Sidebar):
    """Opened by a POST with the token that Zendesk signed; the page then calls us itself."""

    def __init__(self, url: str, desk: Desk, email: str) -> None:
        self._url = url
        token = desk.vendor.post("sidebar-token", {"agent": email})["token"]
        self._bearer = zendesk_session(url, token)
        # As the page does: the server then knows role and tier from the helpdesk.
        self.call("GET", "", "/api/v1/me").raise_for_status()

    def call(self, verb: str, ticket_id: str, path: str, body: object = None) -> Answer:
        response = _pool.session().request(
            verb,
            f"{self._url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._bearer}"},
        )
        return answer_of(response)


class KustomerSidebar(Sidebar):
    """A card: every call is a command that Kustomer's servers bring to us, for the session of a
    person whom Kustomer's server has named."""

    def __init__(self, desk: Desk, email: str) -> None:
        self._base = desk.vendor.url
        self._browser = str(desk.vendor.post("session", {"agent": email})["token"])
        [app] = desk.vendor.get("state")["apps"]
        self._app = str(app["app"])
        self._session = self._proven()
        # As the card does: the server then knows role and tier from the helpdesk.
        self.call("GET", "-", "/api/v1/me").raise_for_status()

    def _proven(self) -> str:
        begun = self._run("sign-in", {})
        begun.raise_for_status()
        write = begun.json()["write"]
        made = self._as_the_agent(write["method"], write["url"], write["body"])
        made.raise_for_status()
        done = self._run("sign-in", {"ticket": begun.json()["ticket"], "failed": False})
        done.raise_for_status()
        return str(done.json()["session"])

    def call(self, verb: str, ticket_id: str, path: str, body: object = None) -> Answer:
        asked: dict[str, Any] = {
            "conversation": ticket_id,
            "session": self._session,
            "method": verb,
            "path": path,
            "query": {},
        }
        if body is not None:
            asked["body"] = body
        is_money = path.startswith(("/api/v1/refunds", "/api/v1/approvals"))
        name = "look" if verb == "GET" else "refund" if is_money else "act"
        return self._run(name, asked)

    def _run(self, name: str, body: dict[str, Any]) -> Answer:
        """Run a command of ours as this person. Its answer holds our own answer."""
        full = f"kustomer.app.{self._app}.{name}"
        response = self._as_the_agent("POST", f"/v1/commands/{full}/run", {"body": body})
        response.raise_for_status()
        run = response.json()["data"]["attributes"]
        inner = run["responseBody"]
        if run["statusCode"] != 200 or not isinstance(inner, dict) or "status" not in inner:
            raise ConfigurationError(f"the command {name} came to nothing: {str(run)[:300]}")
        return Answer(inner["status"], inner["body"])

    def _as_the_agent(self, verb: str, path: str, body: object) -> requests.Response:
        return _pool.session().request(
            verb,
            f"{self._base}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._browser}"},
        )


def answer_of(response: requests.Response) -> Answer:
    """A response's JSON, or its text where it is none."""
    is_json = "json" in response.headers.get("Content-Type", "")
    return Answer(response.status_code, response.json() if is_json else response.text)


def open_sidebar(url: str, desk: Desk, email: str) -> Sidebar:
    """A person of this helpdesk opens the sidebar; `url` is where our web process answers."""
    return (
        KustomerSidebar(desk, email)
        if desk.kind == "kustomer"
        else ZendeskSidebar(url, desk, email)
    )
