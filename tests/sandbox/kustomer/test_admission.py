"""Keys, roles, limits and the shapes of errors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.kustomer.model import Conversation
from tests.sandbox.kustomer.conftest import Client


def test_a_key_says_whose_it_is(kustomer: KustomerSandbox, api: Client) -> None:
    token = api.get("/auth/tokens/current").json()["data"]
    assert "org.permission.note.create" in token["attributes"]["roles"]
    me = api.get("/users/current").json()["data"]
    assert me["id"] == kustomer.machine_user.id == token["relationships"]["user"]["data"]["id"]
    assert me["attributes"]["userType"] == "machine"


def test_no_key_a_wrong_one_a_late_one_and_another_pod(kustomer: KustomerSandbox) -> None:
    for token in (None, "nonsense"):
        answer = Client(kustomer.base, token).get("/users/current")
        assert answer.status_code == 401
        assert "x-ratelimit-remaining" in answer.headers
    late = kustomer.add_key("late", ["org.user"], lifetime=timedelta(hours=1))
    client = Client(kustomer.base, late.token)
    assert client.get("/users/current").status_code == 200
    kustomer.clock.advance(3601)
    assert client.get("/users/current").status_code == 401
    kustomer.faults.add("users.current", "wrong_pod")
    answer = Client(kustomer.base, kustomer.api_key).get("/users/current")
    assert (answer.status_code, "pod" in answer.text) == (401, True)


def test_a_missing_role_is_named(kustomer: KustomerSandbox, conversation: Conversation) -> None:
    key = kustomer.add_key("reader", ["org.permission.conversation.read"])
    client = Client(kustomer.base, key.token)
    assert client.get(f"/conversations/{conversation.id}").status_code == 200
    refused = client.post(f"/conversations/{conversation.id}/notes", {"body": "x"})
    assert refused.status_code == 403
    assert "org.permission.note.create" in refused.json()["errors"][0]["message"]
    assert kustomer.notes(conversation.id) == []
    # The documented run-time roles suffice for what happens at run time, and for no more.
    runtime = Client(kustomer.base, kustomer.runtime_key)
    assert runtime.post(f"/conversations/{conversation.id}/notes", {"body": "x"}).status_code == 201
    assert runtime.post(f"/conversations/{conversation.id}/tags", ["x"]).status_code == 201
    assert (
        runtime.call("DELETE", f"/conversations/{conversation.id}/tags", ["x"]).status_code == 403
    )
    assert (
        runtime.call("PUT", "/metadata/customer", {"properties": {"aStr": {}}}).status_code == 403
    )
    with pytest.raises(ValueError, match=r"org\.everything"):
        kustomer.add_key("greedy", ["org.everything"])


def test_older_and_wider_roles_open_too(
    kustomer: KustomerSandbox, conversation: Conversation
) -> None:
    for role, status in (
        ("org.user", 200),
        ("org.user.conversation.read", 200),
        ("org.admin", 200),
        ("org.user.customer.read", 403),
        ("org.permission.conversation", 200),
    ):
        client = Client(kustomer.base, kustomer.add_key(role, [role]).token)
        assert client.get(f"/conversations/{conversation.id}").status_code == status, role
    agent = Client(kustomer.base, kustomer.add_key("agent", ["org.user"]).token)
    assert agent.get("/outbound-webhooks").status_code == 403


@pytest.mark.parametrize("shape", ["simple", "json_api", "mixed"])
def test_both_shapes_of_errors(
    kustomer: KustomerSandbox, api: Client, conversation: Conversation, shape: Any
) -> None:
    kustomer.org.switches.error_shape = shape
    [placed] = api.patch(f"/conversations/{conversation.id}", {"priority": 9}).json()["errors"]
    [plain] = api.get("/conversations/64c0000000000000000000b2").json()["errors"]
    assert ("detail" in placed) == (shape != "simple")
    assert ("detail" in plain) == (shape == "json_api")
    assert placed["code"] == "bad_request"
    if "detail" in placed:
        assert placed["source"] == {"pointer": "/priority"}


def test_the_budget_is_the_orgs(kustomer: KustomerSandbox, api: Client) -> None:
    kustomer.limits.limits["org"] = 3
    other = Client(kustomer.base, kustomer.add_key("other", ["org.user"]).token)
    seen = [
        int(client.get("/users/current").headers["x-ratelimit-remaining"])
        for client in (api, other, api)
    ]
    assert seen == [2, 1, 0]
    refused = other.get("/users/current")
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    reset = int(refused.headers["x-ratelimit-reset"])
    assert abs(reset - kustomer.clock.seconds() - 60) < 5
    kustomer.org.switches.reset_unit, kustomer.org.switches.retry_after = "seconds", True
    refused = other.get("/users/current")
    assert int(refused.headers["x-ratelimit-reset"]) <= 60
    assert refused.headers["Retry-After"] == refused.headers["x-ratelimit-reset"]
    kustomer.clock.advance(60)
    assert other.get("/users/current").status_code == 200


def test_limits_of_notes_search_and_one_object(
    kustomer: KustomerSandbox, api: Client, conversation: Conversation
) -> None:
    kustomer.limits.limits |= {"notes": 1, "search": 1, "object": 2}
    path = f"/conversations/{conversation.id}"
    assert api.post(f"{path}/notes", {"body": "x"}).status_code == 201
    assert api.post(f"{path}/notes", {"body": "x"}).status_code == 429
    assert api.post("/customers/search", {}).status_code == 200
    assert api.post("/customers/search", {}).status_code == 429
    assert api.patch(path, {"priority": 1}).status_code == 200
    # Tags count as updates of the same object.
    assert api.post(f"{path}/tags", ["x"]).status_code == 201
    assert api.patch(path, {"priority": 2}).status_code == 429
    assert conversation.priority == 1
    assert kustomer.limits.refused == {"notes": 1, "search": 1, "object": 1}


def test_bodies_that_are_no_json(kustomer: KustomerSandbox, api: Client) -> None:
    import requests

    url = f"{kustomer.base}/v1/customers/search"
    header = {"Authorization": f"Bearer {kustomer.api_key}"}
    for content_type, body in (("text/plain", "{}"), ("application/json", "{")):
        answer = requests.post(
            url, data=body, headers={**header, "Content-Type": content_type}, timeout=5
        )
        assert answer.status_code == 400
    assert api.get("/nothing/here").status_code == 404
