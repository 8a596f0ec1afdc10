"""Records as the JSON that the API answers with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.clock import stamp
from integrations.sandbox.zendesk.model import (
    Audit,
    Comment,
    CustomField,
    Identity,
    Named,
    Ticket,
    Trigger,
    User,
    Webhook,
)


def ticket_json(account: Account, ticket: Ticket, *, reduced: bool = False) -> dict[str, Any]:
    """A ticket. `reduced` leaves empty custom fields out (`reduced_payload_size=true`)."""
    values = [
        {"id": field.id, "value": ticket.custom_fields.get(field.id, _empty(field))}
        for field in account.custom_ticket_fields()
        if field.active
    ]
    if reduced:
        values = [one for one in values if one["value"] not in (None, False, [])]
    return {
        "url": account.url(f"tickets/{ticket.id}.json"),
        "id": ticket.id,
        "external_id": ticket.external_id,
        "via": via_json(ticket.via_channel),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "generated_timestamp": int((ticket.generated_at or ticket.updated_at).timestamp()),
        "type": ticket.type,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description,
        "priority": ticket.priority,
        "status": ticket.status,
        "recipient": ticket.recipient,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.submitter_id,
        "assignee_id": ticket.assignee_id,
        "organization_id": ticket.organization_id,
        "group_id": ticket.group_id,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "problem_id": None,
        "has_incidents": False,
        "is_public": ticket.is_public,
        "due_at": None,
        "tags": list(ticket.tags),
        "custom_fields": values,
        "satisfaction_rating": {"score": "unoffered"},
        "sharing_agreement_ids": [],
        "custom_status_id": custom_status_id(ticket.status),
        "encoded_id": f"{ticket.id:06X}-MKGD",
        "fields": values,
        "followup_ids": list(ticket.followup_ids),
        "ticket_form_id": ticket.form_id,
        "brand_id": ticket.brand_id,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def custom_status_id(status: str) -> int:
    """The id of the default custom status of a category."""
    order = ("new", "open", "pending", "hold", "solved", "closed")
    return 360_008_000_001 + order.index(status)


def via_json(channel: str) -> dict[str, Any]:
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}


def _empty(field: CustomField) -> Any:
    return False if field.type == "checkbox" else None


def comment_json(account: Account, comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": comment.body,
        "public": comment.public,
        "attachments": [],
        "audit_id": comment.audit_id,
        "via": via_json(comment.via_channel),
        "created_at": stamp(comment.created_at),
        "metadata": {"system": {}, "custom": {}},
    }


def audit_json(audit: Audit) -> dict[str, Any]:
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": stamp(audit.created_at),
        "author_id": audit.author_id,
        "metadata": {"system": {}, "custom": dict(audit.custom_metadata)},
        "events": [dict(event) for event in audit.events],
        "via": via_json(audit.via_channel),
    }


def user_json(account: Account, user: User) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in account.user_fields.values():
        value = user.user_fields.get(field.key or "", _empty(field))
        if field.type == "decimal" and value is not None:
            value = float(Decimal(str(value)))  # a bare JSON number on this wire
        if field.type == "date" and value is not None:
            value = f"{value}T00:00:00+00:00"
        values[field.key or ""] = value
    return {
        "id": user.id,
        "url": account.url(f"users/{user.id}.json"),
        "name": user.name,
        "email": user.email,
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.updated_at),
        "time_zone": user.time_zone,
        "iana_time_zone": "Etc/UTC",
        "phone": user.phone,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": user.locale,
        "organization_id": user.organization_id,
        "role": user.role,
        "verified": True,
        "external_id": user.external_id,
        "tags": list(user.tags),
        "alias": "",
        "active": True,
        "shared": False,
        "shared_agent": False,
        "last_login_at": stamp(user.updated_at),
        "two_factor_auth_enabled": None,
        "signature": "",
        "details": "",
        "notes": "",
        "role_type": user.role_type,
        "custom_role_id": user.custom_role_id,
        "moderator": user.is_staff,
        "ticket_restriction": None if user.is_staff else "requested",
        "only_private_comments": user.only_private_comments,
        "restricted_agent": user.role != "admin",
        "suspended": user.suspended,
        "default_group_id": user.default_group_id or next(iter(account.groups), 0),
        "report_csv": user.role == "admin",
        "user_fields": values,
    }


def identity_json(account: Account, user: User, identity: Identity) -> dict[str, Any]:
    return {
        "url": account.url(f"users/{user.id}/identities/{identity.id}.json"),
        "id": identity.id,
        "user_id": user.id,
        "type": identity.type,
        "value": identity.value,
        "verified": identity.verified,
        "verification_method": "low" if identity.verified else "none",
        "verified_at": stamp(identity.created_at) if identity.verified else None,
        "primary": identity.primary,
        "created_at": stamp(identity.created_at),
        "updated_at": stamp(identity.created_at),
        "undeliverable_count": 0,
        "deliverable_state": "deliverable",
    }


def field_json(account: Account, field: CustomField, *, of_users: bool) -> dict[str, Any]:
    path = "user_fields" if of_users else "ticket_fields"
    shown: dict[str, Any] = {
        "url": account.url(f"{path}/{field.id}.json"),
        "id": field.id,
        "type": field.type,
        "title": field.title,
        "raw_title": field.title,
        "description": field.description,
        "raw_description": field.description,
        "position": field.position,
        "active": field.active,
        "regexp_for_validation": field.regexp,
        "created_at": stamp(field.created_at),
        "updated_at": stamp(field.updated_at),
    }
    if field.tag:
        shown["tag"] = field.tag
    if of_users:
        shown |= {"key": field.key, "system": False}
    else:
        shown |= {
            "required": field.required,
            "collapsed_for_agents": False,
            "title_in_portal": field.title,
            "raw_title_in_portal": field.title,
            "visible_in_portal": False,
            "editable_in_portal": False,
            "required_in_portal": False,
            "agent_can_edit": True,
            "tag": field.tag,
            "removable": not field.system,
            "agent_description": "",
            "creator_user_id": field.creator_user_id,
        }
        if field.creator_app_name is not None:
            shown["creator_app_name"] = field.creator_app_name
    if field.options:
        shown["custom_field_options"] = [
            {
                "id": option.id,
                "name": option.name,
                "raw_name": option.name,
                "value": option.value,
                "default": False,
            }
            for option in field.options
        ]
    return shown


def trigger_json(account: Account, trigger: Trigger) -> dict[str, Any]:
    return {
        "url": account.url(f"triggers/{trigger.id}.json"),
        "id": trigger.id,
        "title": trigger.title,
        "raw_title": trigger.title,
        "active": trigger.active,
        "default": False,
        "description": trigger.description,
        "position": trigger.position,
        "category_id": trigger.category_id,
        "conditions": trigger.conditions,
        "actions": trigger.actions,
        "created_at": stamp(trigger.created_at),
        "updated_at": stamp(trigger.updated_at),
    }


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    """A webhook without its secret, which has an endpoint of its own."""
    shown: dict[str, Any] = {
        "id": webhook.id,
        "name": webhook.name,
        "status": webhook.status,
        "subscriptions": list(webhook.subscriptions),
        "created_at": stamp(webhook.created_at),
        "created_by": str(webhook.created_by),
        "updated_at": stamp(webhook.updated_at),
        "updated_by": str(webhook.created_by),
        "endpoint": webhook.endpoint,
        "http_method": webhook.http_method,
        "request_format": webhook.request_format,
        "description": webhook.description,
    }
    if webhook.authentication:
        # The credentials themselves are never shown again.
        shown["authentication"] = {
            "type": webhook.authentication.get("type"),
            "add_position": webhook.authentication.get("add_position", "header"),
        }
    if webhook.custom_headers:
        shown["custom_headers"] = dict(webhook.custom_headers)
    return shown


def named_json(account: Account, kind: str, record: Named) -> dict[str, Any]:
    """A group, organization, brand, ticket form or custom role."""
    shown: dict[str, Any] = {
        "id": record.id,
        "url": account.url(f"{kind}/{record.id}.json"),
        "name": record.name,
        "created_at": stamp(record.created_at),
        "updated_at": stamp(record.created_at),
    }
    return shown
