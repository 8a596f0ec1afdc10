"""The yardstick of the webhook benchmark: a Flask view that only checks a signature.

Served by the same server with the same settings: `python -m app.cli.bare_view PORT`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys

from flask import Flask, Response, request

from app.cli.server import THREADS, serve

SECRET_VARIABLE = "MAKEGOOD_BENCH_SECRET"  # noqa: S105 - the variable's name
PROCESSES = 1


def create_bare_app() -> Flask:
    """One route. 202 for a signed body, 401 otherwise; nothing is kept."""
    app = Flask("bare")
    secret = os.environ[SECRET_VARIABLE].encode()

    @app.post("/webhooks/zendesk/<account_id>")
    def receive(account_id: str) -> Response:
        timestamp = request.headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
        given = request.headers.get("X-Zendesk-Webhook-Signature", "")
        message = timestamp.encode() + request.get_data()
        expected = base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest())
        if not hmac.compare_digest(expected, given.encode()):
            return Response(status=401)
        return Response(b'{"accepted": true}', status=202, mimetype="application/json")

    return app


if __name__ == "__main__":
    serve(
        create_bare_app, bind=f"127.0.0.1:{int(sys.argv[1])}", threads=THREADS, processes=PROCESSES
    )
