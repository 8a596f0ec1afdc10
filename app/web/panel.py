"""The panel: one HTML fragment, drawn on the server from the stored case. No vendor is called."""

from __future__ import annotations

import time

from flask import Blueprint, Response, render_template, request

from app.domain.people import Tier
from app.usecases.authority import lent_to, needed_tier
from app.usecases.cases import TicketView, kept_orders, open_ticket
from app.usecases.fields import shown_fields
from app.web.context import account, known_agent, session, web
from app.web.describe import describe
from app.web.errors import Problem
from app.web.formats import Formats
from app.web.mirror import Mirror, form_mirror
from app.web.panel_view import Viewer, panel_view
from app.web.sign_in import require_session
from app.web.standing import standing

panel = Blueprint("panel", __name__, url_prefix="/sidebar")


@panel.before_request
def signed_in() -> None:
    """The same session as the interface."""
    require_session()


@panel.get("/tickets/<ticket_id>")
@describe(
    "The sidebar's panel for a ticket, as HTML.",
    answers={200: None, 401: Problem},
    query={"locale": "How amounts and dates are written.", "tz": "Time zone of dates."},
    media_type="text/html",
)
def show(ticket_id: str) -> Response:
    """With a Server-Timing header, so that a slow panel can be told from a slow network:
    https://www.w3.org/TR/server-timing/"""
    begun = time.perf_counter()
    deps, owner = web().deps, account()
    view = open_ticket(deps, owner, ticket_id)
    read = time.perf_counter()
    stands = standing(view)
    token, needed, agent = None, None, known_agent()
    if view.case is not None and stands.offered is not None:
        token = web().signer.sign_plan(session(), view.case.id, stands.offered.id)
        needed = needed_tier(deps, view.case, stands.offered)
    lent = lent_to(deps, owner, agent, is_for_looking=True) if agent and view.approvals else []
    drawn = panel_view(
        view,
        ticket_id=ticket_id,
        viewer=Viewer(
            agent_id=session().agent_id,
            agent=agent,
            formats=Formats.of(request.args.get("locale"), request.args.get("tz")),
            lent=tuple(lent),
            waiting=deps.approvals.count_waiting(owner.id),
        ),
        needed=needed,
        policy=deps.policies.in_force(owner.id, _store_of(view), deps.clock.now()),
        store_names={store.id: store.name for store in deps.accounts.stores(owner.id)},
        plan_token=token,
        mirror=_mirror(view).as_dict(),
    )
    keeps_orders = bool(owner.config.get("order_klass"))
    may_open_policy = agent is not None and agent.tier is Tier.MANAGER
    html = render_template(
        "panel.html", p=drawn, keeps_orders=keeps_orders, may_open_policy=may_open_policy
    )
    done = time.perf_counter()
    answer = Response(html, mimetype="text/html")
    answer.headers["Server-Timing"] = (
        f"db;dur={(read - begun) * 1000:.1f}, draw;dur={(done - read) * 1000:.1f}"
    )
    return answer


@panel.get("/tickets/<ticket_id>/kept-orders")
@describe(
    "Orders that the merchant keeps in the helpdesk itself, as HTML. They are shown, no more.",
    answers={200: None, 401: Problem, 404: Problem, 502: Problem, 503: Problem},
    query={"locale": "How dates are written.", "tz": "Time zone of dates."},
    media_type="text/html",
)
def kept(ticket_id: str) -> Response:
    """One call to the helpdesk, made when somebody looks."""
    orders = kept_orders(web().deps, account(), ticket_id)
    formats = Formats.of(request.args.get("locale"), request.args.get("tz"))
    html = render_template("kept_orders.html", orders=orders, formats=formats)
    return Response(html, mimetype="text/html")


def _store_of(view: TicketView) -> str | None:
    order = view.case.order if view.case else None
    return order.store_id if order else None


def _mirror(view: TicketView) -> Mirror:
    if view.case is None:
        return Mirror({})
    shown = shown_fields(view.case, view.refunds, view.writes)
    return form_mirror(web().deps, account(), shown, view.writes)
