"""Conversations with their tags, messages and notes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.attributes import changed
from integrations.sandbox.kustomer.engine import Engine
from integrations.sandbox.kustomer.errors import bad_request, conflict, not_found
from integrations.sandbox.kustomer.model import CHANNELS, STATUSES, Conversation, Message, Note
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.render import conversation_json, message_json, note_json

MOST_ASSIGNED = 10
_CHANGEABLE = (
    "name", "status", "subStatus", "snooze", "priority", "tags", "assignedUsers", "assignedTeams",
    "queue", "custom", "externalId", "defaultLang", "locked", "rev", "customer",
)  # fmt: skip
_NOTE_KEYS = ("body", "externalId", "userMentions", "attachments", "lang", "createdAt", "createdBy")
_MESSAGE_KEYS = (
    "channel", "app", "direction", "directionType", "preview", "subject", "meta", "externalId",
    "conversation", "customer", "auto", "sentAt", "status",
)  # fmt: skip


def find(org: Org, conversation_id: str) -> Conversation:
    """Raises ApiError 404."""
    found = org.conversations.get(conversation_id)
    if found is None:
        raise not_found("Conversation")
    return found


def register(api: Api, engine: Engine) -> None:
    """Add the endpoints."""
    org = api.org
    reads = roles.of("conversation", "read")
    updates = roles.of("conversation", "update")

    def one(found: Conversation) -> dict[str, Any]:
        return {"data": conversation_json(org, found)}

    @api.route("GET", "/conversations", "conversations.list", *reads)
    def listed(call: Call) -> Any:
        newest = sorted(org.conversations.values(), key=lambda c: c.updated_at, reverse=True)
        return call.page(newest, conversation_json)

    @api.route(
        "POST", "/conversations", "conversations.create", *roles.of("conversation", "create")
    )
    def create(call: Call) -> Any:
        body = call.json("customer", "name", "externalId", "tags", "status", "priority", "custom",
                         "channels", "direction")  # fmt: skip
        customer = org.customers.get(str(body.get("customer", "")))
        if customer is None:
            raise bad_request("customer is required and must be an id", pointer="/customer")
        made = engine.create_conversation(
            customer,
            str(body.get("name") or ""),
            "web",
            created_by=call.actor.id,
            external_id=body.get("externalId"),
        )
        apply(
            call,
            engine,
            made,
            {k: v for k, v in body.items() if k in ("status", "priority", "custom")},
        )
        engine.announce(made, "api-gw")
        return one(made), 201

    @api.route("GET", "/conversations/externalId=<external>", "conversations.by_external", *reads)
    def by_external(call: Call, external: str) -> Any:
        for found in org.conversations.values():
            if found.external_id == external:
                return one(found)
        raise not_found("Conversation")

    @api.route("GET", "/conversations/<conversation_id>", "conversations.show", *reads)
    def show(call: Call, conversation_id: str) -> Any:
        return one(find(org, conversation_id))

    for method in ("PATCH", "PUT"):

        @api.route(method, "/conversations/<conversation_id>", "conversations.update", *updates)
        def update(call: Call, conversation_id: str) -> Any:
            found = find(org, conversation_id)
            body = call.json(*_CHANGEABLE)
            if "customer" in body and len(body) > 1:
                raise bad_request("customer can be changed only alone", pointer="/customer")
            call.limit("object", "conversation", found.id, call.actor.id)
            apply(call, engine, found, body)
            return one(found)

    @api.route("POST", "/conversations/<conversation_id>/tags", "conversations.tags.add", *updates)
    def add_tags(call: Call, conversation_id: str) -> Any:
        found = find(org, conversation_id)
        names = _tag_names(call)
        call.limit("object", "conversation", found.id, call.actor.id)
        with engine.changing(found, call.actor.id):
            for name in names:
                tag = _tag_by_id(call, name) or engine.tag(name)
                if tag.id not in found.tag_ids:
                    found.tag_ids.append(tag.id)
        return one(found), 201

    @api.route(
        "DELETE",
        "/conversations/<conversation_id>/tags",
        "conversations.tags.remove",
        *roles.of("conversation", "delete"),
    )
    def remove_tags(call: Call, conversation_id: str) -> Any:
        found = find(org, conversation_id)
        names = _tag_names(call)
        call.limit("object", "conversation", found.id, call.actor.id)
        with engine.changing(found, call.actor.id):
            for name in names:
                tag = _tag_by_id(call, name) or org.tag_named(name)
                if tag is not None and tag.id in found.tag_ids:
                    found.tag_ids.remove(tag.id)
        return one(found)

    _register_messages(api, engine)
    _register_notes(api, engine)


def _tag_names(call: Call) -> list[str]:
    names = call.body()
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n for n in names):
        raise bad_request("The request body must be an array of tag names")
    return names


def _tag_by_id(call: Call, name: str) -> Any:
    return call.org.tags.get(name) if call.org.switches.tags_accept_ids else None


def apply(call: Call, engine: Engine, found: Conversation, body: dict[str, Any]) -> None:
    """Change a conversation as a body says. Raises ApiError before anything is changed."""
    org = call.org
    checked = {name: _checked(org, found, name, value) for name, value in body.items()}
    checked.pop("rev", None)
    with engine.changing(found, call.actor.id):
        for name, value in checked.items():
            setattr(found, _ATTRIBUTE[name], value)


_ATTRIBUTE = {
    "name": "name",
    "status": "status",
    "subStatus": "sub_status",
    "snooze": "snooze",
    "priority": "priority",
    "tags": "tag_ids",
    "assignedUsers": "assigned_users",
    "assignedTeams": "assigned_teams",
    "queue": "queue",
    "custom": "custom",
    "externalId": "external_id",
    "defaultLang": "default_lang",
    "locked": "locked",
    "customer": "customer_id",
}


def _checked(org: Org, found: Conversation, name: str, value: Any) -> Any:
    """One value of a body, as it will be kept. Raises ApiError 400, or 409 for an old `rev`."""
    pointer = f"/{name}"
    match name:
        case "rev":
            if value != found.rev:
                raise conflict("The conversation was changed meanwhile", {"rev": found.rev})
        case "custom":
            return changed(org, org.klasses["conversation"], found.custom, value)
        case "status":
            if value not in STATUSES:
                raise bad_request(f"status must be one of {', '.join(STATUSES)}", pointer=pointer)
        case "priority":
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
                raise bad_request("priority must be a whole number of 1 to 5", pointer=pointer)
        case "tags" | "assignedUsers" | "assignedTeams":
            return _checked_ids(org, name, value)
        case "customer":
            if value not in org.customers:
                raise bad_request("customer must be an id", pointer=pointer)
        case "locked":
            if not isinstance(value, bool):
                raise bad_request("locked must be a boolean", pointer=pointer)
        case "snooze" | "queue":
            if value is not None and not isinstance(value, dict):
                raise bad_request(f"{name} must be an object", pointer=pointer)
        case _:
            if value is not None and not isinstance(value, str):
                raise bad_request(f"{name} must be a string", pointer=pointer)
    return value


def _checked_ids(org: Org, name: str, value: Any) -> list[str]:
    books: dict[str, Iterable[str]] = {
        "tags": org.tags,
        "assignedUsers": org.users,
        "assignedTeams": org.teams,
    }
    known = set(books[name])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad_request(f"{name} must be a list of ids", pointer=f"/{name}")
    if name != "tags" and len(value) > MOST_ASSIGNED:
        raise bad_request(f"{name} can have {MOST_ASSIGNED} entries", pointer=f"/{name}")
    strangers = [one for one in value if one not in known]
    if strangers:
        raise bad_request(f"{name} has unknown ids: {', '.join(strangers)}", pointer=f"/{name}")
    return list(dict.fromkeys(value))


def _register_messages(api: Api, engine: Engine) -> None:
    org = api.org
    reads = roles.of("message", "read")

    @api.route("GET", "/conversations/<conversation_id>/messages", "messages.list", *reads)
    def listed(call: Call, conversation_id: str) -> Any:
        found = find(org, conversation_id)
        return call.page([org.messages[one] for one in found.message_ids], message_json)

    @api.route("GET", "/messages/<message_id>", "messages.show", *reads)
    def show(call: Call, message_id: str) -> Any:
        message = org.messages.get(message_id)
        if message is None:
            raise not_found("Message")
        return {"data": message_json(org, message)}

    def record(call: Call, conversation: Conversation, body: dict[str, Any]) -> Message:
        channel = body.get("channel", conversation.channel)
        if channel not in CHANNELS:
            raise bad_request(f"channel must be one of {', '.join(CHANNELS)}", pointer="/channel")
        if body.get("direction") not in ("in", "out"):
            raise bad_request("direction must be in or out", pointer="/direction")
        if not isinstance(body.get("preview"), str):
            raise bad_request("preview must be a string", pointer="/preview")
        call.limit("messages", conversation.customer_id, call.actor.id)
        return engine.add_message(
            conversation,
            body["preview"],
            direction=body["direction"],
            subject=body.get("subject"),
            auto=body.get("auto") is True,
            created_by=call.actor.id,
            channel=channel,
            external_id=body.get("externalId"),
            client="api-gw",
        )

    @api.route(
        "POST",
        "/conversations/<conversation_id>/messages",
        "messages.create",
        *roles.of("message", "create"),
    )
    def create_in(call: Call, conversation_id: str) -> Any:
        made = record(call, find(org, conversation_id), call.json(*_MESSAGE_KEYS))
        return {"data": message_json(org, made)}, 201

    @api.route("POST", "/messages", "messages.create", *roles.of("message", "create"))
    def create(call: Call) -> Any:
        body = call.json(*_MESSAGE_KEYS)
        made = record(call, find(org, str(body.get("conversation", ""))), body)
        return {"data": message_json(org, made)}, 201


def _register_notes(api: Api, engine: Engine) -> None:
    org = api.org
    reads, creates = roles.of("note", "read"), roles.of("note", "create")

    def find_note(note_id: str) -> Note:
        note = org.notes.get(note_id)
        if note is None:
            raise not_found("Note")
        return note

    def write(call: Call, conversation: Conversation, body: dict[str, Any]) -> Any:
        if "createdAt" in body or "createdBy" in body:
            call.need("org.admin")
        if not isinstance(body.get("body"), str):
            raise bad_request("body is required", pointer="/body")
        external = body.get("externalId")
        if external is not None and not isinstance(external, str):
            raise bad_request("externalId must be a string", pointer="/externalId")
        mentions = body.get("userMentions") or []
        for mention in mentions:
            if not isinstance(mention, dict) or mention.get("user") not in org.users:
                raise bad_request("a mention must name a user", pointer="/userMentions")
        call.limit("notes", conversation.customer_id, call.actor.id)
        call.limit("object", "notes", conversation.id, call.actor.id)
        made = engine.add_note(
            conversation,
            body["body"],
            body.get("createdBy") or call.actor.id,
            external_id=external,
            mentions=mentions,
        )
        return {"data": note_json(org, made)}, 201

    @api.route("GET", "/conversations/<conversation_id>/notes", "notes.list", *reads)
    def listed(call: Call, conversation_id: str) -> Any:
        found = find(org, conversation_id)
        return call.page([org.notes[one] for one in found.note_ids], note_json)

    @api.route("POST", "/conversations/<conversation_id>/notes", "notes.create", *creates)
    def create_in(call: Call, conversation_id: str) -> Any:
        return write(call, find(org, conversation_id), call.json(*_NOTE_KEYS))

    @api.route("POST", "/notes", "notes.create", *creates)
    def create(call: Call) -> Any:
        body = call.json(*_NOTE_KEYS, "conversation")
        return write(call, find(org, str(body.pop("conversation", ""))), body)

    @api.route("GET", "/notes/<note_id>", "notes.show", *reads)
    def show(call: Call, note_id: str) -> Any:
        return {"data": note_json(org, find_note(note_id))}

    for method in ("PATCH", "PUT"):

        @api.route(method, "/notes/<note_id>", "notes.update", *roles.of("note", "update"))
        def update(call: Call, note_id: str) -> Any:
            note, body = find_note(note_id), call.json(*_NOTE_KEYS)
            if not isinstance(body.get("body"), str):
                raise bad_request("body is required", pointer="/body")
            call.limit("object", "note", note.id, call.actor.id)
            engine.change_note(note, body["body"])
            return {"data": note_json(org, note)}
