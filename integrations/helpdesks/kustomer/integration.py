"""Kustomer as one kind of helpdesk: what stands in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from app.domain.crm import TicketFields
from app.domain.errors import NotAllowed
from app.domain.ticket import TicketEvent
from app.ports import (
    Account,
    AccountDirectory,
    CommandCaller,
    SecretVault,
    SidebarVisit,
    Surroundings,
)
from integrations.helpdesks.kustomer import commands, sign_in, webhook
from integrations.helpdesks.kustomer.adapter import Kustomer
from integrations.helpdesks.kustomer.client import KustomerClient
from integrations.helpdesks.kustomer.config import KustomerConfig, address
from integrations.helpdesks.kustomer.pace import Pacer
from integrations.helpdesks.kustomer.vocabulary import VENDOR
from integrations.http import BoundedSession, SessionPool

# Each call states its own limits; these only bound what would forget to.
CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
# The web app that frames the card; its own entry in the endpoints.
APP_ENDPOINT = "kustomer_app"


class KustomerIntegration:
    """`app.ports.HelpdeskIntegration` and `CardIntegration`.

    Connections are kept per thread and used again.
    """

    name: str = VENDOR

    def __init__(self) -> None:
        self._pool = SessionPool(lambda: BoundedSession(CONNECT_SECONDS, READ_SECONDS))

    def open(self, account: Account, surroundings: Surroundings) -> Kustomer:
        """A client for one org, for one job. Raises ConfigurationError."""
        config = KustomerConfig.of(account)
        base = address(surroundings.endpoints[VENDOR], config.org)
        client = KustomerClient(
            base,
            config.org,
            surroundings,
            self._pool.session(),
            Pacer(surroundings.pace, surroundings.clock, base, config.requests_per_minute),
        )
        return Kustomer(account, config, client, surroundings)

    def receive(
        self,
        account: Account,
        vault: SecretVault,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> TicketEvent | None:
        """Check a webhook POST; None when it is to be ignored. Raises BadDelivery."""
        return webhook.receive(account, vault, headers, body, now)

    def speaks_of(self, body: bytes) -> dict[str, str]:
        """The org that an event names; each org's token differs, so it is chosen first."""
        org_id = webhook.org_of(body)
        return {"org_id": org_id} if org_id else {}

    def visit(
        self, accounts: AccountDirectory, form: Mapping[str, str], now: datetime
    ) -> SidebarVisit:
        """Kustomer signs nothing that a page could bring along: the card signs in by commands."""
        raise NotAllowed("Open Makegood in the insights panel of a conversation in Kustomer.")

    def frame_ancestor(self, account: Account, surroundings: Surroundings) -> str:
        """The org's own web app. Raises ConfigurationError."""
        org = KustomerConfig.of(account).org
        parts = urlsplit(address(surroundings.endpoints[APP_ENDPOINT], org))
        return f"{parts.scheme}://{parts.netloc}"

    def form_values(self, account: Account, fields: TicketFields) -> dict[str, str]:
        """Nothing: Kustomer shows at once what was written, there is no form to be saved."""
        return {}

    def card_boot(self, app_name: str) -> dict[str, object]:
        """How the org names our commands, and the header that carries its token where the
        commands' own headers aren't allowed: Kustomer's servers fill the token in."""
        return {
            "app": app_name,
            "forms": list(commands.NAME_FORMS),
            "headers": {
                "Authorization": "Bearer {{serviceToken}}",
                "Content-Type": "application/json",
            },
        }

    def is_service_token(self, vault: SecretVault, given: str) -> bool:
        """Whether Kustomer's servers of this org send it."""
        return commands.is_service_token(vault, given)

    def caller(self, account: Account, headers: Mapping[str, str]) -> CommandCaller:
        """Whom the headers of Kustomer's servers name. Raises NotAllowed."""
        return commands.caller(account, headers)

    def challenge_request(self, account: Account, challenge: str) -> dict[str, object] | None:
        """The object that the agent's own session writes."""
        return sign_in.challenge_request(account, challenge)
