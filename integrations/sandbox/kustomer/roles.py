"""Which roles open which operation: any one of those listed, or a wider legacy one.

https://developer.kustomer.com/docs/get-started/api-keys-and-roles.md
"""

from __future__ import annotations

from collections.abc import Iterable

_ACTIONS = ("create", "read", "update", "delete")


def of(resource: str, action: str) -> tuple[str, ...]:
    """The roles for an action on a resource, the new name first."""
    return (
        f"org.permission.{resource}.{action}",
        f"org.permission.{resource}",
        f"org.user.{resource}.{'read' if action == 'read' else 'write'}",
        f"org.user.{resource}",
        f"org.admin.{resource}",
    )


def of_admins(resource: str, action: str) -> tuple[str, ...]:
    """The same for what ordinary agents may not do."""
    return tuple(one for one in of(resource, action) if not one.startswith("org.user."))


def known(role: str) -> bool:
    """Whether a key can be made with this role."""
    parts = role.split(".")
    if parts[0] != "org" or len(parts) < 2 or not all(parts):
        return False
    if parts[1] == "permission":
        return len(parts) == 3 or (len(parts) == 4 and parts[3] in _ACTIONS)
    return parts[1] in ("user", "admin", "hooks", "outbound_webhooks", "tracking")


def opens(had: Iterable[str], needed: Iterable[str]) -> bool:
    """Whether one of the roles suffices. `org.admin` opens everything, `org.user` everything that
    has a role of `org.user` kind."""
    own, wanted = set(had), set(needed)
    if "org.admin" in own or own & wanted:
        return True
    return "org.user" in own and any(one.startswith("org.user.") for one in wanted)


APPS = ("org.admin.apps", "org.permission.apps")
SETTINGS = ("org.admin.apps", "org.permission.apps", "org.permission.setting.update")
SETTINGS_READ = (*SETTINGS, "org.permission.setting.read")
WEBHOOKS_WIDE = ("org.outbound_webhooks", "org.admin.outbound_webhooks")
# What the documentation of this app asks for at run time.
RUNTIME = (
    "org.permission.conversation.read",
    "org.permission.conversation.update",
    "org.permission.message.read",
    "org.permission.note.create",
    "org.permission.note.read",
    "org.permission.customer.read",
    "org.permission.customer.update",
    "org.permission.metadata.read",
    "org.permission.outbound_webhook.read",
    "org.permission.user.read",
    "org.permission.team.read",
    "org.permission.kobject.read",
    "org.permission.kobject.delete",
)
SETUP = (
    *RUNTIME,
    "org.permission.note.update",
    "org.permission.conversation.delete",
    "org.permission.metadata.update",
    "org.permission.outbound_webhook.create",
    "org.permission.outbound_webhook.update",
    "org.permission.outbound_webhook.delete",
    "org.permission.klass.read",
    "org.admin.apps",
    "org.permission.apps",
)
AGENT = ("org.user",)
