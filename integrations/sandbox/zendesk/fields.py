"""Ticket field and user field endpoints.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
https://developer.zendesk.com/api-reference/ticketing/users/user_fields/
"""

from __future__ import annotations

import re
from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.errors import record_invalid, record_not_found
from integrations.sandbox.zendesk.fieldvalues import (
    TICKET_FIELD_TYPES,
    USER_FIELD_TYPES,
    WITH_OPTIONS,
)
from integrations.sandbox.zendesk.model import CustomField, FieldOption
from integrations.sandbox.zendesk.paging import page_of
from integrations.sandbox.zendesk.render import field_json

MAX_OPTIONS = 2000
SYSTEM_FIELDS = (
    ("subject", "Subject"),
    ("description", "Description"),
    ("status", "Status"),
    ("tickettype", "Type"),
    ("priority", "Priority"),
    ("group", "Group"),
    ("assignee", "Assignee"),
)


def add_system_fields(account: Account) -> None:
    """The fields that every account has."""
    now = account.clock.now()
    for position, (kind, title) in enumerate(SYSTEM_FIELDS):
        field = CustomField(
            account.next_id("field"), kind, title, now, now, position=position, system=True
        )
        account.ticket_fields[field.id] = field


def create_field(
    account: Account,
    body: dict[str, Any],
    *,
    of_users: bool,
    creator_user_id: int = -1,
    creator_app_name: str | None = None,
) -> CustomField:
    """Create a field from an API body. Raises ApiError 422."""
    title, kind = body.get("title"), body.get("type") or "text"
    if not isinstance(title, str) or not title.strip():
        raise record_invalid("title", "Title: cannot be blank", "BlankValue")
    if kind not in (USER_FIELD_TYPES if of_users else TICKET_FIELD_TYPES):
        raise record_invalid("type", f"Type: {kind} is invalid")
    key = None
    if of_users:
        key = body.get("key")
        if not isinstance(key, str) or not re.fullmatch(r"(?!\d+$)\w+", key, re.ASCII):
            raise record_invalid("key", "Key: must have letters, digits and underscores only")
        if any(field.key == key for field in account.user_fields.values()):
            raise record_invalid("key", f"Key: {key} has already been taken", "DuplicateValue")
    now = account.clock.now()
    field = CustomField(
        id=account.next_id("field"),
        type=kind,
        title=title,
        created_at=now,
        updated_at=now,
        key=key,
        description=str(body.get("description") or ""),
        tag=body.get("tag"),
        regexp=body.get("regexp_for_validation"),
        active=body.get("active", True) is True,
        creator_user_id=creator_user_id,
        creator_app_name=creator_app_name,
    )
    if kind == "regexp" and not field.regexp:
        raise record_invalid("regexp_for_validation", "Regexp: cannot be blank", "BlankValue")
    if kind in WITH_OPTIONS:
        field.options = _options(account, field, body.get("custom_field_options"), of_users)
    (account.user_fields if of_users else account.ticket_fields)[field.id] = field
    account.touch()
    return field


def _options(account: Account, field: CustomField, given: Any, of_users: bool) -> list[FieldOption]:
    if not isinstance(given, list) or not given:
        raise record_invalid("custom_field_options", "Options: cannot be blank", "BlankValue")
    if len(given) > MAX_OPTIONS:
        raise record_invalid("custom_field_options", f"Options: at most {MAX_OPTIONS}")
    others = (
        set()
        if of_users
        else {
            option.value
            for other in account.ticket_fields.values()
            if other is not field and other.id != field.id
            for option in other.options
        }
    )
    known = {option.value: option.id for option in field.options}
    options: list[FieldOption] = []
    for one in given:
        name = one.get("name") if isinstance(one, dict) else None
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(name, str) or not isinstance(value, str) or not name or not value:
            raise record_invalid("custom_field_options", "Options: need a name and a value")
        if value in others or any(value == option.value for option in options):
            raise record_invalid(
                "custom_field_options", f"Options: the tag {value} is used twice", "DuplicateValue"
            )
        options.append(FieldOption(known.get(value) or account.next_id("option"), name, value))
    return options


def register(api: Api) -> None:
    """Add both families of field endpoints."""
    _register_family(api, of_users=False)
    _register_family(api, of_users=True)


def _register_family(api: Api, *, of_users: bool) -> None:
    account = api.account
    plural = "user_fields" if of_users else "ticket_fields"
    single = plural[:-1]
    records = account.user_fields if of_users else account.ticket_fields
    scope = "users" if of_users else "tickets"

    def shown(field: CustomField) -> dict[str, Any]:
        return field_json(account, field, of_users=of_users)

    def find(field_id: int) -> CustomField:
        if field_id not in records:
            raise record_not_found()
        return records[field_id]

    @api.route("GET", f"/v2/{plural}", f"{plural}.list", fields_scope=scope)
    def list_fields(call: Call) -> Any:
        return page_of(account, call.args, f"{plural}.json", plural, list(records.values()), shown)

    @api.route("POST", f"/v2/{plural}", f"{plural}.create", fields_scope=scope, admin=True)
    def create(call: Call) -> Any:
        field = create_field(
            account, call.part(single), of_users=of_users, creator_user_id=call.actor.id
        )
        return {single: shown(field)}, 201

    @api.route("GET", f"/v2/{plural}/<int:field_id>", f"{plural}.show", fields_scope=scope)
    def show(call: Call, field_id: int) -> Any:
        return {single: shown(find(field_id))}

    @api.route(
        "PUT", f"/v2/{plural}/<int:field_id>", f"{plural}.update", fields_scope=scope, admin=True
    )
    def update(call: Call, field_id: int) -> Any:
        field, body = find(field_id), call.part(single)
        if "type" in body and body["type"] != field.type:
            raise record_invalid("type", "Type: can't be changed")
        if "custom_field_options" in body and field.type in WITH_OPTIONS:
            field.options = _options(account, field, body["custom_field_options"], of_users)
        for name in ("title", "description", "active", "tag", "position"):
            if name in body:
                setattr(field, name, body[name])
        field.updated_at = account.clock.now()
        account.touch()
        return {single: shown(field)}

    @api.route(
        "DELETE", f"/v2/{plural}/<int:field_id>", f"{plural}.delete", fields_scope=scope, admin=True
    )
    def delete(call: Call, field_id: int) -> Any:
        field = find(field_id)
        if field.system:
            raise record_invalid("base", "System fields can't be deleted")
        forget_field(account, field)


def forget_field(account: Account, field: CustomField) -> None:
    """Delete a field with the values that records hold."""
    account.ticket_fields.pop(field.id, None)
    for ticket in account.tickets.values():
        ticket.custom_fields.pop(field.id, None)
    if account.user_fields.pop(field.id, None) is not None and field.key:
        for user in account.users.values():
            user.user_fields.pop(field.key, None)
    account.touch()
