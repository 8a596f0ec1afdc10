"""Who opens the sidebar: the signed first load is the only proof that counts.

With `signedUrls` the first load is a form POST whose field `token` is an RS256 JWT. Claims made in
the browser (`client.request({jwt})`, `context()`, `currentUser`) prove nothing.
https://developer.zendesk.com/documentation/apps/build-an-app/building-a-server-side-app/part-5-secure-the-app/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.domain.errors import NotAllowed
from app.ports import Account, AccountDirectory, SidebarVisit

LEEWAY = timedelta(seconds=60)
NAME = "zendesk"
_AUDIENCE = re.compile(
    r"https://(?P<subdomain>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.zendesk\.com"
    r"/api/v2/apps/installations/(?P<installation>[0-9]{1,20})\.json"
)
_AGENT = re.compile(r"(?:^|/)([0-9]{1,20})(?:\.json)?/?$")
_MAX_TOKEN = 8_192
_RELOAD = "The sign-in of this sidebar is not valid. Reload the app in Zendesk."
_EXPIRED = "The sign-in of this sidebar has expired. Reload the app in Zendesk."
_SETUP = (
    "This Zendesk isn't connected to Makegood yet. Ask an admin to finish the setup "
    "(makegood connect zendesk)."
)


def visit(accounts: AccountDirectory, form: Mapping[str, str], now: datetime) -> SidebarVisit:
    """Prove who opens the sidebar. Raises NotAllowed with a sentence for the person.

    `expires_at` is when this token stops being accepted here, so that its hash need not be
    remembered for longer.
    """
    token = form.get("token", "")
    if not token or len(token) > _MAX_TOKEN:
        raise NotAllowed("Open Makegood from the app bar of a ticket in Zendesk.")
    subdomain, installation_id, audience = _installation(token)
    account = accounts.find(NAME, subdomain=subdomain, installation_id=installation_id)
    if account is None:
        raise NotAllowed(_SETUP)
    claims = _verified(token, account, audience)
    if str(claims.get("iss")) not in {
        f"{subdomain}.zendesk.com",
        f"https://{subdomain}.zendesk.com",
    }:
        raise NotAllowed(_RELOAD)
    expires_at = _check_times(claims, now)
    context = claims.get("context")
    if not isinstance(context, dict) or context.get("product") != "support":
        raise NotAllowed(_RELOAD)
    agent = _AGENT.search(str(claims.get("sub", "")))
    if agent is None:
        raise NotAllowed(_RELOAD)
    return SidebarVisit(
        account_id=account.id,
        agent_id=agent[1],
        installation_id=installation_id,
        origin=f"https://{subdomain}.zendesk.com",
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        expires_at=expires_at + LEEWAY,
    )


def _installation(token: str) -> tuple[str, str, str]:
    """Subdomain, installation and audience that a token claims; nothing is proven by that."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise NotAllowed(_RELOAD) from None
    audience = claims.get("aud")
    match = _AUDIENCE.fullmatch(audience) if isinstance(audience, str) else None
    if match is None or not isinstance(audience, str):
        raise NotAllowed(_RELOAD)
    return match["subdomain"], match["installation"], audience


def _verified(token: str, account: Account, audience: str) -> dict[str, Any]:
    """The claims, signed by this account's stored key. A key named in the token is never used."""
    key = account.config.get("public_key")
    if not isinstance(key, str) or not key:
        raise NotAllowed(_SETUP)
    try:
        # Times are checked by our own clock below.
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=audience,
            options={
                "require": ["aud", "iss", "sub", "exp", "iat"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError):
        raise NotAllowed(_RELOAD) from None
    return claims


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    expires = _time(claims.get("exp"))
    if expires is None:
        raise NotAllowed(_RELOAD)
    if now >= expires + LEEWAY:
        raise NotAllowed(_EXPIRED)
    for name in ("nbf", "iat"):
        starts = _time(claims.get(name))
        if claims.get(name) is not None and (starts is None or now < starts - LEEWAY):
            raise NotAllowed(_RELOAD)
    return expires


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
