"""Who acts: always as the helpdesk's server says, never as the browser says."""

from __future__ import annotations

from datetime import timedelta

from app.domain.errors import NotAllowed
from app.domain.people import Agent, Tier
from app.ports import Account
from app.usecases.deps import Deps

TIER_NAMES: dict[Tier, str] = {
    Tier.AUTOMATIC: "nobody",
    Tier.AGENT: "an agent",
    Tier.TEAM_LEAD: "a team lead",
    Tier.MANAGER: "a manager",
}


def agent_for(deps: Deps, account: Account, agent_id: str, max_age_seconds: float) -> Agent:
    """A person's role and tier, read from the helpdesk when what we know is older."""
    now = deps.clock.now()
    known = deps.accounts.known_agent(
        account.id, agent_id, now - timedelta(seconds=max_age_seconds)
    )
    if known is not None:
        return known
    agent = deps.helpdesk(account).read_agent(agent_id)
    deps.accounts.remember_agent(account.id, agent, now)
    return agent


def require_tier(agent: Agent, needed: Tier, what: str) -> None:
    """Raise NotAllowed unless `agent` may release what needs `needed`."""
    if not agent.is_active:
        raise NotAllowed("Your account in the helpdesk is suspended.")
    if agent.tier is None:
        raise NotAllowed(f"Your role ({agent.role}) may look, but not {what}.")
    if not agent.tier.covers(needed):
        raise NotAllowed(f"To {what}, {TIER_NAMES[needed]} is needed.")
