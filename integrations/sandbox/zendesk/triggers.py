"""Triggers: conditions, actions and the placeholders of webhook bodies.

https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.clock import stamp
from integrations.sandbox.zendesk.drafts import NewComment
from integrations.sandbox.zendesk.errors import ApiError, record_invalid
from integrations.sandbox.zendesk.fieldvalues import checked_value, normal_tags
from integrations.sandbox.zendesk.model import (
    PRIORITIES,
    STATUSES,
    Audit,
    Ticket,
    Trigger,
    User,
    Webhook,
)

if TYPE_CHECKING:
    from integrations.sandbox.zendesk.engine import TicketEngine

_ORDERED = {"status": STATUSES, "priority": (None, *PRIORITIES)}
_PLAIN_FIELDS = frozenset(
    [
        "status",
        "priority",
        "type",
        "group_id",
        "assignee_id",
        "requester_id",
        "brand_id",
        "ticket_form_id",
        "via_type",
        "organization_id",
    ]
)
_PLAIN_OPERATORS = frozenset(
    [
        "is",
        "is_not",
        "less_than",
        "greater_than",
        "changed",
        "not_changed",
        "value",
        "not_value",
        "value_previous",
        "not_value_previous",
    ]
)
_WORD_FIELDS = frozenset(
    {"subject_includes_word", "comment_includes_word", "description_includes_word"}
)
_ACTIONS = frozenset(
    [
        "notification_webhook",
        "notification_user",
        "set_tags",
        "current_tags",
        "remove_tags",
        "status",
        "priority",
        "type",
        "group_id",
        "assignee_id",
    ]
)
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|[^{}]*)?\}\}")


@dataclass(slots=True)
class Situation:
    """What just happened to the ticket. `before` is set on updates."""

    is_create: bool
    comment: NewComment | None = None
    before: dict[str, Any] = field(default_factory=dict)


class WebhookSender(Protocol):
    """Takes a rendered body for a trigger-connected webhook."""

    def send_body(self, webhook: Webhook, body: str) -> None: ...


class TriggerRunner:
    """Runs the account's triggers after each create or update, in order of position.

    A trigger fires at most once per update; one that changes the ticket lets those before it
    be looked at again.
    """

    def __init__(self, account: Account, sender: WebhookSender) -> None:
        self._account = account
        self._sender = sender

    def run(
        self,
        engine: TicketEngine,
        ticket: Ticket,
        audit: Audit,
        actor: User,
        situation: Situation,
    ) -> None:
        fired: set[int] = set()
        triggers = sorted(self._account.triggers.values(), key=lambda one: (one.position, one.id))
        again = True
        while again:
            again = False
            for trigger in triggers:
                if trigger.id in fired or not trigger.active:
                    continue
                if not self._applies(trigger, ticket, actor, situation):
                    continue
                fired.add(trigger.id)
                trigger.fired += 1
                if self._act(engine, trigger, ticket, audit, actor, situation):
                    again = True
                    break

    def _applies(self, trigger: Trigger, ticket: Ticket, actor: User, situation: Situation) -> bool:
        def holds(condition: dict[str, Any]) -> bool:
            return condition_holds(condition, ticket, actor, situation)

        every, some = trigger.conditions["all"], trigger.conditions["any"]
        return all(map(holds, every)) and (not some or any(map(holds, some)))

    def _act(
        self,
        engine: TicketEngine,
        trigger: Trigger,
        ticket: Ticket,
        audit: Audit,
        actor: User,
        situation: Situation,
    ) -> bool:
        """Carry out the actions. True if the ticket changed."""
        via = {
            "channel": "rule",
            "source": {
                "from": {"id": trigger.id, "title": trigger.title},
                "rel": "trigger",
                "to": {},
            },
        }
        events_before = len(audit.events)
        for action in trigger.actions:
            name, value = action["field"], action["value"]
            if name == "notification_webhook":
                webhook = self._account.webhooks.get(str(value[0]))
                if webhook is not None and webhook.status == "active":
                    body = self.render(str(value[1]), ticket, actor, webhook)
                    self._sender.send_body(webhook, body)
            elif name in ("set_tags", "current_tags", "remove_tags"):
                given = set(normal_tags(value))
                tags = {
                    "set_tags": given,
                    "current_tags": set(ticket.tags) | given,
                    "remove_tags": set(ticket.tags) - given,
                }[name]
                engine.set_tags_and_fields(ticket, audit, sorted(tags), {}, via=via)
            elif name.startswith("custom_fields_"):
                known = self._account.ticket_fields[int(name.removeprefix("custom_fields_"))]
                values = {known.id: checked_value(known, value)}
                engine.set_tags_and_fields(ticket, audit, None, values, via=via)
            elif name == "notification_user":
                audit.events.append(
                    {
                        "id": self._account.next_id("event"),
                        "type": "Notification",
                        "via": via,
                        "subject": "",
                        "body": "",
                        "recipients": [],
                    }
                )
            else:
                wanted = int(value) if name.endswith("_id") and value else value
                engine.set_attribute(ticket, audit, name, wanted, via)
        return any(event["type"] == "Change" for event in audit.events[events_before:])

    def render(self, template: str, ticket: Ticket, actor: User, webhook: Webhook) -> str:
        """The body with its placeholders filled in as plain text; unknown ones become empty.

        Nothing is escaped unless the account's options say so: a quote in a subject breaks a
        JSON body, as it may on a real account.
        """
        values = placeholders(self._account, ticket, actor)

        def fill(match: re.Match[str]) -> str:
            maker = values.get(match.group(1))
            text = maker() if maker else ""
            if self._account.options.escape_placeholders_in_json:
                return json.dumps(text, ensure_ascii=False)[1:-1]
            return text

        return _PLACEHOLDER.sub(fill, template)


def placeholders(account: Account, ticket: Ticket, actor: User) -> dict[str, Callable[[], str]]:
    """Liquid output tags by name. Names are case-sensitive."""
    requester = account.users[ticket.requester_id]
    assignee = account.users.get(ticket.assignee_id or 0)
    group = account.groups.get(ticket.group_id or 0)

    def latest(only_public: bool) -> str:
        chosen = [c for c in ticket.comments if c.public or not only_public]
        return chosen[-1].body if chosen else ""

    values: dict[str, Callable[[], str]] = {
        "ticket.id": lambda: str(ticket.id),
        "ticket.title": lambda: ticket.subject,
        "ticket.description": lambda: ticket.description,
        "ticket.url": lambda: f"{account.host}/agent/tickets/{ticket.id}",
        "ticket.link": lambda: f"https://{account.host}/agent/tickets/{ticket.id}",
        "ticket.external_id": lambda: ticket.external_id or "",
        "ticket.via": lambda: ticket.via_channel,
        "ticket.status": lambda: ticket.status,
        "ticket.priority": lambda: ticket.priority or "",
        "ticket.ticket_type": lambda: ticket.type or "",
        "ticket.tags": lambda: " ".join(ticket.tags),
        "ticket.requester.id": lambda: str(requester.id),
        "ticket.requester.name": lambda: requester.name,
        "ticket.requester.email": lambda: requester.email or "",
        "ticket.assignee.id": lambda: str(assignee.id) if assignee else "",
        "ticket.assignee.name": lambda: assignee.name if assignee else "",
        "ticket.group.id": lambda: str(group.id) if group else "",
        "ticket.group.name": lambda: group.name if group else "",
        "ticket.brand.id": lambda: str(ticket.brand_id),
        "ticket.brand.name": lambda: account.brands[ticket.brand_id].name,
        "ticket.form_id": lambda: str(ticket.form_id),
        "ticket.ticket_form": lambda: account.forms[ticket.form_id].name,
        "ticket.organization.id": lambda: str(ticket.organization_id or ""),
        "ticket.created_at_with_timestamp": lambda: stamp(ticket.created_at),
        "ticket.updated_at_with_timestamp": lambda: stamp(ticket.updated_at),
        "ticket.latest_comment": lambda: latest(False),
        "ticket.latest_public_comment": lambda: latest(True),
        "current_user.id": lambda: str(actor.id),
        "current_user.name": lambda: actor.name,
        "current_user.email": lambda: actor.email or "",
    }
    for field_id, value in ticket.custom_fields.items():
        text = "" if value is None else str(value)
        values[f"ticket.ticket_field_{field_id}"] = partial(str, text)
    return values


def condition_holds(
    condition: dict[str, Any], ticket: Ticket, actor: User, situation: Situation
) -> bool:
    """Whether one condition holds. Unknown fields were refused when the trigger was saved."""
    name, operator, value = condition["field"], condition["operator"], condition.get("value")
    if name == "update_type":
        return (value == "Create") == situation.is_create
    if name == "current_tags":
        has = bool(set(normal_tags(value)) & set(ticket.tags))
        return has if operator == "includes" else not has
    if name == "role":
        is_it = value == "all" or {
            "agent": actor.is_staff,
            "end_user": not actor.is_staff,
        }.get(str(value), str(actor.id) == str(value))
        return is_it if operator == "is" else not is_it
    if name == "comment_is_public":
        return _comment_matches(str(value).lower(), situation.comment)
    if name == "ticket_is_public":
        return (str(value).lower() in ("true", "public")) == ticket.is_public
    if name in _WORD_FIELDS:
        return _words_match(name, operator, str(value or ""), ticket, situation.comment)
    if name.startswith("custom_fields_"):
        current = ticket.custom_fields.get(int(name.removeprefix("custom_fields_")))
        same = str(current if current is not None else "") == str(value or "")
        return {"is": same, "is_not": not same, "present": current not in (None, "", False)}.get(
            operator, current in (None, "", False)
        )
    return _plain_holds(name, operator, value, ticket, situation)


def _comment_matches(value: str, comment: NewComment | None) -> bool:
    if comment is None:
        return False
    if value == "not_relevant":
        return True
    return comment.public == (value in ("true", "1", "requester_can_see_comment"))


def _words_match(
    name: str, operator: str, value: str, ticket: Ticket, comment: NewComment | None
) -> bool:
    if name == "subject_includes_word":
        text = ticket.subject
    elif name == "comment_includes_word":
        text = comment.body if comment else ""
    else:
        text = ticket.description
    words, text = value.lower().split(), text.lower()
    if operator in ("is", "is_not"):  # the whole phrase
        return (value.lower() in text) == (operator == "is")
    found = any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words)
    return found == (operator == "includes")


def _plain_holds(
    name: str, operator: str, value: Any, ticket: Ticket, situation: Situation
) -> bool:
    attribute = {"ticket_form_id": "form_id", "via_type": "via_channel"}.get(name, name)
    current = getattr(ticket, attribute)
    was = situation.before.get(name, current)
    same, was_same = _same(current, value), _same(was, value)
    match operator:
        case "is":
            return same
        case "is_not":
            return not same
        case "changed":
            return not situation.is_create and current != was
        case "not_changed":
            return situation.is_create or current == was
        case "value":
            return not situation.is_create and current != was and same
        case "not_value":
            return situation.is_create or current == was or not same
        case "value_previous":
            return not situation.is_create and current != was and was_same
        case "not_value_previous":
            return situation.is_create or current == was or not was_same
    order = _ORDERED[name]
    position, limit = order.index(current), order.index(value or None)
    return position < limit if operator == "less_than" else position > limit


def _same(current: Any, value: Any) -> bool:
    return str("" if current is None else current) == str("" if value is None else value)


def checked_conditions(account: Account, given: Any) -> dict[str, list[dict[str, Any]]]:
    """The conditions of a trigger body. Raises ApiError 422 for one the account doesn't know."""
    if not isinstance(given, dict):
        raise record_invalid("base", "You must select at least one condition")
    checked: dict[str, list[dict[str, Any]]] = {"all": [], "any": []}
    for part in checked:
        for condition in given.get(part) or []:
            _check_condition(account, condition)
            checked[part].append(dict(condition))
    if not checked["all"] and not checked["any"]:
        raise record_invalid("base", "You must select at least one condition")
    return checked


def _check_condition(account: Account, condition: Any) -> None:
    if not isinstance(condition, dict):
        raise record_invalid("conditions", "Condition: must be an object")
    name, operator = condition.get("field"), condition.get("operator")
    value = condition.get("value")
    wrong_operator = record_invalid("conditions", f"Operator: {operator} is invalid for {name}")
    allowed: frozenset[str] | set[str]
    if name == "update_type":
        allowed = {"is"}
        if value not in ("Create", "Change"):
            raise record_invalid("conditions", f"Value: {value} is invalid for {name}")
    elif name in ("current_tags",):
        allowed = {"includes", "not_includes"}
    elif name in _WORD_FIELDS:
        allowed = {"includes", "not_includes", "is", "is_not"}
    elif name in ("role", "comment_is_public", "ticket_is_public"):
        allowed = {"is", "is_not"}
    elif isinstance(name, str) and name.startswith("custom_fields_"):
        field_id = name.removeprefix("custom_fields_")
        if not field_id.isdigit() or int(field_id) not in account.ticket_fields:
            raise record_invalid("conditions", f"Field: {name} is invalid")
        allowed = {"is", "is_not", "present", "not_present"}
    elif name in _PLAIN_FIELDS:
        allowed = _PLAIN_OPERATORS
        ordered = operator in ("less_than", "greater_than")
        if ordered and (name not in _ORDERED or value not in _ORDERED[name]):
            raise wrong_operator
    else:
        raise record_invalid("conditions", f"Field: {name} is invalid")
    if operator not in allowed:
        raise wrong_operator


def checked_actions(account: Account, given: Any) -> list[dict[str, Any]]:
    """The actions of a trigger body. Raises ApiError 422."""
    if not isinstance(given, list) or not given:
        raise record_invalid("base", "You must select at least one action")
    for action in given:
        if not isinstance(action, dict) or "field" not in action:
            raise record_invalid("actions", "Action: must have a field")
        name, value = action["field"], action.get("value")
        if name == "notification_webhook":
            _check_webhook_action(account, value)
        elif isinstance(name, str) and name.startswith("custom_fields_"):
            field_id = name.removeprefix("custom_fields_")
            if not field_id.isdigit() or int(field_id) not in account.ticket_fields:
                raise record_invalid("actions", f"Field: {name} is invalid")
            checked_value(account.ticket_fields[int(field_id)], value)
        elif name not in _ACTIONS:
            raise record_invalid("actions", f"Field: {name} is invalid")
    return [dict(action) for action in given]


def _check_webhook_action(account: Account, value: Any) -> None:
    if not (isinstance(value, list) and len(value) == 2):
        raise record_invalid("actions", "Value: must be [webhook id, body]")
    webhook = account.webhooks.get(str(value[0]))
    if webhook is None or not webhook.is_for_triggers:
        raise record_invalid("actions", f"Webhook {value[0]}: is invalid")
    if not isinstance(value[1], str):
        raise ApiError(
            400, {"error": {"title": "Invalid attribute", "message": "the body must be a string"}}
        )
    if len(value[1].encode()) > 256 * 1024:
        raise record_invalid("actions", "Body: is too long")
