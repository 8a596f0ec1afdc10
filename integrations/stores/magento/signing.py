"""Proving who calls: OAuth 1.0a with HMAC-SHA256, or a bearer token where the site allows it.

Each call is signed anew, since a nonce is good for one call. The address is signed exactly as it
is sent; a JSON body is no part of the signature.
https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth/
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol
from urllib.parse import quote

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from app.domain.errors import AccessDenied
from app.ports import SecretVault
from integrations.stores.magento.config import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_SECRET,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    AuthMode,
)
from integrations.stores.magento.vocabulary import VENDOR

# Magento sorts parameters in natural order, clients in byte order: they part at index 10.
MAX_INDEX = 9


Method = Literal["GET", "POST"]


class Signer(Protocol):
    """Makes the Authorization header of one call."""

    def header(self, method: Method, url: str, now: datetime) -> str:
        """The header's value for exactly this address."""


class OAuthSigner:
    """OAuth 1.0a with the four values that an integration shows when it is activated."""

    def __init__(self, key: str, secret: str, token: str, token_secret: str) -> None:
        self._values = (key, secret, token, token_secret)

    def header(self, method: Method, url: str, now: datetime) -> str:
        key, secret, token, token_secret = self._values
        client = Client(
            key,
            client_secret=secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
            signature_method=SIGNATURE_HMAC_SHA256,
            timestamp=str(int(now.timestamp())),
        )
        _, headers, _ = client.sign(url, http_method=method)
        return str(headers["Authorization"])


class BearerSigner:
    """The integration's access token alone, which a site must allow by a setting."""

    def __init__(self, token: str) -> None:
        self._token = token

    def header(self, method: Method, url: str, now: datetime) -> str:
        return f"Bearer {self._token}"


def signer_for(vault: SecretVault, owner: str, mode: AuthMode) -> Signer:
    """The signer with the secrets of one store. Raises AccessDenied when one is missing."""
    names: tuple[str, ...] = (ACCESS_TOKEN,)
    if mode is AuthMode.OAUTH:
        names = (CONSUMER_KEY, CONSUMER_SECRET, ACCESS_TOKEN, ACCESS_TOKEN_SECRET)
    values = [vault.get(owner, name) for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise AccessDenied(
            f"the store's {', '.join(missing)} is missing: connect it again",
            vendor=VENDOR,
            operation="sign",
        )
    given = [value or "" for value in values]
    return OAuthSigner(*given) if mode is AuthMode.OAUTH else BearerSigner(*given)


def encoded_query(parameters: Sequence[tuple[str, str]]) -> str:
    """A query string as Magento's signature check reads it: a blank is `%20`, never `+`."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in parameters)


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
