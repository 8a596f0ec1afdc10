"""People of the sandbox helpdesk who use the sidebar as it is used there: signed first load, then
the interface with the session that the page was given."""

from __future__ import annotations

import json
import re
from typing import Any

import requests

from app.cli.stage import Stage
from app.domain.errors import ConfigurationError
from integrations.http import BoundedSession, SessionPool

# Staff of the sandbox helpdesk by the tier that they have.
AGENT = "mira.holt@example.com"
TEAM_LEAD = "dario.venn@example.com"
MANAGER = "ines.okafor@example.com"
BY_TIER = {"agent": AGENT, "team_lead": TEAM_LEAD, "manager": MANAGER}

_BOOT = re.compile(r'<script type="application/json" id="boot"[^>]*>(.*?)</script>', re.DOTALL)
_pool = SessionPool(lambda: BoundedSession(5.0, 30.0))


class Sidebar:
    """One person's open sidebar. May be used from several threads."""

    def __init__(self, stage: Stage, email: str) -> None:
        self._stage = stage
        token = stage.zendesk.post("sidebar-token", {"agent": email})["token"]
        page = _pool.session().post(f"{stage.url}/zendesk/sidebar", data={"token": token})
        boot = _BOOT.search(page.text)
        if page.status_code != 200 or boot is None:
            raise ConfigurationError(f"the sidebar didn't open: HTTP {page.status_code}")
        self._bearer = str(json.loads(boot[1])["session"])
        # As the page does: the server then knows role and tier from the helpdesk.
        self.get("me").raise_for_status()

    def _call(self, verb: str, path: str, body: object = None) -> requests.Response:
        return _pool.session().request(
            verb,
            f"{self._stage.url}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._bearer}"},
        )

    def panel(self, ticket_id: str) -> requests.Response:
        """The panel as the page loads it, from the stored case."""
        return _pool.session().get(
            f"{self._stage.url}/sidebar/tickets/{ticket_id}",
            headers={"Authorization": f"Bearer {self._bearer}"},
        )

    def refresh(self, case_id: str) -> requests.Response:
        """Fresh figures from the store."""
        return self._call("POST", f"cases/{case_id}/refresh", {})

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """What the sidebar shows. Raises requests.HTTPError."""
        answer = self._call("GET", f"tickets/{ticket_id}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def price(self, case_id: str, choice: dict[str, Any]) -> dict[str, Any]:
        """A plan for a choice of one's own, priced with the store. Raises requests.HTTPError."""
        answer = self._call("POST", f"cases/{case_id}/plans", choice)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def refund(self, plan: str) -> requests.Response:
        """Press the button that came with a plan."""
        return self._call("POST", "refunds", {"plan": plan, "notify_customer": False})

    def cancel(self, refund_id: str) -> requests.Response:
        """Stop it while it holds."""
        return self._call("POST", f"refunds/{refund_id}/cancel", {})

    def get(self, path: str) -> requests.Response:
        """Read anything of the interface."""
        return self._call("GET", path)
