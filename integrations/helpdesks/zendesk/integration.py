"""Zendesk as one kind of helpdesk: what stands in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from app.domain.crm import TicketFields
from app.domain.ticket import TicketEvent
from app.ports import Account, AccountDirectory, SecretVault, SidebarVisit, Surroundings
from integrations.helpdesks.zendesk import sidebar, webhook
from integrations.helpdesks.zendesk.adapter import Zendesk
from integrations.helpdesks.zendesk.client import Address, Marketplace, open_client
from integrations.helpdesks.zendesk.fields import field_ids, ticket_field_values


class ZendeskIntegration:
    """`app.ports.HelpdeskIntegration`. `marketplace` is for apps in Zendesk's Marketplace."""

    name: str = sidebar.NAME

    def __init__(self, marketplace: Marketplace | None = None) -> None:
        self.marketplace = marketplace or Marketplace()

    def open(self, account: Account, surroundings: Surroundings) -> Zendesk:
        """A client for one account, for one job. Raises ConfigurationError."""
        return Zendesk(account, open_client(account, surroundings, self.marketplace))

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
        """Nothing: each account's webhook has an address of its own."""
        return {}

    def visit(
        self, accounts: AccountDirectory, form: Mapping[str, str], now: datetime
    ) -> SidebarVisit:
        """Prove who opens the sidebar. Raises NotAllowed."""
        return sidebar.visit(accounts, form, now)

    def frame_ancestor(self, account: Account, surroundings: Surroundings) -> str:
        """The account's own address, which frames the sidebar. Raises ConfigurationError."""
        address = Address.of(account.config.get("subdomain"), surroundings.endpoints["zendesk"])
        parts = urlsplit(address.base)
        return f"{parts.scheme}://{parts.netloc}"

    def form_values(self, account: Account, fields: TicketFields) -> dict[str, str]:
        """The open form's paths of our fields; a field that the account lacks is left out.

        https://developer.zendesk.com/api-reference/apps/apps-support-api/ticket_sidebar/
        """
        ids = field_ids(account)
        return {
            f"ticket.customField:custom_field_{ids[name]}": value
            for name, value in ticket_field_values(fields).items()
            if name in ids
        }
