"""The card's page, and the commands that bring its calls: who may ask, and what is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.domain.order import Order
from integrations.helpdesks.kustomer.config import UserHeader
from integrations.helpdesks.kustomer.connect import Options
from tests.support.card_house import CardHouse, open_card_house

ORG, USER = "x-kustomer-org-id", "x-kustomer-user-id"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardHouse]:
    with open_card_house(tmp_path_factory.mktemp("card")) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(house: CardHouse) -> tuple[str, Order]:
    """A conversation about an eligible order; nothing of it is refunded here but once."""
    return house.write("48.60")


def command(house: CardHouse, name: str, body: object, **headers: str) -> TestResponse:
    """As Kustomer's servers call, with the org's token unless `Authorization` is given."""
    sent = {"Authorization": f"Bearer {house.vault_token}", **headers}
    return house.app.test_client().post(f"/kustomer/commands/{name}", json=body, headers=sent)


def answer(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found = response.json
    assert isinstance(found, dict)
    return found


def sign_in(house: CardHouse, person: Any, **headers: str) -> dict[str, Any]:
    """The whole dance for one person; the card's answer to its last step."""
    begun = answer(command(house, "sign-in", {}, **headers))["body"]
    write_as(house, person, begun["write"])
    return answer(command(house, "sign-in", {"ticket": begun["ticket"]}, **headers))


def write_as(house: CardHouse, person: Any, write: dict[str, Any]) -> None:
    house.sandbox.add_kobject(
        write["url"].rpartition("/")[2],
        None,
        title=write["body"]["title"],
        external_id=write["body"]["externalId"],
        created_by=person.id,
    )


def look(house: CardHouse, conversation: str, path: str, session: str = "", **headers: str) -> Any:
    body = {"conversation": conversation, "session": session, "method": "GET", "path": path}
    return answer(command(house, "look", body, **headers))


def act(
    house: CardHouse, conversation: str, session: str, path: str, body: Any, **more: str
) -> Any:
    name = "refund" if path.startswith("/api/v1/refunds") else "act"
    given = {"conversation": conversation, "session": session, "method": "POST", "path": path,
             "body": body}  # fmt: skip
    return answer(command(house, name, given, **more))


def plan_of(house: CardHouse, conversation: str, session: str) -> str:
    assert look(house, conversation, "/api/v1/me", session)["status"] == 200
    shown = look(house, conversation, f"/api/v1/tickets/{conversation}", session)
    token: str = shown["body"]["plan"]["plan"]
    return token


# --- the page -----------------------------------------------------------------------------------


def test_the_page_is_the_same_for_everybody_and_may_connect_to_nothing(house: CardHouse) -> None:
    client = house.app.test_client()
    page = client.get("/kustomer/card?parentUrl=https://acme.kustomerapp.com&id=1")
    assert page.status_code == 200
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["connect-src"] == policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == house.sandbox.base
    assert "X-Frame-Options" not in page.headers and "Set-Cookie" not in page.headers
    found = re.search(r'id="boot"[^>]*>(.*?)</script>', page.text, re.DOTALL)
    assert found is not None
    boot = json.loads(found[1])
    assert set(boot) == {"helpdesk", "card", "texts"}
    for secret in (house.vault_token, house.sandbox.org.id, house.account.id):
        assert secret not in page.text


def test_in_the_world_only_kustomer_may_frame_it(house: CardHouse) -> None:
    from app import create_app
    from app.settings import Settings

    app = create_app(Settings(), house.world.deps, session_keys=["k" * 40], probe=lambda: [])
    page = app.test_client().get("/kustomer/card")
    assert "frame-ancestors https://*.kustomerapp.com;" in page.headers["Content-Security-Policy"]
    assert "https://cdn.kustomerapp.com" in page.headers["Content-Security-Policy"]


def test_other_helpdesks_have_no_card(house: CardHouse) -> None:
    client = house.app.test_client()
    assert client.get("/zendesk/card").status_code == 404
    assert client.post("/zendesk/commands/look", json={}).status_code == 401
    assert client.get("/kustomer/icon.png").mimetype == "image/png"


# --- whose servers call -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer {{serviceToken}}",
        "Bearer mgk.acme.guessed",
        "Bearer mgk.other.guessed",
        "Bearer mgk.unknown.guessed",
        "Basic {token}",
        "Bearer {token}x",
        "Bearer é",
    ],
)
@pytest.mark.parametrize("name", ["sign-in", "look", "act", "refund"])
def test_without_the_orgs_token_nothing_is_answered(
    house: CardHouse, asked: tuple[str, Order], authorization: str, name: str
) -> None:
    body = {"conversation": asked[0], "path": f"/sidebar/tickets/{asked[0]}"}
    given = authorization.replace("{token}", house.vault_token)
    refused = command(house, name, body if name != "sign-in" else {}, Authorization=given)
    assert refused.status_code == 401
    assert asked[1].name not in refused.text


def test_a_token_of_another_org_is_refused(house: CardHouse) -> None:
    assert command(house, "sign-in", {}, **{ORG: "0" * 24}).status_code == 403
    assert command(house, "sign-in", {}, **{ORG: house.sandbox.org.id}).status_code == 200


def test_the_token_before_a_rotation_still_opens(house: CardHouse) -> None:
    vault = house.world.deps.accounts.vault("acme")
    old = house.vault_token
    vault.put("helpdesk", {"service_tokens": f"mgk.acme.fresh\n{old}"})
    house.world.deps.accounts._doors.clear()  # type: ignore[attr-defined]
    try:
        headers = {"Authorization": f"Bearer {old}"}
        assert command(house, "sign-in", {}, **headers).status_code == 200
    finally:
        vault.put("helpdesk", {"service_tokens": old})
        house.world.deps.accounts._doors.clear()  # type: ignore[attr-defined]


# --- who clicks ---------------------------------------------------------------------------------


def test_a_person_is_who_wrote_the_challenge(house: CardHouse, asked: tuple[str, Order]) -> None:
    done = sign_in(house, house.sandbox.team_lead)
    assert done["body"]["is_proven"] is True
    me = look(house, asked[0], "/api/v1/me", done["body"]["session"])["body"]
    assert (me["id"], me["tier"]) == (house.sandbox.team_lead.id, "team_lead")


def test_nobody_else_can_finish_a_sign_in(house: CardHouse) -> None:
    begun = answer(command(house, "sign-in", {}))["body"]
    write_as(house, house.sandbox.admin, begun["write"])
    # What stands in Kustomer for all to read is not what lets anybody in.
    public = begun["write"]["body"]["externalId"]
    assert answer(command(house, "sign-in", {"ticket": public}))["status"] == 401
    another = answer(command(house, "sign-in", {}))["body"]
    done = answer(command(house, "sign-in", {"ticket": another["ticket"]}))
    assert done["body"]["is_proven"] is False
    assert answer(command(house, "sign-in", {"ticket": begun["ticket"]}))["body"]["is_proven"]
    assert answer(command(house, "sign-in", {"ticket": begun["ticket"]}))["status"] == 401


def test_unproven_people_look_and_never_act(house: CardHouse, asked: tuple[str, Order]) -> None:
    conversation, order = asked
    ticket = answer(command(house, "sign-in", {}))["body"]["ticket"]
    done = answer(command(house, "sign-in", {"ticket": ticket, "failed": True}))["body"]
    assert done["is_proven"] is False
    session = done["session"]
    panel = look(house, conversation, f"/sidebar/tickets/{conversation}", session)
    assert order.name in panel["body"] and "data-plan" not in panel["body"]
    shown = look(house, conversation, f"/api/v1/tickets/{conversation}", session)["body"]
    assert shown["plan"]["may_release"] is False
    refused = act(house, conversation, session, "/api/v1/refunds", {"plan": shown["plan"]["plan"]})
    assert refused["status"] == 403
    case = shown["case_id"]
    assert act(house, conversation, session, f"/api/v1/cases/{case}/refresh", {})["status"] == 403
    assert house.refunds(order) == []


def test_without_a_session_a_look_is_all(house: CardHouse, asked: tuple[str, Order]) -> None:
    conversation, order = asked
    panel = look(house, conversation, f"/sidebar/tickets/{conversation}")
    assert order.name in panel["body"] and "data-plan" not in panel["body"]
    refused = act(house, conversation, "", "/api/v1/refunds", {"plan": "x"})
    assert refused["status"] == 401
    assert house.refunds(order) == []


def test_a_header_alone_proves_nobody_unless_an_admin_trusts_it(
    house: CardHouse, asked: tuple[str, Order]
) -> None:
    named = {USER: house.sandbox.admin.id}
    ticket = answer(command(house, "sign-in", {}, **named))["body"]["ticket"]
    done = answer(command(house, "sign-in", {"ticket": ticket, "failed": True}, **named))
    assert done["body"]["is_proven"] is False
    house.connect(Options(user_header=UserHeader.TRUSTED))
    house.world.deps.accounts._doors.clear()  # type: ignore[attr-defined]
    try:
        ticket = answer(command(house, "sign-in", {}, **named))["body"]["ticket"]
        done = answer(command(house, "sign-in", {"ticket": ticket, "failed": True}, **named))
        assert done["body"]["is_proven"] is True
        me = look(house, asked[0], "/api/v1/me", done["body"]["session"], **named)["body"]
        assert me["id"] == house.sandbox.admin.id
    finally:
        house.connect(Options(user_header=UserHeader.CHECKED))
        house.world.deps.accounts._doors.clear()  # type: ignore[attr-defined]


def test_header_and_proof_that_disagree_are_refused_and_recorded(
    house: CardHouse, asked: tuple[str, Order]
) -> None:
    conversation, order = asked
    forged = {USER: house.sandbox.admin.id}
    assert sign_in(house, house.sandbox.agent, **forged)["status"] == 403
    session = sign_in(house, house.sandbox.agent)["body"]["session"]
    plan = plan_of(house, conversation, session)
    refused = act(house, conversation, session, "/api/v1/refunds", {"plan": plan}, **forged)
    assert refused["status"] == 403
    assert look(house, conversation, "/api/v1/me", session, **forged)["status"] == 403
    assert house.refunds(order) == []
    events = house.world.deps.audit.of_subject("acme", "account:acme")
    disagreed = [one for one in events if one.action == "identity_disagreed"]
    assert len(disagreed) == 3
    assert disagreed[0].data == {
        "named": house.sandbox.admin.id,
        "proven": house.sandbox.agent.id,
    }


# --- what is carried ----------------------------------------------------------------------------


def test_money_has_a_command_of_its_own(house: CardHouse, asked: tuple[str, Order]) -> None:
    conversation, order = asked
    session = sign_in(house, house.sandbox.agent)["body"]["session"]
    plan = plan_of(house, conversation, session)
    body = {"conversation": conversation, "session": session, "method": "POST",
            "path": "/api/v1/refunds", "body": {"plan": plan}}  # fmt: skip
    for name in ("act", "look"):
        assert command(house, name, body).status_code == 400
    assert command(house, "transfer", body).status_code == 400
    assert house.refunds(order) == []


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/kustomer",
        "/kustomer/commands/refund",
        "https://example.com/api/v1/me",
        "api/v1/me",
        "//api/v1/me",
        "/api/v1/../../health",
        "/health",
    ],
)
def test_a_command_carries_calls_of_the_sidebar_only(
    house: CardHouse, asked: tuple[str, Order], path: str
) -> None:
    body = {"conversation": asked[0], "method": "GET", "path": path}
    response = command(house, "look", body)
    assert response.status_code == 422 or answer(response)["status"] in (401, 404)


def test_a_button_of_another_conversation_moves_nothing(house: CardHouse) -> None:
    first, first_order = house.write("11.00", "one@example.com")
    second, second_order = house.write("12.00", "two@example.com")
    session = sign_in(house, house.sandbox.agent)["body"]["session"]
    plan = plan_of(house, first, session)
    refused = act(house, second, session, "/api/v1/refunds", {"plan": plan})
    assert refused["status"] == 403
    assert "Another conversation" in refused["body"]["detail"]
    case = look(house, first, f"/api/v1/tickets/{first}", session)["body"]["case_id"]
    assert act(house, second, session, f"/api/v1/cases/{case}/refresh", {})["status"] == 403
    assert look(house, second, f"/sidebar/tickets/{first}", session)["status"] == 403
    assert house.refunds(first_order) == house.refunds(second_order) == []


def test_the_same_plan_twice_is_one_refund(house: CardHouse) -> None:
    conversation, order = house.write("13.00", "three@example.com")
    session = sign_in(house, house.sandbox.agent)["body"]["session"]
    plan = plan_of(house, conversation, session)
    answers = [
        act(house, conversation, session, "/api/v1/refunds", {"plan": plan}) for _ in range(3)
    ]
    assert [one["status"] for one in answers] == [201, 200, 200]
    assert len({one["body"]["id"] for one in answers}) == 1
    house.wait(lambda: house.refunds(order), "the refund")
    assert house.refunds(order) == ["13.00 USD"]


def test_a_cards_session_is_worth_nothing_outside_its_commands(
    house: CardHouse, asked: tuple[str, Order]
) -> None:
    conversation, _ = asked
    session = sign_in(house, house.sandbox.agent)["body"]["session"]
    assert look(house, conversation, "/api/v1/approvals", session)["status"] == 200
    headers = {"Authorization": f"Bearer {session}", "makegood.brought": "1"}
    client = house.app.test_client()
    for path in ("/api/v1/me", "/api/v1/approvals", "/sidebar/approvals"):
        assert client.get(path, headers=headers).status_code == 401


def test_a_session_of_another_account_is_none(house: CardHouse, asked: tuple[str, Order]) -> None:
    foreign = house.app.extensions["makegood"].signer.issue_session("other", "11", "71")
    assert look(house, asked[0], "/api/v1/me", foreign)["status"] == 401


@pytest.mark.parametrize(
    "body", [{}, {"conversation": "x"}, {"path": "/api/v1/me", "extra": 1}, [], "x"]
)
def test_a_body_that_is_none_of_the_cards_is_refused(house: CardHouse, body: object) -> None:
    assert command(house, "look", body).status_code == 422


def test_a_body_beyond_the_limit_is_refused(house: CardHouse) -> None:
    assert command(house, "look", {"path": "x" * 70_000}).status_code == 413


# --- deliveries at the common address -----------------------------------------------------------


def test_an_event_of_an_unknown_org_is_refused_and_nothing_kept(house: CardHouse) -> None:
    before = house.world.deps.inbox.counts()
    client = house.app.test_client()
    body = json.dumps({"org": "0" * 24, "id": "1", "name": "kustomer.message.create"})
    assert client.post("/webhooks/kustomer", data=body).status_code == 401
    assert client.post("/webhooks/kustomer", data=b"\xff").status_code == 401
    known = json.dumps({"org": house.sandbox.org.id})
    assert client.post("/webhooks/kustomer", data=known).status_code == 401
    assert client.post("/webhooks/nobody", data=known).status_code == 404
    assert client.post("/webhooks/kustomer", data=b"x" * 300_000).status_code == 413
    assert house.world.deps.inbox.counts() == before
