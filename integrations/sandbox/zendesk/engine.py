"""Creates and updates tickets: one code path for the API, the desk and the seeds.

Each change writes one audit, moves `updated_at`, runs the triggers and raises the events.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.clock import stamp
from integrations.sandbox.zendesk.drafts import Draft, read_draft
from integrations.sandbox.zendesk.errors import record_invalid
from integrations.sandbox.zendesk.events import comment_added, ticket_created
from integrations.sandbox.zendesk.fieldvalues import (
    normal_tags,
    tags_of,
    value_after_tag_change,
)
from integrations.sandbox.zendesk.model import Audit, Comment, Ticket, User
from integrations.sandbox.zendesk.people import create_user
from integrations.sandbox.zendesk.render import custom_status_id
from integrations.sandbox.zendesk.triggers import Situation, TriggerRunner

_ATTRIBUTE_OF = {"ticket_form_id": "form_id"}
_LOGGED_ON_CREATE = (
    "subject",
    "status",
    "priority",
    "type",
    "requester_id",
    "assignee_id",
    "group_id",
    "brand_id",
    "ticket_form_id",
)


class EventSink(Protocol):
    """Takes events for event-subscribed webhooks."""

    def publish(self, event: dict[str, Any]) -> None: ...


class TicketEngine:
    """The rules of a ticket's life. Callers hold no lock; the engine takes the account's."""

    def __init__(self, account: Account, triggers: TriggerRunner, sink: EventSink) -> None:
        self._account = account
        self._triggers = triggers
        self._sink = sink

    def create(
        self, body: dict[str, Any], actor: User, *, via_channel: str = "api"
    ) -> tuple[Ticket, Audit]:
        """Create a ticket from an API body. Raises ApiError."""
        account = self._account
        with account.lock:
            draft = read_draft(account, body, actor, None)
            requester_id = draft.attributes.get("requester_id")
            if requester_id is None:
                requester_id = self._requester_from(body, actor).id
            source = self._followup_source(body)
            now = account.clock.now()
            comment = draft.comment
            if comment is None:  # read_draft refuses a creation without text
                raise record_invalid("base", "Description: cannot be blank", "BlankValue")
            if "author_id" not in (body.get("comment") or {}) and "requester_id" in body:
                # A ticket made on someone's behalf opens with that person's words.
                comment.author = account.users[requester_id]
            ticket = Ticket(
                id=account.next_id("ticket"),
                requester_id=requester_id,
                submitter_id=draft.attributes.get("submitter_id") or actor.id,
                subject=draft.attributes.get("subject") or "",
                description=comment.body,
                created_at=now,
                updated_at=now,
                via_channel=via_channel,
                brand_id=next(iter(account.brands)),
                form_id=next(iter(account.forms)),
                is_public=comment.public,
                group_id=next(iter(account.groups)),
                via_followup_source_id=source.id if source else None,
                organization_id=account.users[requester_id].organization_id,
            )
            if source:
                source.followup_ids.append(ticket.id)
            account.tickets[ticket.id] = ticket
            audit = self._new_audit(ticket, actor, via_channel, draft.metadata)
            self._apply(ticket, draft, audit, creating=True)
            self._finish(ticket, audit, actor, Situation(is_create=True, comment=comment))
            self._sink.publish(ticket_created(account, ticket, actor))
            return ticket, audit

    def update(
        self, ticket: Ticket, body: dict[str, Any], actor: User, *, via_channel: str = "api"
    ) -> Audit:
        """Update a ticket from an API body. Raises ApiError.

        An update that changes nothing returns an audit without events, which is not kept.
        """
        account = self._account
        with account.lock:
            draft = read_draft(account, body, actor, ticket)
            audit = self._new_audit(ticket, actor, via_channel, draft.metadata)
            before = {
                "status": ticket.status,
                "priority": ticket.priority,
                "type": ticket.type,
                "group_id": ticket.group_id,
                "assignee_id": ticket.assignee_id,
                "tags": list(ticket.tags),
            }
            self._apply(ticket, draft, audit, creating=False)
            ticket.generated_at = account.clock.now()
            if audit.events:
                situation = Situation(is_create=False, comment=draft.comment, before=before)
                self._finish(ticket, audit, actor, situation)
                if draft.comment:
                    self._sink.publish(comment_added(account, ticket, actor, ticket.comments[-1]))
            return audit

    def reply_as_requester(self, ticket: Ticket, text: str) -> Audit:
        """The customer answers: a public comment, and a pending or solved ticket reopens."""
        requester = self._account.users[ticket.requester_id]
        body: dict[str, Any] = {"comment": {"body": text, "public": True}}
        if ticket.status in ("pending", "solved", "hold"):
            body["status"] = "open"
        return self.update(ticket, body, requester, via_channel=ticket.via_channel)

    def change_tags(self, ticket: Ticket, tags: list[str], actor: User) -> None:
        """Set the tags by the tags endpoint, which also runs triggers."""
        self.update(ticket, {"tags": normal_tags(tags)}, actor)

    def _requester_from(self, body: dict[str, Any], actor: User) -> User:
        given = body.get("requester")
        if not isinstance(given, dict) or not given.get("email"):
            return actor
        email = str(given["email"]).strip().lower()
        known = self._account.find_user(email)
        if known:
            return known
        return create_user(self._account, str(given.get("name") or email), email)

    def _followup_source(self, body: dict[str, Any]) -> Ticket | None:
        given = body.get("via_followup_source_id")
        if given is None:
            return None
        source = self._account.tickets.get(int(given)) if str(given).isdigit() else None
        if source is None or source.status != "closed":
            raise record_invalid("base", "Follow-up source: must be a closed ticket")
        return source

    def _new_audit(
        self, ticket: Ticket, actor: User, via_channel: str, metadata: dict[str, Any]
    ) -> Audit:
        account = self._account
        return Audit(
            id=account.next_id("audit"),
            ticket_id=ticket.id,
            author_id=actor.id,
            created_at=account.clock.now(),
            via_channel=via_channel,
            custom_metadata=dict(metadata),
        )

    def _apply(self, ticket: Ticket, draft: Draft, audit: Audit, *, creating: bool) -> None:
        if draft.comment:
            self._add_comment(ticket, draft, audit)
        if creating:
            for name in _LOGGED_ON_CREATE:
                attribute = _ATTRIBUTE_OF.get(name, name)
                if draft.attributes.get(name) is not None:
                    setattr(ticket, attribute, draft.attributes[name])
                self._log(audit, "Create", name, getattr(ticket, attribute))
            for name in ("external_id", "recipient", "organization_id"):
                if draft.attributes.get(name) is not None:
                    setattr(ticket, name, draft.attributes[name])
        else:
            for name, value in draft.attributes.items():
                self.set_attribute(ticket, audit, name, value)
        self.set_tags_and_fields(ticket, audit, draft.tags, draft.fields, creating=creating)

    def set_attribute(
        self, ticket: Ticket, audit: Audit, name: str, value: Any, via: Any = None
    ) -> None:
        """Change one plain attribute and log it, if it is different."""
        attribute = _ATTRIBUTE_OF.get(name, name)
        old = getattr(ticket, attribute)
        if old == value:
            return
        setattr(ticket, attribute, value)
        self._log(audit, "Change", name, value, old, via)
        if name == "status":
            self._log(
                audit,
                "Change",
                "custom_status_id",
                custom_status_id(value),
                custom_status_id(old),
                via,
            )
        if name == "assignee_id" and value is not None and ticket.status == "new":
            self.set_attribute(ticket, audit, "status", "open", via)

    def set_tags_and_fields(
        self,
        ticket: Ticket,
        audit: Audit,
        tags: list[str] | None,
        fields: dict[int, Any],
        *,
        creating: bool = False,
        via: Any = None,
    ) -> None:
        """Change tags and custom fields together, keeping dropdowns and their tags in step."""
        account = self._account
        wanted = set(ticket.tags if tags is None else tags)
        values = dict(ticket.custom_fields)
        if tags is not None:
            for field in account.custom_ticket_fields():
                values[field.id] = value_after_tag_change(field, values.get(field.id), wanted)
        for field_id, value in fields.items():
            field = account.ticket_fields[field_id]
            wanted -= tags_of(field, values.get(field_id))
            values[field_id] = value
            wanted |= tags_of(field, value)
        kind = "Create" if creating else "Change"
        for field_id, value in values.items():
            old = ticket.custom_fields.get(field_id)
            if value != old and not (value in (None, False) and old in (None, False)):
                self._log(audit, kind, str(field_id), value, old, via)
        ticket.custom_fields = values
        final = sorted(wanted)
        if final != ticket.tags or (creating and final):
            self._log(audit, kind, "tags", final, list(ticket.tags), via)
            ticket.tags = final

    def _add_comment(self, ticket: Ticket, draft: Draft, audit: Audit) -> None:
        new, account = draft.comment, self._account
        if new is None:
            return
        comment = Comment(
            id=account.next_id("event"),
            author_id=new.author.id,
            body=new.body,
            html_body=new.html_body,
            public=new.public,
            created_at=audit.created_at,
            audit_id=audit.id,
            via_channel=audit.via_channel,
        )
        ticket.comments.append(comment)
        if new.public:
            ticket.is_public = True
        audit.events.append(
            {
                "id": comment.id,
                "type": "Comment",
                "author_id": comment.author_id,
                "body": comment.body,
                "html_body": comment.html_body,
                "plain_body": comment.body,
                "public": comment.public,
                "attachments": [],
                "audit_id": audit.id,
            }
        )

    def _log(
        self,
        audit: Audit,
        kind: str,
        name: str,
        value: Any,
        previous: Any = None,
        via: Any = None,
    ) -> None:
        event: dict[str, Any] = {
            "id": self._account.next_id("event"),
            "type": kind,
            "field_name": name,
            "value": value,
        }
        if kind == "Change":
            event["previous_value"] = previous
        if via is not None:
            event["via"] = via
        audit.events.append(event)

    def _finish(self, ticket: Ticket, audit: Audit, actor: User, situation: Situation) -> None:
        account = self._account
        ticket.audits.append(audit)
        ticket.updated_at = ticket.generated_at = audit.created_at
        ticket.indexed_at = account.clock.seconds() + account.options.search_lag_seconds
        account.touch()
        self._triggers.run(self, ticket, audit, actor, situation)


def is_visible_in_export(ticket: Ticket, account: Account) -> bool:
    """False during the first minute, which the incremental export leaves out."""
    lag = timedelta(seconds=account.options.incremental_lag_seconds)
    moment = ticket.generated_at or ticket.updated_at
    return moment <= account.clock.now() - lag


def updated_stamp(ticket: Ticket) -> str:
    """What a client must send as `updated_stamp`."""
    return stamp(ticket.updated_at)
