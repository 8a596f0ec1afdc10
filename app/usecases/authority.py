"""Which tier a plan needs, and whether a person may decide about a request for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.approval import ApprovalRequest, Delegation
from app.domain.case import Case
from app.domain.errors import Conflict, NotAllowed
from app.domain.people import Agent, Tier, is_same_person
from app.domain.plan import Plan
from app.domain.policy.authority import Required, decision_facts, required_tier
from app.ports import Account
from app.records import OfferedPlan
from app.usecases.deps import Deps
from app.usecases.history import history_for, rates_of
from app.usecases.people import TIER_NAMES, agent_for, known_person

# How old our knowledge may be of a person whose authority is used.
AUTHORITY_SECONDS = 60.0


def required_for(
    deps: Deps, case: Case, plan: Plan, *, is_override: bool, agent_id: str | None = None
) -> Required:
    """Who may release a plan of the case's decision now, by the policy that is in force.

    At least a team lead where a person sets a clause of the policy aside. What was refunded
    meanwhile counts with it, so that small parts need the same person as the whole. With `agent_id`
    the limits on what one agent refunds count too. Raises Conflict for a case without a decision.
    """
    if case.decision is None or case.order is None:
        raise Conflict("There is no decision yet: choose the order first.")
    now = deps.clock.now()
    policy = deps.policies.in_force(case.account_id, case.order.store_id, now)
    required = required_tier(
        policy,
        decision_facts(policy, case.decision, is_override=is_override),
        plan.total_in_shop_currency,
        history_for(deps, case.account_id, case.requester_id, case.order, policy, now, agent_id),
        rates_of(deps.account(case.account_id)),
    )
    if is_override and not required.release_tier.covers(Tier.TEAM_LEAD):
        why = "against the policy: a team lead"
        return required.model_copy(
            update={"release_tier": Tier.TEAM_LEAD, "because": (*required.because, why)}
        )
    return required


def needed_tier(deps: Deps, case: Case, offered: OfferedPlan, agent_id: str | None = None) -> Tier:
    """The tier of `required_for`, for a plan that was offered."""
    is_override = offered.override is not None
    required = required_for(deps, case, offered.plan, is_override=is_override, agent_id=agent_id)
    return required.release_tier


@dataclass(frozen=True)
class Lent:
    """A delegation to somebody, and its giver as known (None: not known)."""

    delegation: Delegation
    giver: Agent | None


def lent_to(deps: Deps, account: Account, agent: Agent, *, is_for_looking: bool) -> list[Lent]:
    """What others have lent this person for now. To act, each giver is read as the helpdesk says
    now; for looking, what was last known is enough. Raises VendorError."""
    now = deps.clock.now()
    found = []
    for one in deps.delegations.present(account.id, now):
        if one.to_id != agent.id or not one.holds(now):
            continue
        if is_for_looking:
            giver = known_person(deps, account, one.from_id)
        else:
            giver = agent_for(deps, account, one.from_id, AUTHORITY_SECONDS)
        found.append(Lent(one, giver))
    return found


def authority_to_decide(
    agent: Agent, request: ApprovalRequest, needed: Tier, lent: Iterable[Lent]
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
        raise NotAllowed(_own(agent, request))
    if agent.tier.covers(needed):
        return None
    refusal = (
        f"To decide about this amount, {TIER_NAMES[needed]} is needed; you are "
        f"{TIER_NAMES[agent.tier]}."
    )
    for one in lent:
        if one.giver is None:
            continue
        if _is_requesters(request, one.delegation, one.giver):
            refusal = (
                f"You would act for {one.delegation.from_name}, who asked for this: somebody else "
                "has to decide."
            )
        elif (tier := lent_tier(one.delegation, one.giver)) is not None and tier.covers(needed):
            return one.delegation
    raise NotAllowed(refusal)


def _own(agent: Agent, request: ApprovalRequest) -> str:
    if agent.id == request.requested_by:
        return "You asked for this yourself: somebody else has to decide."
    return (
        f"You asked for this yourself, as {request.requested_by_name} with the same e-mail "
        "address: somebody else has to decide."
    )


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
