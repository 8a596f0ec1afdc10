"""Events as outbound webhooks carry them.

https://developer.kustomer.com/docs/events/event-catalog.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.org import Org

EVENTS = tuple(
    f"kustomer.{what}.{how}"
    for what in ("customer", "conversation", "message", "user", "team", "tag")
    for how in ("create", "update")
)
# Change with every write; an event says what else changed.
_SILENT = {"updatedAt", "modifiedAt", "rev", "modificationHistory", "conversationCounts"}
CLIENTS = {"email": "postmark-hooks", "chat": "chat", "sms": "twilio", "form": "hooks"}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What changed between two sets of attributes, as `changes.attributes` has it."""
    found: dict[str, Any] = {}
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if name in _SILENT or old == new:
            continue
        if old is None:
            found[name] = {"op": "add", "after": new}
        elif new is None:
            found[name] = {"op": "remove", "before": old}
        else:
            found[name] = {"op": "replace", "before": old, "after": new}
    return found


def envelope(
    org: Org,
    name: str,
    resource: Mapping[str, Any],
    client: str,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One event. `changes` None stands for a creation, which may leave the key out."""
    now = org.clock.now()
    attributes = dict(changes or {})
    event: dict[str, Any] = {
        "id": org.next_id(),
        "name": name,
        "org": org.id,
        "orgName": org.name,
        "partition": org.id,
        "data": dict(resource),
        "createdAt": stamp(now),
        "persist": True,
        "client": client,
        "dataId": resource["id"],
        "meta": {"customChanged": any(one.startswith("custom") for one in attributes)},
        "snsFilters": [],
    }
    if changes is not None:
        if org.switches.custom_changes == "dotted":
            attributes = _dotted(attributes)
        event["changes"] = {"attributes": attributes, "relationships": {}}
    elif org.switches.changes_on_create == "null":
        event["changes"] = None
    return event


def _dotted(attributes: dict[str, Any]) -> dict[str, Any]:
    """`custom` as one entry for each attribute below it."""
    custom = attributes.pop("custom", None)
    if custom is None:
        return attributes
    inner = differences(custom.get("before") or {}, custom.get("after") or {})
    return attributes | {f"custom.{name}": change for name, change in inner.items()}
