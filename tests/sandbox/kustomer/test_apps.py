"""Registration, installation, settings and commands of an app."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.sandbox.kustomer import KustomerSandbox
from tests.sandbox.kustomer.conftest import Client
from tests.sandbox.kustomer.definition import definition
from tests.sandbox.zendesk.receiver import Receiver


def _with(part: str, **changes: Any) -> dict[str, Any]:
    """The definition with the first entry of a part changed; None removes a key."""
    made = definition()
    first = {**made[part][0], **changes}
    made[part][0] = {name: value for name, value in first.items() if value is not None}
    return made


def _full(kustomer: KustomerSandbox) -> str:
    return f"refund_helper_{kustomer.org.id}"


def test_registration_rewrites_names(kustomer: KustomerSandbox, api: Client) -> None:
    answer = api.post("/apps/available", definition())
    assert answer.status_code == 201, answer.text
    known = answer.json()["data"]["attributes"]
    full = _full(kustomer)
    assert known["app"] == full
    [command] = known["commands"]
    assert command["name"] == f"kustomer.app.{full}.lookup"
    assert command["appSettings"]["serviceToken"]["key"] == f"{full}.default.serviceToken"
    assert known["kviews"][0]["name"] == f"kustomer.app.{full}.card"
    assert [one["name"] for one in known["klasses"]] == ["conversation", f"{full}-order"]
    assert api.get(f"/apps/available/{full}-1.0.0").json()["data"]["attributes"] == known
    # The older form of a command's name is kept.
    older = _with("commands", name="refund_helper.app.lookup") | {"version": "1.1.0"}
    known = api.post("/apps/available", older).json()["data"]["attributes"]
    assert known["commands"][0]["name"] == f"{full}.app.lookup"


@pytest.mark.parametrize(
    "make",
    [
        lambda: definition(**{"$schema": "https://example.com"}),
        lambda: definition(clientId="x"),
        lambda: definition(app="refund-helper"),
        lambda: definition(version="1.0"),
        lambda: definition(title=None),
        lambda: definition(tags=["shopping"]),
        lambda: definition(visibility="public"),
        lambda: definition(i18n={"de_de": {}}),
        lambda: definition(settings={"default": {"token": {"type": "password"}}}),
        lambda: definition(settings={"default": {"serviceToken": {"type": "secret"}}}),
        lambda: _with("commands", url="http://example.com/x"),
        lambda: _with("commands", httpMethod="POST"),
        lambda: _with("commands", timeout=5),
        lambda: _with("commands", url="https://example.com/{{{order}}}"),
        lambda: _with("commands", appSettings={"serviceToken": {"key": "other.default.x"}}),
        lambda: _with("kviews", context="sidebar"),
        lambda: _with("kviews", template=None),
        lambda: _with("outboundWebhooks", events=["kustomer.note.create"]),
        lambda: _with("klasses", name="ticket"),
        lambda: _with("klasses", metadata={"standard": True, "properties": {"status": {}}}),
    ],
)
def test_definitions_that_are_refused_make_nothing(
    kustomer: KustomerSandbox, api: Client, make: Callable[[], dict[str, Any]]
) -> None:
    answer = api.post("/apps/available", make())
    assert answer.status_code == 400, answer.text
    assert kustomer.org.versions == {}


def test_versions_are_permanent(kustomer: KustomerSandbox, api: Client) -> None:
    def register(version: str, **more: Any) -> int:
        return api.post("/apps/available", definition(version=version, **more)).status_code

    assert register("1.0.0") == 201
    assert register("1.0.0") == 409
    assert register("0.9.0") == 400
    assert register("1.0.0-beta") == 400
    assert register("1.1.0", roles=["org.user.note.write"]) == 400
    assert register("2.0.0", roles=["org.user.note.write"]) == 201
    assert len(kustomer.org.versions) == 2
    reader = Client(kustomer.base, kustomer.runtime_key)
    assert reader.post("/apps/available", definition(version="3.0.0")).status_code == 403


@pytest.mark.parametrize(
    ("switch", "value", "change"),
    [
        ("empty_lists", False, {}),
        ("klass_needs_icon", True, {}),
        ("default_headers", "refused", {}),
    ],
)
def test_what_may_be_refused_at_registration(
    kustomer: KustomerSandbox, api: Client, switch: str, value: Any, change: dict[str, Any]
) -> None:
    setattr(kustomer.org.switches, switch, value)
    assert api.post("/apps/available", definition(**change)).status_code == 400
    lean = definition()
    del lean["commands"][0]["permittedArgs"], lean["commands"][0]["defaultHeaders"]
    del lean["outboundWebhooks"][0]["headers"]
    lean["klasses"][0] |= {"icon": "cash-refund", "color": "#0b6b57"}
    assert api.post("/apps/available", lean).status_code == 201


@pytest.mark.parametrize("prefixed", [True, False])
def test_installing_makes_everything(
    kustomer: KustomerSandbox, api: Client, prefixed: bool
) -> None:
    kustomer.org.switches.attributes_prefixed = prefixed
    api.post("/apps/available", definition())
    made = api.post("/apps/install", {"app": "refund_helper", "version": "1.0.0"})
    assert made.status_code == 201, made.text
    parts = made.json()["data"]["attributes"]
    assert parts["status"] == "installed"
    [webhook] = parts["outboundWebhooks"]
    shown = api.get(f"/outbound-webhooks/{webhook['id']}").json()["data"]["attributes"]
    assert shown["token"] and shown["enabled"]
    properties = api.get("/metadata/conversation").json()["data"]["attributes"]["properties"]
    wanted = "@refhelpRefundStatusStr" if prefixed else "refundStatusStr"
    assert properties[wanted]["displayName"] == "Refund status"
    assert [one["id"] for one in api.get("/klasses").json()["data"]] == [
        kustomer.org.klasses[f"{_full(kustomer)}-order"].id
    ]
    installed = api.get(f"/apps/{_full(kustomer)}-1.0.0").json()["data"]["attributes"]
    assert installed["commands"] == parts["commands"]
    # Installing the next version keeps ids, settings and the webhook's token.
    api.post("/apps/available", definition(version="1.0.1"))
    api.call("PUT", "/settings/refund_helper/default/serviceToken", {"value": "s3cret"})
    again = api.post("/apps/install", {"app": "refund_helper", "version": "1.0.1"}).json()
    assert again["data"]["attributes"]["outboundWebhooks"][0]["id"] == webhook["id"]
    assert kustomer.org.settings[f"{_full(kustomer)}.default.serviceToken"].value == "s3cret"
    assert (
        api.post("/apps/install", {"app": "refund_helper", "version": "9.9.9"}).status_code == 404
    )


def test_installing_may_be_an_admins_matter(kustomer: KustomerSandbox, api: Client) -> None:
    kustomer.org.switches.install_by_api = False
    api.post("/apps/available", definition())
    refused = api.post("/apps/install", {"app": "refund_helper", "version": "1.0.0"})
    assert refused.status_code == 403
    assert kustomer.org.installations == {}
    kustomer.install("refund_helper", "1.0.0")
    assert api.get("/apps").json()["data"][0]["attributes"]["status"] == "installed"


def test_a_secret_is_written_and_never_read(kustomer: KustomerSandbox, api: Client) -> None:
    api.post("/apps/available", definition())
    kustomer.install("refund_helper", "1.0.0")
    path = "/settings/refund_helper/default/serviceToken"
    assert api.get(path).json()["data"]["attributes"]["hasValue"] is False
    assert api.call("PUT", path, {"value": 5}).status_code == 400
    assert api.call("PUT", path, {"value": "s3cret"}).status_code == 200
    shown = api.get(path)
    assert "s3cret" not in shown.text
    assert shown.json()["data"]["attributes"]["hasValue"] is True
    greeting = api.get("/settings/refund_helper/default/greeting").json()["data"]["attributes"]
    assert greeting["value"] == "Hello"


@pytest.fixture
def command(kustomer: KustomerSandbox, api: Client, receiver: Receiver) -> str:
    made = _with("commands", url=receiver.url)
    known = api.post("/apps/available", made).json()["data"]["attributes"]
    kustomer.install("refund_helper", "1.0.0")
    api.call("PUT", "/settings/refund_helper/default/serviceToken", {"value": "s3cret"})
    return str(known["commands"][0]["name"])


BODY = {"body": {"conversationId": "64c0000000000000000000b2"}}


def test_a_command_is_called_by_kustomers_servers(
    kustomer: KustomerSandbox, receiver: Receiver, command: str
) -> None:
    agent = Client(kustomer.base, kustomer.org.issue_key("s", ("org.user",), kustomer.agent).token)
    answer = agent.post(f"/commands/{command}/run", BODY)
    assert answer.status_code == 200, answer.text
    run = answer.json()["data"]["attributes"]
    assert (run["statusCode"], run["requestError"]) == (202, None)
    [seen] = receiver.received
    assert json.loads(seen.body) == BODY["body"]
    headers = {name.lower(): value for name, value in seen.headers.items()}
    assert headers["authorization"] == "Bearer s3cret"
    assert headers["x-kustomer-org-id"] == kustomer.org.id
    assert headers["x-kustomer-user-id"] == kustomer.agent.id
    # Whoever runs it may see the secret: that is why it may be good for little only.
    assert run["requestHeaders"]["authorization"] == "Bearer s3cret"
    kustomer.org.switches.run_headers_masked = True
    masked = kustomer.run_command(command, kustomer.agent.id, BODY)
    assert "s3cret" not in json.dumps(masked["requestHeaders"])


@pytest.mark.parametrize(
    ("switch", "seen_user"),
    [("sent", "agent"), ("absent", "forged"), ("overridable", "forged")],
)
def test_headers_of_the_caller(
    kustomer: KustomerSandbox, receiver: Receiver, command: str, switch: Any, seen_user: str
) -> None:
    kustomer.org.switches.identity_headers = switch
    given = {**BODY, "headers": {"X-Kustomer-User-Id": "forged", "Authorization": "Bearer mine"}}
    kustomer.run_command(command, kustomer.agent.id, given)
    headers = {name.lower(): value for name, value in receiver.received[0].headers.items()}
    wanted = kustomer.agent.id if seen_user == "agent" else "forged"
    assert headers["x-kustomer-user-id"] == wanted
    assert headers["authorization"] == "Bearer mine"
    assert ("x-kustomer-org-id" in headers) == (switch != "absent")


def test_templates_in_headers(kustomer: KustomerSandbox, receiver: Receiver, command: str) -> None:
    kustomer.org.switches.default_headers = "literal"
    kustomer.run_command(command, kustomer.agent.id, BODY)
    # Where defaults aren't filled in, what the card passes still is.
    card = {**BODY, "headers": {"Authorization": "Bearer {{serviceToken}}"}}
    kustomer.run_command(command, kustomer.agent.id, card)
    seen = [
        {name.lower(): value for name, value in one.headers.items()}["authorization"]
        for one in receiver.received
    ]
    assert seen == ["Bearer {{serviceToken}}", "Bearer s3cret"]


def test_commands_that_are_refused_call_nobody(
    kustomer: KustomerSandbox, receiver: Receiver, command: str
) -> None:
    agent = Client(kustomer.base, kustomer.org.issue_key("s", ("org.user",), kustomer.agent).token)
    path = f"/commands/{command}/run"
    assert agent.post(path, {"body": {}}).status_code == 400
    assert agent.post(path, {"body": {"conversationId": "x", "amount": 5}}).status_code == 400
    assert agent.post("/commands/kustomer.app.nobody.lookup/run", BODY).status_code == 404
    kustomer.org.switches.command_role = "org.admin"
    assert agent.post(path, BODY).status_code == 403
    assert receiver.received == []


def test_a_command_that_gets_no_answer(
    kustomer: KustomerSandbox, receiver: Receiver, command: str
) -> None:
    kustomer.org.switches.runner_timeout_seconds = 0.3
    receiver.answers = ["hang", 500]
    run = kustomer.run_command(command, kustomer.agent.id, BODY)
    assert (run["statusCode"], run["requestError"]["name"]) == (None, "ReadTimeoutError")
    run = kustomer.run_command(command, kustomer.agent.id, BODY)
    assert (run["statusCode"], run["responseBody"]) == (500, "")
    assert run["requestError"]
