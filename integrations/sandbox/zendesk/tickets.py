"""The ticket endpoints: show, list, create, update, tags, comments, audits.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.engine import TicketEngine
from integrations.sandbox.zendesk.errors import ApiError, json_response, record_not_found
from integrations.sandbox.zendesk.fieldvalues import normal_tags
from integrations.sandbox.zendesk.model import Ticket
from integrations.sandbox.zendesk.paging import page_of
from integrations.sandbox.zendesk.render import (
    audit_json,
    comment_json,
    named_json,
    ticket_json,
    user_json,
)

IDEMPOTENCY_SECONDS = 7200


@dataclass(slots=True)
class _Remembered:
    body: bytes
    answer: bytes
    expires: float


def ticket_or_404(account: Account, ticket_id: int) -> Ticket:
    """Raises ApiError 404."""
    ticket = account.tickets.get(ticket_id)
    if ticket is None:
        raise record_not_found()
    return ticket


def side_loads(account: Account, include: str, tickets: list[Ticket]) -> dict[str, Any]:
    """The records that `include` names; unknown names are ignored."""
    wanted = {name.strip() for name in include.split(",")}
    loaded: dict[str, Any] = {}
    if "users" in wanted:
        ids = {
            user_id
            for one in tickets
            for user_id in (one.requester_id, one.submitter_id, one.assignee_id)
            if user_id is not None
        }
        loaded["users"] = [user_json(account, account.users[one]) for one in sorted(ids)]
    if "groups" in wanted:
        groups = sorted({one.group_id for one in tickets if one.group_id is not None})
        loaded["groups"] = [named_json(account, "groups", account.groups[one]) for one in groups]
    if "organizations" in wanted:
        found = sorted({one.organization_id for one in tickets if one.organization_id is not None})
        loaded["organizations"] = [
            named_json(account, "organizations", account.organizations[one]) for one in found
        ]
    return loaded


def register(api: Api, engine: TicketEngine) -> None:
    """Add the ticket endpoints."""
    account = api.account
    remembered: dict[str, _Remembered] = {}

    @api.route("GET", "/v2/tickets", "tickets.list", scope="tickets")
    def list_tickets(call: Call) -> Any:
        tickets = list(account.tickets.values())
        answer = page_of(
            account,
            call.args,
            "tickets.json",
            "tickets",
            tickets,
            lambda one: ticket_json(account, one),
        )
        shown = [account.tickets[one["id"]] for one in answer["tickets"]]
        return answer | side_loads(account, call.args.get("include", ""), shown)

    @api.route("GET", "/v2/tickets/show_many", "tickets.show_many", scope="tickets")
    def show_many(call: Call) -> Any:
        ids = [int(one) for one in call.args.get("ids", "").split(",") if one.strip().isdigit()]
        found = [account.tickets[one] for one in ids[:100] if one in account.tickets]
        answer: dict[str, Any] = {
            "tickets": [ticket_json(account, one) for one in found],
            "next_page": None,
            "previous_page": None,
            "count": len(found),
        }
        return answer | side_loads(account, call.args.get("include", ""), found)

    @api.route("GET", "/v2/tickets/<int:ticket_id>", "tickets.show", scope="tickets")
    def show(call: Call, ticket_id: int) -> Any:
        ticket = ticket_or_404(account, ticket_id)
        reduced = call.args.get("reduced_payload_size") == "true"
        shown = {"ticket": ticket_json(account, ticket, reduced=reduced)}
        return shown | side_loads(account, call.args.get("include", ""), [ticket])

    @api.route("POST", "/v2/tickets", "tickets.create", scope="tickets")
    def create(call: Call) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            ticket, audit = engine.create(call.part("ticket"), call.actor)
            return _created(account, ticket, {"audit": audit_json(audit)})
        now = account.clock.seconds()
        earlier = remembered.get(key)
        if earlier is not None and now < earlier.expires:
            if earlier.body != request.get_data():
                raise ApiError(
                    400,
                    {
                        "error": "IdempotentRequestError",
                        "description": "The request body doesn't match the one first sent "
                        "with this Idempotency-Key",
                    },
                )
            again = json_response(json.loads(earlier.answer), 201)
            again.headers["x-idempotency-lookup"] = "hit"
            return again
        ticket, audit = engine.create(call.part("ticket"), call.actor)
        made = _created(account, ticket, {"audit": audit_json(audit)})
        made.headers["x-idempotency-lookup"] = "miss"
        remembered[key] = _Remembered(
            request.get_data(), made.get_data(), now + IDEMPOTENCY_SECONDS
        )
        return made

    @api.route("PUT", "/v2/tickets/<int:ticket_id>", "tickets.update", scope="tickets")
    def update(call: Call, ticket_id: int) -> Any:
        ticket = ticket_or_404(account, ticket_id)
        call.limit("ticket-updates-account")
        call.limit("ticket-updates-per-agent-ticket", (call.actor.id, ticket_id))
        audit = engine.update(ticket, call.part("ticket"), call.actor)
        return {"ticket": ticket_json(account, ticket), "audit": audit_json(audit)}

    @api.route("GET", "/v2/tickets/<int:ticket_id>/tags", "tickets.tags.list", scope="tickets")
    def tags(call: Call, ticket_id: int) -> Any:
        return {"tags": list(ticket_or_404(account, ticket_id).tags)}

    @api.route("PUT", "/v2/tickets/<int:ticket_id>/tags", "tickets.tags.add", scope="tickets")
    def add_tags(call: Call, ticket_id: int) -> Any:
        ticket = ticket_or_404(account, ticket_id)
        return change_tags(call, ticket, set(ticket.tags) | _given_tags(call)), 200

    @api.route("POST", "/v2/tickets/<int:ticket_id>/tags", "tickets.tags.set", scope="tickets")
    def set_tags(call: Call, ticket_id: int) -> Any:
        return change_tags(call, ticket_or_404(account, ticket_id), _given_tags(call)), 201

    @api.route("DELETE", "/v2/tickets/<int:ticket_id>/tags", "tickets.tags.remove", scope="tickets")
    def remove_tags(call: Call, ticket_id: int) -> Any:
        ticket = ticket_or_404(account, ticket_id)
        return change_tags(call, ticket, set(ticket.tags) - _given_tags(call)), 200

    def change_tags(call: Call, ticket: Ticket, wanted: set[str]) -> dict[str, Any]:
        call.limit("ticket-updates-account")
        body = call.json()
        conditions: dict[str, Any] = {
            name: body[name] for name in ("safe_update", "updated_stamp") if name in body
        }
        engine.update(ticket, {"tags": sorted(wanted), **conditions}, call.actor)
        return {"tags": list(ticket.tags)}

    @api.route("GET", "/v2/tickets/<int:ticket_id>/comments", "comments.list", scope="tickets")
    def comments(call: Call, ticket_id: int) -> Any:
        ticket = ticket_or_404(account, ticket_id)
        records = _in_order(list(ticket.comments), call)
        answer = page_of(
            account,
            call.args,
            f"tickets/{ticket_id}/comments.json",
            "comments",
            records,
            lambda one: comment_json(account, one),
        )
        if "users" in call.args.get("include", "").split(","):
            ids = sorted({one["author_id"] for one in answer["comments"]})
            answer["users"] = [user_json(account, account.users[one]) for one in ids]
        return answer

    @api.route("GET", "/v2/tickets/<int:ticket_id>/audits", "audits.list", scope="tickets")
    def audits(call: Call, ticket_id: int) -> Any:
        ticket = ticket_or_404(account, ticket_id)
        kinds = call.args.getlist("filter_events[]")
        records = [
            audit
            for audit in ticket.audits
            if not kinds or any(event["type"] in kinds for event in audit.events)
        ]
        return page_of(
            account,
            call.args,
            f"tickets/{ticket_id}/audits.json",
            "audits",
            _in_order(records, call),
            audit_json,
        )

    @api.route(
        "GET", "/v2/tickets/<int:ticket_id>/audits/<int:audit_id>", "audits.show", scope="tickets"
    )
    def audit(call: Call, ticket_id: int, audit_id: int) -> Any:
        for one in ticket_or_404(account, ticket_id).audits:
            if one.id == audit_id:
                return {"audit": audit_json(one)}
        raise record_not_found()


def _created(account: Account, ticket: Ticket, more: dict[str, Any]) -> Response:
    answer = json_response({"ticket": ticket_json(account, ticket), **more}, 201)
    answer.headers["Location"] = account.url(f"tickets/{ticket.id}.json")
    return answer


def _given_tags(call: Call) -> set[str]:
    return set(normal_tags(call.json().get("tags") or call.args.get("tags", "").replace(",", " ")))


def _in_order(records: list[Any], call: Call) -> list[Any]:
    newest_first = call.args.get("sort") == "-created_at" or call.args.get("sort_order") == "desc"
    return records[::-1] if newest_first else records
