"""The search of customers and conversations by conditions.

`POST /v1/customers/search`; `queryContext` picks the kind of record. Only what public code has been
seen to ask is understood; everything else is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.errors import ApiError, bad_request
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.paging import LARGEST_WIDE, page_of, whole
from integrations.sandbox.kustomer.render import conversation_json, customer_json

WINDOW_ROWS = 10_000
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda own, wanted: bool(own == wanted),
    "not_equals": lambda own, wanted: bool(own != wanted),
    "gt": lambda own, wanted: own is not None and bool(own > wanted),
    "gte": lambda own, wanted: own is not None and bool(own >= wanted),
    "lt": lambda own, wanted: own is not None and bool(own < wanted),
    "lte": lambda own, wanted: own is not None and bool(own <= wanted),
    "contains": lambda own, wanted: str(wanted).casefold() in str(own or "").casefold(),
    "exists": lambda own, wanted: (own not in (None, [], "")) is bool(wanted),
}


def _conversation_facts(org: Org, one: Any) -> dict[str, Any]:
    return {
        "conversation_id": one.id,
        "conversation_created_at": one.created_at,
        "conversation_updated_at": one.updated_at,
        "conversation_status": one.status,
        "conversation_name": one.name,
        "conversation_tags": list(one.tag_ids),
        "conversation_custom": one.custom,
        "customer_id": one.customer_id,
    }


def _customer_facts(org: Org, one: Any) -> dict[str, Any]:
    return {
        "customer_id": one.id,
        "customer_created_at": one.created_at,
        "customer_updated_at": one.updated_at,
        "customer_name": one.name,
        "customer_email": [item["email"] for item in one.emails],
        "customer_phone": [item["phone"] for item in one.phones],
        "customer_external_id": one.external_id,
    }


def register(api: Api) -> None:
    """Add the endpoint."""
    org = api.org

    @api.route("POST", "/customers/search", "search", *roles.of("customer", "read"))
    def search(call: Call) -> Any:
        call.limit("search")
        body = call.json("and", "or", "sort", "queryContext", "timeZone")
        context = body.get("queryContext", "customer")
        if context not in ("customer", "conversation"):
            raise bad_request("queryContext is not known", pointer="/queryContext")
        if context == "conversation":
            call.need(*roles.of("conversation", "read"))
        records = org.conversations if context == "conversation" else org.customers
        facts = _conversation_facts if context == "conversation" else _customer_facts
        render = conversation_json if context == "conversation" else customer_json
        chosen = [(facts(org, one), one) for one in list(records.values())]
        for combine, name in ((all, "and"), (any, "or")):
            conditions = body.get(name)
            if conditions is None:
                continue
            if not isinstance(conditions, list):
                raise bad_request(f"{name} must be a list", pointer=f"/{name}")
            chosen = [
                pair for pair in chosen if combine(_holds(pair[0], c, name) for c in conditions)
            ]
        for given in reversed(body.get("sort") or [{f"{context}_updated_at": "desc"}]):
            chosen = _sorted(chosen, given)
        size = whole(call.args, "pageSize", 100, LARGEST_WIDE)
        return page_of(
            call.args,
            call.path,
            [one for _, one in chosen],
            lambda one: render(org, one),
            largest=LARGEST_WIDE,
            last_page=max(1, WINDOW_ROWS // size),
        )


def _holds(facts: dict[str, Any], condition: Any, where: str) -> bool:
    if not isinstance(condition, dict) or len(condition) != 1:
        raise bad_request("a condition has one field", pointer=f"/{where}")
    [(field, test)] = condition.items()
    if field not in facts or not isinstance(test, dict) or not test:
        raise _unknown(field, where)
    own = facts[field]
    for operator, given in test.items():
        if operator not in _OPERATORS:
            raise bad_request(f"{operator} is not an operator", pointer=f"/{where}/{field}")
        wanted = _moment(given, where) if isinstance(own, datetime) else given
        values = own if isinstance(own, list) else [own]
        if operator == "exists":
            if not _OPERATORS[operator](own, wanted):
                return False
        elif operator == "not_equals":
            if wanted in values:
                return False
        elif not any(_OPERATORS[operator](one, wanted) for one in values):
            return False
    return True


def _moment(given: Any, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise bad_request(f"{given} is not a date-time", pointer=f"/{where}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unknown(field: str, where: str) -> ApiError:
    return bad_request(f"{field} can not be searched", pointer=f"/{where}")


def _sorted(chosen: list[Any], given: Any) -> list[Any]:
    if not isinstance(given, dict) or len(given) != 1:
        raise bad_request("a sort has one field", pointer="/sort")
    [(field, order)] = given.items()
    if order not in ("asc", "desc") or (chosen and field not in chosen[0][0]):
        raise bad_request("sort names a field and asc or desc", pointer="/sort")
    return sorted(chosen, key=lambda pair: pair[0].get(field), reverse=order == "desc")
