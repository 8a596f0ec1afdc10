"""What a definition of an app may contain. Strict: an unknown key is refused, never ignored.

https://developer.kustomer.com/docs/apps/app-definition.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.attributes import check_properties
from integrations.sandbox.kustomer.errors import ApiError, bad_request
from integrations.sandbox.kustomer.org import STANDARD_KLASSES, Switches
from integrations.sandbox.kustomer.webhooks import check_url
from integrations.sandbox.kustomer.webhooks import checked as check_webhook

KEYS = frozenset(
    {
        "app", "version", "title", "identifier", "visibility", "description", "instructions",
        "iconUrl", "screenshots", "appDetails", "tags", "dependencies", "changelog",
        "postInstallMessage", "settings", "settingsPageConfig", "i18n", "auth", "redirectUris",
        "roles", "klasses", "kviews", "widgets", "hooks", "triggers", "actions", "workflows",
        "commands", "outboundWebhooks", "shortcuts", "meta", "dataSubscriptions", "cards",
    }
)  # fmt: skip
_LISTED_TAGS = ("ai", "analytics", "csat", "ecommerce", "messaging")
_SETTING_KEYS = ("type", "defaultValue", "required", "description", "hidden")
_SETTING_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "number": (int, float), "boolean": bool, "secret": str,
}  # fmt: skip
_KVIEW_KEYS = ("name", "resource", "context", "template", "meta")
_CONTEXTS = ("smartbar-card", "smartbar-details", "expanded-timeline")
_COMMAND_KEYS = (
    "name", "displayName", "url", "httpMethod", "permittedArgs", "appSettings", "defaultHeaders",
    "defaultBody", "auditLogging", "cacheSeconds", "inputSchema", "outputSchema", "appAccountName",
)  # fmt: skip
_METHODS = ("get", "post", "put", "patch", "delete")
_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?$")
# Older forms of component names that are taken and kept.
_ARGUMENT = re.compile(r"\{\{\{(\w+)\}\}\}")


def version_of(text: Any) -> tuple[int, int, int, int, str]:
    """A version as something to compare: a release ranks above its pre-releases.

    Raises ApiError 400.
    """
    match = _VERSION.match(text) if isinstance(text, str) else None
    if match is None:
        raise bad_request("version must be a semantic version", pointer="/version")
    major, minor, patch, pre = match.groups()
    return int(major), int(minor), int(patch), 0 if pre else 1, pre or ""


def check(definition: Any, switches: Switches) -> dict[str, Any]:
    """The definition, if all of it is understood. Raises ApiError 400 for the first fault."""
    if not isinstance(definition, dict):
        raise bad_request("The app definition must be an object")
    _only(definition, KEYS, "")
    for name in ("app", "version", "title"):
        if not isinstance(definition.get(name), str) or not definition[name]:
            raise bad_request(f"{name} is required", pointer=f"/{name}")
    if not re.fullmatch(r"[a-z0-9_]+", definition["app"]):
        raise bad_request("app must be snake_case, without spaces and dashes", pointer="/app")
    version_of(definition["version"])
    if definition.get("visibility", "private") not in ("private", "public"):
        raise bad_request("visibility must be private or public", pointer="/visibility")
    _texts(definition.get("tags", []), "/tags", _LISTED_TAGS)
    for role in definition.get("roles", []):
        if not isinstance(role, str) or not roles.known(role):
            raise bad_request(f"{role} is not a role", pointer="/roles")
    _check_settings(definition.get("settings", {}), definition["app"])
    _check_i18n(definition)
    for index, klass in enumerate(_list(definition, "klasses")):
        _check_klass(klass, f"/klasses/{index}", switches)
    for index, kview in enumerate(_list(definition, "kviews")):
        _check_kview(kview, f"/kviews/{index}")
    for index, command in enumerate(_list(definition, "commands")):
        _check_command(command, f"/commands/{index}", definition, switches)
    for index, webhook in enumerate(_list(definition, "outboundWebhooks")):
        pointer = f"/outboundWebhooks/{index}"
        _only(webhook, ("name", "url", "events", "headers"), pointer)
        _not_empty(webhook, "headers", pointer, switches)
        check_webhook(webhook, pointer)
    return definition


def _only(value: Any, known: Iterable[str], pointer: str) -> None:
    if not isinstance(value, dict):
        raise bad_request("must be an object", pointer=pointer or "/")
    for name in sorted(set(value) - set(known)):
        raise _additional(name, pointer)


def _additional(name: str, pointer: str) -> ApiError:
    return bad_request(
        f"Additional properties are not allowed: {name}", pointer=f"{pointer}/{name}"
    )


def _list(definition: dict[str, Any], name: str) -> list[Any]:
    found = definition.get(name, [])
    if not isinstance(found, list):
        raise bad_request(f"{name} must be a list", pointer=f"/{name}")
    return found


def _texts(value: Any, pointer: str, allowed: Iterable[str] | None = None) -> None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad_request("must be a list of texts", pointer=pointer)
    strangers = sorted(set(value) - set(allowed)) if allowed is not None else []
    if strangers:
        raise bad_request(f"not allowed: {', '.join(strangers)}", pointer=pointer)


def _not_empty(value: dict[str, Any], name: str, pointer: str, switches: Switches) -> None:
    if not switches.empty_lists and value.get(name) == []:
        raise bad_request(f"{name} must not be empty", pointer=f"{pointer}/{name}")


def _check_settings(settings: Any, app: str) -> None:
    if not isinstance(settings, dict):
        raise bad_request("settings must be an object", pointer="/settings")
    for category, entries in settings.items():
        pointer = f"/settings/{category}"
        if not isinstance(entries, dict):
            raise bad_request("a category must be an object", pointer=pointer)
        for name, setting in entries.items():
            where = f"{pointer}/{name}"
            _only(setting, _SETTING_KEYS, where)
            if setting.get("type") not in _SETTING_TYPES:
                raise bad_request(
                    f"type must be one of {', '.join(_SETTING_TYPES)}", pointer=f"{where}/type"
                )
            if "defaultValue" not in setting:
                raise bad_request("defaultValue is required", pointer=f"{where}/defaultValue")
            default = setting["defaultValue"]
            kind = _SETTING_TYPES[setting["type"]]
            if default not in (None, "") and not isinstance(default, kind):
                raise bad_request("defaultValue has another type", pointer=f"{where}/defaultValue")


def _check_i18n(definition: dict[str, Any]) -> None:
    i18n = definition.get("i18n")
    if i18n is None:
        return
    if not isinstance(i18n, dict) or "en_us" not in i18n:
        raise bad_request("i18n must have en_us", pointer="/i18n")
    for locale, texts in i18n.items():
        if not isinstance(texts, dict) or not all(isinstance(one, str) for one in texts.values()):
            raise bad_request("texts must be strings", pointer=f"/i18n/{locale}")


def _check_klass(klass: Any, pointer: str, switches: Switches) -> None:
    _only(klass, ("name", "metadata", "icon", "color", "displayName"), pointer)
    name, metadata = klass.get("name"), klass.get("metadata", {})
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise bad_request("name is required", pointer=f"{pointer}/name")
    _only(metadata, ("standard", "properties", "displayName"), f"{pointer}/metadata")
    if metadata.get("standard") is True:
        if name not in STANDARD_KLASSES:
            raise bad_request(f"{name} is not a standard klass", pointer=f"{pointer}/name")
        if switches.klass_needs_icon and not (klass.get("icon") and klass.get("color")):
            raise bad_request("icon and color are required", pointer=pointer)
    if metadata.get("properties"):
        check_properties(metadata["properties"], f"{pointer}/metadata/properties")


def _check_kview(kview: Any, pointer: str) -> None:
    _only(kview, _KVIEW_KEYS, pointer)
    for name in ("name", "resource", "context", "template"):
        if not isinstance(kview.get(name), str) or not kview[name]:
            raise bad_request(f"{name} is required", pointer=f"{pointer}/{name}")
    resource = kview["resource"]
    if resource not in ("customer", "conversation", "company") and not resource.startswith(
        "kobject."
    ):
        raise bad_request(f"{resource} is not a resource", pointer=f"{pointer}/resource")
    if kview["context"] not in _CONTEXTS:
        raise bad_request(
            f"context must be one of {', '.join(_CONTEXTS)}", pointer=f"{pointer}/context"
        )
    _only(kview.get("meta", {}), ("displayName", "icon", "state"), f"{pointer}/meta")
    if kview.get("meta", {}).get("state", "open") not in ("open", "closed"):
        raise bad_request("state must be open or closed", pointer=f"{pointer}/meta/state")


def _check_command(
    command: Any, pointer: str, definition: dict[str, Any], switches: Switches
) -> None:
    known = set(_COMMAND_KEYS)
    if switches.default_headers == "refused":
        known.discard("defaultHeaders")
    _only(command, known, pointer)
    if not isinstance(command.get("name"), str) or not command["name"]:
        raise bad_request("name is required", pointer=f"{pointer}/name")
    if command.get("httpMethod") not in _METHODS:
        raise bad_request(
            f"httpMethod must be one of {', '.join(_METHODS)}", pointer=f"{pointer}/httpMethod"
        )
    url = command.get("url")
    check_url(url, f"{pointer}/url")
    permitted = command.get("permittedArgs", [])
    _texts(permitted, f"{pointer}/permittedArgs")
    _not_empty(command, "permittedArgs", pointer, switches)
    strangers = set(_ARGUMENT.findall(str(url))) - set(permitted)
    if strangers:
        raise bad_request(
            f"not permitted: {', '.join(sorted(strangers))}", pointer=f"{pointer}/url"
        )
    for alias, source in command.get("appSettings", {}).items():
        _only(source, ("key",), f"{pointer}/appSettings/{alias}")
        parts = str(source.get("key", "")).split(".")
        settings = definition.get("settings", {})
        if (
            len(parts) != 3
            or parts[0] != definition["app"]
            or parts[2] not in settings.get(parts[1], {})
        ):
            raise bad_request(
                f"{source.get('key')} is not a setting of this app",
                pointer=f"{pointer}/appSettings/{alias}",
            )
    headers = command.get("defaultHeaders", {})
    if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
        raise bad_request("headers must be texts", pointer=f"{pointer}/defaultHeaders")
