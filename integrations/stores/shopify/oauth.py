"""The authorization-code way of connecting a shop that isn't the app maker's own. No I/O here.

1. send the merchant to `authorize_url`, with a `state` that is kept on our side
2. Shopify comes back to our address: `read_callback` proves that it was Shopify, and that visit
3. `code_form` is posted to the token endpoint, which answers with an expiring offline token

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from app.domain.errors import NotAllowed
from integrations.stores.shopify.vocabulary import is_shop_domain

# A callback is used at once; an old one is a replay.
CALLBACK_AGE = timedelta(minutes=10)


def authorize_url(
    base_url: str, *, client_id: str, scopes: Sequence[str], redirect_uri: str, state: str
) -> str:
    """Where the merchant grants the scopes. `base_url` is the shop's (`tokens.shop_url`)."""
    if not state:
        raise ValueError("a state is needed: it ties the answer to this visitor")
    query = urlencode(
        {
            "client_id": client_id,
            "scope": ",".join(scopes),
            "redirect_uri": redirect_uri,
            "state": state,
        }
    )
    return f"{base_url}/admin/oauth/authorize?{query}"


def sign(parameters: Mapping[str, str], client_secret: str) -> str:
    """Shopify's signature over the callback's query: hex HMAC-SHA256 of all but `hmac`."""
    signed = sorted((key, value) for key, value in parameters.items() if key != "hmac")
    message = "&".join(f"{key}={value}" for key, value in signed)
    return hmac.new(client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def read_callback(
    parameters: Mapping[str, str],
    *,
    shop: str,
    state: str,
    client_secret: str,
    now: datetime,
) -> str:
    """The authorization code. `shop` and `state` are those that the visit began with.

    Raises NotAllowed when the signature, state, shop or age is wrong.
    """
    given = parameters.get("hmac", "")
    if not hmac.compare_digest(sign(parameters, client_secret).encode(), given.encode()):
        raise NotAllowed("The answer was not signed by Shopify: start connecting again.")
    if not state or not hmac.compare_digest(state.encode(), parameters.get("state", "").encode()):
        raise NotAllowed("The answer belongs to another visit: start connecting again.")
    answered = parameters.get("shop", "")
    if not is_shop_domain(answered) or answered != shop:
        raise NotAllowed("The answer is about another shop: start connecting again.")
    if not _is_fresh(parameters.get("timestamp", ""), now):
        raise NotAllowed("The answer is too old: start connecting again.")
    code = parameters.get("code", "")
    if not code:
        raise NotAllowed("Shopify sent no authorization code: start connecting again.")
    return code


def code_form(code: str, *, client_id: str, client_secret: str) -> dict[str, str]:
    """What is posted for a code. `expiring` asks for a token that is renewed every hour.

    https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens
    """
    return {
        "client_id": client_id,
        "client_secret": client_secret,
        "code": code,
        "expiring": "1",
    }


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    return abs(now.timestamp() - int(timestamp)) <= CALLBACK_AGE.total_seconds()
