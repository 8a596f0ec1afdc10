"""Every body that we send, held against the vendor's own description of its API.

The file is the vendor's and isn't part of this project: https://developer.zendesk.com/zendesk/oas.yaml
Name it in MAKEGOOD_ZENDESK_OAS to run these tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from app.domain.classification import Reason
from app.domain.crm import CustomerFields, Note, RefundStatus, TicketFields, TicketWrite
from app.domain.money import Money
from integrations.helpdesks.zendesk.client import AccountSession
from integrations.helpdesks.zendesk.connect import Credentials, connect
from tests.support.helpdesk_bench import ZendeskBench

DESCRIPTION = os.environ.get("MAKEGOOD_ZENDESK_OAS", "")
pytestmark = pytest.mark.skipif(not DESCRIPTION, reason="MAKEGOOD_ZENDESK_OAS names no file")
# Of other API families, which the description leaves out.
ELSEWHERE = re.compile(r"/api/v2/(webhooks|apps)|/api/(apps|support)|/oauth/")
BASE = "urn:zendesk"


class Loader(yaml.SafeLoader):
    """YAML 1.1 has a type for a bare `=`, which the description uses as a text."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: str(node.value))


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(Path(DESCRIPTION).read_text(), Loader)
    return loaded


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, Any]]]:
    """(verb, URL with its query, body) of every call."""
    calls: list[tuple[str, str, Any]] = []
    send = AccountSession._send

    def record(self: Any, verb: str, url: Any, *args: Any, **kwargs: Any) -> Any:
        response = send(self, verb, url, *args, **kwargs)
        calls.append((verb, str(response.request.url), kwargs.get("json")))
        return response

    monkeypatch.setattr(AccountSession, "_send", record)
    yield calls


def operation_of(description: dict[str, Any], verb: str, path: str) -> dict[str, Any]:
    """The description of a call; fails for one that isn't described."""
    path = path.removesuffix(".json")
    for template, item in description["paths"].items():
        pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template.removesuffix(".json")))
        if re.fullmatch(pattern, path) and verb.lower() in item:
            literal = "{" not in template
            if literal or not any(
                other.removesuffix(".json") == path for other in description["paths"]
            ):
                operation = dict(item[verb.lower()])
                operation["parameters"] = [
                    *item.get("parameters", []),
                    *operation.get("parameters", []),
                ]
                return operation
    raise AssertionError(f"{verb} {path} is not described")


def follow(description: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    while "$ref" in value:
        found: Any = description
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def properties_of(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """All properties of an object schema, with those of what it is put together from."""
    schema = follow(description, schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= properties_of(description, part)
    return found


def check_body(description: dict[str, Any], operation: dict[str, Any], body: Any) -> list[str]:
    """What the description has against a body, unknown keys included."""
    # Some writes have no body in the description: then it is that of the answer.
    answers = operation["responses"]
    described = operation.get("requestBody") or answers.get("200") or answers["201"]
    schema = follow(description, described)["content"]["application/json"]["schema"]
    registry: Registry[Any] = Registry().with_resource(BASE, DRAFT4.create_resource(description))
    wrapped = {"$ref": f"{BASE}{schema['$ref']}"} if "$ref" in schema else schema
    problems = [one.message for one in OAS30Validator(wrapped, registry=registry).iter_errors(body)]
    (name,) = body
    known = properties_of(description, properties_of(description, schema)[name])
    return problems + [f"unknown key {key}" for key in body[name] if known and key not in known]


def everything(bench: ZendeskBench) -> None:
    """One of each call that the adapter makes."""
    helpdesk = bench.helpdesk()
    customer = bench.person("customer")
    ticket_id = bench.ticket(customer, "Order #1001", ("vip",))
    seen = helpdesk.read_ticket(ticket_id)
    helpdesk.write_ticket(
        TicketWrite(
            ticket_id=ticket_id,
            marker="w-1",
            note=Note(headline="Eligible"),
            add_tags=("makegood_checked",),
            fields=TicketFields(
                status=RefundStatus.ELIGIBLE,
                amount=Money.of("48.60", "EUR"),
                order="#1001",
                reason=Reason.DAMAGED,
            ),
        ),
        seen,
    )
    helpdesk.find_write(ticket_id, "w-1")
    helpdesk.read_requester(customer)
    helpdesk.read_agent(bench.person("agent"))
    fields = CustomerFields(
        refund_count=1, refunded_total=Money.of("48.60", "EUR"), last_refund_on=date(2026, 11, 21)
    )
    helpdesk.write_customer(customer, fields)
    helpdesk.recent_tickets(seen.created_at, None)
    helpdesk.check()
    # Connected once more with something to create and something to mend.
    account = bench.sandbox.account
    account.triggers.clear()
    own = account.custom_ticket_fields()
    own[0].options.pop()
    del account.ticket_fields[own[1].id]
    account.user_fields.clear()
    again = connect(
        bench.account,
        bench.surroundings,
        Credentials(token=bench.sandbox.static_token),
        "https://refunds.example.com",
    )
    next(iter(account.triggers.values())).active = False
    connect(
        bench.account.model_copy(update={"config": again.config}),
        bench.surroundings,
        Credentials(token=bench.sandbox.static_token),
        "https://refunds.example.com",
    )


def test_all_we_send_is_described(
    bench: ZendeskBench, sent: list[tuple[str, str, Any]], description: dict[str, Any]
) -> None:
    everything(bench)
    ours = [one for one in sent if not ELSEWHERE.search(urlsplit(one[1]).path)]
    problems = []
    for verb, url, body in ours:
        operation = operation_of(description, verb, urlsplit(url).path)
        if body is not None:
            found = check_body(description, operation, body)
            problems += [f"{verb} {urlsplit(url).path}: {one}" for one in found]
    assert not problems, "\n".join(problems)
    written = {(verb, urlsplit(url).path.split("/")[3]) for verb, url, _ in ours if verb != "GET"}
    assert written >= {
        ("PUT", "tickets"),
        ("PUT", "users"),
        ("POST", "ticket_fields.json"),
        ("PUT", "ticket_fields"),
        ("POST", "user_fields.json"),
        ("POST", "triggers.json"),
        ("PUT", "triggers"),
    }


def test_all_parameters_are_described(
    bench: ZendeskBench, sent: list[tuple[str, str, Any]], description: dict[str, Any]
) -> None:
    everything(bench)
    # Cursor paging and side-loads hold for all lists and are described in words only.
    general = {"page[size]", "page[after]", "page", "per_page", "include", "sort"}
    unknown = []
    for verb, url, _ in sent:
        parts = urlsplit(url)
        if ELSEWHERE.search(parts.path):
            continue
        operation = operation_of(description, verb, parts.path)
        known = {follow(description, one)["name"] for one in operation["parameters"]} | general
        unknown += [
            f"{parts.path}: {name}" for name, _ in parse_qsl(parts.query) if name not in known
        ]
    assert unknown == []
