"""Access tokens of one shop, in the three ways that Shopify hands them out.

static               an admin-created custom app: lives until it is revoked
client_credentials   the merchant's own app: 24 hours, then ask again
oauth_offline        authorization code: 60 minutes, with a refresh token that is replaced each time

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import requests
from pydantic import BaseModel, ConfigDict, ValidationError

from app.domain.errors import AccessDenied, Malformed, Unavailable
from app.ports import SecretVault, Surroundings
from integrations.http import BoundedSession
from integrations.stores.shopify.vocabulary import VENDOR, is_shop_domain

log = logging.getLogger(__name__)

OPERATION = "access_token"
# Renewed this long before the end, so that no call starts with a token that is about to die.
RENEW_BEFORE = timedelta(minutes=5)
LOCK_SECONDS = 60.0
LOCK_WAIT_SECONDS = 30.0

ACCESS_TOKEN = "access_token"  # noqa: S105 - the secret's name
ACCESS_TOKEN_ENDS = "access_token_ends_at"  # noqa: S105
REFRESH_TOKEN = "refresh_token"  # noqa: S105
REFRESH_TOKEN_ENDS = "refresh_token_ends_at"  # noqa: S105
CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105
SECRET_NAMES = (
    ACCESS_TOKEN,
    ACCESS_TOKEN_ENDS,
    REFRESH_TOKEN,
    REFRESH_TOKEN_ENDS,
    CLIENT_ID,
    CLIENT_SECRET,
)

_MENDS = {
    "shop_not_permitted": (
        "the app and the shop are not in the same organisation: create the app in the "
        "organisation that owns the shop, or connect with the OAuth way"
    ),
    "app_not_installed": (
        "the app is not installed on the shop: install it, or, for an app made in the shop's own "
        "admin, connect with its static Admin API token"
    ),
    "application_cannot_be_found": "no app has this client id: check it and connect again",
    "invalid_client": "client id and secret don't belong together: copy both again and reconnect",
    "invalid_grant": "the stored authorisation is used up or withdrawn: connect the shop again",
    "invalid_request": "Shopify refused the request: connect the shop again",
}


class AuthMode(StrEnum):
    """How a shop's token comes to us."""

    STATIC = "static"
    CLIENT_CREDENTIALS = "client_credentials"
    OAUTH_OFFLINE = "oauth_offline"


class TokenAnswer(BaseModel):
    """What the token endpoint answers. Lives are in seconds; absent means without end."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str
    scope: str = ""
    expires_in: int | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None

    def secrets(self, now: datetime) -> dict[str, str | None]:
        """What is to be stored, all at once."""
        return {
            ACCESS_TOKEN: self.access_token,
            ACCESS_TOKEN_ENDS: _end(now, self.expires_in),
            REFRESH_TOKEN: self.refresh_token,
            REFRESH_TOKEN_ENDS: _end(now, self.refresh_token_expires_in),
        }


def _end(now: datetime, seconds: int | None) -> str | None:
    return None if seconds is None else (now + timedelta(seconds=seconds)).isoformat()


def shop_url(surroundings: Surroundings, shop: str) -> str:
    """Where a shop's API answers. Raises AccessDenied for a name that isn't a shop's."""
    if not is_shop_domain(shop):
        raise AccessDenied(
            "the store's name must look like example.myshopify.com: connect it again",
            vendor=VENDOR,
            operation=OPERATION,
        )
    return surroundings.endpoints[VENDOR].format(shop=shop).rstrip("/")


def request_token(session: BoundedSession, base_url: str, form: Mapping[str, str]) -> TokenAnswer:
    """Ask the token endpoint. Asking twice is harmless.

    Raises AccessDenied with the mend, Unavailable, Malformed.
    """
    try:
        response = session.post(f"{base_url}/admin/oauth/access_token", data=dict(form))
    except requests.RequestException as error:
        raise Unavailable(
            f"Shopify's token endpoint can't be reached ({type(error).__name__})",
            vendor=VENDOR,
            operation=OPERATION,
        ) from error
    status = response.status_code
    if status == 429 or status >= 500:
        raise Unavailable(
            "Shopify's token endpoint is not answering now",
            vendor=VENDOR,
            operation=OPERATION,
            status=status,
        )
    if status != 200:
        code = _error_code(response)
        mend = _MENDS.get(code, "check the app's credentials and connect the shop again")
        raise AccessDenied(
            f"Shopify gave no token ({code or status}): {mend}",
            vendor=VENDOR,
            operation=OPERATION,
            status=status,
        )
    try:
        return TokenAnswer.model_validate_json(response.content)
    except ValidationError as error:
        # The cause is left out: it would quote the token.
        raise Malformed(
            f"Shopify's token answer has {error.error_count()} unreadable fields",
            vendor=VENDOR,
            operation=OPERATION,
            status=status,
        ) from None


def _error_code(response: requests.Response) -> str:
    """The OAuth error code of a refusal, e.g. `shop_not_permitted`; "" when there is none."""
    try:
        body = response.json()
    except ValueError:
        return next((code for code in _MENDS if code in response.text), "")
    code = body.get("error") if isinstance(body, dict) else None
    return code if isinstance(code, str) and code.isidentifier() else ""


class TokenProvider:
    """The token of one shop, renewed by one process at a time.

    A new token is stored before it is used. `owner` is the store's id in the vault.
    """

    def __init__(
        self,
        *,
        shop: str,
        mode: AuthMode,
        owner: str,
        vault: SecretVault,
        surroundings: Surroundings,
        session: BoundedSession,
    ) -> None:
        self._shop = shop
        self._mode = mode
        self._owner = owner
        self._vault = vault
        self._surroundings = surroundings
        self._session = session
        self._held: tuple[str, datetime | None] | None = None

    def current(self) -> str:
        """A token that is good for the next minutes; read from the vault once a job."""
        if self._held is not None and self._is_good(self._held[1]):
            return self._held[0]
        token = self._usable()
        return token if token is not None else self._renew(None)

    def _is_good(self, ends: datetime | None) -> bool:
        return ends is None or self._surroundings.clock.now() < ends - RENEW_BEFORE

    def replace(self, refused: str) -> str:
        """Another token after `refused` was answered with 401.

        Raises AccessDenied when there is no way to get one.
        """
        return self._renew(refused)

    def _usable(self) -> str | None:
        """The stored token, remembered, unless its end is near."""
        token = self._vault.get(self._owner, ACCESS_TOKEN)
        if token is None:
            return None
        text = None
        if self._mode is not AuthMode.STATIC:
            text = self._vault.get(self._owner, ACCESS_TOKEN_ENDS)
        ends = datetime.fromisoformat(text) if text is not None else None
        if not self._is_good(ends):
            return None
        self._held = (token, ends)
        return token

    def _renew(self, refused: str | None) -> str:
        if self._mode is AuthMode.STATIC:
            raise self._denied(
                "Shopify refuses the stored Admin API token: make a new one and connect again"
                if refused
                else "no Admin API token is stored: connect the shop again"
            )
        try:
            with self._surroundings.locks.hold(
                f"shopify-token:{self._owner}", LOCK_SECONDS, LOCK_WAIT_SECONDS
            ):
                # Another process may have renewed it while we waited.
                token = self._usable()
                if token is not None and token != refused:
                    return token
                self._held = None
                answer = request_token(
                    self._session, shop_url(self._surroundings, self._shop), self._form()
                )
                self._store(answer)
        except TimeoutError as error:
            raise Unavailable(
                "another process is still renewing the shop's token",
                vendor=VENDOR,
                operation=OPERATION,
            ) from error
        log.info("shopify token renewed", extra={"store": self._owner, "mode": self._mode.value})
        return answer.access_token

    def _form(self) -> dict[str, str]:
        form = {
            "client_id": self._secret(CLIENT_ID),
            "client_secret": self._secret(CLIENT_SECRET),
        }
        if self._mode is AuthMode.CLIENT_CREDENTIALS:
            return form | {"grant_type": "client_credentials"}
        # The old refresh token stays good until the new one is used, so a lost answer can be
        # asked for again: https://shopify.dev/changelog
        return form | {
            "grant_type": "refresh_token",
            "refresh_token": self._secret(REFRESH_TOKEN),
        }

    def _store(self, answer: TokenAnswer) -> None:
        values = answer.secrets(self._surroundings.clock.now())
        if self._mode is AuthMode.OAUTH_OFFLINE and answer.refresh_token is None:
            # Without a new one the old one goes on being the way to renew.
            values = {name: v for name, v in values.items() if not name.startswith("refresh")}
        self._vault.put(self._owner, values)

    def _secret(self, name: str) -> str:
        value = self._vault.get(self._owner, name)
        if not value:
            raise self._denied(f"the shop's {name} is not stored: connect the shop again")
        return value

    def _denied(self, message: str) -> AccessDenied:
        return AccessDenied(message, vendor=VENDOR, operation=OPERATION)
