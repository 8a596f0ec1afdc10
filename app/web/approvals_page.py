"""The queue of what waits for approval: in the app's frame, and as a page of its own.

The page of its own has no way to sign in: the sidebar that opens it hands its session over from
window to window, so no token ever stands in an address.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request

from app.domain.people import Agent, Tier
from app.usecases.approval_queue import MOST_SHOWN, QueueFilter, queue
from app.usecases.delegations import LONGEST_DAYS, colleagues
from app.web.api_models import DelegationBody
from app.web.approval_bodies import delegation_body
from app.web.approval_view import ApprovalView, approval_view
from app.web.context import account, acting_agent, web
from app.web.describe import describe
from app.web.errors import Problem
from app.web.exchange import wanted_formats
from app.web.security import own_page_policy
from app.web.sign_in import require_session
from app.web.texts import script_texts, text

approvals_page = Blueprint("approvals_page", __name__)


@dataclass(frozen=True)
class DelegationsView:
    """The part about lent authority. `may_lend`: this person has some to lend."""

    may_lend: bool
    own_tier: str
    present: tuple[DelegationBody, ...]
    colleagues: tuple[tuple[str, str], ...]
    today: str
    longest_days: int


@dataclass(frozen=True)
class QueueView:
    """The whole queue as it is printed. `filters`: (value, label, is chosen)."""

    filters: tuple[tuple[str, str, bool], ...]
    chosen: str
    waiting: int
    entries: tuple[ApprovalView, ...]
    is_cut: bool
    is_page: bool
    delegations: DelegationsView


@approvals_page.get("/approvals")
@describe(
    "The approvals page; the sidebar that opens it hands the session over.",
    answers={200: None},
    auth="none",
    media_type="text/html",
)
def page() -> Response:
    """Opened by its address alone it says how to open it."""
    nonce = secrets.token_urlsafe(16)
    html = render_template("approvals.html", nonce=nonce, boot={"texts": script_texts()})
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = own_page_policy(nonce)
    return answer


@approvals_page.get("/sidebar/approvals")
@describe(
    "The queue of what waits for approval, as HTML.",
    answers={200: None, 401: Problem, 403: Problem, 502: Problem, 503: Problem},
    query={
        "show": "`for_me` (if not given), `open`, `mine` or `decided`.",
        "page": "`1` where it is a page of its own.",
        "locale": "How amounts and dates are written.",
        "tz": "Time zone of dates.",
    },
    media_type="text/html",
)
def show_queue() -> Response:
    """Drawn from the database; only the person's role may be read from the helpdesk."""
    require_session()
    deps, owner, person = web().deps, account(), acting_agent()
    now, formats = deps.clock.now(), wanted_formats()
    given = request.args.get("show", "")
    chosen = QueueFilter(given) if given in set(QueueFilter) else QueueFilter.FOR_ME
    entries = [approval_view(one, now, formats) for one in queue(deps, owner, person, chosen)]
    view = QueueView(
        filters=tuple(
            (one.value, text(f"queue.{one.value}"), one is chosen) for one in QueueFilter
        ),
        chosen=chosen.value,
        waiting=deps.approvals.count_waiting(owner.id),
        entries=tuple(entries),
        is_cut=len(entries) >= MOST_SHOWN,
        is_page=request.args.get("page") == "1",
        delegations=_delegations(person, now),
    )
    return Response(render_template("queue.html", q=view), mimetype="text/html")


def _delegations(person: Agent, now: datetime) -> DelegationsView:
    deps, owner = web().deps, account()
    zone = ZoneInfo(deps.accounts.policy(owner.id).time_zone)
    may_lend = person.tier is not None and person.tier.covers(Tier.TEAM_LEAD)
    return DelegationsView(
        may_lend=may_lend,
        own_tier=text(f"ask.tier.{person.tier.value}") if person.tier else "",
        present=tuple(
            delegation_body(one, person, now, zone)
            for one in deps.delegations.present(owner.id, now)
        ),
        colleagues=tuple((one.id, one.name) for one in colleagues(deps, owner, person))
        if may_lend
        else (),
        today=now.astimezone(zone).date().isoformat(),
        longest_days=LONGEST_DAYS,
    )
