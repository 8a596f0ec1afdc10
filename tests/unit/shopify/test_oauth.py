"""The authorization-code way: only Shopify's own answer to our own visit is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.errors import NotAllowed
from integrations.stores.shopify.oauth import authorize_url, code_form, read_callback, sign

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "an invented client secret"
SHOP = "demo.myshopify.com"


def callback(**changes: str) -> dict[str, str]:
    """A callback as Shopify signs it."""
    parameters = {
        "code": "the-code",
        "shop": SHOP,
        "state": "the-state",
        "timestamp": str(int(NOW.timestamp())),
        **changes,
    }
    return {**parameters, "hmac": sign(parameters, SECRET)}


def check(parameters: dict[str, str], *, state: str = "the-state", now: datetime = NOW) -> str:
    return read_callback(parameters, shop=SHOP, state=state, client_secret=SECRET, now=now)


def test_a_signed_callback_gives_its_code() -> None:
    assert check(callback()) == "the-code"
    assert check(callback(host="YWRtaW4")) == "the-code"


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({**callback(), "code": "another"}, "not signed"),
        ({**callback(), "hmac": ""}, "not signed"),
        ({**callback(), "hmac": "\u00e9"}, "not signed"),
        ({**callback(), "extra": "1"}, "not signed"),
        ({}, "not signed"),
        (callback(state="other"), "another visit"),
        (callback(state=""), "another visit"),
        (callback(shop="other.myshopify.com"), "another shop"),
        (callback(shop="demo.myshopify.com.example.com"), "another shop"),
        (callback(timestamp="soon"), "too old"),
        (callback(timestamp=""), "too old"),
        (callback(code=""), "no authorization code"),
    ],
)
def test_anything_else_is_refused(parameters: dict[str, str], reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason):
        check(parameters)


def test_an_empty_state_on_our_side_is_refused() -> None:
    with pytest.raises(NotAllowed, match="another visit"):
        check(callback(state=""), state="")


@pytest.mark.parametrize("shift", [timedelta(minutes=11), timedelta(minutes=-11)])
def test_an_old_callback_is_a_replay(shift: timedelta) -> None:
    with pytest.raises(NotAllowed, match="too old"):
        check(callback(), now=NOW + shift)


def test_the_authorize_address_carries_everything() -> None:
    url = authorize_url(
        f"https://{SHOP}",
        client_id="client",
        scopes=["write_orders", "read_customers"],
        redirect_uri="https://makegood.example.com/shopify",
        state="the-state",
    )
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == (SHOP, "/admin/oauth/authorize")
    assert parse_qs(parts.query) == {
        "client_id": ["client"],
        "scope": ["write_orders,read_customers"],
        "redirect_uri": ["https://makegood.example.com/shopify"],
        "state": ["the-state"],
    }
    with pytest.raises(ValueError, match="state"):
        authorize_url("https://x", client_id="c", scopes=[], redirect_uri="r", state="")


def test_a_code_is_exchanged_for_a_token_that_expires() -> None:
    form = code_form("the-code", client_id="client", client_secret=SECRET)
    assert form["expiring"] == "1"
    assert form["code"] == "the-code"
