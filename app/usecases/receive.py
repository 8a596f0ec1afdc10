"""A webhook POST becomes a delivery: checked, kept durably, and only then announced to workers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from app.usecases.deps import Deps


def receive_delivery(
    deps: Deps, helpdesk: str, account_id: str, headers: Mapping[str, str], body: bytes
) -> int | None:
    """Keep one delivery and answer its number; None when it is ignored or a repetition.

    Raises LookupError for an account that this helpdesk doesn't have, BadDelivery for a body that
    isn't the helpdesk's, and whatever the database raises when it can't keep it: then the helpdesk
    must be told to come again.
    """
    integration = deps.helpdesks.get(helpdesk)
    door = deps.accounts.door(account_id)
    if integration is None or door is None or door[0].helpdesk != helpdesk:
        raise LookupError(f"there is no account {account_id} at {helpdesk}")
    account, vault = door
    now = deps.clock.now()
    event = integration.receive(account, vault, headers, body, now)
    if event is None:
        return None
    delivery_id = deps.inbox.add(account_id, event, hashlib.sha256(body).hexdigest(), now)
    if delivery_id is not None:
        deps.notifier.wake("triage", str(delivery_id))
    return delivery_id
