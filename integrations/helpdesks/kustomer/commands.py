"""The commands by which everything that the card shows and does comes to us.

The card asks Kustomer to run one, and Kustomer's servers call us with the org's service token. So
the token, which no browser sets, says which org calls; who clicks is another question.
https://developer.kustomer.com/kustomer-apps-platform/docs/commands
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from app.domain.errors import NotAllowed
from app.ports import Account, CommandCaller, SecretVault
from integrations.helpdesks.kustomer.config import KustomerConfig, UserHeader
from integrations.helpdesks.kustomer.vocabulary import OWNER, SERVICE_TOKENS

ORG_HEADER = "x-kustomer-org-id"
USER_HEADER = "x-kustomer-user-id"

# Ours -> what it is for. Money has a command of its own, so that Kustomer's log shows it.
COMMANDS: dict[str, str] = {
    "sign-in": "Makegood: prove who clicks",
    "look": "Makegood: show refunds",
    "act": "Makegood: work on a case",
    "refund": "Makegood: refund or cancel",
}
# How Kustomer names the commands of an app, by both of its documentations: `{app}` is the name in
# the definition, `{org}` the id that private apps get.
NAME_FORMS = (
    "kustomer.app.{app}_{org}.{name}",
    "kustomer.app.{app}.{name}",
    "{app}_{org}.app.{name}",
    "{app}.app.{name}",
)


def possible_names(app: str, org_id: str, name: str) -> tuple[str, ...]:
    """Every name that a command may have; the card tries them in this order."""
    return tuple(form.format(app=app, org=org_id, name=name) for form in NAME_FORMS)


def is_service_token(vault: SecretVault, given: str) -> bool:
    """Whether `given` is the org's service token, or the one before it."""
    matches = False
    for known in (vault.get(OWNER, SERVICE_TOKENS) or "").split():
        # No early end: the time taken must not tell which token came close.
        matches |= hmac.compare_digest(known.encode(), given.encode())
    return matches


def caller(account: Account, headers: Mapping[str, str]) -> CommandCaller:
    """Whom the headers of Kustomer's servers name. Raises NotAllowed for another org's.

    Both headers may be absent. Whoever runs a command may be able to set them, so a name is only
    proof by itself where an admin has said so.
    """
    config = KustomerConfig.of(account)
    org = headers.get(ORG_HEADER)
    if org is not None and org != config.org_id:
        raise NotAllowed("This Kustomer isn't the one that the token belongs to.")
    return CommandCaller(
        agent_id=headers.get(USER_HEADER) or None,
        is_proof=config.user_header is UserHeader.TRUSTED,
    )
