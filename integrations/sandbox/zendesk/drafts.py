"""A ticket body from the wire, checked whole before anything is changed.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.errors import (
    ApiError,
    forbidden,
    invalid_attribute,
    record_invalid,
)
from integrations.sandbox.zendesk.fieldvalues import checked_value, normal_tags
from integrations.sandbox.zendesk.model import PRIORITIES, STATUSES, TYPES, Ticket, User
from integrations.sandbox.zendesk.richtext import clean_html, html_of_text

_TEXT_LIMIT = 65_536


@dataclass(slots=True)
class NewComment:
    author: User
    body: str
    html_body: str
    public: bool


@dataclass(slots=True)
class Draft:
    """What a request wants changed. `attributes` holds only what was named in the body."""

    attributes: dict[str, Any] = field(default_factory=dict)
    tags: list[str] | None = None
    fields: dict[int, Any] = field(default_factory=dict)
    comment: NewComment | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def read_draft(account: Account, body: dict[str, Any], actor: User, ticket: Ticket | None) -> Draft:
    """Check a ticket body for creation (`ticket` is None) or update.

    Raises ApiError 400 for a wrong JSON type, 422 for a value the record refuses, 409 for an
    outdated `updated_stamp`, 403 for a comment the actor may not make.
    """
    if ticket is not None:
        if ticket.status == "closed":
            raise record_invalid("status", "Status: closed prevents ticket update")
        _check_stamp(body, ticket)
    draft = Draft()
    _read_choices(body, draft)
    _read_references(account, body, draft)
    for name in ("subject", "external_id", "recipient"):
        if name in body:
            if body[name] is not None and not isinstance(body[name], str):
                raise invalid_attribute(name, "a string")
            draft.attributes[name] = body[name]
    draft.tags = _read_tags(account, body, ticket)
    draft.fields = _read_fields(account, body)
    draft.comment = _read_comment(account, body, actor, ticket)
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict):
        raise invalid_attribute("metadata", "an object")
    draft.metadata = metadata
    if ticket is None and draft.comment is None:
        raise record_invalid("base", "Description: cannot be blank", "BlankValue")
    if (
        ticket is not None
        and account.options.require_assignee_to_solve
        and draft.attributes.get("status") == "solved"
        and draft.attributes.get("assignee_id", ticket.assignee_id) is None
    ):
        raise record_invalid("base", "Assignee: is required when solving a ticket")
    return draft


def _check_stamp(body: dict[str, Any], ticket: Ticket) -> None:
    # The key alone switches the check on: `false` acts like `true`.
    if "safe_update" not in body:
        return
    current = ticket.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if body.get("updated_stamp") != current:
        raise ApiError(
            409,
            {
                "error": "UpdateConflict",
                "description": "Safe Update prevented the update due to outdated ticket data. "
                "Please fetch the latest ticket data and try again.",
            },
        )


def _read_choices(body: dict[str, Any], draft: Draft) -> None:
    for name, allowed, optional in (
        ("status", STATUSES, False),
        ("priority", PRIORITIES, True),
        ("type", TYPES, True),
    ):
        if name not in body:
            continue
        value = body[name]
        if not (value in allowed or (optional and value is None)):
            raise record_invalid(
                name, f"{name.capitalize()}: {value!r} is not included in the list"
            )
        draft.attributes[name] = value


def _read_references(account: Account, body: dict[str, Any], draft: Draft) -> None:
    for name, known in (
        ("group_id", account.groups),
        ("organization_id", account.organizations),
        ("brand_id", account.brands),
        ("ticket_form_id", account.forms),
    ):
        if name in body:
            value = _whole(name, body[name])
            if value is not None and value not in known:
                raise record_invalid("base", f"{name} {value}: is invalid")
            draft.attributes[name] = value
    for name in ("assignee_id", "requester_id", "submitter_id"):
        if name in body:
            value = _whole(name, body[name])
            user = account.users.get(value or 0)
            if value is not None and (
                user is None or (name == "assignee_id" and not user.is_staff)
            ):
                raise record_invalid("base", f"{name} {value}: is invalid")
            draft.attributes[name] = value
    if "assignee_email" in body:
        user = account.find_user(str(body["assignee_email"]))
        if user is None or not user.is_staff:
            raise record_invalid("base", "Assignee: is invalid")
        draft.attributes["assignee_id"] = user.id


def _whole(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdigit():
        raise invalid_attribute(name, "an integer")
    return int(value)


def _read_tags(account: Account, body: dict[str, Any], ticket: Ticket | None) -> list[str] | None:
    tags: list[str] | None = None
    if "tags" in body:
        if not isinstance(body["tags"], list | str):
            raise invalid_attribute("tags", "an array")
        tags = normal_tags(body["tags"])
    if account.options.additional_tags_honoured:
        current = set(tags if tags is not None else (ticket.tags if ticket else []))
        added, removed = body.get("additional_tags"), body.get("remove_tags")
        if added is not None or removed is not None:
            tags = sorted((current | set(normal_tags(added))) - set(normal_tags(removed)))
    return tags


def _read_fields(account: Account, body: dict[str, Any]) -> dict[int, Any]:
    values: dict[int, Any] = {}
    for name in ("custom_fields", "fields"):
        given = body.get(name, [])
        if isinstance(given, dict):
            given = [{"id": key, "value": value} for key, value in given.items()]
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise invalid_attribute(name, "an array")
        for one in given:
            field_id = _whole(f"{name}.id", one.get("id"))
            known = account.ticket_fields.get(field_id or 0)
            if known is None or known.system:
                if account.options.unknown_custom_fields == "reject":
                    raise record_invalid("base", f"Custom field {field_id}: is invalid")
                continue
            values[known.id] = checked_value(known, one.get("value"))
    return values


def _read_comment(
    account: Account, body: dict[str, Any], actor: User, ticket: Ticket | None
) -> NewComment | None:
    given = body.get("comment")
    if given is None and ticket is None and body.get("description"):
        given = {"body": body["description"]}
    if given is None:
        return None
    if isinstance(given, str):
        given = {"body": given}
    if not isinstance(given, dict):
        raise invalid_attribute("comment", "an object")
    public = given.get("public")
    if public is None:
        # Left out, the visibility chosen when the ticket was made persists.
        public = True if ticket is None else ticket.is_public
    if not isinstance(public, bool):
        raise invalid_attribute("comment.public", "a boolean")
    author = actor
    if given.get("author_id") is not None:
        named = account.users.get(_whole("comment.author_id", given["author_id"]) or 0)
        if named is None:
            raise record_invalid("base", "Author: is invalid")
        author = named
    if public and (actor.only_private_comments or author.only_private_comments):
        raise forbidden()
    html_body, text = given.get("html_body"), given.get("body")
    for name, value in (("html_body", html_body), ("body", text)):
        if value is not None and not isinstance(value, str):
            raise invalid_attribute(f"comment.{name}", "a string")
        if value is not None and len(value) > _TEXT_LIMIT:
            raise record_invalid("base", "Comment: is too long", "TooLongValue")
    if html_body:
        html_body, text = clean_html(html_body)
    elif text:
        html_body = html_of_text(text)
    if not text or not text.strip():
        return None
    if ticket is not None and len(ticket.comments) >= account.options.max_comments:
        raise record_invalid("base", "Ticket has reached the maximum number of comments")
    return NewComment(author, text, html_body or "", public)
