"""What the desks of the helpdesk sandboxes share: one look, a few small functions, and how their
pages are served."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, request

from integrations.sandbox.server import is_loopback

_FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "application/javascript; charset=utf-8"}
_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: http: https:; connect-src 'self'; frame-src http: https:"
)


def shared_file(name: str) -> Response:
    """`desk.css` or `parts.js`."""
    path = _FOLDER / name
    return Response(path.read_bytes(), content_type=_TYPES[path.suffix])


def workspace_page(html: str, *more_policy: str) -> Response:
    """A desk's page. `more_policy` are further directives of its content security policy."""
    page = Response(html, content_type="text/html; charset=utf-8")
    page.headers["Content-Security-Policy"] = "; ".join((_CONTENT_POLICY, *more_policy))
    page.headers["Cache-Control"] = "no-store"
    return page


def prepare_desk(pages: Blueprint, static_path: str) -> None:
    """Loopback only, since whoever reaches a desk acts as any agent; and the shared files below
    `static_path`."""

    @pages.before_request
    def refuse_strangers() -> Response | None:
        if not is_loopback(request.remote_addr):
            return Response("the desk answers loopback clients only", 403)
        return None

    @pages.get(f"{static_path}/desk.css", defaults={"name": "desk.css"})
    @pages.get(f"{static_path}/parts.js", defaults={"name": "parts.js"})
    def shared(name: str) -> Response:
        return shared_file(name)
