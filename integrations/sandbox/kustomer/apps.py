"""Registering and installing apps, and their settings.

https://developer.kustomer.com/docs/apps/register-and-install.md
"""

from __future__ import annotations

from typing import Any

from integrations.sandbox.kustomer import definition as definitions
from integrations.sandbox.kustomer import naming, roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.errors import ApiError, bad_request, conflict, not_found
from integrations.sandbox.kustomer.klasses import completed
from integrations.sandbox.kustomer.model import (
    AppVersion,
    Command,
    Installation,
    Klass,
    Setting,
)
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.paging import page_of
from integrations.sandbox.kustomer.webhooks import create_webhook


def register_version(org: Org, body: Any) -> AppVersion:
    """Register a version for good. Raises ApiError 400 or 409, and then nothing was made."""
    checked = definitions.check(body, org.switches)
    if checked.get("visibility") == "public":
        raise bad_request("Public apps are registered after review", pointer="/visibility")
    known = naming.rewritten(checked, org.id)
    app, version = known["app"], known["version"]
    if (app, version) in org.versions:
        raise conflict(f"{app} {version} is registered already")
    earlier = [one for (name, _), one in org.versions.items() if name == app]
    if earlier:
        latest = max(earlier, key=lambda one: definitions.version_of(one.version))
        new, old = definitions.version_of(version), definitions.version_of(latest.version)
        if new < old:
            raise bad_request(f"version must be above {latest.version}", pointer="/version")
        had = set(latest.definition.get("roles", []))
        if set(known.get("roles", [])) != had and new[0] == old[0]:
            raise bad_request("Changed roles need a new major version", pointer="/roles")
    made = AppVersion(app, version, known, org.clock.now())
    org.versions[(app, version)] = made
    return made


def install(org: Org, app: str, version: str, installer_id: str) -> Installation:
    """Install a registered version. Raises ApiError 404, or 400 and the version before stays."""
    full = naming.app_name(app, org.id)
    registered = org.versions.get((full, version))
    if registered is None:
        raise not_found("App")
    known = registered.definition
    try:
        components = _components(org, known, installer_id)
    except ApiError:
        before = org.installations.get(full)
        if before is not None:
            before.status = "install_failed"
        raise
    installation = Installation(
        org.next_id(), full, version, "installed", org.clock.now(), components
    )
    org.installations[full] = installation
    org.touch()
    return installation


def _components(org: Org, known: dict[str, Any], installer_id: str) -> dict[str, Any]:
    app = known["app"]
    made: dict[str, list[dict[str, Any]]] = {}

    def note(part: str, record_id: str, name: str) -> None:
        made.setdefault(part, []).append(
            {"id": record_id, "name": name, "status": "installed",
             "statusAt": stamp(org.clock.now())}
        )  # fmt: skip

    for klass in known.get("klasses", []):
        found = _install_klass(org, klass, known)
        note("klasses", found.id, found.name)
    for category, entries in known.get("settings", {}).items():
        for name, one in entries.items():
            path = f"{app}.{category}.{name}"
            if path not in org.settings:
                org.settings[path] = Setting(
                    app, category, name, one["type"], one["defaultValue"],
                    bool(one.get("required")), bool(one.get("hidden")),
                )  # fmt: skip
    for kview in known.get("kviews", []):
        note("kviews", org.next_id(), kview["name"])
    for one in known.get("commands", []):
        before = next((c for c in org.commands.values() if c.name == one["name"]), None)
        command = Command(before.id if before else org.next_id(), one["name"], app, one)
        org.commands[command.name] = command
        note("commands", command.id, command.name)
    for one in known.get("outboundWebhooks", []):
        hook = next(
            (w for w in org.webhooks.values() if w.app == app and w.name == one["name"]), None
        )
        if hook is None:
            hook = create_webhook(org, one, installer_id, app=app)
        else:
            hook.url, hook.events = one["url"], list(one["events"])
            hook.headers = [dict(item) for item in one.get("headers", [])]
        note("outboundWebhooks", hook.id, hook.name)
    return made


def _install_klass(org: Org, klass: dict[str, Any], known: dict[str, Any]) -> Klass:
    properties = klass.get("metadata", {}).get("properties") or {}
    if klass.get("metadata", {}).get("standard") is True:
        found = org.klasses[klass["name"]]
        stored = {
            naming.stored_attribute(
                name, known.get("identifier"), prefixed=org.switches.attributes_prefixed
            ): one
            for name, one in properties.items()
        }
        found.properties = {**found.properties, **completed(stored)}
        return found
    made = org.klasses.get(klass["name"])
    if made is None:
        made = Klass(
            org.next_id(), klass["name"], False, {}, org.clock.now(), klass.get("icon"),
            klass.get("color"), known["app"],
        )  # fmt: skip
        org.klasses[made.name] = made
    made.properties = {**made.properties, **completed(properties)}
    return made


def version_json(one: AppVersion) -> dict[str, Any]:
    return {
        "type": "app",
        "id": f"{one.app}-{one.version}",
        "attributes": {**one.definition, "createdAt": stamp(one.created_at)},
    }


def installed_json(one: Installation) -> dict[str, Any]:
    return {
        "type": "app_install",
        "id": one.id,
        "attributes": {
            "app": one.app,
            "version": one.version,
            "status": one.status,
            "statusAt": stamp(one.installed_at),
            **one.components,
        },
    }


def setting_json(one: Setting) -> dict[str, Any]:
    """A secret's value is never given back."""
    return {
        "type": "setting",
        "id": one.path,
        "attributes": {
            "app": one.app,
            "category": one.category,
            "name": one.name,
            "type": one.type,
            "value": None if one.type == "secret" else one.value,
            "hasValue": one.value not in (None, ""),
            "required": one.required,
            "hidden": one.hidden,
        },
    }


def register(api: Api) -> None:
    """Add the endpoints."""
    org = api.org

    def find_version(reference: str) -> AppVersion:
        app, _, version = reference.partition("-")
        found = org.versions.get((naming.app_name(app, org.id), version))
        if found is None:
            raise not_found("App")
        return found

    @api.route("POST", "/apps/available", "apps.register", *roles.APPS)
    def register_app(call: Call) -> Any:
        return {"data": version_json(register_version(org, call.body()))}, 201

    @api.route("GET", "/apps/available", "apps.available", *roles.APPS)
    def available(call: Call) -> Any:
        return page_of(call.args, call.path, list(org.versions.values()), version_json)

    @api.route("GET", "/apps/available/<reference>", "apps.available", *roles.APPS)
    def available_one(call: Call, reference: str) -> Any:
        return {"data": version_json(find_version(reference))}

    @api.route("POST", "/apps/install", "apps.install", *roles.APPS)
    def install_app(call: Call) -> Any:
        if not org.switches.install_by_api:
            raise ApiError(403, "forbidden", "Install apps in the App Directory")
        body = call.json("app", "version")
        for name in ("app", "version"):
            if not isinstance(body.get(name), str):
                raise bad_request(f"{name} is required", pointer=f"/{name}")
        made = install(org, body["app"], body["version"], call.actor.id)
        return {"data": installed_json(made)}, 201

    @api.route("GET", "/apps", "apps.installed", *roles.APPS)
    def installed(call: Call) -> Any:
        return page_of(call.args, call.path, list(org.installations.values()), installed_json)

    @api.route("GET", "/apps/<reference>", "apps.show", *roles.APPS)
    def show(call: Call, reference: str) -> Any:
        found = find_version(reference)
        one = org.installations.get(found.app)
        if one is None or one.version != found.version:
            raise not_found("App")
        return {"data": installed_json(one)}

    _register_settings(api)


def _register_settings(api: Api) -> None:
    org = api.org

    def find(app: str, category: str, name: str) -> Setting:
        setting = org.settings.get(f"{naming.app_name(app, org.id)}.{category}.{name}")
        if setting is None:
            raise not_found("Setting")
        return setting

    @api.route("GET", "/settings", "settings.list", *roles.SETTINGS_READ)
    def listed(call: Call) -> Any:
        return page_of(call.args, call.path, list(org.settings.values()), setting_json)

    @api.route("GET", "/settings/<app>/<category>/<name>", "settings.show", *roles.SETTINGS_READ)
    def show(call: Call, app: str, category: str, name: str) -> Any:
        return {"data": setting_json(find(app, category, name))}

    @api.route("PUT", "/settings/<app>/<category>/<name>", "settings.update", *roles.SETTINGS)
    def update(call: Call, app: str, category: str, name: str) -> Any:
        setting, body = find(app, category, name), call.json("value")
        value = body.get("value")
        kinds: dict[str, Any] = {"number": (int, float), "boolean": bool}
        if value is not None and not isinstance(value, kinds.get(setting.type, str)):
            raise bad_request("value has another type", pointer="/value")
        setting.value = value
        return {"data": setting_json(setting)}
