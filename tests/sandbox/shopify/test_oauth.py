"""The three ways to a token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from integrations.sandbox.shopify import Shop, ShopifySandbox
from integrations.sandbox.shopify.oauth import sign_query
from tests.sandbox.shopify.client import Client

REDIRECT = "http://127.0.0.1/shopify/callback"


def ask(sandbox: ShopifySandbox, shop: Shop, **body: Any) -> TestResponse:
    app = sandbox.client
    return sandbox.app.test_client().post(
        f"/shops/{shop.domain}/admin/oauth/access_token",
        data={"client_id": app.client_id, "client_secret": app.client_secret, **body},
    )


def works(client: Client, token: str) -> bool:
    client.token = token
    return client.raw("{ shop { name } }").status_code == 200


def authorize(sandbox: ShopifySandbox, shop: Shop, **changes: str) -> TestResponse:
    sandbox.client.redirect_uris.append(REDIRECT)
    query = {
        "client_id": sandbox.client.client_id,
        "scope": "write_orders,read_customers,write_themes",
        "redirect_uri": REDIRECT,
        "state": "nonce-1",
        **changes,
    }
    return sandbox.app.test_client().get(
        f"/shops/{shop.domain}/admin/oauth/authorize?{urlencode(query)}"
    )


def new_pair(sandbox: ShopifySandbox, shop: Shop) -> Any:
    query = dict(parse_qsl(urlsplit(authorize(sandbox, shop).headers["Location"]).query))
    return ask(sandbox, shop, code=query["code"], expiring="1").get_json()


def test_client_credentials_last_24_hours(
    sandbox: ShopifySandbox, shop: Shop, client: Client
) -> None:
    body = ask(sandbox, shop, grant_type="client_credentials").get_json()
    assert body["expires_in"] == 86_399
    assert works(client, body["access_token"])
    sandbox.clock.advance(86_400)
    assert not works(client, body["access_token"])


@pytest.mark.parametrize(
    ("setting", "error"),
    [("same_organisation", "shop_not_permitted"), ("installed", "app_not_installed")],
)
def test_client_credentials_refused(
    sandbox: ShopifySandbox, shop: Shop, setting: str, error: str
) -> None:
    setattr(shop, setting, False)
    answer = ask(sandbox, shop, grant_type="client_credentials")
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"client_secret": "wrong", "grant_type": "client_credentials"}, "invalid_request"),
        ({"client_id": "wrong"}, "application_cannot_be_found"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"code": "wrong"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, "invalid_request"),
    ],
)
def test_bad_requests(
    sandbox: ShopifySandbox, shop: Shop, body: dict[str, str], error: str
) -> None:
    answer = ask(sandbox, shop, **body)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)


def test_authorization_code_is_signed_and_used_once(
    sandbox: ShopifySandbox, shop: Shop, client: Client
) -> None:
    answer = authorize(sandbox, shop)
    address = answer.headers["Location"]
    assert answer.status_code == 302
    assert address.startswith(REDIRECT + "?")
    query = dict(parse_qsl(urlsplit(address).query))
    assert query["hmac"] == sign_query(query, sandbox.client.client_secret)
    assert query["hmac"] != sign_query({**query, "shop": "x"}, sandbox.client.client_secret)
    assert (query["state"], query["shop"]) == ("nonce-1", shop.domain)
    body = ask(sandbox, shop, code=query["code"]).get_json()
    assert body["scope"] == "read_customers,write_orders"
    assert "refresh_token" not in body
    assert works(client, body["access_token"])
    assert ask(sandbox, shop, code=query["code"]).get_json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": "http://192.0.2.7/callback"}, {"client_id": "wrong"}]
)
def test_authorize_redirects_to_known_addresses_only(
    sandbox: ShopifySandbox, shop: Shop, changes: dict[str, str]
) -> None:
    answer = authorize(sandbox, shop, **changes)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_lost_refresh_can_be_repeated_until_its_replacement_is_used(
    sandbox: ShopifySandbox, shop: Shop, client: Client
) -> None:
    first = new_pair(sandbox, shop)
    assert (first["expires_in"], first["refresh_token_expires_in"]) == (3600, 7_776_000)
    sandbox.clock.advance(3600)
    assert not works(client, first["access_token"])

    def refresh(token: str) -> TestResponse:
        return ask(sandbox, shop, grant_type="refresh_token", refresh_token=token)

    second = refresh(first["refresh_token"]).get_json()
    assert refresh(first["refresh_token"]).get_json() == second
    assert works(client, second["access_token"])
    third = refresh(second["refresh_token"]).get_json()
    assert works(client, third["access_token"])
    assert refresh(first["refresh_token"]).get_json()["error"] == "invalid_request"


def test_refresh_tokens_end(sandbox: ShopifySandbox, shop: Shop) -> None:
    pair = new_pair(sandbox, shop)
    sandbox.clock.advance(7_776_000)
    answer = ask(sandbox, shop, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert answer.status_code == 400


def test_an_uninstalled_app_has_no_access(
    sandbox: ShopifySandbox, shop: Shop, client: Client
) -> None:
    shop.installed = False
    assert not works(client, client.token)


def test_faults_reach_the_token_endpoint(sandbox: ShopifySandbox, shop: Shop) -> None:
    sandbox.faults.add("oauth", "http_503")
    assert ask(sandbox, shop, grant_type="client_credentials").status_code == 503
    assert ask(sandbox, shop, grant_type="client_credentials").status_code == 200
