"""Custom attributes: what a name's ending says about its value, and the values that are refused.

https://developer.kustomer.com/docs/concepts/custom-attributes.md
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.kustomer.errors import ApiError, bad_request
from integrations.sandbox.kustomer.model import Klass
from integrations.sandbox.kustomer.org import Org

SUFFIXES = ("Str", "Txt", "Num", "Bool", "At", "Url", "Id", "Tree")
LONGEST_TEXT = 1024
_NAME = re.compile(r"^(@[a-z][a-zA-Z0-9]*|[a-z][a-zA-Z0-9]*)$")


def suffix_of(name: str) -> str | None:
    """The type that a name ends in, None for a name without one."""
    return next((one for one in SUFFIXES if name.endswith(one) and len(name) > len(one)), None)


def check_name(name: str, pointer: str) -> None:
    """Raises ApiError 400 for a name that can't be an attribute's."""
    if not _NAME.match(name) or suffix_of(name) is None:
        raise bad_request(
            f"{name} must be camelCase and end in one of {', '.join(SUFFIXES)}", pointer=pointer
        )


def check_properties(properties: Any, pointer: str = "/properties") -> dict[str, dict[str, Any]]:
    """Definitions of attributes. Raises ApiError 400."""
    if not isinstance(properties, dict) or not properties:
        raise bad_request("properties must be an object with attributes", pointer=pointer)
    for name, definition in properties.items():
        check_name(name, f"{pointer}/{name}")
        if not isinstance(definition, dict):
            raise bad_request("an attribute must be an object", pointer=f"{pointer}/{name}")
        unknown = set(definition) - {
            "displayName", "type", "enumeration", "target", "multi", "sensitive", "description",
            "visible", "deleted",
        }  # fmt: skip
        if unknown:
            raise bad_request(
                f"Additional properties are not allowed: {', '.join(sorted(unknown))}",
                pointer=f"{pointer}/{name}",
            )
        enumeration = definition.get("enumeration")
        if enumeration is not None and (
            not isinstance(enumeration, list)
            or not all(isinstance(one, str) for one in enumeration)
        ):
            raise bad_request("enumeration must list texts", pointer=f"{pointer}/{name}")
        if suffix_of(name) == "Id" and "target" not in definition:
            raise bad_request("an Id attribute needs a target", pointer=f"{pointer}/{name}")
    return properties


def title_of(name: str) -> str:
    """`refundStatusStr` as `Refund Status`: the display name of an attribute without one."""
    suffix = suffix_of(name) or ""
    bare = name.lstrip("@").removesuffix(suffix)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare[:1].upper() + bare[1:])


def _fault(name: str, value: Any, definition: dict[str, Any]) -> str | None:
    kind = suffix_of(name)
    if kind in ("Str", "Txt", "Tree"):
        if not isinstance(value, str):
            return "must be a string"
        if len(value) > LONGEST_TEXT:
            return f"must have at most {LONGEST_TEXT} characters"
        choices = definition.get("enumeration")
        if choices and value not in choices:
            return f"must be one of {', '.join(choices)}"
    elif kind == "Num" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return "must be a number"
    elif kind == "Bool" and not isinstance(value, bool):
        return "must be a boolean"
    elif kind == "At" and not _is_moment(value):
        return "must be an ISO 8601 date-time"
    elif kind == "Url" and not (isinstance(value, str) and urlsplit(value).scheme):
        return "must be a URI"
    elif kind == "Id" and not (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{24}", value)):
        return "must be an id"
    return None


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def changed(org: Org, klass: Klass, old: dict[str, Any], given: Any) -> dict[str, Any]:
    """`old` with the given values. Raises ApiError 400 for unknown names and wrong types.

    `null` clears. Whether keys that aren't sent are kept is a switch.
    """
    if not isinstance(given, dict):
        raise bad_request("custom must be an object", pointer="/custom")
    for name, value in given.items():
        definition = klass.properties.get(name)
        if definition is None:
            raise _unknown(name, klass)
        fault = None if value is None else _fault(name, value, definition)
        if fault:
            raise bad_request(f"custom.{name} {fault}", pointer=f"/custom/{name}")
    base = dict(old) if org.switches.custom_patch == "merge" else {}
    base |= given
    return {name: value for name, value in base.items() if value is not None}


def _unknown(name: str, klass: Klass) -> ApiError:
    return bad_request(
        f"{name} is not a custom attribute of {klass.name}", pointer=f"/custom/{name}"
    )
