"""Versions of a policy: draft -> checked -> replayed -> active, each step with author and time.

A version's policy never changes once it was checked: an edit makes it a draft again, and what was
in force stays as it was. Activation needs a replay that somebody has looked at.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field, field_validator

from app.domain.base import Value
from app.domain.errors import Conflict
from app.domain.policy.model import Policy

EVERYWHERE = "account"
_SCOPE = re.compile(r"account|store:[\w:.-]{1,100}|brand:[^\n]{1,100}")


class VersionState(StrEnum):
    """How far a version has come. Retired: replaced, or taken back before it came into force."""

    DRAFT = "draft"
    CHECKED = "checked"
    REPLAYED = "replayed"
    ACTIVE = "active"
    RETIRED = "retired"


class Act(StrEnum):
    """What a person did to a version."""

    WRITTEN = "written"
    CHECKED = "checked"
    REPLAYED = "replayed"
    LOOKED_AT = "looked_at"
    ACTIVATED = "activated"
    ROLLED_BACK = "rolled_back"
    RETIRED = "retired"


class Step(Value):
    """One act on a version: who and when. `about` says more, where there is more to say."""

    act: Act
    by: str
    by_name: str
    at: AwareDatetime
    about: str = ""


class PolicyVersion(Value):
    """One version. `policy` is None while the text can't be used; `text` is None for one that was
    made without a text (the one an account starts with).

    `scope` says for which orders it is: "account" (all), "brand:<name>" or "store:<id>". The most
    particular one that is in force decides. It is in force from `effective_from` and before
    `effective_until`.
    """

    account_id: str
    version: int = Field(ge=1)
    scope: str = EVERYWHERE
    title: str
    state: VersionState
    text: str | None = None
    policy: Policy | None = None
    log: tuple[Step, ...] = ()
    replay_id: str | None = None
    effective_from: AwareDatetime | None = None
    effective_until: AwareDatetime | None = None

    @field_validator("scope")
    @classmethod
    def _is_scope(cls, scope: str) -> str:
        if _SCOPE.fullmatch(scope) is None:
            raise ValueError('a scope is "account", "store:<id>" or "brand:<name>"')
        return scope

    def with_step(self, step: Step, **changes: object) -> PolicyVersion:
        """The version after an act."""
        return self.model_copy(update={"log": (*self.log, step), **changes})

    def was(self, act: Act) -> Step | None:
        """The last time that something was done since the text was last written."""
        for step in reversed(self.log):
            if step.act is act:
                return step
            if step.act is Act.WRITTEN:
                return None
        return None

    def in_force_at(self, moment: datetime) -> bool:
        """Whether this version may decide at a moment."""
        return (
            self.state is VersionState.ACTIVE
            and self.effective_from is not None
            and self.effective_from <= moment
            and (self.effective_until is None or moment < self.effective_until)
        )


def check_activation(version: PolicyVersion) -> None:
    """Raise Conflict unless a version may be activated: checked, replayed and looked at."""
    if version.state is VersionState.ACTIVE:
        raise Conflict(f"Version {version.version} is active already.")
    if version.policy is None:
        raise Conflict("The text has errors: mend them, and check it first.")
    if version.was(Act.CHECKED) is None:
        raise Conflict("Check the text first.")
    if version.was(Act.REPLAYED) is None:
        raise Conflict("Replay it over past cases first, to see what it would change.")
    if version.was(Act.LOOKED_AT) is None:
        raise Conflict("Nobody has looked at the replay yet: open it, then activate.")


def is_scope(text: str) -> bool:
    """Whether a policy can be written for it: "account", "brand:<name>" or "store:<id>"."""
    return _SCOPE.fullmatch(text) is not None


def scopes_of(store_id: str, brand: str | None) -> tuple[str, ...]:
    """The scopes that an order of a store falls under, the most particular first."""
    brands = (f"brand:{brand}",) if brand else ()
    return (f"store:{store_id}", *brands, EVERYWHERE)
