"""The interface of policy versions, `/api/v1/policies`. Who acts is the session's person."""

from __future__ import annotations

from flask import Blueprint, Response

from app.domain.errors import NotAllowed
from app.domain.policy.version import PolicyVersion
from app.usecases import policies
from app.web.context import account, acting_agent, web
from app.web.describe import describe
from app.web.errors import Problem
from app.web.exchange import answer_with, read_body, wanted_formats
from app.web.policy_bodies import (
    ActivateBody,
    CheckBody,
    ComparedBody,
    DraftBody,
    PoliciesBody,
    ReplayBody,
    TextBody,
    VersionBody,
    check_body,
    replay_body,
    side_body,
    version_body,
    version_in_full,
)
from app.web.sign_in import require_session

policy_api = Blueprint("policy_api", __name__, url_prefix="/api/v1/policies")

# A long policy has some 60,000 letters, each of which may take six bytes in JSON.
_MOST_BYTES = 6 * policies.MOST_LETTERS

_READS = {401: Problem, 403: Problem, 404: Problem, 502: Problem, 503: Problem}
_ACTS = {**_READS, 409: Problem, 422: Problem}


@policy_api.before_request
def signed_in() -> None:
    """Every route needs the bearer token."""
    require_session()


def _may_look() -> None:
    if acting_agent().tier is None:
        raise NotAllowed("Only people who may release refunds see the policy's versions.")


def _found(number: int) -> PolicyVersion:
    _may_look()
    return policies.require_version(web().deps, account(), number)


def _shown(version: PolicyVersion, status: int = 200) -> Response:
    return answer_with(version_in_full(version, web().deps.clock.now()), status)


@policy_api.get("")
@describe(
    "All versions of the account's policies, newest first, without their texts.",
    answers={200: PoliciesBody, **_READS},
)
def list_versions() -> Response:
    """With what is in force marked."""
    _may_look()
    deps, now = web().deps, web().deps.clock.now()
    stores = deps.accounts.stores(account().id)
    scopes = ["account", *(f"store:{store.id}" for store in stores)]
    scopes += sorted({f"brand:{one.config['brand']}" for one in stores if one.config.get("brand")})
    found = deps.policies.versions(account().id)
    return answer_with(
        PoliciesBody(versions=[version_body(one, now) for one in found], scopes=scopes)
    )


@policy_api.post("")
@describe(
    "Keep a text as a new draft. Errors in it are no obstacle to keeping it.",
    body=DraftBody,
    answers={201: VersionBody, **_ACTS},
)
def write() -> Response:
    """Managers only."""
    wanted = read_body(DraftBody, _MOST_BYTES)
    deps, person = web().deps, acting_agent()
    made = policies.write_draft(deps, account(), person, wanted.text, scope=wanted.scope)
    return _shown(made, 201)


@policy_api.get("/<int:number>")
@describe("One version with its text.", answers={200: VersionBody, **_READS})
def show(number: int) -> Response:
    """Whatever its state."""
    return _shown(_found(number))


@policy_api.put("/<int:number>")
@describe(
    "Write a draft's text anew; what was checked or replayed of it counts no more.",
    body=TextBody,
    answers={200: VersionBody, **_ACTS},
)
def rewrite(number: int) -> Response:
    """Managers only; never a version that was in force."""
    wanted = read_body(TextBody, _MOST_BYTES)
    deps, person = web().deps, acting_agent()
    made = policies.write_draft(deps, account(), person, wanted.text, number=number)
    return _shown(made)


@policy_api.post("/check")
@describe(
    "What is wrong or doubtful in a text; nothing is kept.",
    body=TextBody,
    answers={200: CheckBody, **_ACTS},
)
def check_text() -> Response:
    """For the editor."""
    wanted = read_body(TextBody, _MOST_BYTES)
    _may_look()
    return answer_with(check_body(policies.problems_of(web().deps, account(), wanted.text)))


@policy_api.post("/<int:number>/check")
@describe("Check a draft off. 409 with its first error.", answers={200: VersionBody, **_ACTS})
def check(number: int) -> Response:
    """Managers only."""
    return _shown(policies.check(web().deps, account(), acting_agent(), number))


@policy_api.post("/<int:number>/replay")
@describe(
    "Replay a checked version over past cases, in the background.",
    answers={202: ReplayBody, **_ACTS},
)
def replay(number: int) -> Response:
    """Managers only; one that runs already is answered."""
    started = policies.ask_replay(web().deps, account(), acting_agent(), number)
    return answer_with(replay_body(started), 202)


@policy_api.get("/<int:number>/replay")
@describe(
    "The replay of a version: progress, then what would change. A manager who reads a finished one "
    "has looked at it.",
    answers={200: ReplayBody, **_READS},
)
def show_replay(number: int) -> Response:
    """404 when it was never replayed."""
    _found(number)
    found = policies.look_at_replay(web().deps, account(), acting_agent(), number)
    if found is None:
        raise LookupError(f"version {number} was not replayed yet")
    return answer_with(replay_body(found))


@policy_api.get("/<int:number>/cases/<case_id>")
@describe(
    "A past case, as it was decided and as this version would have decided it then.",
    answers={200: ComparedBody, **_READS},
    query={"locale": "How amounts are written.", "tz": "Time zone of dates."},
)
def compare(number: int, case_id: str) -> Response:
    """Nothing is kept."""
    _found(number)
    case, before, after = policies.compare_case(web().deps, account(), number, case_id)
    formats = wanted_formats()
    return answer_with(
        ComparedBody(
            case_id=case.id,
            ticket_id=case.ticket_id,
            order_name=case.order.name if case.order else "",
            subject=case.subject,
            before=side_body(before, formats),
            after=side_body(after, formats),
        )
    )


@policy_api.post("/<int:number>/activate")
@describe(
    "Put a version into force, now or from a moment on. 409 until its replay was looked at.",
    body=ActivateBody,
    answers={200: VersionBody, **_ACTS},
)
def activate(number: int) -> Response:
    """Managers only."""
    wanted = read_body(ActivateBody)
    deps, person = web().deps, acting_agent()
    made = policies.activate(deps, account(), person, number, wanted.effective_from)
    return _shown(made)


@policy_api.post("/<int:number>/roll-back")
@describe(
    "Put a version that was in force before back into force at once, under a new number.",
    answers={201: VersionBody, **_ACTS},
)
def roll_back(number: int) -> Response:
    """Managers only."""
    return _shown(policies.roll_back(web().deps, account(), acting_agent(), number), 201)


@policy_api.post("/<int:number>/retire")
@describe(
    "Take a version out of use; the account's policy in force can only be replaced.",
    answers={200: VersionBody, **_ACTS},
)
def retire(number: int) -> Response:
    """Managers only."""
    return _shown(policies.retire(web().deps, account(), acting_agent(), number))
