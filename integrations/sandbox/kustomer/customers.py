"""Customers, found by id, address or the caller's own id, and drafts of replies to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.attributes import changed
from integrations.sandbox.kustomer.engine import Engine
from integrations.sandbox.kustomer.errors import bad_request, conflict, not_found
from integrations.sandbox.kustomer.model import CHANNELS, Customer, Draft
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.render import conversation_json, customer_json, draft_json

_KEYS = ("name", "emails", "phones", "externalId", "locale", "custom", "rev", "company")
_DRAFT_KEYS = (
    "channel", "conversation", "to", "from", "subject", "body", "cc", "bcc", "app", "sendAt",
    "scheduled", "externalId",
)  # fmt: skip


def find(org: Org, customer_id: str) -> Customer:
    """Raises ApiError 404."""
    found = org.customers.get(customer_id)
    if found is None:
        raise not_found("Customer")
    return found


def _addresses(value: Any, name: str, key: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and isinstance(one.get(key), str) and one[key] for one in value
    ):
        raise bad_request(f"{name} must list objects with {key}", pointer=f"/{name}")
    return [
        {"type": one.get("type", "home"), key: one[key], "verified": bool(one.get("verified"))}
        for one in value
    ]


def register(api: Api, engine: Engine) -> None:
    """Add the endpoints."""
    org = api.org
    reads = roles.of("customer", "read")

    def one(found: Customer) -> dict[str, Any]:
        return {"data": customer_json(org, found)}

    def having(kind: str, value: str) -> Any:
        wanted = value.casefold()
        for found in org.customers.values():
            items = found.emails if kind == "email" else found.phones
            if any(item[kind].casefold() == wanted for item in items):
                return one(found)
        raise not_found("Customer")

    @api.route("GET", "/customers/email=<path:address>", "customers.by_email", *reads)
    def by_email(call: Call, address: str) -> Any:
        return having("email", address)

    @api.route("GET", "/customers/phone=<path:number>", "customers.by_phone", *reads)
    def by_phone(call: Call, number: str) -> Any:
        return having("phone", number)

    @api.route("GET", "/customers/externalId=<path:external>", "customers.by_external", *reads)
    def by_external(call: Call, external: str) -> Any:
        for found in org.customers.values():
            if found.external_id == external:
                return one(found)
        raise not_found("Customer")

    @api.route("GET", "/customers/<customer_id>", "customers.show", *reads)
    def show(call: Call, customer_id: str) -> Any:
        return one(find(org, customer_id))

    @api.route("POST", "/customers", "customers.create", *roles.of("customer", "create"))
    def create(call: Call) -> Any:
        body = call.json(*_KEYS)
        emails = _addresses(body.get("emails", []), "emails", "email")
        phones = _addresses(body.get("phones", []), "phones", "phone")
        made = engine.create_customer(
            str(body.get("name") or ""),
            [item["email"] for item in emails],
            [item["phone"] for item in phones],
            external_id=body.get("externalId"),
            locale=body.get("locale"),
        )
        if "custom" in body:
            made.custom = changed(org, org.klasses["customer"], {}, body["custom"])
        return one(made), 201

    for method in ("PATCH", "PUT"):

        @api.route(
            method, "/customers/<customer_id>", "customers.update", *roles.of("customer", "update")
        )
        def update(call: Call, customer_id: str) -> Any:
            found, body = find(org, customer_id), call.json(*_KEYS)
            call.limit("object", "customer", found.id, call.actor.id)
            if "rev" in body and body["rev"] != found.rev:
                raise conflict("The customer was changed meanwhile", {"rev": found.rev})
            custom = found.custom
            if "custom" in body:
                custom = changed(org, org.klasses["customer"], found.custom, body["custom"])
            emails, phones = found.emails, found.phones
            if "emails" in body:
                emails = _addresses(body["emails"], "emails", "email")
            if "phones" in body:
                phones = _addresses(body["phones"], "phones", "phone")
            for name in ("name", "externalId", "locale"):
                if name in body and not isinstance(body[name], str | None):
                    raise bad_request(f"{name} must be a string", pointer=f"/{name}")
            with engine.changing(found, call.actor.id):
                found.custom, found.emails, found.phones = custom, emails, phones
                found.name = body.get("name", found.name)
                found.external_id = body.get("externalId", found.external_id)
                found.locale = body.get("locale", found.locale)
            return one(found)

    @api.route(
        "GET",
        "/customers/<customer_id>/conversations",
        "customers.conversations",
        *roles.of("conversation", "read"),
    )
    def conversations(call: Call, customer_id: str) -> Any:
        found = find(org, customer_id)
        mine = [c for c in org.conversations.values() if c.customer_id == found.id]
        mine.sort(key=lambda c: c.updated_at, reverse=True)
        return call.page(mine, conversation_json)

    _register_drafts(api)


def _register_drafts(api: Api) -> None:
    """Drafts need no role of their own. Nothing here sends one: that is a person's click."""
    org = api.org

    def write(call: Call, customer: Customer, body: dict[str, Any]) -> Any:
        call.limit("drafts", customer.id, call.actor.id)
        if body.get("channel") not in CHANNELS:
            raise bad_request(f"channel must be one of {', '.join(CHANNELS)}", pointer="/channel")
        if not isinstance(body.get("body"), str) or not body["body"]:
            raise bad_request("body is required", pointer="/body")
        conversation_id = body.get("conversation")
        if conversation_id is not None:
            conversation = org.conversations.get(str(conversation_id))
            if conversation is None or conversation.customer_id != customer.id:
                raise bad_request("conversation must be the customer's", pointer="/conversation")
        if body.get("scheduled") is True and not _is_future(org, body.get("sendAt")):
            raise bad_request("a scheduled draft needs sendAt in the future", pointer="/sendAt")
        values = {key: body[key] for key in _DRAFT_KEYS if key in body and key != "conversation"}
        made = Draft(
            org.next_id(), customer.id, conversation_id, values, org.clock.now(), call.actor.id
        )
        org.drafts[made.id] = made
        org.touch()
        return {"data": draft_json(org, made)}, 201

    @api.route("POST", "/customers/<customer_id>/drafts", "drafts.create")
    def create(call: Call, customer_id: str) -> Any:
        return write(call, find(org, customer_id), call.json(*_DRAFT_KEYS))

    @api.route("POST", "/conversations/<conversation_id>/drafts", "drafts.create")
    def create_in(call: Call, conversation_id: str) -> Any:
        conversation = org.conversations.get(conversation_id)
        if conversation is None:
            raise not_found("Conversation")
        body = {**call.json(*_DRAFT_KEYS), "conversation": conversation_id}
        return write(call, org.customers[conversation.customer_id], body)

    @api.route("GET", "/customers/<customer_id>/drafts", "drafts.list")
    def listed(call: Call, customer_id: str) -> Any:
        found = find(org, customer_id)
        mine = [one for one in org.drafts.values() if one.customer_id == found.id]
        return call.page(mine, draft_json)


def _is_future(org: Org, value: Any) -> bool:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return moment.tzinfo is not None and moment > org.clock.now()
