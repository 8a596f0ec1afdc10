"""What the open ticket form should show after we wrote the ticket behind its back.

An agent's browser keeps the form as it was when the ticket was opened, and saving it would write
the old values over ours. So the sidebar sets the same values in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from app.domain.crm import TicketFields
from app.ports import Account
from app.usecases.deps import Deps


@runtime_checkable
class MirrorsForm(Protocol):
    """A helpdesk integration that knows how its open form names our fields and options."""

    def form_values(self, account: Account, fields: TicketFields) -> Mapping[str, str]:
        """Form path to value, e.g. `ticket.customField:custom_field_81` to `makegood_refunded`."""


def form_values(deps: Deps, account: Account, fields: TicketFields) -> dict[str, str]:
    """The values for the form; none where the helpdesk has no form that could be set."""
    integration = deps.helpdesks.get(account.helpdesk)
    if not isinstance(integration, MirrorsForm):
        return {}
    return dict(integration.form_values(account, fields))
