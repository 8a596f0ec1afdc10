"""The policy's page: versions, editor, check, replay, activation.

Like the approvals page it has no way to sign in: the sidebar that opens it hands its session over
from window to window. What it shows comes from `/api/v1/policies`.
"""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, render_template

from app.web.describe import describe
from app.web.security import own_page_policy
from app.web.texts import script_texts

policy_page = Blueprint("policy_page", __name__)


@policy_page.get("/policy")
@describe(
    "The policy's page; the sidebar that opens it hands the session over.",
    answers={200: None},
    auth="none",
    media_type="text/html",
)
def page() -> Response:
    """Opened by its address alone it says how to open it."""
    nonce = secrets.token_urlsafe(16)
    boot = {"texts": script_texts()}
    html = render_template("policy.html", nonce=nonce, boot=boot)
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = own_page_policy(nonce)
    return answer
