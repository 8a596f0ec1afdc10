"""Who acts: always as the helpdesk's server says, never as the browser says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.domain.errors import NotAllowed
from app.domain.people import Agent, Tier, TierMap
from app.ports import Account
from app.usecases.deps import Deps

TIER_NAMES: dict[Tier, str] = {
    Tier.AUTOMATIC: "nobody",
    Tier.AGENT: "an agent",
    Tier.TEAM_LEAD: "a team lead",
    Tier.MANAGER: "a manager",
}
_EVER = datetime.min.replace(tzinfo=UTC)


def agent_for(deps: Deps, account: Account, agent_id: str, max_age_seconds: float) -> Agent:
    """A person's role and tier, read from the helpdesk when what we know is older.

    The helpdesk gives role and groups; the admin's mapping, which holds at once when it is
    changed, makes the tier of them.
    """
    now = deps.clock.now()
    agent = deps.accounts.known_agent(
        account.id, agent_id, now - timedelta(seconds=max_age_seconds)
    )
    if agent is None:
        agent = deps.helpdesk(account).read_agent(agent_id)
        deps.accounts.remember_agent(account.id, agent, now)
    return _with_tier(account, agent)


def known_person(deps: Deps, account: Account, agent_id: str) -> Agent | None:
    """A person as last read from the helpdesk, however long ago; for looking only."""
    agent = deps.accounts.known_agent(account.id, agent_id, _EVER)
    return _with_tier(account, agent) if agent is not None else None


def _with_tier(account: Account, agent: Agent) -> Agent:
    return TierMap.of(account.config.get("tiers")).applied_to(agent)


def set_tiers(deps: Deps, account: Account, tiers: TierMap, actor: str) -> Account:
    """Replace the account's mapping of roles and groups to tiers; the audit keeps both."""
    before = TierMap.of(account.config.get("tiers"))
    changed = account.model_copy(
        update={"config": {**account.config, "tiers": tiers.to_config()}},
    )
    now = deps.clock.now()
    deps.accounts.save(changed, actor, now)
    data: dict[str, object] = {"before": before.to_config(), "after": tiers.to_config()}
    deps.audit.append(account.id, actor, "tiers_changed", f"account:{account.id}", data, now)
    return changed


def require_tier(agent: Agent, needed: Tier, what: str) -> None:
    """Raise NotAllowed unless `agent` may release what needs `needed`."""
    if not agent.is_active:
        raise NotAllowed("Your account in the helpdesk is suspended.")
    if agent.tier is None:
        raise NotAllowed(f"Your role ({agent.role}) may look, but not {what}.")
    if not agent.tier.covers(needed):
        raise NotAllowed(f"To {what}, {TIER_NAMES[needed]} is needed.")
