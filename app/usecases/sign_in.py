"""Who uses a card: proven by the helpdesk's own server, in a roundabout way.

A helpdesk that signs nothing for a page still knows whose session writes a record. The page has
the helpdesk write a challenge of ours as the signed-in person, and we read who wrote it.
"""

from __future__ import annotations

import logging

from app.domain.errors import NotAllowed
from app.ports import Account, CommandCaller, ProvesPeople
from app.usecases.deps import Deps

log = logging.getLogger(__name__)


def prove(deps: Deps, account: Account, challenge: str | None, caller: CommandCaller) -> str | None:
    """The id of the person who wrote `challenge`, None where nothing proves anybody.

    `challenge` None: the page couldn't have it written. Whom the helpdesk's servers name beside it
    must be the same person; alone, the name counts only where the account says that it may.
    Raises NotAllowed where the two differ (which is recorded), VendorError when the helpdesk
    doesn't answer.
    """
    writer = None
    if challenge is not None:
        helpdesk = deps.helpdesk(account)
        writer = helpdesk.who_wrote(challenge) if isinstance(helpdesk, ProvesPeople) else None
    if writer is None:
        return caller.agent_id if caller.is_proof else None
    require_same(deps, account, writer, caller)
    return writer


def require_same(deps: Deps, account: Account, agent_id: str, caller: CommandCaller) -> None:
    """Raise NotAllowed where the helpdesk's servers name another person than was proven.

    The attempt is recorded: either a page uses somebody else's session, or a call was forged.
    """
    if caller.agent_id is None or caller.agent_id == agent_id:
        return
    log.warning("identity disagrees", extra={"account": account.id, "agent": agent_id})
    data: dict[str, object] = {"named": caller.agent_id[:64], "proven": agent_id}
    now = deps.clock.now()
    deps.audit.append(
        account.id, "makegood", "identity_disagreed", f"account:{account.id}", data, now
    )
    raise NotAllowed("Your helpdesk names another person than the one who signed in.")
