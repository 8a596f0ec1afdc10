"""Who somebody of the merchant is, and the tier that this gives where the admin has said nothing.

https://developer.kustomer.com/docs/get-started/api-keys-and-roles
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from app.domain.people import Agent, Tier
from integrations.helpdesks.kustomer.payloads import (
    Links,
    OptionalMoment,
    Payload,
    Record,
    Text,
    as_list,
    as_object,
)

ADMIN_ROLES = frozenset({"org.admin", "org.owner"})
AGENT_ROLES = frozenset(
    {"org.user", "org.user.conversation.write", "org.permission.conversation.update"}
)
MACHINE = "machine"


class UserAttributes(Payload):
    """`roles` are permissions and the sets of them (`org.admin`); machines are API keys."""

    display_name: Text = Field(default="", alias="displayName")
    name: Text = ""
    email: Text = ""
    user_type: Text = Field(default="", alias="userType")
    roles: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    deleted_at: OptionalMoment = Field(default=None, alias="deletedAt")


class User(Record):
    """A person of the merchant, or the machine behind a key."""

    attributes: UserAttributes = UserAttributes()

    @property
    def role(self) -> str:
        """The one word for what this person is: admin, agent, viewer or machine."""
        roles = set(self.attributes.roles)
        if self.attributes.user_type == MACHINE:
            return MACHINE
        if roles & ADMIN_ROLES:
            return "admin"
        return "agent" if roles & AGENT_ROLES else "viewer"

    def to_agent(self, teams: tuple[str, ...]) -> Agent:
        """As an agent. A machine may never release money, nor may somebody who only looks."""
        by_role = {"admin": Tier.MANAGER, "agent": Tier.AGENT}
        found = self.attributes
        return Agent(
            id=self.id,
            name=found.display_name or found.name,
            email=found.email or None,
            role=self.role,
            # An admin may map a permission set as well as the word that stands for it.
            roles=(self.role,) if self.role == MACHINE else (*found.roles, self.role),
            tier=by_role.get(self.role),
            groups=teams if self.role != MACHINE else (),
            is_active=found.deleted_at is None,
        )


class UserAnswer(Payload):
    """`{"data": {...}}`."""

    data: User


class TeamAttributes(Payload):
    """A team; `members` are user ids."""

    name: Text = ""
    display_name: Text = Field(default="", alias="displayName")
    members: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()


class Team(Record):
    """A group of people."""

    attributes: Annotated[TeamAttributes, BeforeValidator(as_object)] = TeamAttributes()

    @property
    def name(self) -> str:
        """As people call it."""
        return self.attributes.name or self.attributes.display_name


class TeamsAnswer(Payload):
    """A page of teams."""

    data: tuple[Team, ...]
    links: Annotated[Links, BeforeValidator(as_object)] = Links()


def teams_of(user: User, teams: tuple[Team, ...]) -> tuple[str, ...]:
    """The names of a person's teams, by either side of the relation."""
    own = set(user.all_related("teams") or ())
    return tuple(
        sorted(
            team.name
            for team in teams
            if team.name and (team.id in own or user.id in team.attributes.members)
        )
    )
