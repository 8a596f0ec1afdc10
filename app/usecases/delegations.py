"""Lending one's own authority to approve to somebody else, for named days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.approval import Delegation
from app.domain.errors import InvalidEntry, NotAllowed
from app.domain.people import Agent, Tier, TierMap, is_same_person
from app.ports import Account
from app.records import new_id
from app.usecases.authority import AUTHORITY_SECONDS
from app.usecases.deps import Deps
from app.usecases.people import agent_for, require_tier

LONGEST_DAYS = 366


def delegate(
    deps: Deps, account: Account, agent: Agent, to_id: str, first: date, last: date
) -> Delegation:
    """Lend the agent's own tier to the person `to_id` from the first to the last day, both
    included, in the time zone of the policy.

    The delegate may approve and decline other people's requests; nobody releases more alone by
    it. What was lent can't be lent on: only a person's own tier counts. Raises NotAllowed,
    InvalidEntry for days that can't be, VendorError.
    """
    require_tier(agent, Tier.TEAM_LEAD, "lend authority")
    tier = agent.tier
    if tier is None:
        raise NotAllowed("Your role may look only.")
    to = agent_for(deps, account, to_id, AUTHORITY_SECONDS)
    if is_same_person(agent, to.id, to.email):
        raise NotAllowed("You can't lend your authority to yourself.")
    if not to.is_active or to.tier is None:
        raise NotAllowed(f"{to.name} may look only, and can't be given authority.")
    now = deps.clock.now()
    zone = ZoneInfo(deps.accounts.policy(account.id).time_zone)
    starts_at = datetime.combine(first, time.min, zone)
    ends_at = datetime.combine(last + timedelta(days=1), time.min, zone)
    if last < first:
        raise InvalidEntry("The last day lies before the first.")
    if ends_at <= now:
        raise InvalidEntry("The last day is over already.")
    if (last - first).days >= LONGEST_DAYS:
        raise InvalidEntry(f"At most {LONGEST_DAYS} days can be lent at once.")
    delegation = Delegation(
        id=new_id("delegation"),
        account_id=account.id,
        from_id=agent.id,
        from_name=agent.name,
        from_email=agent.email,
        to_id=to.id,
        to_name=to.name,
        tier=tier,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
    )
    deps.delegations.add(delegation, agent.id, now)
    return delegation


def end_delegation(deps: Deps, account: Account, agent: Agent, delegation_id: str) -> Delegation:
    """End a delegation now: by who gave it, or by a manager. Ending it twice is ending it once."""
    delegation = deps.delegations.get(account.id, delegation_id)
    if delegation is None:
        raise LookupError(f"there is no delegation {delegation_id}")
    if delegation.from_id != agent.id:
        require_tier(agent, Tier.MANAGER, "end somebody else's delegation")
    return deps.delegations.end(delegation, agent.id, deps.clock.now())


def colleagues(deps: Deps, account: Account, agent: Agent) -> list[Agent]:
    """Who may be named in a delegation of this person: everybody else who has opened Makegood and
    may act, by name."""
    tiers = TierMap.of(account.config.get("tiers"))
    people = [tiers.applied_to(one) for one in deps.accounts.known_people(account.id)]
    return [
        one
        for one in people
        if one.is_active and one.tier and not is_same_person(agent, one.id, one.email)
    ]
