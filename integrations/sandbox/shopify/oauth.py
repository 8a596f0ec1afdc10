"""The app, its access tokens and the OAuth endpoints of a shop.

https://shopify.dev/docs/apps/build/authentication-authorization
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from integrations.sandbox.shopify.clock import Clock
from integrations.sandbox.shopify.shop import Shop

CLIENT_CREDENTIALS_LIFE = timedelta(hours=24)
OFFLINE_LIFE = timedelta(minutes=60)
REFRESH_LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=10)

ALL_SCOPES = frozenset(
    {
        "write_orders",
        "read_all_orders",
        "read_customers",
        "read_products",
        "read_locations",
        "write_returns",
        "read_store_credit_accounts",
        "write_store_credit_account_transactions",
    }
)


class OAuthError(Exception):
    """An OAuth refusal, answered with HTTP 400."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass
class App:
    """The client application. Only `redirect_uris` are accepted for authorisation."""

    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - invented, for loopback only
    scopes: frozenset[str] = ALL_SCOPES
    redirect_uris: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Token:
    """What an access token allows in one shop. `expires_at` None: until revoked."""

    shop_domain: str
    scopes: frozenset[str]
    expires_at: datetime | None
    sees_protected_data: bool = True


@dataclass(slots=True)
class _Refresh:
    """A refresh token. `previous` stays valid until this one is used."""

    shop_domain: str
    scopes: frozenset[str]
    expires_at: datetime
    previous: str | None = None
    answer: dict[str, Any] | None = None


class Tokens:
    """Every token of the app. Thread-safe."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.app = app
        self._clock = clock
        self._lock = threading.Lock()
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._codes: dict[str, tuple[str, frozenset[str], datetime]] = {}

    def issue(
        self,
        shop: Shop,
        scopes: frozenset[str] | set[str] | None = None,
        *,
        life: timedelta | None = None,
        text: str | None = None,
        sees_protected_data: bool = True,
    ) -> str:
        """A new access token, static unless `life` is given."""
        token = text or f"shpat_{secrets.token_hex(16)}"
        granted = frozenset(self.app.scopes if scopes is None else scopes)
        expires_at = self._clock.now() + life if life else None
        with self._lock:
            self._access[token] = Token(shop.domain, granted, expires_at, sees_protected_data)
        return token

    def revoke(self, token: str) -> None:
        """Make an access token unknown."""
        with self._lock:
            self._access.pop(token, None)

    def find(self, shop: Shop, text: str | None) -> Token | None:
        """The valid token of this shop with this text."""
        with self._lock:
            token = self._access.get(text or "")
        if token is None or token.shop_domain != shop.domain or not shop.installed:
            return None
        if token.expires_at is not None and token.expires_at <= self._clock.now():
            return None
        return token

    def authorize(self, shop: Shop, query: Mapping[str, str]) -> str:
        """The address to redirect the merchant to, with code, state and signature.

        Raises OAuthError for an unknown client or redirect address.
        """
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != self.app.client_id:
            raise OAuthError("invalid_request", "Could not find Shopify API application")
        if redirect_uri not in self.app.redirect_uris or urlsplit(redirect_uri).query:
            raise OAuthError("invalid_request", "The redirect_uri is not whitelisted")
        asked = frozenset(s for s in query.get("scope", "").replace(" ", "").split(",") if s)
        code = secrets.token_hex(16)
        shop.installed = True
        with self._lock:
            self._codes[code] = (
                shop.domain,
                asked & self.app.scopes,
                self._clock.now() + CODE_LIFE,
            )
        parameters = {
            "code": code,
            "host": base64.b64encode(f"{shop.domain}/admin".encode()).decode().rstrip("="),
            "shop": shop.domain,
            "state": query.get("state", ""),
            "timestamp": str(int(self._clock.now().timestamp())),
        }
        parameters["hmac"] = sign_query(parameters, self.app.client_secret)
        return f"{redirect_uri}?{urlencode(parameters)}"

    def exchange(self, shop: Shop, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `POST /admin/oauth/access_token`. Raises OAuthError."""
        grant = body.get("grant_type", "authorization_code")
        if body.get("client_id") != self.app.client_id:
            raise OAuthError("application_cannot_be_found", "Application cannot be found")
        if not hmac.compare_digest(str(body.get("client_secret", "")), self.app.client_secret):
            raise OAuthError("invalid_request", "The client secret is wrong")
        if grant == "client_credentials":
            return self._client_credentials(shop)
        if grant == "refresh_token":
            return self._refreshed(shop, str(body.get("refresh_token", "")))
        if grant == "authorization_code":
            return self._from_code(shop, body)
        raise OAuthError("unsupported_grant_type", f"Grant type {grant} is not supported")

    def _client_credentials(self, shop: Shop) -> dict[str, Any]:
        if not shop.same_organisation:
            raise OAuthError(
                "shop_not_permitted", "Client credentials cannot be performed on this shop."
            )
        if not shop.installed:
            raise OAuthError("app_not_installed", "The application is not installed on this shop.")
        token = self.issue(shop, life=CLIENT_CREDENTIALS_LIFE)
        return {
            "access_token": token,
            "scope": ",".join(sorted(self.app.scopes)),
            "expires_in": int(CLIENT_CREDENTIALS_LIFE.total_seconds()) - 1,
        }

    def _from_code(self, shop: Shop, body: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            known = self._codes.pop(str(body.get("code", "")), None)
        if known is None or known[0] != shop.domain or known[2] <= self._clock.now():
            raise OAuthError(
                "invalid_request", "The authorization code was not found or was already used"
            )
        scopes = known[1]
        if str(body.get("expiring", "0")).lower() in ("1", "true"):
            return self._pair(shop, scopes, previous=None)
        token = self.issue(shop, scopes)
        return {"access_token": token, "scope": ",".join(sorted(scopes))}

    def _refreshed(self, shop: Shop, text: str) -> dict[str, Any]:
        now = self._clock.now()
        with self._lock:
            known = self._refresh.get(text)
        if known is None or known.shop_domain != shop.domain or known.expires_at <= now:
            raise OAuthError("invalid_request", "The refresh token is invalid or has expired")
        with self._lock:
            # Using a replacement ends the token that it replaced.
            if known.previous is not None:
                self._refresh.pop(known.previous, None)
        if known.answer is None:
            known.answer = self._pair(shop, known.scopes, previous=text)
        return known.answer

    def _pair(self, shop: Shop, scopes: frozenset[str], *, previous: str | None) -> dict[str, Any]:
        token = self.issue(shop, scopes, life=OFFLINE_LIFE)
        refresh = f"shprt_{secrets.token_hex(16)}"
        expires_at = self._clock.now() + REFRESH_LIFE
        with self._lock:
            self._refresh[refresh] = _Refresh(shop.domain, scopes, expires_at, previous)
        return {
            "access_token": token,
            "scope": ",".join(sorted(scopes)),
            "expires_in": int(OFFLINE_LIFE.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }


def sign_query(parameters: Mapping[str, str], secret: str) -> str:
    """Hex HMAC-SHA256 over the sorted parameters without `hmac`.

    https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
    """
    message = "&".join(f"{k}={v}" for k, v in sorted(parameters.items()) if k != "hmac")
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
