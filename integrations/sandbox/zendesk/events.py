"""Event envelopes for event-subscribed webhooks: ids are texts, enumerations upper case.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import uuid
from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.clock import fine_stamp, stamp
from integrations.sandbox.zendesk.model import Comment, Ticket, User
from integrations.sandbox.zendesk.render import custom_status_id

EVENT_TYPES = frozenset(
    {
        "zen:event-type:ticket.created",
        "zen:event-type:ticket.comment_added",
    }
)

# The channel of a ticket is called differently in events than in the REST API.
_EVENT_CHANNELS = {"email": "mail"}


def ticket_created(account: Account, ticket: Ticket, actor: User) -> dict[str, Any]:
    return _envelope(account, "zen:event-type:ticket.created", ticket, actor, {})


def comment_added(
    account: Account, ticket: Ticket, actor: User, comment: Comment
) -> dict[str, Any]:
    author = account.users[comment.author_id]
    event = {
        "comment": {
            "id": str(comment.id),
            "body": comment.body,
            "is_public": comment.public,
            "author": {
                "id": str(author.id),
                "is_staff": author.is_staff,
                "name": author.name,
            },
        }
    }
    return _envelope(account, "zen:event-type:ticket.comment_added", ticket, actor, event)


def _envelope(
    account: Account, kind: str, ticket: Ticket, actor: User, event: dict[str, Any]
) -> dict[str, Any]:
    sequence = {"id": uuid.uuid4().hex.upper()[:26], "position": 1}
    return {
        "type": kind,
        "account_id": account.account_id,
        "id": str(uuid.uuid4()),
        "time": fine_stamp(account.clock.now()),
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:{ticket.id}",
        "detail": {
            "actor_id": str(actor.id),
            "assignee_id": str(ticket.assignee_id or 0),
            "brand_id": str(ticket.brand_id),
            "created_at": stamp(ticket.created_at),
            "custom_status": str(custom_status_id(ticket.status)),
            "description": ticket.description,
            "external_id": ticket.external_id or "",
            "form_id": str(ticket.form_id),
            "group_id": str(ticket.group_id or 0),
            "id": str(ticket.id),
            "is_public": ticket.is_public,
            "organization_id": str(ticket.organization_id or 0),
            "priority": ticket.priority.upper() if ticket.priority else None,
            "requester_id": str(ticket.requester_id),
            "status": ticket.status.upper(),
            "subject": ticket.subject,
            "submitter_id": str(ticket.submitter_id),
            "tags": list(ticket.tags),
            "type": ticket.type.upper() if ticket.type else None,
            "updated_at": stamp(ticket.updated_at),
            "via": {"channel": _EVENT_CHANNELS.get(ticket.via_channel, ticket.via_channel)},
        },
        "event": {**event, "meta": {"sequence": sequence}},
    }
