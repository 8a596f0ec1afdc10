"""Apps: upload, create, job status, installation, public key; and the signed sidebar token.

https://developer.zendesk.com/documentation/apps/app-developer-guide/manifest/
https://developer.zendesk.com/documentation/apps/build-an-app/building-a-server-side-app/part-5-secure-the-app/
"""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from typing import Any

import jwt
from flask import Response, request

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.clock import real_now, stamp
from integrations.sandbox.zendesk.errors import (
    ApiError,
    record_invalid,
    record_not_found,
)
from integrations.sandbox.zendesk.fields import create_field, forget_field
from integrations.sandbox.zendesk.keys import KeyPair
from integrations.sandbox.zendesk.model import App, Installation

SIDEBAR_TOKEN_SECONDS = 300
FIELD_REQUIREMENTS = {"ticket_fields": False, "user_fields": True}


def add_app(
    account: Account, name: str, manifest: dict[str, Any], requirements: dict[str, Any]
) -> App:
    """Register an app with a key pair of its own."""
    app = App(
        id=account.next_id("app"),
        name=name,
        manifest=manifest,
        requirements=requirements,
        keys=KeyPair(),
        created_at=account.clock.now(),
    )
    account.apps[app.id] = app
    return app


def install(account: Account, app: App, settings: dict[str, Any]) -> Installation:
    """Install an app and create the fields it requires. Raises ApiError 422."""
    if app.manifest.get("singleInstall") is True and any(
        one.app_id == app.id for one in account.installations.values()
    ):
        raise record_invalid("base", "This app can be installed once only")
    for parameter in app.manifest.get("parameters", []):
        if parameter.get("required") and settings.get(parameter["name"]) in (None, ""):
            raise record_invalid("settings", f"{parameter['name']}: cannot be blank", "BlankValue")
    now = account.clock.now()
    installation = Installation(account.next_id("installation"), app.id, dict(settings), now, now)
    for family, of_users in FIELD_REQUIREMENTS.items():
        for identifier, body in app.requirements.get(family, {}).items():
            field = create_field(account, body, of_users=of_users, creator_app_name=app.name)
            installation.requirement_ids[identifier] = {
                "requirement_id": field.id,
                "requirement_type": family,
            }
    account.installations[installation.id] = installation
    return installation


def uninstall(account: Account, installation: Installation) -> None:
    """Remove an installation together with the fields it created and their values."""
    for requirement in installation.requirement_ids.values():
        for records in (account.ticket_fields, account.user_fields):
            field = records.get(requirement["requirement_id"])
            if field is not None:
                forget_field(account, field)
    account.installations.pop(installation.id, None)


def installation_json(account: Account, installation: Installation) -> dict[str, Any]:
    app = account.apps[installation.app_id]
    hidden = {one["name"] for one in app.manifest.get("parameters", []) if one.get("secure")}
    shown = {name: value for name, value in installation.settings.items() if name not in hidden}
    return {
        "id": installation.id,
        "app_id": installation.app_id,
        "product": "support",
        "settings": shown,
        "settings_objects": [{"name": name, "value": value} for name, value in shown.items()],
        "enabled": installation.enabled,
        "created_at": stamp(installation.created_at),
        "updated_at": stamp(installation.updated_at),
    }


def sidebar_token(
    account: Account,
    installation: Installation,
    agent_id: int,
    *,
    location: str = "ticket_sidebar",
    **overrides: Any,
) -> str:
    """The RS256 token that the first load of a sidebar carries. `overrides` replace claims;
    a claim overridden with None is left out."""
    app = account.apps[installation.app_id]
    now = int(real_now().timestamp())
    claims: dict[str, Any] = {
        "iss": account.host,
        "aud": account.url(f"apps/installations/{installation.id}.json"),
        "sub": account.url(f"users/{agent_id}.json"),
        "iat": now,
        "nbf": now,
        "exp": now + SIDEBAR_TOKEN_SECONDS,
        "jti": secrets.token_hex(8),
        "qsh": secrets.token_hex(32),
        "cnf": {"jku": account.url(f"apps/installations/{installation.id}/keys.json")},
        "context": {"product": "support", "location": location},
    }
    claims |= overrides
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, app.keys.private_pem, algorithm="RS256")


def read_package(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """`(manifest, requirements)` of an app's zip. Raises ApiError 422 as the build job does."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = set(archive.namelist())
        if "manifest.json" not in names:
            nested = any(name.endswith("/manifest.json") for name in names)
            hint = "is in a sub-folder: zip the folder's contents" if nested else "is missing"
            raise record_invalid("base", f"manifest.json {hint}")
        manifest = json.loads(archive.read("manifest.json"))
        requirements = (
            json.loads(archive.read("requirements.json")) if "requirements.json" in names else {}
        )
    except (zipfile.BadZipFile, ValueError):
        raise record_invalid("base", "The package can't be read") from None
    for name in ("author", "defaultLocale", "location", "frameworkVersion"):
        if name not in manifest:
            raise record_invalid("base", f"Manifest: {name} is missing")
    if str(manifest["frameworkVersion"]) != "2.0":
        raise record_invalid("base", "Manifest: frameworkVersion must be 2.0")
    if f"translations/{manifest['defaultLocale']}.json" not in names:
        raise record_invalid("base", "The translation of the default locale is missing")
    return manifest, requirements


def register(api: Api) -> None:
    """Add the app endpoints. They need broad scopes and an admin."""
    account = api.account
    uploads: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    jobs: dict[str, dict[str, Any]] = {}

    def finished(app: App) -> str:
        job_id = secrets.token_hex(16)
        jobs[job_id] = {
            "id": job_id,
            "status": "completed",
            "message": "",
            "app_id": app.id,
            "progress": 1,
        }
        return job_id

    def package(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
        upload_id = call.json().get("upload_id")
        if upload_id not in uploads:
            raise record_invalid("upload_id", "Upload: is invalid")
        return uploads[upload_id]

    def find_app(app_id: int) -> App:
        if app_id not in account.apps:
            raise record_not_found()
        return account.apps[app_id]

    def find_installation(installation_id: int) -> Installation:
        if installation_id not in account.installations:
            raise record_not_found()
        return account.installations[installation_id]

    @api.route("POST", "/v2/apps/uploads", "apps.upload", scope="apps", admin=True)
    def upload(call: Call) -> Any:
        part = request.files.get("uploaded_data")
        if part is None:
            raise ApiError(
                400, {"error": "InvalidParameter", "description": "uploaded_data is missing"}
            )
        upload_id = account.next_id("upload")
        uploads[upload_id] = read_package(part.read())
        return {"id": upload_id}, 201

    def create(call: Call) -> Any:
        manifest, requirements = package(call)
        name = call.json().get("name") or manifest.get("name")
        if not name:
            raise record_invalid("name", "Name: cannot be blank", "BlankValue")
        return {"job_id": finished(add_app(account, str(name), manifest, requirements))}, 202

    # The vendor's own tool posts to the first of these two paths.
    api.route("POST", "/apps", "apps.create", scope="apps", admin=True)(create)
    api.route("POST", "/v2/apps", "apps.create", scope="apps", admin=True)(create)

    @api.route("PUT", "/v2/apps/<int:app_id>", "apps.update", scope="apps", admin=True)
    def update(call: Call, app_id: int) -> Any:
        app = find_app(app_id)
        app.manifest, app.requirements = package(call)
        return {"job_id": finished(app)}, 202

    @api.route("GET", "/v2/apps/job_statuses/<job_id>", "apps.job", scope="apps", admin=True)
    def job(call: Call, job_id: str) -> Any:
        if job_id not in jobs:
            raise record_not_found()
        return jobs[job_id]

    @api.route("GET", "/v2/apps/<int:app_id>/public_key.pem", "apps.public_key", admin=True)
    def public_key(call: Call, app_id: int) -> Any:
        return Response(find_app(app_id).keys.public_pem, content_type="application/x-pem-file")

    for prefix in ("/v2/apps/installations", "/support/apps/installations"):

        @api.route("GET", prefix, "installations.list", scope="apps", admin=True)
        def list_installations(call: Call) -> Any:
            return {
                "installations": [
                    installation_json(account, one) for one in account.installations.values()
                ]
            }

        @api.route("POST", prefix, "installations.create", scope="apps", admin=True)
        def create_installation(call: Call) -> Any:
            body = call.json()
            app = account.apps.get(body.get("app_id") or 0)
            if app is None:
                raise record_invalid("app_id", "App: is invalid")
            made = install(account, app, body.get("settings") or {})
            return installation_json(account, made), 201

        rule = f"{prefix}/<int:installation_id>"

        @api.route("GET", rule, "installations.show", scope="apps", admin=True)
        def show_installation(call: Call, installation_id: int) -> Any:
            return installation_json(account, find_installation(installation_id))

        @api.route("PUT", rule, "installations.update", scope="apps", admin=True)
        def update_installation(call: Call, installation_id: int) -> Any:
            installation, body = find_installation(installation_id), call.json()
            installation.settings.update(body.get("settings") or {})
            if "enabled" in body:
                installation.enabled = body["enabled"] is True
            installation.updated_at = account.clock.now()
            return installation_json(account, installation)

        @api.route("DELETE", rule, "installations.delete", scope="apps", admin=True)
        def delete_installation(call: Call, installation_id: int) -> None:
            uninstall(account, find_installation(installation_id))
