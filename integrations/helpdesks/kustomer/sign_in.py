"""Who clicks, proven by Kustomer: an object of our own kind that the agent's session writes.

The card gets a challenge from us, has Kustomer write it as the signed-in agent
(`Kustomer.request`), and we read with our own key whose session wrote it. Kustomer's server sets
`createdBy`; nothing that a browser says about a person is believed.
https://developer.kustomer.com/docs/apps/cards-sdk
"""

from __future__ import annotations

from app.ports import Account
from integrations.helpdesks.kustomer.config import KustomerConfig

# The part of the klass's name that is ours; Kustomer puts the app's name in front.
KLASS = "sign-in"


def challenge_request(account: Account, challenge: str) -> dict[str, object] | None:
    """What the card hands to `Kustomer.request`; None where the org has no klass for it."""
    klass = KustomerConfig.of(account).sign_in_klass
    if not klass:
        return None
    return {
        "url": f"/v1/klasses/{klass}",
        "method": "POST",
        "body": {"title": "Makegood sign-in", "externalId": challenge},
    }
