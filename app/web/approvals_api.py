"""The interface of approvals and delegations, `/api/v1`. Who acts is the session's person."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import BadRequest

from app.domain.approval import ApprovalRequest
from app.domain.errors import InvalidEntry
from app.usecases import approvals, delegations
from app.usecases.approval_queue import QueueFilter, Standing, queue, stand
from app.usecases.authority import lent_to
from app.web import api_models as body
from app.web.approval_bodies import approval_body, delegation_body
from app.web.context import account, acting_agent, session, web
from app.web.describe import describe
from app.web.errors import Problem
from app.web.exchange import answer_with, read_body, wanted_formats
from app.web.sign_in import require_session

approvals_api = Blueprint("approvals_api", __name__, url_prefix="/api/v1")

_READS = {401: Problem, 403: Problem, 404: Problem, 502: Problem, 503: Problem}
_ACTS = {**_READS, 409: Problem, 422: Problem}
_LOCALE = {"locale": "How amounts are written.", "tz": "Time zone of dates."}


@approvals_api.before_request
def signed_in() -> None:
    """Every route needs the bearer token."""
    require_session()


def _stands(found: ApprovalRequest) -> Standing:
    deps, person = web().deps, acting_agent()
    return stand(found, person, lent_to(deps, account(), person, is_for_looking=True))


def _answer(found: ApprovalRequest, status: int = 200, *, is_new: bool = False) -> Response:
    now = web().deps.clock.now()
    shown = approval_body(_stands(found), now, wanted_formats(), is_new=is_new)
    return answer_with(shown, status)


# --- requests -----------------------------------------------------------------------------------


@approvals_api.get("/approvals")
@describe(
    "What waits for approval, the longest waiting first. No vendor is called but for the role.",
    answers={200: body.ApprovalsBody, 400: Problem, **_READS},
    query={"show": "`for_me` (if not given), `open`, `mine` or `decided`.", **_LOCALE},
)
def list_approvals() -> Response:
    """At most a hundred; `waiting` counts all."""
    try:
        wanted = QueueFilter(request.args.get("show", QueueFilter.FOR_ME.value))
    except ValueError:
        raise BadRequest from None
    deps, now, formats = web().deps, web().deps.clock.now(), wanted_formats()
    found = queue(deps, account(), acting_agent(), wanted)
    return answer_with(
        body.ApprovalsBody(
            approvals=[approval_body(one, now, formats) for one in found],
            waiting=deps.approvals.count_waiting(account().id),
        )
    )


@approvals_api.post("/approvals")
@describe(
    "Ask for the release of a plan above one's own tier. The same plan gives the same request.",
    body=body.AskBody,
    answers={200: body.ApprovalBody, 201: body.ApprovalBody, **_ACTS},
    query=_LOCALE,
)
def ask() -> Response:
    """201 when this call made it, 200 when it was made before."""
    wanted = read_body(body.AskBody)
    _, plan_id = web().signer.read_plan(session(), wanted.plan)
    found, is_new = approvals.request_approval(
        web().deps, account(), plan_id, acting_agent(), wanted.reason, wanted.notify_customer
    )
    return _answer(found, 201 if is_new else 200, is_new=is_new)


@approvals_api.get("/approvals/<approval_id>")
@describe(
    "One request with its evidence.", answers={200: body.ApprovalBody, **_READS}, query=_LOCALE
)
def show(approval_id: str) -> Response:
    """For everybody of the account who is signed in."""
    found = web().deps.approvals.get(account().id, approval_id)
    if found is None:
        raise LookupError(f"there is no request {approval_id}")
    return _answer(found)


@approvals_api.post("/approvals/<approval_id>/approve")
@describe(
    "Release the plan that was asked for, at once. The order is read again first.",
    body=body.NoBody,
    answers={200: body.ApprovalBody, **_ACTS},
    query=_LOCALE,
)
def approve(approval_id: str) -> Response:
    """409 names the changes when the order isn't as it was: the request is void then."""
    read_body(body.NoBody)
    deps, person = web().deps, acting_agent()
    g.money_if_broken = "maybe"
    return _answer(approvals.approve(deps, account(), approval_id, person))


@approvals_api.post("/approvals/<approval_id>/deny")
@describe(
    "Decline the plan; the requester reads the reason.",
    body=body.DenyBody,
    answers={200: body.ApprovalBody, **_ACTS},
    query=_LOCALE,
)
def deny(approval_id: str) -> Response:
    """No money moves."""
    wanted = read_body(body.DenyBody)
    deps, person = web().deps, acting_agent()
    return _answer(approvals.deny(deps, account(), approval_id, person, wanted.reason))


@approvals_api.post("/approvals/<approval_id>/withdraw")
@describe(
    "Take one's own request back.",
    body=body.NoBody,
    answers={200: body.ApprovalBody, **_ACTS},
    query=_LOCALE,
)
def withdraw(approval_id: str) -> Response:
    """No money moves."""
    read_body(body.NoBody)
    deps, person = web().deps, acting_agent()
    return _answer(approvals.withdraw(deps, account(), approval_id, person))


# --- delegations --------------------------------------------------------------------------------


@approvals_api.get("/delegations")
@describe(
    "Whose authority is lent to whom, and who may be named in a new delegation.",
    answers={200: body.DelegationsBody, **_READS},
)
def list_delegations() -> Response:
    """Colleagues are those who have opened Makegood, by name."""
    deps, person, now = web().deps, acting_agent(), web().deps.clock.now()
    zone = ZoneInfo(deps.accounts.policy(account().id).time_zone)
    return answer_with(
        body.DelegationsBody(
            delegations=[
                delegation_body(one, person, now, zone)
                for one in deps.delegations.present(account().id, now)
            ],
            colleagues=[
                body.ColleagueBody(id=one.id, name=one.name)
                for one in delegations.colleagues(deps, account(), person)
            ],
        )
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidEntry(f"{text} is no day of the calendar.") from None


@approvals_api.post("/delegations")
@describe(
    "Lend one's own authority to approve to somebody, for named days.",
    body=body.DelegateBody,
    answers={201: body.DelegationBody, **_ACTS},
)
def delegate() -> Response:
    """Team leads and managers; never more than one's own tier."""
    wanted = read_body(body.DelegateBody)
    deps, person = web().deps, acting_agent()
    made = delegations.delegate(
        deps, account(), person, wanted.to, _day(wanted.first_day), _day(wanted.last_day)
    )
    zone = ZoneInfo(deps.accounts.policy(account().id).time_zone)
    return answer_with(delegation_body(made, person, deps.clock.now(), zone), 201)


@approvals_api.post("/delegations/<delegation_id>/end")
@describe("End a delegation now.", body=body.NoBody, answers={200: body.DelegationBody, **_ACTS})
def end_delegation(delegation_id: str) -> Response:
    """By who gave it, or by a manager."""
    read_body(body.NoBody)
    deps, person = web().deps, acting_agent()
    ended = delegations.end_delegation(deps, account(), person, delegation_id)
    zone = ZoneInfo(deps.accounts.policy(account().id).time_zone)
    return answer_with(delegation_body(ended, person, deps.clock.now(), zone))
