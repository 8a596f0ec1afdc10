"""Who acts, and which amounts they may release."""

from __future__ import annotations

from enum import StrEnum

from app.domain.base import Value


class Tier(StrEnum):
    """Who may release an amount, from nobody's click to a manager's."""

    AUTOMATIC = "automatic"
    AGENT = "agent"
    TEAM_LEAD = "team_lead"
    MANAGER = "manager"

    @property
    def rank(self) -> int:
        """Position in the order of authority; a higher rank may do all that a lower one may."""
        return list(Tier).index(self)

    def covers(self, needed: Tier) -> bool:
        """Whether a person of this tier may release what needs tier `needed`."""
        return self.rank >= needed.rank


class Agent(Value):
    """A person of the merchant, as the helpdesk's server describes them.

    `tier` is None for people who may look but not release money (light agents, end users).
    """

    id: str
    name: str
    email: str | None
    role: str
    tier: Tier | None
    is_active: bool = True
