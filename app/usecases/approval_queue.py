"""The queue of what waits for approval, as one person sees it. No vendor is called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.approval import ApprovalRequest
from app.domain.errors import NotAllowed
from app.domain.people import Agent
from app.ports import Account
from app.usecases.authority import Lent, authority_to_decide, lent_to
from app.usecases.deps import Deps

MOST_SHOWN = 100


class QueueFilter(StrEnum):
    """Which requests are shown."""

    FOR_ME = "for_me"
    OPEN = "open"
    MINE = "mine"
    DECIDED = "decided"


@dataclass(frozen=True)
class Standing:
    """A request, and what this person may do about it. For buttons only: each act checks again."""

    request: ApprovalRequest
    is_own: bool
    may_decide: bool
    why_not: str | None

    @property
    def may_withdraw(self) -> bool:
        """Whether this person may take it back."""
        return self.is_own and self.request.is_open


def stand(request: ApprovalRequest, agent: Agent | None, lent: list[Lent]) -> Standing:
    """What a person may do about one request. `agent` None: their role isn't known yet."""
    if agent is None:
        return Standing(request, is_own=False, may_decide=False, why_not=None)
    why_not = None
    if request.is_open:
        try:
            authority_to_decide(agent, request, request.needed, lent)
        except NotAllowed as error:
            why_not = str(error)
    may_decide = request.is_open and why_not is None
    return Standing(request, request.is_own(agent), may_decide, why_not)


def queue(deps: Deps, account: Account, agent: Agent, wanted: QueueFilter) -> list[Standing]:
    """The requests that a filter shows; open ones longest waiting first, decided ones newest
    first."""
    lent = lent_to(deps, account, agent, is_for_looking=True)
    if wanted is QueueFilter.DECIDED:
        found = deps.approvals.decided(account.id, MOST_SHOWN)
    else:
        found = deps.approvals.waiting(account.id, MOST_SHOWN)
    stood = [stand(request, agent, lent) for request in found]
    if wanted is QueueFilter.FOR_ME:
        return [one for one in stood if one.may_decide]
    if wanted is QueueFilter.MINE:
        return [one for one in stood if one.is_own]
    return stood
