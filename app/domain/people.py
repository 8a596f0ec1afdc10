"""Who acts, and which amounts they may release."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

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


# What an admin may give a role or group. "none": may look, but not act.
PEOPLE_TIERS = (Tier.AGENT, Tier.TEAM_LEAD, Tier.MANAGER)
LOOK_ONLY = "none"


class Agent(Value):
    """A person of the merchant, as the helpdesk's server describes them.

    `role` is for people to read. `roles` are all names and ids by which the helpdesk knows it, the
    most specific first, and `groups` are the names of their groups or teams: what an admin's
    mapping is looked up by. `tier` is the helpdesk's own default until `TierMap.applied_to`;
    None for people who may look but not release money (light agents, end users).
    """

    id: str
    name: str
    email: str | None
    role: str
    tier: Tier | None
    is_active: bool = True
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def all_roles(self) -> tuple[str, ...]:
        """The names of the role, the most specific first."""
        return self.roles or (self.role,)


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class TierMap(Value):
    """An admin's mapping of the helpdesk's roles and groups (or teams) to tiers.

    Names are compared without regard to case and outer spaces. The value None means look only.
    """

    roles: dict[str, Tier | None] = Field(default_factory=dict)
    groups: dict[str, Tier | None] = Field(default_factory=dict)

    @classmethod
    def of(cls, config: object) -> TierMap:
        """From an account's `config["tiers"]`; what isn't a known tier there gives no tier.

        The shape is `{"roles": {name: tier}, "groups": {name: tier}}`; a flat `{name: tier}` maps
        roles.
        """
        if not isinstance(config, dict):
            return cls()
        parts = config if set(config) <= {"roles", "groups"} else {"roles": config}
        return cls(roles=_tiers(parts.get("roles")), groups=_tiers(parts.get("groups")))

    def to_config(self) -> dict[str, dict[str, str]]:
        """As it is kept in an account's config."""
        return {
            name: {key: tier.value if tier else LOOK_ONLY for key, tier in mapping.items()}
            for name, mapping in (("roles", self.roles), ("groups", self.groups))
        }

    def applied_to(self, agent: Agent) -> Agent:
        """`agent` with the tier that the mapping gives, else with the helpdesk's default.

        The most specific mapped role counts, and all mapped groups; the highest of these is the
        person's tier. "none" on any of them beats everything. Groups never lift somebody whom the
        helpdesk itself lets only look: that takes a mapped role.
        """
        roles = {_key(name): tier for name, tier in self.roles.items()}
        groups = {_key(name): tier for name, tier in self.groups.items()}
        given = [roles[key] for name in agent.all_roles if (key := _key(name)) in roles][:1]
        if given or agent.tier is not None:
            given += [groups[key] for name in agent.groups if (key := _key(name)) in groups]
        if not given:
            return agent
        tiers = [tier for tier in given if tier is not None]
        if len(tiers) < len(given):
            return agent.model_copy(update={"tier": None})
        return agent.model_copy(update={"tier": max(tiers, key=lambda tier: tier.rank)})

    def unknown_to(self, roles: Iterable[str], groups: Iterable[str]) -> tuple[str, ...]:
        """The mapped names that the helpdesk doesn't have, as `role NAME` or `group NAME`."""
        known = {"role": {_key(one) for one in roles}, "group": {_key(one) for one in groups}}
        mapped = [("role", name) for name in self.roles] + [("group", name) for name in self.groups]
        return tuple(f"{kind} {name}" for kind, name in mapped if _key(name) not in known[kind])


def _tiers(given: object) -> dict[str, Tier | None]:
    if not isinstance(given, dict):
        return {}
    known = {tier.value: tier for tier in PEOPLE_TIERS}
    return {
        str(name): known.get(str(value))
        for name, value in given.items()
        if value in known or value == LOOK_ONLY
    }


_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def mailbox_of(email: str | None) -> str | None:
    """The mailbox behind an address, for telling whether two addresses are one person's.

    Case is ignored, as is what follows a `+`; at Gmail so are dots
    (https://support.google.com/mail/answer/7436150). None for what isn't an address.
    """
    if email is None:
        return None
    local, at, domain = unicodedata.normalize("NFKC", email).strip().casefold().rpartition("@")
    local, domain = local.partition("+")[0], domain.rstrip(".")
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if at and local and domain else None


def is_same_person(one: Agent, other_id: str, other_email: str | None) -> bool:
    """Whether an agent is the person with this id or, under another account, this address."""
    mailbox = mailbox_of(one.email)
    return one.id == other_id or (mailbox is not None and mailbox == mailbox_of(other_email))
