"""The OpenAPI 3.1 document, made from the routes and their models: https://spec.openapis.org/oas/v3.1.1"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from app.web.describe import Operation, operation_of
from app.web.errors import Problem

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_Mode = Literal["validation", "serialization"]


def operations(app: Flask) -> Iterator[tuple[str, str, Rule, Operation]]:
    """Path, method, rule and description of every route but static files.

    Raises LookupError for a route without a description, so none can be forgotten.
    """
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        found = operation_of(app.view_functions[rule.endpoint])
        if found is None:
            raise LookupError(f"the view {rule.endpoint} has no description")
        path = _PARAMETER.sub(r"{\g<name>}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield path, method.lower(), rule, found


def _models(app: Flask) -> list[tuple[type[BaseModel], _Mode]]:
    found: dict[tuple[type[BaseModel], _Mode], None] = {}
    for _, _, _, operation in operations(app):
        if operation.body is not None:
            found[(operation.body, "validation")] = None
        for model in operation.answers.values():
            if model is not None:
                found[(model, "serialization")] = None
    return list(found)


@lru_cache(maxsize=1)
def openapi_document(app: Flask) -> dict[str, Any]:
    """The whole document; the same for the life of the process."""
    refs, schemas = models_json_schema(_models(app), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, rule, operation in operations(app):
        paths.setdefault(path, {})[method] = _operation(rule, method, operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Makegood",
            "version": "1",
            "description": "Refunds inside a helpdesk: what its sidebar and webhooks use.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The session that an opened sidebar holds in memory.",
                }
            },
        },
    }


def _operation(rule: Rule, method: str, operation: Operation, refs: Any) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": match["name"],
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if match["kind"] == "int" else "string"},
        }
        for match in _PARAMETER.finditer(rule.rule)
    ]
    parameters += [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in operation.query.items()
    ]
    described: dict[str, Any] = {
        "operationId": f"{rule.endpoint.replace('.', '_')}_{method}",
        "summary": operation.summary,
        "responses": {
            str(status): _answer(status, model, operation, refs)
            for status, model in sorted(operation.answers.items())
        },
        "security": [{"bearer": []}] if operation.auth == "bearer" else [],
    }
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {
            "required": bool(operation.body.model_fields),
            "content": {"application/json": {"schema": refs[(operation.body, "validation")]}},
        }
    return described


def _answer(
    status: int, model: type[BaseModel] | None, operation: Operation, refs: Any
) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if model is not None:
        media = "application/problem+json" if model is Problem else "application/json"
        answer["content"] = {media: {"schema": refs[(model, "serialization")]}}
    elif operation.media_type != "application/json":
        answer["content"] = {operation.media_type: {"schema": {"type": "string"}}}
    return answer
