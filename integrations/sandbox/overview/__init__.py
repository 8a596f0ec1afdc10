"""One page that leads to all sandboxes of a demo, with the stores' own books on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template, request

from integrations.sandbox.server import is_loopback
from integrations.sandbox.workspace import shared_file

_CONTENT_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"


def create_app(look: Callable[[], dict[str, Any]]) -> Flask:
    """The page's application. `look` answers what is to be seen now:

    {"neighbours": [{"name", "url", "current"?}],
     "desks": [{"name", "url", "tickets", "notes"}],
     "stores": [{"name", "kind", "orders": [{"name", "currency", "received", "paid_back",
                 "refunds": [{"amount", "paid", "by_makegood"}]}]}]}
    """
    folder = Path(__file__).parent
    app = Flask(__name__, static_folder=str(folder / "static"), template_folder=str(folder))

    @app.before_request
    def refuse_strangers() -> Response | None:
        if not is_loopback(request.remote_addr):
            return Response("this page answers loopback clients only", 403)
        return None

    @app.get("/")
    def page() -> Response:
        answer = Response(render_template("overview.html"), mimetype="text/html")
        answer.headers["Content-Security-Policy"] = _CONTENT_POLICY
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.get("/static/desk.css", defaults={"name": "desk.css"})
    @app.get("/static/parts.js", defaults={"name": "parts.js"})
    def shared(name: str) -> Response:
        return shared_file(name)

    @app.get("/look")
    def look_now() -> Response:
        answer = jsonify(look())
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app
