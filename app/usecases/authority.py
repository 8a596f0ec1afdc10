"""Which tier a plan needs, and whether a person may decide about a request for it."""

from __future__ import annotations

from app.domain.approval import ApprovalRequest, Delegation
from app.domain.case import Case
from app.domain.errors import NotAllowed
from app.domain.people import Agent, Tier, is_same_person
from app.ports import Account
from app.records import OfferedPlan
from app.usecases.deps import Deps
from app.usecases.people import TIER_NAMES, agent_for

# How old our knowledge may be of a person whose authority is used.
AUTHORITY_SECONDS = 60.0


def needed_tier(deps: Deps, case: Case, offered: OfferedPlan) -> Tier:
    """Who may release this plan now, by the active policy; at least a team lead where a person
    sets a clause of the policy aside."""
    policy = deps.accounts.policy(case.account_id)
    tier = policy.release_tier(policy.tier_for(offered.plan.total_in_shop_currency.amount))
    if offered.override is not None and not tier.covers(Tier.TEAM_LEAD):
        return Tier.TEAM_LEAD
    return tier


def authority_to_decide(
    deps: Deps, account: Account, agent: Agent, request: ApprovalRequest, needed: Tier
) -> Delegation | None:
    """The delegation by which `agent` may decide, None when by their own tier.

    Raises NotAllowed with the reason: their own request (under whichever account), a tier that
    doesn't cover the amount, or authority that the requester has lent them.
    """
    if not agent.is_active:
        raise NotAllowed("Your account in the helpdesk is suspended.")
    if agent.tier is None:
        raise NotAllowed(f"Your role ({agent.role}) may look, but not decide about requests.")
    if request.is_own(agent):
        raise NotAllowed("You asked for this yourself: somebody else has to decide.")
    if agent.tier.covers(needed):
        return None
    refusal = f"To decide about {request.amount}, {TIER_NAMES[needed]} is needed."
    now = deps.clock.now()
    for delegation in deps.delegations.present(account.id, now):
        if delegation.to_id != agent.id or not delegation.holds(now):
            continue
        giver = agent_for(deps, account, delegation.from_id, AUTHORITY_SECONDS)
        if _is_requesters(request, delegation, giver):
            refusal = (
                f"You would act for {delegation.from_name}, who asked for this: somebody else has "
                "to decide."
            )
        elif (tier := lent_tier(delegation, giver)) is not None and tier.covers(needed):
            return delegation
    raise NotAllowed(refusal)


def _is_requesters(request: ApprovalRequest, delegation: Delegation, giver: Agent) -> bool:
    return request.is_own(giver) or is_same_person(
        giver.model_copy(update={"email": delegation.from_email}),
        request.requested_by,
        request.requested_by_email,
    )


def lent_tier(delegation: Delegation, giver: Agent) -> Tier | None:
    """What a delegation gives today: never more than its giver may do by now."""
    if not giver.is_active or giver.tier is None or not giver.tier.covers(Tier.TEAM_LEAD):
        return None
    return min(delegation.tier, giver.tier, key=lambda tier: tier.rank)
