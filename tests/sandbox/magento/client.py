"""Signed calls to the sandbox over its WSGI interface, signed apart from the sandbox's own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from werkzeug.test import TestResponse

from integrations.sandbox.magento import MagentoSandbox, Site
from integrations.sandbox.magento.auth import Integration

HOST = "https://magento.example.com"


def escape(text: str) -> str:
    return quote(text, safe="-._~")


def authorization(
    integration: Integration,
    method: str,
    url: str,
    timestamp: float,
    *,
    algorithm: str = "SHA256",
    secret: str | None = None,
    nonce: str | None = None,
    key: str | None = None,
    plus_is_space: bool = False,
) -> str:
    """An OAuth 1.0a header in byte order, as the standard asks for.

    `plus_is_space` signs `+` as the blank it stands for, which many clients do.
    """
    oauth = {
        "oauth_consumer_key": key or integration.consumer_key,
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": f"HMAC-{algorithm}",
        "oauth_timestamp": str(int(timestamp)),
        "oauth_token": integration.token,
        "oauth_version": "1.0",
    }
    base_url, _, query = url.partition("?")
    pairs = list(oauth.items())
    for part in query.split("&") if query else []:
        name, _, value = part.partition("=")
        value = value.replace("+", " ") if plus_is_space else value
        pairs.append((unquote(name), unquote(value)))
    encoded = sorted((escape(name), escape(value)) for name, value in pairs)
    text = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join((method, escape(base_url), escape(text)))
    signing = f"{escape(secret or integration.consumer_secret)}&{escape(integration.token_secret)}"
    digest = hmac.digest(signing.encode(), base.encode(), getattr(hashlib, algorithm.lower()))
    oauth["oauth_signature"] = base64.b64encode(digest).decode()
    return "OAuth " + ", ".join(f'{name}="{escape(value)}"' for name, value in oauth.items())


def decoded(response: TestResponse) -> Any:
    """The body with exact numbers, or its text when it isn't JSON."""
    text = response.get_data(as_text=True)
    if "json" not in response.headers.get("Content-Type", ""):
        return text
    return json.loads(text, parse_float=Decimal)


class Client:
    """Calls one site as one integration."""

    def __init__(self, sandbox: MagentoSandbox, site: Site, integration: Integration) -> None:
        self.sandbox = sandbox
        self.site = site
        self.integration = integration

    def url(self, path: str) -> str:
        """The full address of a path such as `/rest/V1/orders/1`."""
        return f"{HOST}/sites/{self.site.name}{path}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        header: str | None = None,
        accept: str = "application/json",
    ) -> TestResponse:
        """One call; `header` replaces the signature, an empty one sends none. A text body is
        sent as it is."""
        if header is None:
            now = self.sandbox.clock.now().timestamp()
            header = authorization(self.integration, method, self.url(path), now)
        route, _, query = path.partition("?")
        return self.sandbox.app.test_client().open(
            f"/sites/{self.site.name}{route}",
            base_url=HOST,
            query_string=query,
            method=method,
            headers={"Accept": accept} | ({"Authorization": header} if header else {}),
            data=body if isinstance(body, str) else None if body is None else json.dumps(body),
            content_type="application/json" if body is not None else None,
        )

    def get(self, path: str) -> Any:
        response = self.send("GET", path)
        assert response.status_code == 200, response.get_data(as_text=True)
        return decoded(response)

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        response = self.send("POST", path, body)
        assert response.status_code == status, response.get_data(as_text=True)
        return decoded(response)
