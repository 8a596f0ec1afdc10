"""OAuth: clients, codes, tokens and scopes.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
A refresh deletes the old pair at once; a token with a wrong scope is issued but good for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.errors import invalid_token, missing_scope, oauth_error
from integrations.sandbox.zendesk.model import User

CODE_SECONDS = 120
MIN_EXPIRES_IN, MAX_EXPIRES_IN = 300, 172_800
MIN_REFRESH_EXPIRES_IN, MAX_REFRESH_EXPIRES_IN = 604_800, 7_776_000
DEFAULT_REFRESH_EXPIRES_IN = 2_592_000
_RESOURCES = [
    "tickets",
    "users",
    "organizations",
    "triggers",
    "webhooks",
    "macros",
    "automations",
    "targets",
    "apps",
    "requests",
    "hc",
    "satisfaction_ratings",
    "dynamic_content",
]
KNOWN_SCOPES = frozenset(
    ["read", "write", "impersonate"]
    + [f"{name}:{mode}" for name in _RESOURCES for mode in ("read", "write")]
    + ["auditlogs:read", "security:read", "any_channel:write", "web_widget:write"]
)


@dataclass(slots=True)
class Client:
    """An OAuth client. `secret` is None for a public one. `default_expires_in` None: for ever."""

    id: int
    identifier: str
    name: str
    secret: str | None
    redirect_uris: tuple[str, ...]
    owner_id: int
    default_expires_in: int | None = 1800


@dataclass(slots=True)
class Token:
    id: int
    value: str
    client_id: int
    user_id: int
    scopes: frozenset[str]
    created: float
    expires: float | None
    refresh: str | None = None
    refresh_expires: float | None = None
    used: float | None = None

    def allows(self, wanted: tuple[str, ...]) -> bool:
        return bool(self.scopes & set(wanted))


@dataclass(slots=True)
class _Code:
    client: Client
    user_id: int
    redirect_uri: str
    scopes: frozenset[str]
    expires: float
    challenge: str | None


@dataclass
class OAuth:
    """The account's clients and tokens."""

    account: Account
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    by_refresh: dict[str, Token] = field(default_factory=dict)
    refreshes: int = 0
    _codes: dict[str, _Code] = field(default_factory=dict)

    def add_client(
        self,
        identifier: str,
        owner: User,
        *,
        name: str | None = None,
        secret: str | None = None,
        redirect_uris: tuple[str, ...] = (),
        default_expires_in: int | None = 1800,
    ) -> Client:
        """Register a client; one without a secret is public and must use PKCE."""
        client = Client(
            self.account.next_id("client"),
            identifier,
            name or identifier,
            secret,
            redirect_uris,
            owner.id,
            default_expires_in,
        )
        self.clients[identifier] = client
        return client

    def issue(
        self,
        user: User,
        scope: Any,
        *,
        client: Client | None = None,
        expires_in: int | None = 1800,
        refresh_expires_in: int | None = None,
        value: str | None = None,
    ) -> Token:
        """A new token. `refresh_expires_in` None: without a refresh token."""
        now = self.account.clock.seconds()
        token = Token(
            id=self.account.next_id("token"),
            value=value or secrets.token_hex(32),
            client_id=client.id if client else 0,
            user_id=user.id,
            scopes=granted_scopes(scope),
            created=now,
            expires=None if expires_in is None else now + expires_in,
        )
        if refresh_expires_in is not None:
            token.refresh = secrets.token_hex(32)
            token.refresh_expires = now + refresh_expires_in
            self.by_refresh[token.refresh] = token
        self.tokens[token.value] = token
        return token

    def revoke(self, token: Token) -> None:
        """Delete a token and its refresh token."""
        self.tokens.pop(token.value, None)
        if token.refresh:
            self.by_refresh.pop(token.refresh, None)

    def user_of(self, header: str) -> tuple[User, Token]:
        """Who an Authorization header stands for. Raises ApiError 401."""
        kind, _, value = header.partition(" ")
        token = self.tokens.get(value.strip()) if kind.lower() == "bearer" else None
        now = self.account.clock.seconds()
        if token is None or (token.expires is not None and now >= token.expires):
            raise invalid_token()
        user = self.account.users.get(token.user_id)
        if user is None or user.suspended:
            raise invalid_token()
        token.used = now
        return user, token

    def code_for(
        self,
        user: User,
        *,
        client_id: str,
        redirect_uri: str,
        scope: Any,
        code_challenge: str | None = None,
        code_challenge_method: str | None = None,
    ) -> str:
        """The code that the consent page sends back. Raises ApiError 400 as the page would."""
        client = self.clients.get(client_id)
        if client is None:
            raise oauth_error(400, "invalid_client", "No such client")
        if redirect_uri not in client.redirect_uris:
            raise oauth_error(400, "invalid_request", "Invalid redirect_uri")
        if code_challenge and code_challenge_method != "S256":
            raise oauth_error(400, "invalid_request", "Only S256 is supported")
        if client.secret is None and not code_challenge:
            raise oauth_error(400, "invalid_request", "Public clients must use PKCE")
        code = secrets.token_hex(32)
        expires = self.account.clock.seconds() + CODE_SECONDS
        self._codes[code] = _Code(
            client, user.id, redirect_uri, granted_scopes(scope), expires, code_challenge
        )
        return code

    def exchange(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer a token request. Raises ApiError 400 or 401."""
        match body.get("grant_type"):
            case "authorization_code":
                token = self._from_code(body)
            case "refresh_token":
                token = self._from_refresh(body)
            case "client_credentials":
                client = self._client(body, secret_required=True)
                owner = self.account.users[client.owner_id]
                token = self.issue(
                    owner,
                    body.get("scope", ""),
                    client=client,
                    expires_in=self._lifetime(body, client),
                )
            case _:
                raise oauth_error(400, "unsupported_grant_type", "The grant type is not supported")
        return self.token_answer(token)

    def token_answer(self, token: Token) -> dict[str, Any]:
        """The JSON that carries a token to its client."""
        answer: dict[str, Any] = {
            "access_token": token.value,
            "token_type": "bearer",
            "scope": " ".join(sorted(token.scopes)),
        }
        if token.expires is not None:
            answer["expires_in"] = round(token.expires - token.created)
        if token.refresh and token.refresh_expires is not None:
            answer["refresh_token"] = token.refresh
            answer["refresh_token_expires_in"] = round(token.refresh_expires - token.created)
        return answer

    def _client(self, body: dict[str, Any], *, secret_required: bool = False) -> Client:
        client = self.clients.get(str(body.get("client_id", "")))
        failed = oauth_error(
            401, "invalid_client", "Client authentication failed due to unknown client"
        )
        if client is None or (client.secret is None and secret_required):
            raise failed
        if client.secret is not None and not hmac.compare_digest(
            client.secret.encode(), str(body.get("client_secret", "")).encode()
        ):
            raise failed
        return client

    def _from_code(self, body: dict[str, Any]) -> Token:
        client = self._client(body)
        code = self._codes.pop(str(body.get("code", "")), None)
        bad = oauth_error(
            400, "invalid_grant", "The authorization code is invalid, expired or already used"
        )
        if code is None or code.client is not client:
            raise bad
        if self.account.clock.seconds() >= code.expires:
            raise bad
        if body.get("redirect_uri") != code.redirect_uri:
            raise oauth_error(400, "invalid_grant", "redirect_uri does not match")
        if code.challenge is not None:
            verifier = str(body.get("code_verifier", ""))
            digest = hashlib.sha256(verifier.encode()).digest()
            made = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if not hmac.compare_digest(made, code.challenge):
                raise oauth_error(400, "invalid_grant", "code_verifier does not match")
        return self._pair(body, client, self.account.users[code.user_id], code.scopes)

    def _from_refresh(self, body: dict[str, Any]) -> Token:
        client = self._client(body)
        old = self.by_refresh.get(str(body.get("refresh_token", "")))
        now = self.account.clock.seconds()
        if (
            old is None
            or old.client_id != client.id
            or (old.refresh_expires is not None and now >= old.refresh_expires)
        ):
            raise oauth_error(400, "invalid_grant", "The refresh token is invalid or expired")
        scopes = old.scopes
        if body.get("scope"):
            scopes = granted_scopes(body["scope"]) & old.scopes
        self.revoke(old)
        self.refreshes += 1
        return self._pair(body, client, self.account.users[old.user_id], scopes)

    def _pair(
        self, body: dict[str, Any], client: Client, user: User, scopes: frozenset[str]
    ) -> Token:
        refresh = body.get("refresh_token_expires_in", DEFAULT_REFRESH_EXPIRES_IN)
        if not _is_within(refresh, MIN_REFRESH_EXPIRES_IN, MAX_REFRESH_EXPIRES_IN):
            raise oauth_error(400, "invalid_request", "refresh_token_expires_in is out of range")
        return self.issue(
            user,
            " ".join(scopes),
            client=client,
            expires_in=self._lifetime(body, client),
            refresh_expires_in=refresh,
        )

    def _lifetime(self, body: dict[str, Any], client: Client) -> int | None:
        wanted = body.get("expires_in", client.default_expires_in)
        if wanted is not None and not _is_within(wanted, MIN_EXPIRES_IN, MAX_EXPIRES_IN):
            raise oauth_error(400, "invalid_request", "expires_in is out of range")
        return None if wanted is None else int(wanted)


def granted_scopes(scope: Any) -> frozenset[str]:
    """The scopes a token gets: none at all for a list, or when one name is unknown."""
    if not isinstance(scope, str):
        return frozenset()
    names = frozenset(scope.split())
    return names if names <= KNOWN_SCOPES else frozenset()


def check_scope(token: Token, resource: str | None, *, writes: bool) -> None:
    """Raise ApiError 403 unless the token may do this. `resource` None: broad scopes only."""
    mode = "write" if writes else "read"
    wanted: tuple[str, ...] = (mode,) if resource is None else (mode, f"{resource}:{mode}")
    if not token.allows(wanted):
        raise missing_scope(wanted)


def _is_within(value: Any, low: int, high: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, int) and low <= value <= high
