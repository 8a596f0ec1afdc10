"""Signatures, checked against the rules of RFC 5849 computed here by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from app.domain.errors import AccessDenied
from integrations.stores.magento.config import AuthMode
from integrations.stores.magento.lookup import MAX_EMAILS, MAX_NAMES, search
from integrations.stores.magento.signing import (
    MAX_INDEX,
    OAuthSigner,
    encoded_query,
    signer_for,
)
from tests.support.surroundings import MemoryVault

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = OAuthSigner("key", "secret", "token", "token-secret")


def encode(text: str) -> str:
    return quote(text, safe="-._~")


def parts_of(header: str) -> dict[str, str]:
    assert header.startswith("OAuth ")
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


def expected(method: str, url: str, sent: dict[str, str]) -> str:
    """The signature that a server computes from the address as it stands on the wire."""
    split = urlsplit(url)
    pairs = [(name, value) for name, value in sent.items() if name != "oauth_signature"]
    pairs += parse_qsl(split.query, keep_blank_values=True)
    joined = "&".join(
        f"{name}={value}" for name, value in sorted((encode(a), encode(b)) for a, b in pairs)
    )
    base = "&".join(
        (method, encode(f"{split.scheme}://{split.netloc}{split.path}"), encode(joined))
    )
    digest = hmac.new(b"secret&token-secret", base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "query",
    [
        [],
        [("fields", "items[entity_id],total_count")],
        [("searchCriteria[filter_groups][0][filters][0][value]", "ida+shop@example.com")],
        [("a b", "2026-11-21 23:20:14"), ("c", "x=y&z%~")],
        search(["ida@example.com", "jo@example.com"], ["000000123", "DE-2231"]),
    ],
)
def test_the_signature_covers_the_address_as_it_is_sent(
    method: str, query: list[tuple[str, str]]
) -> None:
    url = "https://shop.example.com/rest/en/V1/orders"
    url += f"?{encoded_query(query)}" if query else ""
    sent = parts_of(SIGNER.header(method, url, NOW))  # type: ignore[arg-type]
    assert sent["oauth_signature_method"] == "HMAC-SHA256"
    assert sent["oauth_timestamp"] == str(int(NOW.timestamp()))
    assert (sent["oauth_consumer_key"], sent["oauth_token"]) == ("key", "token")
    assert sent["oauth_signature"] == expected(method, url, sent)


def test_a_blank_is_never_a_plus_and_brackets_are_encoded() -> None:
    text = encoded_query([("s[0][value]", "2026-11-21 23:20+x")])
    assert text == "s%5B0%5D%5Bvalue%5D=2026-11-21%2023%3A20%2Bx"


def test_every_call_has_its_own_nonce() -> None:
    url = "https://shop.example.com/rest/V1/orders/1"
    nonces = {parts_of(SIGNER.header("GET", url, NOW))["oauth_nonce"] for _ in range(50)}
    assert len(nonces) == 50


def test_no_search_has_more_filters_than_magento_sorts_as_we_do() -> None:
    emails = [f"mail{n}@example.com" for n in range(MAX_EMAILS)]
    query = search(emails, [f"{n:09d}" for n in range(MAX_NAMES * 5)])
    indices = {int(n) for name, _ in query for n in re.findall(r"\[(\d+)\]", name)}
    assert max(indices) <= MAX_INDEX


def test_a_missing_secret_is_named() -> None:
    vault = MemoryVault()
    vault.put("store_1", {"access_token": "t", "consumer_key": "k"})
    with pytest.raises(AccessDenied, match="consumer_secret, access_token_secret"):
        signer_for(vault, "store_1", AuthMode.OAUTH)
    header = signer_for(vault, "store_1", AuthMode.BEARER).header("GET", "https://x.example", NOW)
    assert header == "Bearer t"
