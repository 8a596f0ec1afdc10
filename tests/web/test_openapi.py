"""The interface's description: valid, complete, and true of what is really answered."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from app.domain.case import Case
from app.web.openapi import openapi_document
from app.web.texts import ENGLISH, script_texts, text
from tests.web.conftest import Person


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json  # type: ignore[assignment]
    return found


def test_every_route_is_in_it(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    described = {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }
    assert described == routes
    assert len(routes) >= 19


def test_a_route_without_a_description_is_a_fault(app: Flask) -> None:
    openapi_document.cache_clear()
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(LookupError, match="forgotten"):
        openapi_document(app)


def test_it_is_openapi_3_1_with_sound_schemas(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False or "enum" in schema, name
    seen = set()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation["responses"]
            in_path = {
                item["name"] for item in operation.get("parameters", []) if item["in"] == "path"
            }
            assert all(f"{{{name}}}" in path for name in in_path)
            assert len(in_path) == path.count("{")


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if "$ref" in node else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


def test_no_reference_is_dangling(document: dict[str, Any]) -> None:
    names = {reference.rsplit("/", 1)[1] for reference in references(document)}
    assert names <= set(document["components"]["schemas"])


def test_what_moves_money_needs_a_session(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith(("/api/", "/sidebar/")) and not path.endswith("openapi.json"):
                assert operation["security"] == [{"bearer": []}], (path, method)


def check(document: dict[str, Any], path: str, method: str, status: int, body: Any) -> None:
    answer = document["paths"][path][method]["responses"][str(status)]["content"]
    (media,) = answer.values()
    schema = {**media["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(body)


def test_answers_are_as_described(
    agent: Person, lead: Person, eligible: Case, document: dict[str, Any]
) -> None:
    agent.get("/api/v1/me")
    ticket = agent.get("/api/v1/tickets/501")
    check(document, "/api/v1/tickets/{ticket_id}", "get", 200, ticket.json)
    assert ticket.json is not None
    started = agent.post("/api/v1/refunds", {"plan": ticket.json["plan"]["plan"]})
    check(document, "/api/v1/refunds", "post", 201, started.json)
    priced = agent.post(f"/api/v1/cases/{eligible.id}/price", {"shipping": True})
    check(document, "/api/v1/cases/{case_id}/price", "post", priced.status_code, priced.json)
    deliveries = lead.get("/api/v1/deliveries?state=done")
    check(document, "/api/v1/deliveries", "get", 200, deliveries.json)
    health = agent.get("/health")
    check(document, "/health", "get", 200, health.json)


def test_the_words_of_the_script_are_all_there() -> None:
    assert {"loading", "retry", "expired.title", "busy.refund"} <= set(script_texts())
    assert text("pay.button", amount="$1") == "Refund $1"
    assert text("pay.button", language="xx", amount="$1") == "Refund $1"
    assert all(ENGLISH[key] or key.endswith(".next") for key in ENGLISH)
