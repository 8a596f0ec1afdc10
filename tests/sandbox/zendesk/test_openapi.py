"""Answers of the endpoints are valid by the vendor's own OpenAPI description."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket, User
from tests.sandbox.zendesk.conftest import Client
from tests.support.prerequisites import zendesk_openapi


class _Loader(yaml.CSafeLoader):
    """Reads the bare `=` of the document as text, which YAML 1.1 gives a type of its own."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


def _let_null_be_null(node: Any) -> None:
    """Mends a gap of the document: an enumeration that is nullable lists no null."""
    if isinstance(node, dict):
        if node.get("nullable") is True and isinstance(node.get("enum"), list):
            node["enum"] = [*node["enum"], None]
        for value in node.values():
            _let_null_be_null(value)
    elif isinstance(node, list):
        for value in node:
            _let_null_be_null(value)


@cache
def document(path: Path) -> tuple[dict[str, Any], Any]:
    # A subclass of the safe loader, for all that the linter sees.
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    _let_null_be_null(loaded)
    # Accounts answer null for an empty custom field and for a recipient that isn't known.
    schemas = loaded["components"]["schemas"]
    schemas["TicketFieldValueInput"]["properties"]["value"] = {}
    schemas["TicketObject"]["properties"]["recipient"]["nullable"] = True
    # A changed list of tags is a list, also in the audit of an update's answer.
    schemas["AuditObject"]["properties"]["events"]["items"]["properties"]["value"] = {}
    resource = Resource.from_contents(loaded, default_specification=DRAFT4)
    return loaded, Registry().with_resource("urn:vendor", resource)


@pytest.fixture
def errors_of() -> Callable[[str, str, int, Any], list[str]]:
    path = zendesk_openapi()

    def check(method: str, template: str, status: int, body: Any) -> list[str]:
        loaded, registry = document(path)
        responses = loaded["paths"][template][method]["responses"]
        assert str(status) in responses, f"{method} {template} has no {status}"
        schema = responses[str(status)]["content"]["application/json"]["schema"]
        if "$ref" in schema:
            schema = {"$ref": f"urn:vendor{schema['$ref']}"}
        validator = OAS30Validator(schema, registry=registry)
        return [
            f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}"
            for one in validator.iter_errors(body)
        ]

    return check


def test_answers_are_valid(
    errors_of: Callable[[str, str, int, Any], list[str]],
    zendesk: ZendeskSandbox,
    api: Client,
    ticket: Ticket,
    customer: User,
    status_field: int,
) -> None:
    token = Client(zendesk.base, zendesk.issue_token("read write").value)
    note = {
        "ticket": {
            "comment": {"html_body": "<p>n</p>", "public": False},
            "custom_fields": [{"id": status_field, "value": "refund_done"}],
            "metadata": {"k": "v"},
        }
    }
    trigger = {
        "trigger": {
            "title": "T",
            "conditions": {"all": [{"field": "update_type", "operator": "is", "value": "Create"}]},
            "actions": [{"field": "set_tags", "value": "a"}],
        }
    }
    field = {"ticket_field": {"type": "text", "title": "Reason"}}
    user_field = {"user_field": {"type": "decimal", "title": "Sum", "key": "refund_sum"}}
    one_ticket, one_user = "/api/v2/tickets/{ticket_id}", "/api/v2/users/{user_id}"
    t, u = f"/tickets/{ticket.id}", f"/users/{customer.id}"
    user = {"user": {"user_fields": {"refund_count": 2}}}
    cases: list[tuple[str, str, str, Any, Client]] = [
        ("PUT", t, one_ticket, note, api),
        ("GET", t, one_ticket, None, api),
        ("GET", f"{t}/audits", f"{one_ticket}/audits", None, api),
        ("GET", f"{t}/comments", f"{one_ticket}/comments", None, api),
        ("GET", f"{t}/tags", f"{one_ticket}/tags", None, api),
        ("PUT", f"{t}/tags", f"{one_ticket}/tags", {"tags": ["a"]}, api),
        ("POST", f"{t}/tags", f"{one_ticket}/tags", {"tags": ["b"]}, api),
        ("DELETE", f"{t}/tags", f"{one_ticket}/tags", {"tags": ["b"]}, api),
        ("POST", "/tickets", "/api/v2/tickets", {"ticket": {"comment": {"body": "x"}}}, api),
        ("GET", "/tickets", "/api/v2/tickets", None, api),
        ("GET", "/search?query=type:ticket", "/api/v2/search", None, api),
        ("GET", "/search/export?query=x&filter[type]=ticket", "/api/v2/search/export", None, api),
        (
            "GET",
            "/incremental/tickets/cursor?start_time=1000",
            "/api/v2/incremental/tickets/cursor",
            None,
            api,
        ),
        ("GET", u, one_user, None, api),
        ("PUT", u, one_user, user, api),
        ("GET", f"{u}/identities", f"{one_user}/identities", None, api),
        ("GET", "/users", "/api/v2/users", None, api),
        ("GET", "/users/me", "/api/v2/users/me", None, token),
        ("GET", "/oauth/tokens/current", "/api/v2/oauth/tokens/current", None, token),
        ("POST", "/ticket_fields", "/api/v2/ticket_fields", field, api),
        ("GET", "/ticket_fields", "/api/v2/ticket_fields", None, api),
        ("POST", "/user_fields", "/api/v2/user_fields", user_field, api),
        ("GET", "/user_fields", "/api/v2/user_fields", None, api),
        ("POST", "/triggers", "/api/v2/triggers", trigger, api),
        ("GET", "/triggers", "/api/v2/triggers", None, api),
    ]
    found = {}
    for method, path, template, body, client in cases:
        answer = client.call(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.text}"
        errors = errors_of(method.lower(), template, answer.status_code, answer.json())
        if errors:
            found[f"{method} {template}"] = errors
    assert found == {}
