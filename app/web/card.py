"""The sidebar as a card: a static page without any data, and commands that bring all of it.

A helpdesk that signs nothing for a page's server can still call that server itself. The card asks
the helpdesk to run a command; the helpdesk's servers call us with the account's service token, and
what the command asks for is answered by the same views as everywhere else, for the session that
the person has proven. The page itself may connect to nothing.
https://developer.kustomer.com/docs/apps/cards-sdk
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from contextvars import Context
from datetime import timedelta
from typing import Any, Literal, cast

from flask import Blueprint, Flask, Response, current_app, g, render_template, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from app.domain.errors import AppError, NotAllowed
from app.ports import Account, CardIntegration, CommandCaller
from app.usecases.sign_in import prove, require_same
from app.web.context import web
from app.web.describe import describe
from app.web.errors import Problem, app_problem, problem
from app.web.security import origin_of, page_policy
from app.web.session import (
    CARD_PENDING,
    CARD_TRIED,
    NOBODY,
    SIGN_IN_SECONDS,
    Session,
    SessionProblem,
)
from app.web.sign_in import BROUGHT
from app.web.texts import script_texts, text

log = logging.getLogger(__name__)
card = Blueprint("card", __name__)

APP_NAME = "makegood"
_MAX_BODY_BYTES = 64 * 1024
# What moves money, or stops it, has a command of its own, which the helpdesk logs.
_MONEY = ("/api/v1/refunds", "/api/v1/approvals")


class _Body(BaseModel):
    """A command's input, which the card makes; the helpdesk hands it on as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SignInBody(_Body):
    """Without a ticket: begin. With it: the challenge was written, or could not be."""

    ticket: str = Field(default="", max_length=1000)
    failed: bool = False


class CallBody(_Body):
    """One call of the sidebar. `conversation` is what the card shows while it asks."""

    conversation: str = Field(min_length=1, max_length=64)
    session: str = Field(default="", max_length=2000)
    method: Literal["GET", "POST", "PUT"] = "GET"
    path: str = Field(max_length=500, pattern=r"^/(api/v1|sidebar)/[A-Za-z0-9_\-./%]*$")
    query: dict[str, str] = Field(default_factory=dict)
    body: Any = None


class CardAnswer(BaseModel):
    """What the card gets: an answer within an answer, so that no runner on the way changes it."""

    model_config = ConfigDict(extra="forbid")

    status: int
    type: str
    body: Any


def _integration(helpdesk: str) -> CardIntegration | None:
    found: object = web().deps.helpdesks.get(helpdesk)
    return found if isinstance(found, CardIntegration) else None


@card.get("/<helpdesk>/card")
@describe(
    "The card's page: scripts and words, and no data of anybody.",
    answers={200: None, 404: Problem},
    auth="none",
    media_type="text/html",
)
def page(helpdesk: str) -> Response:
    """The same for everybody, so it needs no sign-in. It may connect to no host at all."""
    integration = _integration(helpdesk)
    if integration is None:
        return problem("not_found", 404)
    nonce = secrets.token_urlsafe(16)
    sdk_url = web().settings.sdk_urls[helpdesk]
    boot = {
        "helpdesk": helpdesk,
        "card": dict(integration.card_boot(APP_NAME)),
        "texts": script_texts(),
    }
    html = render_template("sidebar.html", nonce=nonce, sdk_url=sdk_url, boot=boot)
    answer = Response(html, mimetype="text/html")
    template = web().settings.endpoints[f"{helpdesk}_app"]
    answer.headers["Content-Security-Policy"] = page_policy(
        nonce, sdk_url, origin_of(template.replace("{org}", "*")), connects_to="'none'"
    )
    return answer


@card.get("/<helpdesk>/icon.png")
@describe(
    "The app's icon, at an address that stays.",
    answers={200: None, 404: Problem},
    auth="none",
    media_type="image/png",
)
def icon(helpdesk: str) -> Response:
    """For the helpdesk's list of apps."""
    if helpdesk not in web().deps.helpdesks:
        return problem("not_found", 404)
    answer = current_app.send_static_file("icon.png")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


# --- commands -----------------------------------------------------------------------------------


def _caller(helpdesk: str) -> tuple[Account, CommandCaller]:
    """The account whose servers call, and whom they name. Raises SessionProblem, NotAllowed."""
    integration = _integration(helpdesk)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    parts = token.strip().split(".")
    door = web().deps.accounts.door(parts[1]) if len(parts) == 3 else None
    if integration is None or kind.lower() != "bearer" or door is None:
        raise SessionProblem("no service token", is_expired=False)
    account, vault = door
    if account.helpdesk != helpdesk or not integration.is_service_token(vault, token.strip()):
        raise SessionProblem("no service token", is_expired=False)
    # Werkzeug's headers read like a mapping, whatever the case of a name; only its types differ.
    return account, integration.caller(account, cast(Mapping[str, str], request.headers))


def _read() -> bytes:
    if (request.content_length or 0) > _MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    # One byte further than allowed: a chunked body declares no length.
    raw: bytes = request.stream.read(_MAX_BODY_BYTES + 1)
    if len(raw) > _MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    return raw or b"{}"


def _answer(status: int, body: object, kind: str = "application/json") -> Response:
    made = CardAnswer(status=status, type=kind, body=body)
    return Response(made.model_dump_json(), mimetype="application/json")


def _wrapped(answer: Response) -> Response:
    """An answer of one of our views, as the card's."""
    text_ = answer.get_data(as_text=True)
    kind = answer.mimetype or "text/plain"
    is_json = kind.endswith("json")
    return _answer(answer.status_code, json.loads(text_) if is_json else text_, kind)


@card.post("/<helpdesk>/commands/sign-in")
@describe(
    "Prove who uses the card: get a challenge, have the helpdesk write it, come back.",
    body=SignInBody,
    answers={200: CardAnswer, 401: Problem, 403: Problem, 413: Problem, 422: Problem},
)
def sign_in(helpdesk: str) -> Response:
    """Called by the helpdesk's servers, twice."""
    account, caller = _caller(helpdesk)
    g.reads_body = True
    wanted = SignInBody.model_validate_json(_read())
    g.reads_body = False
    signer = web().signer
    if not wanted.ticket:
        ticket, challenge = signer.issue_sign_in(account.id)
        integration = _integration(helpdesk)
        write = integration.challenge_request(account, challenge) if integration else None
        return _answer(200, {"ticket": ticket, "write": write})
    try:
        challenge = signer.read_sign_in(account.id, wanted.ticket)
        _use_once(wanted.ticket)
        proven = prove(web().deps, account, None if wanted.failed else challenge, caller)
    except AppError as error:
        return _wrapped(app_problem(error))
    session = signer.issue_session(account.id, proven or NOBODY, CARD_TRIED)
    log.info(
        "card opened",
        extra={"account": account.id, "agent": proven, "is_named": caller.agent_id is not None},
    )
    return _answer(200, {"session": session, "is_proven": proven is not None})


def _use_once(ticket: str) -> None:
    deps = web().deps
    now = deps.clock.now()
    until = now + timedelta(seconds=2 * SIGN_IN_SECONDS)
    if not deps.accounts.use_token_once(hashlib.sha256(ticket.encode()).hexdigest(), until, now):
        raise SessionProblem("The sign-in was used before.", is_expired=False)


@card.post("/<helpdesk>/commands/<command>")
@describe(
    "One call of the sidebar, brought by the helpdesk's servers.",
    body=CallBody,
    answers={200: CardAnswer, 401: Problem, 403: Problem, 413: Problem, 422: Problem},
)
def call(helpdesk: str, command: str) -> Response:
    """Answered by the view that the path names, for the session that stands in the body."""
    account, caller = _caller(helpdesk)
    g.reads_body = True
    wanted = CallBody.model_validate_json(_read())
    g.reads_body = False
    if command != command_for(wanted.method, wanted.path):
        raise BadRequest
    try:
        session = _session(account, wanted)
        if session is not None and session.is_proven:
            require_same(web().deps, account, session.agent_id, caller)
        _require_about(account, session, wanted)
    except AppError as error:
        return _wrapped(app_problem(error))
    token = wanted.session or web().signer.issue_session(account.id, NOBODY, CARD_PENDING)
    return _wrapped(_dispatched(wanted, token))


def command_for(method: str, path: str) -> str:
    """The command that carries a call; the card's script knows the same rule."""
    if method == "GET":
        return "look"
    is_money = any(path == one or path.startswith(f"{one}/") for one in _MONEY)
    return "refund" if is_money else "act"


def _session(account: Account, wanted: CallBody) -> Session | None:
    """The session that the card holds. Before it has one, it may look."""
    if not wanted.session:
        if wanted.method == "GET":
            return None
        raise SessionProblem("There is no session.", is_expired=True)
    session = web().signer.read_session(wanted.session)
    if session.account_id != account.id:
        raise SessionProblem("The session is another account's.", is_expired=False)
    return session


def _require_about(account: Account, session: Session | None, wanted: CallBody) -> None:
    """Raise NotAllowed where the call is about another conversation than the card shows."""
    adapter = current_app.url_map.bind("")
    try:
        _, found = adapter.match(wanted.path, method=wanted.method)
    except HTTPException:
        return  # the view, or its absence, answers that
    deps = web().deps
    about: list[str | None] = []
    if "ticket_id" in found:
        about.append(str(found["ticket_id"]))
    if "refund_id" in found:
        refund = deps.ledger.get(account.id, str(found["refund_id"]))
        about.append(refund.ticket_id if refund else None)
    case_id = found.get("case_id")
    if session is not None and isinstance(wanted.body, dict) and "plan" in wanted.body:
        case_id, _ = web().signer.read_plan(session, str(wanted.body["plan"]))
    if case_id is not None:
        case = deps.cases.case(account.id, str(case_id))
        about.append(case.ticket_id if case else None)
    if any(one is not None and one != wanted.conversation for one in about):
        raise NotAllowed(text("card.other_conversation"))


def _dispatched(wanted: CallBody, token: str) -> Response:
    """The view's own answer, in a context of its own: nothing of this request is seen by it."""
    builder = EnvironBuilder(
        path=wanted.path,
        method=wanted.method,
        base_url=request.host_url,
        query_string=wanted.query,
        headers=[("Authorization", f"Bearer {token}")],
        json=wanted.body if wanted.method != "GET" else None,
        environ_overrides={BROUGHT: True},
    )
    app: Flask = cast(Any, current_app)._get_current_object()
    return Context().run(_run, app, builder)


def _run(app: Flask, builder: EnvironBuilder) -> Response:
    return cast(Response, Response.from_app(app, builder.get_environ(), buffered=True))
