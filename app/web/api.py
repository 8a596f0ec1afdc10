"""The sidebar's interface, `/api/v1`. The signed session says who acts; the body never does.

Every id is looked up within the session's account, so another account's ids don't exist here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import BadRequest

from app.domain.case import Case, refund_status
from app.domain.crm import CustomerFields, TicketFields
from app.domain.errors import NotAllowed
from app.domain.override import Override
from app.domain.people import Agent, Tier
from app.domain.plan import Plan, RefundChoice
from app.records import DeliveryState
from app.usecases import cases, feedback, fields, plans, refunds, returned
from app.usecases.authority import needed_tier, required_for
from app.usecases.evidence import prefilled_reason
from app.usecases.people import agent_for, require_tier
from app.web import api_models as body
from app.web import bodies
from app.web.context import (
    LOOKING_SECONDS,
    UNPROVEN,
    account,
    acting_agent,
    known_agent,
    session,
    web,
)
from app.web.describe import describe
from app.web.errors import Problem
from app.web.exchange import answer_with as _answer
from app.web.exchange import read_body as _read
from app.web.exchange import wanted_formats as _formats
from app.web.mirror import form_mirror
from app.web.openapi import openapi_document
from app.web.returns_view import returns_view
from app.web.sign_in import require_session
from app.web.standing import standing

api = Blueprint("api", __name__, url_prefix="/api/v1")
_MAX_DELIVERIES = 100

_READS = {401: Problem, 404: Problem}
_ACTS = {**_READS, 403: Problem, 409: Problem, 422: Problem, 502: Problem, 503: Problem}


@api.before_request
def signed_in() -> None:
    """Every route but the description needs the bearer token."""
    if request.endpoint != "api.description":
        require_session()


def _store_names() -> dict[str, str]:
    return {store.id: store.name for store in web().deps.accounts.stores(account().id)}


def _case_answer(case_id: str, status: int = 200) -> Response:
    deps = web().deps
    case = cases.require_case(deps, account(), case_id)
    return _answer(bodies.case_body(case, deps.ledger.of_case(account().id, case.id)), status)


# --- reading ------------------------------------------------------------------------------------


@api.get("/openapi.json")
@describe("This document.", answers={200: None}, auth="none")
def description() -> Response:
    """The OpenAPI 3.1 document of all routes."""
    return Response(json.dumps(openapi_document(current_app)), mimetype="application/json")


@api.get("/me")
@describe(
    "Who is signed in, with role and tier as the helpdesk says.",
    answers={200: body.PersonBody, 401: Problem, 502: Problem, 503: Problem},
)
def me() -> Response:
    """Reads the helpdesk when what we know is older than a quarter of an hour."""
    if session().is_proven:
        person = agent_for(web().deps, account(), session().agent_id, LOOKING_SECONDS)
    else:
        person = UNPROVEN
    tier = person.tier.value if person.tier else None
    return _answer(body.PersonBody(id=person.id, name=person.name, role=person.role, tier=tier))


@api.get("/tickets/<ticket_id>")
@describe(
    "What Makegood knows about a ticket. No vendor is called.",
    answers={200: body.TicketBody, **_READS},
    query={"locale": "How amounts are written, e.g. `de`.", "tz": "Time zone of dates."},
)
def ticket(ticket_id: str) -> Response:
    """From the database alone."""
    deps, owner = web().deps, account()
    view = cases.open_ticket(deps, owner, ticket_id)
    now = deps.clock.now()
    base = body.TicketBody(
        ticket_id=ticket_id, is_triaged=view.is_triaged, is_refund=view.case is not None
    )
    case = view.case
    if case is None:
        return _answer(base)
    formats, names = _formats(), _store_names()
    stands = standing(view)
    plan = None
    if stands.offered is not None and not stands.is_busy:
        person = known_agent()
        token = web().signer.sign_plan(session(), case.id, stands.offered.id)
        plan = bodies.plan_body(
            stands.offered.plan,
            token,
            needed_tier(deps, case, stands.offered),
            person,
            formats,
            reason=prefilled_reason(case, None),
        )
    order = case.order or case.match.order
    shown = fields.shown_fields(case, view.refunds, view.writes)
    found = base.model_copy(
        update={
            "case_id": case.id,
            "revision": case.revision,
            "status": refund_status(case, view.refunds[-1] if view.refunds else None).value,
            "headline": bodies.case_body(case, view.refunds).headline,
            "order": bodies.order_body(order, names, formats) if order else None,
            "candidates": [
                bodies.order_body(item, names, formats) for item in case.match.candidates
            ],
            "plan": plan,
            "blocked_because": list(case.decision.blocked_because) if case.decision else [],
            "returns": bodies.return_bodies(returns_view(view, formats)),
            "refunds": [
                bodies.refund_body(item, now, formats, bonus=view.bonus_of(item))
                for item in view.refunds
            ],
            "writes": [bodies.write_body(item) for item in view.writes],
            "history": [bodies.history_body(item) for item in view.history],
            "mirror": form_mirror(deps, owner, shown, view.writes).values,
            "tags": sorted({tag for item in view.writes for tag in item.write.add_tags}),
        }
    )
    return _answer(found)


@api.get("/refunds/<refund_id>")
@describe(
    "Where a refund stands.",
    answers={200: body.RefundState, **_READS},
    query={"locale": "How amounts are written."},
)
def refund(refund_id: str) -> Response:
    """Polled while the refund isn't final; one indexed read."""
    deps = web().deps
    found = deps.ledger.get(account().id, refund_id)
    if found is None:
        raise LookupError(f"there is no refund {refund_id}")
    bonus = deps.bonuses.of_refund(account().id, found.id)
    return _answer(bodies.refund_body(found, deps.clock.now(), _formats(), bonus=bonus))


# --- the case -----------------------------------------------------------------------------------


@api.post("/tickets/<ticket_id>/triage")
@describe(
    "Make a refund case of a ticket that triage left alone.",
    body=body.NoBody,
    answers={200: body.CaseBody, **_ACTS},
)
def triage(ticket_id: str) -> Response:
    """An agent says that it is about a refund."""
    _read(body.NoBody)
    case = cases.triage_by_hand(web().deps, account(), ticket_id, acting_agent())
    return _case_answer(case.id)


@api.post("/cases/<case_id>/refresh")
@describe(
    "Read the order from its store again and decide anew.",
    body=body.NoBody,
    answers={200: body.CaseBody, **_ACTS},
)
def refresh(case_id: str) -> Response:
    """Fresh figures."""
    _read(body.NoBody)
    case = cases.refresh_case(web().deps, account(), case_id, acting_agent())
    return _case_answer(case.id)


@api.post("/cases/<case_id>/set-aside")
@describe(
    "Say that a case isn't about a refund: nothing of it can be released, and it is learned from.",
    body=body.NoBody,
    answers={200: body.CaseBody, **_ACTS},
)
def set_aside(case_id: str) -> Response:
    """Taken back by starting the case again."""
    _read(body.NoBody)
    case = feedback.say_not_refund(web().deps, account(), case_id, acting_agent())
    return _case_answer(case.id)


@api.post("/cases/<case_id>/kind")
@describe(
    "Correct which kind of wish a case is; it is decided anew, and learned from.",
    body=body.KindBody,
    answers={200: body.CaseBody, **_ACTS},
)
def correct_kind(case_id: str) -> Response:
    """The policy may ask for the kind."""
    wanted = _read(body.KindBody)
    case = cases.correct_case_kind(web().deps, account(), case_id, wanted.kind, acting_agent())
    return _case_answer(case.id)


@api.get("/cases/<case_id>/orders")
@describe(
    "Orders with exactly this number, in all stores. The search is recorded.",
    answers={200: body.OrdersBody, **_ACTS},
    query={"search": "An order number."},
)
def search_orders(case_id: str) -> Response:
    """For the case where nothing matched, or the wrong thing."""
    wanted = request.args.get("search", "").strip()
    if not wanted or len(wanted) > 64:
        raise BadRequest
    found = cases.search_order(web().deps, account(), case_id, wanted, acting_agent())
    names, formats = _store_names(), _formats()
    orders = [bodies.order_body(item, names, formats) for item in found]
    return _answer(body.OrdersBody(orders=orders))


@api.post("/cases/<case_id>/order")
@describe(
    "Choose the order by hand; the choice is recorded.",
    body=body.OrderChoiceBody,
    answers={200: body.CaseBody, **_ACTS},
)
def choose_order(case_id: str) -> Response:
    """A new decision is made for it."""
    wanted = _read(body.OrderChoiceBody)
    case = cases.choose_order(
        web().deps, account(), case_id, wanted.store_id, wanted.order_id, acting_agent()
    )
    return _case_answer(case.id)


@api.post("/cases/<case_id>/returned")
@describe(
    "Say what has come back, with name and time, or take it back; it is decided anew.",
    body=body.ReturnedBody,
    answers={200: body.CaseBody, **_ACTS},
)
def say_returned(case_id: str) -> Response:
    """Money that waits for the goods can be released then."""
    wanted = _read(body.ReturnedBody)
    units = {line.line_id: line.quantity for line in wanted.lines}
    case = returned.say_returned(web().deps, account(), case_id, units, acting_agent())
    return _case_answer(case.id)


# --- plans and refunds --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    """A choice as it was asked for, its case, and the title of the rule that is set aside."""

    case: Case
    choice: RefundChoice
    override: Override | None
    against: str | None


def _wanted(case_id: str) -> _Wanted:
    wanted = _read(body.ChoiceBody)
    case = cases.require_case(web().deps, account(), case_id)
    if case.order is None:
        raise LookupError(f"case {case_id} has no order")
    g.reads_body = True
    choice, override = bodies.to_choice(case, case.order, wanted), bodies.to_override(wanted)
    g.reads_body = False
    against = None
    if override is not None:
        titles = case.decision.titles() if case.decision else {}
        against = titles.get(override.clause_id, override.clause_id)
    return _Wanted(case, choice, override, against)


def _priced(plan: Plan, token: str | None, person: Agent | None, wanted: _Wanted) -> body.PlanBody:
    """A priced choice, with who may release it."""
    deps, case = web().deps, wanted.case
    is_override = wanted.override is not None
    needed = required_for(deps, case, plan, is_override=is_override).release_tier
    reason = prefilled_reason(case, wanted.override)
    return bodies.plan_body(plan, token, needed, person, _formats(), wanted.against, reason)


@api.post("/cases/<case_id>/price")
@describe(
    "What a choice would refund: from stored figures, nothing is kept.",
    body=body.ChoiceBody,
    answers={200: body.PlanBody, **_ACTS},
    query={"locale": "How amounts are written."},
)
def price(case_id: str) -> Response:
    """The live what-if; no vendor is called."""
    wanted = _wanted(case_id)
    plan = plans.price_choice(wanted.case, wanted.choice, wanted.override)
    return _answer(_priced(plan, None, known_agent(), wanted))


@api.post("/cases/<case_id>/plans")
@describe(
    "Price a choice with the store, and get the token that releases it.",
    body=body.ChoiceBody,
    answers={201: body.PlanBody, **_ACTS},
    query={"locale": "How amounts are written."},
)
def offer(case_id: str) -> Response:
    """The plan that the agent sees is the plan that is executed."""
    deps, person, wanted = web().deps, acting_agent(), _wanted(case_id)
    offered = plans.offer_choice(deps, account(), case_id, wanted.choice, person, wanted.override)
    token = web().signer.sign_plan(session(), case_id, offered.id)
    return _answer(_priced(offered.plan, token, person, wanted), 201)


@api.post("/refunds")
@describe(
    "Release a plan. The same plan gives the same refund, however often it is sent.",
    body=body.RefundBody,
    answers={200: body.RefundState, 201: body.RefundState, **_ACTS},
    query={"locale": "How amounts are written."},
)
def request_refund() -> Response:
    """201 when this call started it, 200 when it was started before."""
    wanted = _read(body.RefundBody)
    deps = web().deps
    _, plan_id = web().signer.read_plan(session(), wanted.plan)
    person = acting_agent()
    # From here on a fault may come after the intent was stored.
    g.money_if_broken = "maybe"
    found, is_new = refunds.request_refund(deps, account(), plan_id, person, wanted.notify_customer)
    answer = bodies.refund_body(found, deps.clock.now(), _formats(), is_new=is_new)
    return _answer(answer, 201 if is_new else 200)


@api.post("/refunds/<refund_id>/cancel")
@describe(
    "Stop a refund that still holds.",
    body=body.NoBody,
    answers={200: body.RefundState, **_ACTS},
    query={"locale": "How amounts are written."},
)
def cancel(refund_id: str) -> Response:
    """Anybody who may release something may stop something."""
    _read(body.NoBody)
    deps, person = web().deps, acting_agent()
    if person.tier is None:
        raise NotAllowed("Your role may look, but not cancel a refund.")
    g.money_if_broken = "maybe"
    found = refunds.cancel_refund(deps, account(), refund_id, person)
    return _answer(bodies.refund_body(found, deps.clock.now(), _formats()))


# --- fields -------------------------------------------------------------------------------------


@api.put("/cases/<case_id>/fields")
@describe(
    "Save ticket and customer fields in the helpdesk.",
    body=body.FieldsBody,
    answers={200: body.WriteBody, **_ACTS},
)
def save_fields(case_id: str) -> Response:
    """One click for all fields; the answer says how far the write is."""
    wanted = _read(body.FieldsBody)
    g.reads_body = True
    for_ticket = TicketFields(
        status=wanted.ticket.status,
        amount=wanted.ticket.amount.to_money() if wanted.ticket.amount else None,
        order=wanted.ticket.order,
        reason=wanted.ticket.reason,
    )
    customer = wanted.customer
    last = customer.last_refund_on
    for_customer = CustomerFields.model_validate(
        {
            "refund_count": customer.refund_count,
            "refunded_total": (
                customer.refunded_total.to_money() if customer.refunded_total else None
            ),
            "last_refund_on": last,
        }
    )
    g.reads_body = False
    write = fields.save_fields(
        web().deps, account(), case_id, for_ticket, for_customer, acting_agent()
    )
    return _answer(bodies.write_body(write))


# --- deliveries ---------------------------------------------------------------------------------


@api.get("/deliveries")
@describe(
    "The newest deliveries in a state; parked ones wait for a person.",
    answers={200: body.DeliveriesBody, 400: Problem, 403: Problem, **_READS},
    query={"state": "`parked` (if not given), `received` or `done`."},
)
def deliveries() -> Response:
    """With the cause of each."""
    deps = web().deps
    require_tier(acting_agent(), Tier.TEAM_LEAD, "look at deliveries")
    try:
        state = DeliveryState(request.args.get("state", "parked"))
    except ValueError:
        raise BadRequest from None
    found = deps.inbox.with_state(account().id, state, _MAX_DELIVERIES)
    return _answer(body.DeliveriesBody(deliveries=[bodies.delivery_body(item) for item in found]))


@api.post("/deliveries/<int:delivery_id>/replay")
@describe(
    "Take a parked delivery up again.", body=body.NoBody, answers={200: body.ReplayedBody, **_ACTS}
)
def replay(delivery_id: int) -> Response:
    """For team leads and above; who did it is recorded."""
    _read(body.NoBody)
    deps, person = web().deps, acting_agent()
    require_tier(person, Tier.TEAM_LEAD, "replay deliveries")
    now = deps.clock.now()
    if not deps.inbox.replay(account().id, delivery_id, person.id, now):
        raise LookupError(f"delivery {delivery_id} isn't parked")
    deps.notifier.wake("triage", str(delivery_id))
    return _answer(body.ReplayedBody(replayed=True))
