"""Search, its export, and the incremental ticket export.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.engine import is_visible_in_export
from integrations.sandbox.zendesk.errors import ApiError, record_invalid
from integrations.sandbox.zendesk.model import PRIORITIES, STATUSES, Ticket, User
from integrations.sandbox.zendesk.paging import (
    decode_cursor,
    encode_cursor,
    page_of,
    whole_argument,
)
from integrations.sandbox.zendesk.render import ticket_json, user_json
from integrations.sandbox.zendesk.tickets import side_loads

MAX_RESULTS = 1000
_TERM = re.compile(r'(-?)(?:([A-Za-z_][\w.]*)(:|>=|<=|>|<))?(?:"([^"]*)"|(\S+))')
_RELATIVE = re.compile(r"(\d+)(minute|hour|day|week|month|year)s?", re.IGNORECASE)
_SECONDS = {
    "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000,
    "year": 31_536_000,
}  # fmt: skip


def register(api: Api) -> None:
    """Add the search and export endpoints."""
    account = api.account

    @api.route("GET", "/v2/search", "search", scope="tickets")
    def search(call: Call) -> Any:
        found = results(account, call.args.get("query", ""), None)
        _sort(found, call.args.get("sort_by"), call.args.get("sort_order", "desc"))
        size = whole_argument(call.args, "per_page", 100, 100)
        number = whole_argument(call.args, "page", 1, 10**9)
        if number * size > MAX_RESULTS:
            raise ApiError(
                422,
                {
                    "error": "invalid",
                    "description": "Invalid search: Requested response size was greater than "
                    "Search Response Limits",
                },
            )
        chosen = found[(number - 1) * size : number * size]

        def url(page: int) -> str:
            return account.url(f"search.json?{urlencode({**call.args, 'page': page})}")

        return {
            "results": [result_json(account, one) for one in chosen],
            "facets": None,
            "next_page": url(number + 1) if number * size < len(found) else None,
            "previous_page": url(number - 1) if number > 1 else None,
            "count": len(found),
        }

    @api.route("GET", "/v2/search/count", "search.count", scope="tickets")
    def count(call: Call) -> Any:
        return {"count": len(results(account, call.args.get("query", ""), None))}

    @api.route("GET", "/v2/search/export", "search.export", scope="tickets")
    def export(call: Call) -> Any:
        call.limit("search-export")
        kind = call.args.get("filter[type]")
        if kind not in ("ticket", "user"):
            raise ApiError(
                400,
                {"error": "invalid", "description": "filter[type] is required: ticket or user"},
            )
        query = call.args.get("query", "")
        if re.search(r"(^|\s)type:", query):
            raise ApiError(
                422, {"error": "invalid", "description": "type: can't be used in the query"}
            )
        found = results(account, query, kind)
        _sort(found, "created_at", "desc")
        answer = page_of(
            account,
            call.args,
            "search/export.json",
            "results",
            found,
            lambda one: result_json(account, one),
            cursor_only=True,
        )
        return {**answer, "facets": None}

    @api.route("GET", "/v2/incremental/tickets/cursor", "incremental.tickets", scope="tickets")
    def incremental(call: Call) -> Any:
        call.limit("incremental-exports")
        size = whole_argument(call.args, "per_page", 1000, 1000)
        if "cursor" in call.args:
            seconds, _, last = decode_cursor(call.args["cursor"]).partition("|")
            after = (float(seconds), int(last or 0))
        else:
            start = call.args.get("start_time", "")
            if not start.isdigit():
                raise ApiError(
                    400,
                    {"error": "InvalidValue", "description": "start_time is not a valid time"},
                )
            if int(start) > account.clock.seconds() - 60:
                raise ApiError(
                    422,
                    {
                        "error": "InvalidValue",
                        "description": "Too recent start_time. "
                        "Use a start_time older than 60 seconds",
                    },
                )
            after = (float(start), 0)
        tickets = sorted(
            (one for one in account.tickets.values() if is_visible_in_export(one, account)),
            key=_export_key,
        )
        waiting = [one for one in tickets if _export_key(one) > after]
        chosen = waiting[:size]
        last_key = _export_key(chosen[-1]) if chosen else after
        cursor = encode_cursor(f"{last_key[0]}|{last_key[1]}")
        return {
            "tickets": [ticket_json(account, one) for one in chosen],
            "after_url": account.url(f"incremental/tickets/cursor.json?cursor={cursor}"),
            "before_url": None,
            "after_cursor": cursor,
            "before_cursor": None,
            "end_of_stream": len(waiting) <= size,
            **side_loads(account, call.args.get("include", ""), chosen),
        }


def _export_key(ticket: Ticket) -> tuple[float, int]:
    moment = ticket.generated_at or ticket.updated_at
    return float(int(moment.timestamp())), ticket.id


def result_json(account: Account, record: Ticket | User) -> dict[str, Any]:
    """A search result names its type."""
    if isinstance(record, Ticket):
        return {**ticket_json(account, record), "result_type": "ticket"}
    return {**user_json(account, record), "result_type": "user"}


def results(account: Account, query: str, kind: str | None) -> list[Ticket | User]:
    """What matches a query, by the index: writes show up after the account's search lag.

    Raises ApiError 422 for an empty query or a value that isn't understood.
    """
    terms = [
        (bool(minus), (key or "").lower(), operator or ":", quoted or bare or "")
        for minus, key, operator, quoted, bare in _TERM.findall(query)
    ]
    if kind is None:
        named = [value.lower() for minus, key, _, value in terms if key == "type" and not minus]
        kind = named[-1] if named else "ticket"
        if not terms:
            raise record_invalid("query", "Query: can't be blank", "BlankValue")
    terms = [term for term in terms if term[1] not in ("type", "order_by", "sort")]
    now = account.clock.seconds()
    if kind == "user":
        return [
            user
            for user in account.users.values()
            if all(_user_matches(user, term) for term in terms)
        ]
    return [
        ticket
        for ticket in account.tickets.values()
        if ticket.indexed_at <= now
        and all(_ticket_matches(account, ticket, term) for term in _grouped(terms))
    ]


def _grouped(terms: list[tuple[bool, str, str, str]]) -> list[list[tuple[bool, str, str, str]]]:
    """Several values of one key are alternatives, as in `tags:a tags:b`."""
    groups: dict[tuple[bool, str, str], list[tuple[bool, str, str, str]]] = {}
    for number, term in enumerate(terms):
        key: Any = term[:3] if term[1] and term[2] == ":" and not term[0] else number
        groups.setdefault(key, []).append(term)
    return list(groups.values())


def _ticket_matches(
    account: Account, ticket: Ticket, terms: list[tuple[bool, str, str, str]]
) -> bool:
    return any(_one_matches(account, ticket, term) for term in terms)


def _one_matches(account: Account, ticket: Ticket, term: tuple[bool, str, str, str]) -> bool:
    minus, key, operator, value = term
    return _matches(account, ticket, key, operator, value) != minus


def _matches(account: Account, ticket: Ticket, key: str, operator: str, value: str) -> bool:
    low = value.lower()
    match key:
        case "":
            words = [ticket.subject, *(one.body for one in ticket.comments)]
            return any(low in text.lower() for text in words) or value == str(ticket.id)
        case "created" | "updated" | "solved":
            moment = ticket.created_at if key == "created" else ticket.updated_at
            return _time_matches(account, moment, operator, value)
        case "status":
            return _ordered(STATUSES, ticket.status, operator, low)
        case "priority":
            return _ordered(("none", *PRIORITIES), ticket.priority or "none", operator, low)
        case "tags":
            return low in ticket.tags if low != "none" else not ticket.tags
        case "ticket_type":
            return (ticket.type or "none") == low
        case "subject":
            return low.strip("*") in ticket.subject.lower()
        case "description":
            return low.strip("*") in ticket.description.lower()
        case "via":
            return ticket.via_channel == low
        case "external_id":
            return ticket.external_id == value
        case "requester" | "submitter" | "assignee":
            user_id = getattr(ticket, f"{key}_id")
            if low == "none":
                return user_id is None
            found = account.find_user(value)
            if found is not None:
                return bool(user_id == found.id)
            user = account.users.get(user_id or 0)
            return user is not None and low in user.name.lower()
        case "group" | "brand" | "form" | "ticket_form_id" | "brand_id":
            attribute = {"form": "form_id", "ticket_form_id": "form_id"}.get(
                key, key if key.endswith("_id") else f"{key}_id"
            )
            return str(getattr(ticket, attribute) or "") == value
        case _ if key.startswith("custom_field_"):
            field_id = key.removeprefix("custom_field_")
            current = ticket.custom_fields.get(int(field_id)) if field_id.isdigit() else None
            return current is not None and (low == "*" or str(current).lower() == low)
    raise record_invalid("query", f"Query: {key} is not a known keyword")


def _ordered(order: tuple[str, ...], current: str, operator: str, value: str) -> bool:
    if value not in order:
        return False
    left, right = order.index(current), order.index(value)
    return {
        ":": left == right, ">": left > right, "<": left < right,
        ">=": left >= right, "<=": left <= right,
    }[operator]  # fmt: skip


def _time_matches(account: Account, moment: datetime, operator: str, value: str) -> bool:
    relative = _RELATIVE.fullmatch(value)
    if relative:
        seconds = int(relative[1]) * _SECONDS[relative[2].lower()]
        limit = account.clock.now() - timedelta(seconds=seconds)
        span = timedelta(0)
    else:
        try:
            limit = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            raise record_invalid("query", f"Query: {value} is not a valid date") from None
        limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
        span = timedelta(days=1) if len(value) <= 10 else timedelta(seconds=1)
    moment = moment.replace(microsecond=0)
    match operator:
        case ">":
            return moment >= limit + span if span.days else moment > limit
        case ">=":
            return moment >= limit
        case "<":
            return moment < limit
        case "<=":
            return moment < limit + span
    return limit <= moment < limit + (span or timedelta(seconds=1))


def _user_matches(user: User, term: tuple[bool, str, str, str]) -> bool:
    minus, key, _, value = term
    low = value.lower()
    if key == "email":
        found = any(one.type == "email" and one.value == low for one in user.identities)
    elif key == "role":
        found = user.role == low
    elif key == "phone":
        found = any(one.type == "phone_number" and one.value == value for one in user.identities)
    elif key == "name" or not key:
        found = low in user.name.lower() or low in (user.email or "")
    else:
        raise record_invalid("query", f"Query: {key} is not a known keyword")
    return found != minus


def _sort(found: list[Ticket | User], by: str | None, order: str) -> None:
    attribute = {"updated_at": "updated_at", "created_at": "created_at"}.get(by or "", "created_at")
    found.sort(key=lambda one: (getattr(one, attribute), one.id), reverse=order != "asc")
