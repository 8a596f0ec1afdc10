"""Records as JSON:API resources. Ids of the org, of customers and of users are relationships."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.model import (
    Conversation,
    Customer,
    Draft,
    Klass,
    KObject,
    Message,
    Note,
    Tag,
    Team,
    User,
    Webhook,
)
from integrations.sandbox.kustomer.org import Org


def _to_one(kind: str, record_id: str | None) -> dict[str, Any]:
    if record_id is None:
        return {"data": None}
    collection = {"org": "orgs"}.get(kind, f"{kind}s")
    return {
        "data": {"type": kind, "id": record_id},
        "links": {"self": f"/v1/{collection}/{record_id}"},
    }


def _resource(
    kind: str,
    record_id: str,
    path: str,
    attributes: dict[str, Any],
    relationships: dict[str, Any],
) -> dict[str, Any]:
    return {
        "type": kind,
        "id": record_id,
        "attributes": attributes,
        "relationships": relationships,
        "links": {"self": path},
    }


def conversation_json(org: Org, one: Conversation) -> dict[str, Any]:
    """Tags are ids here, as everywhere but in the tag endpoints."""
    return _resource(
        "conversation",
        one.id,
        f"/v1/conversations/{one.id}",
        {
            "name": one.name,
            "externalId": one.external_id,
            "channels": [one.channel],
            "status": one.status,
            "subStatus": one.sub_status,
            "snooze": one.snooze,
            "priority": one.priority,
            "direction": "in",
            "preview": one.preview[:200],
            "tags": list(one.tag_ids),
            "assignedUsers": list(one.assigned_users),
            "assignedTeams": list(one.assigned_teams),
            "queue": one.queue,
            "custom": dict(one.custom),
            "defaultLang": one.default_lang,
            "locked": one.locked,
            "messageCount": len(one.message_ids),
            "noteCount": len(one.note_ids),
            "lastActivityAt": stamp(one.last_activity_at or one.updated_at),
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
            "modifiedAt": stamp(one.updated_at),
            "modificationHistory": {"statusAt": None, "nameAt": None},
            "ended": one.status == "done",
            "rev": one.rev,
        },
        {
            "org": _to_one("org", org.id),
            "customer": _to_one("customer", one.customer_id),
            "createdBy": _to_one("user", one.created_by),
            "modifiedBy": _to_one("user", one.modified_by),
            "messages": {"links": {"self": f"/v1/conversations/{one.id}/messages"}},
        },
    )


def customer_json(org: Org, one: Customer) -> dict[str, Any]:
    return _resource(
        "customer",
        one.id,
        f"/v1/customers/{one.id}",
        {
            "name": one.name,
            "displayName": one.name,
            "externalId": one.external_id,
            "emails": [dict(item) for item in one.emails],
            "phones": [dict(item) for item in one.phones],
            "sharedEmails": [],
            "sharedPhones": [],
            "locale": one.locale,
            "custom": dict(one.custom),
            "tags": [],
            "conversationCounts": {
                "all": sum(c.customer_id == one.id for c in org.conversations.values())
            },
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
            "modifiedAt": stamp(one.updated_at),
            "rev": one.rev,
        },
        {
            "org": _to_one("org", org.id),
            "modifiedBy": _to_one("user", one.modified_by),
            "conversations": {"links": {"self": f"/v1/customers/{one.id}/conversations"}},
        },
    )


def message_json(org: Org, one: Message) -> dict[str, Any]:
    """The text is `preview`; `customer` has been seen with a plural type."""
    customer = org.customers[one.customer_id]
    limit = org.switches.preview_limit
    address = next((item["email"] for item in customer.emails), None)
    ours = f"support@{org.name}.mail.kustomerapp.com"
    incoming = one.direction == "in"
    return _resource(
        "message",
        one.id,
        f"/v1/messages/{one.id}",
        {
            "externalId": one.external_id,
            "channel": one.channel,
            "app": one.app,
            "size": len(one.text),
            "direction": one.direction,
            "directionType": one.direction_type,
            "preview": one.text[:limit] if limit else one.text,
            "subject": one.subject,
            "meta": {
                "from": address if incoming else ours,
                "to": [{"email": ours if incoming else address}],
            },
            "status": "received" if incoming else "sent",
            "auto": one.auto,
            "assignedTeams": [],
            "assignedUsers": [],
            "sentAt": stamp(one.created_at),
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.created_at),
            "modifiedAt": stamp(one.created_at),
            "rev": one.rev,
        },
        {
            "org": _to_one("org", org.id),
            "customer": {
                "data": {"type": "customers", "id": one.customer_id},
                "links": {"self": f"/v1/customers/{one.customer_id}"},
            },
            "conversation": _to_one("conversation", one.conversation_id),
            "createdBy": _to_one("user", one.created_by),
        },
    )


def note_json(org: Org, one: Note) -> dict[str, Any]:
    return _resource(
        "note",
        one.id,
        f"/v1/notes/{one.id}",
        {
            "body": one.body,
            "externalId": one.external_id,
            "userMentions": list(one.user_mentions),
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.modified_at),
            "modifiedAt": stamp(one.modified_at),
            "rev": one.rev,
        },
        {
            "org": _to_one("org", org.id),
            "customer": _to_one("customer", one.customer_id),
            "conversation": _to_one("conversation", one.conversation_id),
            "createdBy": _to_one("user", one.created_by),
        },
    )


def draft_json(org: Org, one: Draft) -> dict[str, Any]:
    return _resource(
        "draft",
        one.id,
        f"/v1/drafts/{one.id}",
        {**one.values, "createdAt": stamp(one.created_at)},
        {
            "org": _to_one("org", org.id),
            "customer": _to_one("customer", one.customer_id),
            "conversation": _to_one("conversation", one.conversation_id),
            "createdBy": _to_one("user", one.created_by),
        },
    )


def user_json(org: Org, one: User) -> dict[str, Any]:
    """`roles` are those of the person; teams stand here too while the switch says so."""
    relationships: dict[str, Any] = {"org": _to_one("org", org.id)}
    if org.switches.teams_on_user:
        teams = [{"type": "team", "id": team.id} for team in org.teams_of(one.id)]
        relationships["teams"] = {"data": teams}
    return _resource(
        "user",
        one.id,
        f"/v1/users/{one.id}",
        {
            "name": one.name,
            "displayName": one.name,
            "email": one.email,
            "userType": "machine" if one.is_machine else "user",
            "roles": list(one.roles),
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
            "deletedAt": stamp(one.deleted_at) if one.deleted_at else None,
        },
        relationships,
    )


def team_json(org: Org, one: Team) -> dict[str, Any]:
    return _resource(
        "team",
        one.id,
        f"/v1/teams/{one.id}",
        {
            "name": one.name,
            "displayName": one.name,
            "members": list(one.member_ids),
            "createdAt": stamp(one.created_at),
        },
        {"org": _to_one("org", org.id)},
    )


def tag_json(org: Org, one: Tag) -> dict[str, Any]:
    return _resource(
        "tag",
        one.id,
        f"/v1/tags/{one.id}",
        {"name": one.name, "createdAt": stamp(one.created_at)},
        {"org": _to_one("org", org.id)},
    )


def klass_json(org: Org, one: Klass) -> dict[str, Any]:
    return _resource(
        "metadata" if one.standard else "klass",
        one.id,
        f"/v1/metadata/{one.name}",
        {
            "name": one.name,
            "standard": one.standard,
            "icon": one.icon,
            "color": one.color,
            "properties": {name: dict(value) for name, value in one.properties.items()},
            "createdAt": stamp(one.created_at),
        },
        {"org": _to_one("org", org.id)},
    )


def kobject_json(org: Org, one: KObject) -> dict[str, Any]:
    return _resource(
        f"kobject.{one.klass}",
        one.id,
        f"/v1/klasses/{one.klass}/{one.id}",
        {
            "title": one.title,
            "externalId": one.external_id,
            "data": one.data,
            "custom": dict(one.custom),
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
            "rev": one.rev,
        },
        {
            "org": _to_one("org", org.id),
            "customer": _to_one("customer", one.customer_id),
            "klass": {"data": {"type": "klass", "id": org.klasses[one.klass].id}},
            "createdBy": _to_one("user", one.created_by),
        },
    )


def webhook_json(org: Org, one: Webhook) -> dict[str, Any]:
    return _resource(
        "outbound_webhook",
        one.id,
        f"/v1/outbound-webhooks/{one.id}",
        {
            "name": one.name,
            "url": one.url,
            "events": list(one.events),
            "headers": [dict(item) for item in one.headers],
            "token": one.token,
            "enabled": one.enabled,
            "isError": one.is_error,
            "appName": one.app,
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
        },
        {"org": _to_one("org", org.id), "createdBy": _to_one("user", one.created_by)},
    )
