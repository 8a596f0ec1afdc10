"""Access tokens: kept, renewed by one worker at a time, and stored before they are used.

A refresh deletes the old access and refresh token at once, so two workers that refresh together
would lock the account out. https://support.zendesk.com/hc/en-us/articles/9182123625370
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.domain.errors import AccessDenied, RateLimited, Unavailable, VendorError
from app.ports import Account, Surroundings
from integrations.helpdesks.zendesk.answers import RECONNECT, VENDOR

OWNER = "helpdesk"
TOKEN_SECRET = "token"  # noqa: S105 - the name under which it is kept
CLIENT_SECRET = "client_secret"  # noqa: S105
# Renewed this long before the end, so that a token doesn't expire on its way.
_EARLY = timedelta(seconds=60)
_LOCK_WAIT_SECONDS = 30.0


class AuthKind(StrEnum):
    """How an account lets us in. `static` is a token that can't be renewed."""

    STATIC = "static"
    OAUTH = "oauth"
    CLIENT_CREDENTIALS = "client_credentials"


class StoredToken(BaseModel):
    """What is kept in the vault: one secret, so that no half of a pair can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str = Field(min_length=1)
    refresh_token: str | None = None
    expires_at: AwareDatetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it has expired or is about to."""
        return self.expires_at is not None and now >= self.expires_at - _EARLY


class TokenAnswer(BaseModel):
    """Zendesk's answer to a token request. `expires_in` is seconds; null lives for ever."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str = Field(min_length=1)
    refresh_token: str | None = None
    expires_in: int | None = None
    scope: str | None = None

    def to_stored(self, now: datetime) -> StoredToken:
        """The token as it is kept, with the instant of its end."""
        ends = None if self.expires_in is None else now + timedelta(seconds=self.expires_in)
        return StoredToken(
            access_token=self.access_token, refresh_token=self.refresh_token, expires_at=ends
        )


class TokenSource(Protocol):
    """Where a client gets its access token."""

    def current(self) -> str:
        """A token that should work. Raises VendorError."""

    def renewed(self, refused: str) -> str:
        """Another token, after Zendesk refused this one with 401. Raises VendorError."""


class FixedToken:
    """A token that can't be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        """The token."""
        return self._token

    def renewed(self, refused: str) -> str:
        """Always AccessDenied: there is no other."""
        raise AccessDenied(RECONNECT, vendor=VENDOR, operation="renew the token", status=401)


AskForToken = Callable[[Mapping[str, object]], TokenAnswer]


class AccountTokens:
    """The tokens of one account, shared with all other workers through vault and lock."""

    def __init__(self, account: Account, surroundings: Surroundings, ask: AskForToken) -> None:
        self._account = account
        self._surroundings = surroundings
        self._ask = ask
        self._kind = AuthKind(str(account.config.get("auth", AuthKind.STATIC)))
        self._held: StoredToken | None = None

    def current(self) -> str:
        """The stored token, renewed first when its end is near."""
        now = self._surroundings.clock.now()
        if self._held is None or self._held.is_due(now):
            self._held = self._read()
        held = self._held
        if held is not None and (self._kind is AuthKind.STATIC or not held.is_due(now)):
            return held.access_token
        return self.renewed(held.access_token if held else "")

    def renewed(self, refused: str) -> str:
        """A token other than `refused`: another worker's, or a new one."""
        if self._kind is AuthKind.STATIC:
            raise self._denied()
        # The lock outlives the slowest token request, so nobody refreshes beside us.
        seconds = 30 + 4 * (
            self._surroundings.connect_timeout_seconds + self._surroundings.read_timeout_seconds
        )
        name = f"zendesk-oauth:{self._account.id}"
        try:
            with self._surroundings.locks.hold(name, seconds, _LOCK_WAIT_SECONDS):
                self._held = self._renew_alone(refused)
        except TimeoutError:
            raise Unavailable(
                "another worker is renewing the access to Zendesk",
                vendor=VENDOR,
                operation="renew the token",
            ) from None
        return self._held.access_token

    def _renew_alone(self, refused: str) -> StoredToken:
        stored = self._read()
        now = self._surroundings.clock.now()
        if stored is not None and stored.access_token != refused and not stored.is_due(now):
            return stored
        answer = self._request(stored)
        renewed = answer.to_stored(self._surroundings.clock.now())
        if self._kind is AuthKind.OAUTH and renewed.refresh_token is None and stored is not None:
            renewed = renewed.model_copy(update={"refresh_token": stored.refresh_token})
        # Stored before it is used: the old pair is already dead at Zendesk.
        self._surroundings.vault.put(OWNER, {TOKEN_SECRET: renewed.model_dump_json()})
        return renewed

    def _request(self, stored: StoredToken | None) -> TokenAnswer:
        body: dict[str, object] = {"client_id": str(self._account.config.get("client_id", ""))}
        secret = self._surroundings.vault.get(OWNER, CLIENT_SECRET)
        if secret is not None:
            body["client_secret"] = secret
        if self._kind is AuthKind.CLIENT_CREDENTIALS:
            body |= {
                "grant_type": "client_credentials",
                "scope": str(self._account.config.get("scope", "")),
            }
        else:
            if stored is None or stored.refresh_token is None:
                raise self._denied()
            body |= {"grant_type": "refresh_token", "refresh_token": stored.refresh_token}
        try:
            return self._ask(body)
        except (RateLimited, Unavailable):
            raise
        except VendorError as error:
            raise self._denied(error.status) from error

    def _read(self) -> StoredToken | None:
        text = self._surroundings.vault.get(OWNER, TOKEN_SECRET)
        if text is None:
            return None
        try:
            return StoredToken.model_validate_json(text)
        except ValidationError:
            raise self._denied() from None

    def _denied(self, status: int | None = 401) -> AccessDenied:
        return AccessDenied(RECONNECT, vendor=VENDOR, operation="renew the token", status=status)


def static_token_secret(token: str) -> dict[str, str]:
    """The vault's entry for a token that can't be renewed."""
    return {TOKEN_SECRET: json.dumps({"access_token": token})}
