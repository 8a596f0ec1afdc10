"""How the sidebar is opened: once per signed token, without cookies, under a tight policy."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.fakes import World
from tests.web.conftest import Person, sign_in


def opened(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/zendesk/sidebar?origin=x&app_guid=y", data={"token": token})


def boot_of(page: TestResponse) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="boot"[^>]*>(.*?)</script>', page.text)
    assert found is not None
    boot: dict[str, object] = json.loads(found[1])
    return boot


def test_a_signed_visit_gets_a_session_that_works(client: FlaskClient, world: World) -> None:
    page = opened(client, "acme:11:first")
    assert page.status_code == 200
    person = Person(client, str(boot_of(page)["session"]))
    answer = person.get("/api/v1/me")
    assert answer.json == {
        "id": "11",
        "name": "Noor Haddad",
        "role": "agent",
        "tier": "agent",
    }


def test_nothing_is_stored_in_the_browser(client: FlaskClient) -> None:
    page = opened(client, "acme:11:first")
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_the_policy_names_our_scripts_the_helpdesk_and_one_frame(client: FlaskClient) -> None:
    page = opened(client, "acme:11:first")
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    nonce = re.search(r'nonce="([^"]+)"', page.text)
    assert nonce is not None
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' 'nonce-{nonce[1]}' https://static.example.com"
    assert policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "https://acme.zendesk.com"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert "X-Frame-Options" not in page.headers


def test_the_page_fits_its_policy(client: FlaskClient) -> None:
    page = opened(client, "acme:11:first").text
    assert not re.search(r"\son\w+=|style=|javascript:", page)
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", page)
    assert [("application/json" in attributes) for attributes in inline] == [True]


def test_every_page_has_its_own_nonce(client: FlaskClient) -> None:
    nonces = {
        re.search(r'nonce="([^"]+)"', opened(client, f"acme:11:{number}").text)[1]  # type: ignore[index]
        for number in range(3)
    }
    assert len(nonces) == 3


def test_a_token_opens_one_page(client: FlaskClient) -> None:
    assert opened(client, "acme:11:first").status_code == 200
    again = opened(client, "acme:11:first")
    assert again.status_code == 403
    assert "Reload the app" in again.text
    assert "session" not in again.text.lower().replace("sign-in", "")


@pytest.mark.parametrize("token", ["", "nonsense", "acme:11:bad", "nobody:11:first"])
def test_an_unproven_visit_gets_a_readable_page(client: FlaskClient, token: str) -> None:
    page = opened(client, token)
    assert page.status_code == 403
    assert page.mimetype == "text/html"
    assert "Finish the setup" in page.text
    assert "boot" not in page.text
    assert "https://*.zendesk.com" in page.headers["Content-Security-Policy"]


def test_a_closed_account_gets_no_session(client: FlaskClient, world: World) -> None:
    account = world.account().model_copy(update={"is_active": False})
    world.deps.accounts.save(account, "tests", world.clock.now())
    assert opened(client, "acme:11:first").status_code == 403


def test_a_form_that_is_too_large_is_refused(client: FlaskClient) -> None:
    assert opened(client, "x" * 40_000).status_code == 413


def test_opening_it_by_hand_says_how(client: FlaskClient) -> None:
    page = client.get("/zendesk/sidebar")
    assert page.status_code == 200
    assert "Open Makegood from a ticket" in page.text
    assert client.get("/elsewhere/sidebar").status_code == 404
    assert client.post("/elsewhere/sidebar").status_code == 404


def test_a_session_ends(app: Flask, world: World) -> None:
    person = sign_in(app)
    world.clock.advance(29 * 60)
    assert person.get("/api/v1/tickets/1").status_code == 200
    world.clock.advance(2 * 60)
    answer = person.get("/api/v1/tickets/1")
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["code"] == "session_expired"
    assert "Reload the app" in answer.json["next"]
    assert person.get("/sidebar/tickets/1").status_code == 401


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer nonsense", "Basic YWNtZToxMQ==", "Bearer WzEsMl0.x.y"],
)
def test_no_valid_session_no_answer(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/api/v1/tickets/1", "/sidebar/tickets/1", "/api/v1/me"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_plan_token_is_no_session(app: Flask, agent: Person) -> None:
    signer = app.extensions["makegood"].signer
    token = signer.sign_plan(signer.read_session(agent.session), "case", "plan")
    assert Person(app.test_client(), token).get("/api/v1/me").status_code == 401


def test_a_removed_account_loses_its_sessions_at_once(agent: Person, world: World) -> None:
    account = world.account().model_copy(update={"is_active": False})
    world.deps.accounts.save(account, "tests", world.clock.now())
    assert agent.get("/api/v1/tickets/1").status_code == 401
