"""What the open ticket form should show after we wrote the ticket behind its back.

An agent's browser keeps the form as it was when the ticket was opened, and saving it would write
the old values over ours. So the sidebar sets the same values in the form:
https://developer.zendesk.com/api-reference/apps/apps-support-api/ticket_sidebar/
"""

from __future__ import annotations

from app.domain.crm import TicketFields
from app.ports import Account


def form_values(account: Account, fields: TicketFields) -> dict[str, str]:
    """Form path to value, for the fields that the account has. Ids come from its set-up."""
    ids = account.config.get("ticket_fields")
    if not isinstance(ids, dict):
        return {}
    values = {
        "status": fields.status.value if fields.status else None,
        "amount": f"{fields.amount.amount:f}" if fields.amount else None,
        "order": fields.order,
        "reason": fields.reason.value if fields.reason else None,
    }
    prefixes = account.config.get("ticket_field_options")
    found: dict[str, str] = {}
    for name, value in values.items():
        field_id = ids.get(name)
        if value is None or not field_id:
            continue
        prefix = prefixes.get(name, "") if isinstance(prefixes, dict) else ""
        found[f"ticket.customField:custom_field_{field_id}"] = f"{prefix}{value}"
    return found
