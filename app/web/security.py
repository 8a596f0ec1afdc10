"""Headers that every answer carries, and the sidebar page's content security policy."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from app.logs import new_request_id, request_id

log = logging.getLogger(__name__)

_HOOKS = frozenset({"hooks.receive", "hooks.receive_for_any"})
_LOCKED_DOWN = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: `https://static.example.com`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def page_policy(nonce: str, sdk_url: str, ancestors: str, connects_to: str = "'self'") -> str:
    """The policy of the sidebar's page: our own scripts, the helpdesk's script, one frame.

    https://developer.mozilla.org/docs/Web/HTTP/Headers/Content-Security-Policy
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' {origin_of(sdk_url)}",
            "style-src 'self'",
            f"connect-src {connects_to}",
            "img-src 'self' data:",
            f"frame-ancestors {ancestors}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def own_page_policy(nonce: str) -> str:
    """The policy of a page of our own that nobody may frame: our own scripts and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def install_request_hooks(app: Flask, *, is_https: bool) -> None:
    """Bind a request id, time every request, and set the headers.

    A view may set its own Content-Security-Policy and Cache-Control. X-Frame-Options isn't sent:
    it can't name the one origin that may frame the sidebar; `frame-ancestors` does.
    """

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        request_id.set(new_request_id())

    @app.after_request
    def finish(answer: Response) -> Response:
        endpoint = request.endpoint
        if endpoint in _HOOKS and answer.status_code == 202:
            # Thousands a minute, read by no browser; the delivery's row is its record.
            return answer
        headers = answer.headers
        spent_ms = (time.perf_counter() - g.started) * 1000 if "started" in g else 0.0
        headers["X-Request-Id"] = request_id.get() or ""
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers.setdefault("Content-Security-Policy", _LOCKED_DOWN)
        if endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        if is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if endpoint not in {"static", "health.live"}:
            log.info(
                "request",
                extra={
                    "method": request.method,
                    "path": request.url_rule.rule if request.url_rule else None,
                    "status": answer.status_code,
                    "ms": round(spent_ms, 1),
                },
            )
        return answer
