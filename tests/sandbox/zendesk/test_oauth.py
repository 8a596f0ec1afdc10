from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket
from tests.sandbox.zendesk.conftest import Client

BACK = "http://127.0.0.1:1/oauth/callback"
SCOPE = "tickets:read tickets:write users:read"


@pytest.fixture
def secret(zendesk: ZendeskSandbox) -> str:
    zendesk.add_oauth_client("makegood", secret="s3cret", redirect_uris=[BACK])
    return "s3cret"


def token(zendesk: ZendeskSandbox, **body: Any) -> requests.Response:
    body = {"client_id": "makegood", "client_secret": "s3cret", **body}
    return requests.post(f"{zendesk.base}/oauth/tokens", json=body, timeout=10)


def consent(zendesk: ZendeskSandbox, **asked: str) -> dict[str, str]:
    """Open the consent page, press Allow, and return what came back in the query."""
    query = {
        "response_type": "code",
        "client_id": "makegood",
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": "abc",
        **asked,
    }
    page = requests.get(f"{zendesk.base}/oauth/authorizations/new", params=query, timeout=10)
    assert page.status_code == 200
    answer = requests.post(
        f"{zendesk.base}/oauth/authorizations",
        data={**query, "user_id": str(zendesk.admin.id), "answer": "allow"},
        allow_redirects=False,
        timeout=10,
    )
    parts = urlsplit(answer.headers["Location"])
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_code_with_pkce_then_refresh_kills_the_old_pair(
    zendesk: ZendeskSandbox, ticket: Ticket, secret: str
) -> None:
    verifier = "v" * 60
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    back = consent(zendesk, code_challenge=challenge, code_challenge_method="S256")
    assert back["state"] == "abc"
    exchange = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "redirect_uri": BACK,
        "code_verifier": verifier,
    }
    first = token(zendesk, **exchange).json()
    assert set(first["scope"].split()) == set(SCOPE.split())
    assert (first["expires_in"], first["refresh_token_expires_in"]) == (1800, 2_592_000)
    assert token(zendesk, **exchange).json()["error"] == "invalid_grant"

    old = Client(zendesk.base, first["access_token"])
    assert old.get("/users/me").json()["user"]["id"] == zendesk.admin.id
    renewed = token(zendesk, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert old.get(f"/tickets/{ticket.id}").status_code == 401
    new = Client(zendesk.base, renewed.json()["access_token"])
    assert new.get(f"/tickets/{ticket.id}").status_code == 200
    twice = token(zendesk, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_grant")
    zendesk.clock.advance(1801)
    assert new.get(f"/tickets/{ticket.id}").json()["error"] == "invalid_token"


def test_a_wrong_verifier_and_a_late_code_are_refused(zendesk: ZendeskSandbox, secret: str) -> None:
    back = consent(zendesk, code_challenge="x" * 43, code_challenge_method="S256")
    body = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": "wrong"}
    assert token(zendesk, code=back["code"], **body).json()["error"] == "invalid_grant"
    late = consent(zendesk)
    zendesk.clock.advance(121)
    assert token(zendesk, code=late["code"], **body).json()["error"] == "invalid_grant"


def test_consent_never_redirects_to_a_foreign_address(zendesk: ZendeskSandbox, secret: str) -> None:
    query = {"response_type": "code", "client_id": "makegood", "redirect_uri": "http://x.example/"}
    answer = requests.get(
        f"{zendesk.base}/oauth/authorizations/new",
        params=query,
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("scope", [["tickets:read"], "tickets:read tickts:write", ""])
def test_a_wrong_scope_gives_a_token_that_is_good_for_nothing(
    zendesk: ZendeskSandbox, ticket: Ticket, secret: str, scope: object
) -> None:
    made = token(zendesk, grant_type="client_credentials", scope=scope)
    assert made.status_code == 200
    client = Client(zendesk.base, made.json()["access_token"])
    for path in (f"/tickets/{ticket.id}", "/users/me", "/oauth/tokens/current"):
        assert client.get(path).status_code == 403


def test_scopes_are_checked_by_resource_and_mode(zendesk: ZendeskSandbox, ticket: Ticket) -> None:
    reader = Client(zendesk.base, zendesk.issue_token("tickets:read").value)
    assert reader.get(f"/tickets/{ticket.id}").status_code == 200
    refused = reader.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"subject": "x"}})
    assert refused.status_code == 403
    assert "tickets:write" in refused.json()["description"]
    assert reader.get("/users/me").status_code == 403
    assert reader.get("/ticket_fields").status_code == 403
    zendesk.account.options.field_endpoints_scope = "named"
    assert reader.get("/ticket_fields").status_code == 200
    current = reader.get("/oauth/tokens/current").json()["token"]
    assert current["scopes"] == ["tickets:read"]


def test_expiry_outside_the_allowed_range_and_a_wrong_secret(
    zendesk: ZendeskSandbox, secret: str
) -> None:
    body = {"grant_type": "client_credentials", "scope": "read"}
    assert token(zendesk, expires_in=60, **body).status_code == 400
    assert token(zendesk, client_secret="no", **body).status_code == 401
    assert token(zendesk, grant_type="password").json()["error"] == "unsupported_grant_type"
