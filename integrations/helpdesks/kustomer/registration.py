"""Registers the app definition and installs it. What Kustomer answers is the truth about names.

A registered version is permanent: the same definition is never registered twice, and a changed one
gets the next version. A few details of the vendor's schema aren't documented; where registration
complains about one of them, that detail is mended and registration is tried again.
https://developer.kustomer.com/docs/apps/register-and-install
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.domain.errors import AccessDenied, NotFound, Rejected, StaleWrite, VendorError
from integrations.helpdesks.kustomer import setup
from integrations.helpdesks.kustomer.client import KustomerClient
from integrations.helpdesks.kustomer.commands import COMMANDS, possible_names
from integrations.helpdesks.kustomer.setup import AppAttributes, Step
from integrations.helpdesks.kustomer.sign_in import KLASS
from integrations.helpdesks.kustomer.vocabulary import VENDOR

Definition = dict[str, Any]
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_MOST_ATTEMPTS = 8
BY_HAND = (
    "install {app} {version} in Kustomer (Settings, Apps, App Directory), then run makegood "
    "connect kustomer again"
)


def fingerprint(definition: Mapping[str, Any]) -> str:
    """A definition's content, whatever its version."""
    bare = {name: one for name, one in definition.items() if name not in ("version", "changelog")}
    return hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).hexdigest()


def ensure_registered(
    client: KustomerClient, config: dict[str, object], definition: Definition
) -> Step:
    """The definition as a registered version; `config` gets the names that Kustomer gave.

    Raises VendorError with what Kustomer refused; then nothing was registered.
    """
    mark = fingerprint(definition)
    known = str(config.get("app") or ""), str(config.get("app_version") or "")
    if all(known) and config.get("definition") == mark:
        try:
            _keep_names(config, setup.registered_app(client, *known), definition)
        except NotFound:
            pass
        else:
            return Step(name="app", outcome="kept", detail=f"{known[0]} {known[1]}")
    wanted = {**definition, "version": _next_version(client, config, definition)}
    wanted["changelog"] = {
        **definition["changelog"],
        wanted["version"]: definition["changelog"][definition["version"]],
    }
    registered = _register(client, wanted)
    _keep_names(config, registered, definition)
    config["app_version"] = registered.version or wanted["version"]
    config["definition"] = mark
    return Step(name="app", outcome="created", detail=f"{config['app']} {config['app_version']}")


def ensure_installed(client: KustomerClient, config: dict[str, object]) -> Step:
    """The registered version, installed. Some orgs only let an admin do that in Kustomer."""
    app, version = str(config["app"]), str(config["app_version"])
    try:
        found = setup.installed_app(client, app, version)
    except NotFound:
        found = None
    if found is not None and found.status != "install_failed":
        return Step(name="installation", outcome="kept", detail=f"{app} {version}")
    try:
        client.send("POST", "apps/install", {"app": app, "version": version})
    except (AccessDenied, NotFound):
        return Step(
            name="installation",
            outcome="skipped",
            detail=BY_HAND.format(app=app, version=version),
        )
    return Step(name="installation", outcome="created", detail=f"{app} {version}")


def _next_version(
    client: KustomerClient, config: Mapping[str, object], definition: Definition
) -> str:
    """The definition's own version, or the one after the latest that is registered."""
    own = str(definition["version"])
    app = str(definition["app"])
    names = {app, f"{app}_{config.get('org_id')}"}
    latest = max(
        (_parts(one.version) for one in setup.registered_apps(client) if one.full_name in names),
        default=None,
    )
    if latest is None or _parts(own) > latest:
        return own
    return f"{latest[0]}.{latest[1]}.{latest[2] + 1}"


def _parts(version: str) -> tuple[int, int, int]:
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def _register(client: KustomerClient, definition: Definition) -> AppAttributes:
    for attempt in _mended(definition):
        try:
            return setup.app_of(client.send("POST", "apps/available", attempt.definition))
        except StaleWrite as error:
            raise _taken(attempt.definition, error) from error
        except Rejected as error:
            if isinstance(error, AccessDenied | NotFound) or not attempt.can_mend(str(error)):
                raise
    raise AssertionError("the last attempt always returns or raises")


class _Mend:
    """What to change where a complaint has these words."""

    def __init__(self, words: str, change: Callable[[Definition], None]) -> None:
        self.words = re.compile(words)
        self.change = change


class _Attempt:
    """One form of the definition, and what a complaint makes of it."""

    def __init__(self, definition: Definition, left: list[_Mend]) -> None:
        self.definition = definition
        self._left = left
        self.chosen: _Mend | None = None

    def can_mend(self, complaint: str) -> bool:
        self.chosen = next((one for one in self._left if one.words.search(complaint)), None)
        return self.chosen is not None


def _without_default_headers(definition: Definition) -> None:
    # The card then hands the header's template in with each call.
    for command in definition["commands"]:
        command.pop("defaultHeaders", None)


def _with_icons(definition: Definition) -> None:
    for klass in definition["klasses"]:
        klass.setdefault("icon", "receipt")
        klass.setdefault("color", "#5c6b7a")


def _with_argument_lists(definition: Definition) -> None:
    for command in definition["commands"]:
        command.setdefault("permittedArgs", [])


def _with_header_lists(definition: Definition) -> None:
    for webhook in definition["outboundWebhooks"]:
        webhook.setdefault("headers", [])


def _mended(definition: Definition) -> Iterator[_Attempt]:
    """The definition, then the forms that complaints ask for, each detail once."""
    left = [
        _Mend("defaultHeaders", _without_default_headers),
        _Mend("icon|color", _with_icons),
        _Mend("permittedArgs", _with_argument_lists),
        _Mend("headers", _with_header_lists),
    ]
    present = copy.deepcopy(definition)
    for _ in range(_MOST_ATTEMPTS):
        attempt = _Attempt(copy.deepcopy(present), left)
        yield attempt
        if attempt.chosen is None:
            return
        left.remove(attempt.chosen)
        attempt.chosen.change(present)


def _taken(definition: Definition, error: VendorError) -> Rejected:
    return Rejected(
        f"Kustomer has {definition['app']} {definition['version']} already, with other content: "
        "run makegood connect kustomer again",
        vendor=VENDOR,
        operation=error.operation,
        status=error.status,
    )


def _keep_names(
    config: dict[str, object], registered: AppAttributes, definition: Definition
) -> None:
    """The names of app, commands and klass as registered; built by the documented scheme where an
    answer doesn't list them."""
    org_id, app = str(config.get("org_id") or ""), str(definition["app"])
    config["app"] = registered.full_name or f"{app}_{org_id}"
    names = {}
    for name in COMMANDS:
        listed = [one.name for one in registered.commands if one.name.endswith(f".{name}")]
        names[name] = listed[0] if listed else possible_names(app, org_id, name)[0]
    config["commands"] = names
    klasses = [one.name for one in registered.klasses if one.name.endswith(f"-{KLASS}")]
    config["sign_in_klass"] = klasses[0] if klasses else f"{config['app']}-{KLASS}"


def strange_commands(config: Mapping[str, object], app: str) -> list[str]:
    """Registered command names that the card, which only knows the schemes, wouldn't find."""
    commands = config.get("commands")
    names = commands if isinstance(commands, dict) else {}
    org_id = str(config.get("org_id") or "")
    return [
        str(full) for name, full in names.items() if full not in possible_names(app, org_id, name)
    ]
