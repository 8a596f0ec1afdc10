"""The bodies of the policy interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.domain.decision import Decision, Truth
from app.domain.policy.language.problems import Problem as TextProblem
from app.domain.policy.language.problems import Severity
from app.domain.policy.replay import Replay, ReplayResult
from app.domain.policy.version import Act, PolicyVersion, VersionState
from app.usecases.policies import MOST_LETTERS, text_of
from app.web.formats import Formats


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextBody(_Body):
    """A policy's text."""

    text: str = Field(max_length=MOST_LETTERS)


class DraftBody(TextBody):
    """A text, and for which orders: "account" (all), "store:<id>" or "brand:<name>"."""

    scope: str = Field(default="account", max_length=120)


class ActivateBody(_Body):
    """From when on; null: at once."""

    effective_from: AwareDatetime | None = None


class StepBody(_Body):
    """One act on a version."""

    act: str
    by: str
    at: AwareDatetime
    about: str


class VersionSummary(_Body):
    """One version. `is_in_force`: it decides at present."""

    version: int
    scope: str
    title: str
    state: str
    is_in_force: bool
    effective_from: AwareDatetime | None
    effective_until: AwareDatetime | None
    may_activate: bool
    steps: list[StepBody]


class VersionBody(VersionSummary):
    """One version with its text."""

    text: str


class PoliciesBody(_Body):
    """All versions, and the scopes that a policy can be written for."""

    versions: list[VersionSummary]
    scopes: list[str]


class ProblemBody(_Body):
    """One thing to mend, or to look at."""

    line: int
    column: int
    severity: str
    message: str
    understood: str | None
    suggestions: list[str]


class CheckBody(_Body):
    """`ok`: there are no errors."""

    ok: bool
    problems: list[ProblemBody]


class ReplayBody(_Body):
    """A replay's progress and, once done, its result."""

    version: int
    state: str
    done: int
    total: int
    seconds: float | None
    problem: str | None
    asked_by: str
    changed_verdicts: int
    result: ReplayResult | None


class SideBody(_Body):
    """One decision of a compared case."""

    verdict: str
    headline: str
    amount: str | None
    released_by: str | None
    because: list[str]
    findings: list[str]


class ComparedBody(_Body):
    """A past case, as it was decided and as the version would have decided it."""

    case_id: str
    ticket_id: str
    order_name: str
    subject: str
    before: SideBody
    after: SideBody


def side_body(decision: Decision, formats: Formats) -> SideBody:
    """What people compare of a decision."""
    plan = decision.plan
    return SideBody(
        verdict=decision.verdict.value,
        headline=decision.headline,
        amount=formats.money(plan.total) if plan else None,
        released_by=decision.release_tier.value if decision.release_tier else None,
        because=[f"{line.name}: {line.because}" for line in decision.lines],
        findings=[
            f"{one.title}: {one.sentence}"
            for _, one in decision.tested()
            if one.truth is not Truth.FALSE or one.is_nearest_miss
        ],
    )


def _fields(version: PolicyVersion, now: datetime) -> dict[str, object]:
    looked_at = version.was(Act.LOOKED_AT) is not None
    is_open = version.state in {VersionState.CHECKED, VersionState.REPLAYED}
    return {
        "version": version.version,
        "scope": version.scope,
        "title": version.title,
        "state": version.state.value,
        "is_in_force": version.in_force_at(now),
        "effective_from": version.effective_from,
        "effective_until": version.effective_until,
        "may_activate": looked_at and is_open,
        "steps": [
            StepBody(act=one.act.value, by=one.by_name, at=one.at, about=one.about)
            for one in version.log
        ],
    }


def version_body(version: PolicyVersion, now: datetime) -> VersionSummary:
    """Without its text."""
    return VersionSummary.model_validate(_fields(version, now))


def version_in_full(version: PolicyVersion, now: datetime) -> VersionBody:
    """With its text."""
    return VersionBody.model_validate({**_fields(version, now), "text": text_of(version)})


def check_body(problems: Sequence[TextProblem]) -> CheckBody:
    """Errors first."""
    ordered = sorted(problems, key=lambda one: (one.severity is not Severity.ERROR, one.place.line))
    return CheckBody(
        ok=all(one.severity is not Severity.ERROR for one in problems),
        problems=[
            ProblemBody(
                line=one.place.line,
                column=one.place.column,
                severity=one.severity.value,
                message=one.message,
                understood=one.understood,
                suggestions=list(one.suggestions),
            )
            for one in ordered
        ],
    )


def replay_body(replay: Replay) -> ReplayBody:
    """As it is kept."""
    return ReplayBody(
        version=replay.version,
        state=replay.state.value,
        done=replay.done,
        total=replay.total,
        seconds=replay.seconds,
        problem=replay.problem,
        asked_by=replay.asked_by_name,
        changed_verdicts=replay.result.changed_verdicts if replay.result else 0,
        result=replay.result,
    )
