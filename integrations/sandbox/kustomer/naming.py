"""How registration rewrites names: a private app gets the org's id, its components the app's name.

https://developer.kustomer.com/kustomer-apps-platform/docs/private-app-namespacing
"""

from __future__ import annotations

import copy
from typing import Any

_NAMED = {
    "commands": "name",
    "kviews": "name",
    "actions": "name",
    "hooks": "eventName",
    "triggers": "eventName",
}


def app_name(app: str, org_id: str, visibility: str = "private") -> str:
    """`makegood` in org 5f84... as `makegood_5f84...`; a public app keeps its name."""
    if visibility == "public" or app.endswith(f"_{org_id}"):
        return app
    return f"{app}_{org_id}"


def component_name(name: str, app: str, full: str) -> str:
    """`lookup` as `kustomer.app.<full>.lookup`; the older `<app>.app.<name>` is kept as a form."""
    for own in (full, app):
        if name.startswith(f"kustomer.app.{own}."):
            return f"kustomer.app.{full}.{name.removeprefix(f'kustomer.app.{own}.')}"
        if name.startswith(f"{own}.app."):
            return f"{full}.app.{name.removeprefix(f'{own}.app.')}"
    return f"kustomer.app.{full}.{name}"


def rewritten(definition: dict[str, Any], org_id: str) -> dict[str, Any]:
    """The definition with the names under which the org knows it."""
    known = copy.deepcopy(definition)
    given = definition["app"].removesuffix(f"_{org_id}")
    full = app_name(given, org_id, definition.get("visibility", "private"))
    known["app"] = full
    for part, key in _NAMED.items():
        for one in known.get(part, []):
            if key in one:
                one[key] = component_name(one[key], given, full)
    for command in known.get("commands", []):
        for source in command.get("appSettings", {}).values():
            _, _, rest = source["key"].partition(".")
            source["key"] = f"{full}.{rest}"
    for klass in known.get("klasses", []):
        if klass.get("metadata", {}).get("standard") is not True:
            bare = klass["name"].removeprefix(f"{full}-").removeprefix(f"{given}-")
            klass["name"] = f"{full}-{bare}"
    return known


def stored_attribute(name: str, identifier: str | None, *, prefixed: bool) -> str:
    """`refundStatusStr` of the app with identifier `mkgood` as `@mkgoodRefundStatusStr`."""
    if not prefixed or not identifier:
        return name
    return f"@{identifier}{name[:1].upper()}{name[1:]}"
