"""Commands: Kustomer's servers call an app's url, with the org's secrets filled in.

https://developer.kustomer.com/kustomer-apps-platform/docs/commands
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import urllib3
from jsonschema import Draft7Validator

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.errors import bad_request, missing_role, not_found
from integrations.sandbox.kustomer.model import Command, User
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.paging import page_of

MAX_ANSWER_BYTES = 1024 * 1024
_SETTING = re.compile(r"\{\{(\w+)\}\}")
_ARGUMENT = re.compile(r"\{\{\{(\w+)\}\}\}")
_IDENTITY = ("x-kustomer-org-id", "x-kustomer-user-id")
_MASK = "********"


class Runner:
    """Runs commands over real HTTP. Holds no lock while it waits for the app."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)

    def close(self) -> None:
        self._pool.clear()

    def run(self, name: str, user: User, given: dict[str, Any]) -> dict[str, Any]:
        """The attributes of the run's answer. Raises ApiError for what Kustomer itself refuses."""
        org = self._org
        command = org.commands.get(name)
        if command is None:
            raise not_found("Command")
        needed = org.switches.command_role
        if needed and not roles.opens(user.roles, (needed,)):
            raise missing_role((needed,), user.roles)
        arguments, body, headers = _parts(given)
        self._check_input(command, arguments, body)
        secrets = self._secrets(command)
        sent = self._headers(command, user, headers, secrets)
        url = self._url(command, {**arguments, **given.get("urlArgs", {})}, secrets)
        run = {
            "commandId": command.id,
            "args": arguments,
            "url": url,
            "requestHeaders": self._shown(sent, secrets),
            "requestBody": body,
            "responseBody": None,
            "statusCode": None,
            "requestError": None,
        }
        self._send(command, url, sent, body, run)
        with org.lock:
            org.command_runs.append({"name": name, "user": user.id, **run})
        return run

    def _check_input(self, command: Command, arguments: Any, body: Any) -> None:
        schema = command.definition.get("inputSchema")
        if not schema:
            return
        seen = body if self._org.switches.input_schema_sees == "body" else {**arguments, **body}
        fault = next(iter(Draft7Validator(schema).iter_errors(seen)), None)
        if fault is not None:
            place = "/".join(str(one) for one in fault.absolute_path)
            raise bad_request(fault.message, pointer=f"/body/{place}".rstrip("/"))

    def _secrets(self, command: Command) -> dict[str, str]:
        found = {}
        for alias, source in command.definition.get("appSettings", {}).items():
            setting = self._org.settings.get(source["key"])
            found[alias] = "" if setting is None or setting.value is None else str(setting.value)
        return found

    def _headers(
        self, command: Command, user: User, given: dict[str, str], secrets: dict[str, str]
    ) -> dict[str, str]:
        switches = self._org.switches
        defaults = dict(command.definition.get("defaultHeaders", {}))
        if switches.default_headers == "expanded":
            defaults = {name: _filled(value, secrets) for name, value in defaults.items()}
        # The caller's headers come from an agent's browser; templates in them are filled in too.
        own = {name.lower(): _filled(str(value), secrets) for name, value in given.items()}
        identity = dict(zip(_IDENTITY, (self._org.id, user.id), strict=True))
        merged = {name.lower(): value for name, value in defaults.items()} | own
        match switches.identity_headers:
            case "sent":
                merged |= identity
            case "overridable":
                merged = identity | merged
            case "absent":
                pass
        merged.setdefault("content-type", "application/json")
        merged["user-agent"] = "Kustomer-Command-Runner"
        return merged

    def _url(self, command: Command, arguments: dict[str, Any], secrets: dict[str, str]) -> str:
        permitted = command.definition.get("permittedArgs", [])

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name not in permitted or name not in arguments:
                raise bad_request(f"the argument {name} is missing", pointer=f"/args/{name}")
            return quote(str(arguments[name]), safe="")

        return _filled(_ARGUMENT.sub(value, command.definition["url"]), secrets)

    def _shown(self, headers: dict[str, str], secrets: dict[str, str]) -> dict[str, str]:
        if not self._org.switches.run_headers_masked:
            return headers
        values = [one for one in secrets.values() if one]
        return {
            name: _MASK if any(one in value for one in values) else value
            for name, value in headers.items()
        }

    def _send(
        self, command: Command, url: str, headers: dict[str, str], body: Any, run: dict[str, Any]
    ) -> None:
        method = command.definition["httpMethod"].upper()
        try:
            response = self._pool.request(
                method,
                url,
                body=None if method == "GET" else json.dumps(body).encode(),
                headers=headers,
                timeout=urllib3.Timeout(total=self._org.switches.runner_timeout_seconds),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            run["requestError"] = {"name": type(error).__name__, "message": str(error)[:300]}
            return
        run["statusCode"] = response.status
        text = response.data[:MAX_ANSWER_BYTES].decode("utf-8", "replace")
        try:
            run["responseBody"] = json.loads(text)
        except ValueError:
            run["responseBody"] = text
        if response.status >= 400:
            run["requestError"] = {"name": "StatusCodeError", "message": f"{response.status}"}


def _parts(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    found = []
    for name in ("args", "body", "headers"):
        value = given.get(name) or {}
        if not isinstance(value, dict):
            raise bad_request(f"{name} must be an object", pointer=f"/{name}")
        found.append(value)
    arguments, body, headers = found
    return arguments, body, headers


def _filled(text: str, secrets: dict[str, str]) -> str:
    return _SETTING.sub(lambda match: secrets.get(match[1], match[0]), text)


def register(api: Api, runner: Runner) -> None:
    """Add the endpoints."""
    org = api.org

    @api.route("GET", "/commands", "commands.list", *roles.APPS, "org.user.command.read")
    def listed(call: Call) -> Any:
        return page_of(
            call.args,
            call.path,
            list(org.commands.values()),
            lambda one: {
                "type": "command",
                "id": one.id,
                "attributes": {"name": one.name, "app": one.app},
            },
        )

    @api.route("POST", "/commands/<name>/run", "commands.run", locked=False)
    def run(call: Call, name: str) -> Any:
        given = call.json("args", "body", "headers", "urlArgs")
        return {
            "data": {
                "type": "command_run",
                "id": org.next_id(),
                "attributes": runner.run(name, call.actor, given),
            }
        }
