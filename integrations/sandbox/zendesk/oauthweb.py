"""The OAuth pages and endpoints over HTTP: consent, token, current token."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from integrations.sandbox.zendesk.api import Api, Call, json_object
from integrations.sandbox.zendesk.clock import stamp
from integrations.sandbox.zendesk.errors import ApiError, json_response, record_not_found
from integrations.sandbox.zendesk.oauth import OAuth, Token

_ASKED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
    "code_challenge_method",
)  # fmt: skip

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Allow access</title><link rel="stylesheet" href="/agent/static/desk.css">
<body class="consent"><main class="consent-card"><h1>Allow {name} to use {host}?</h1>
<p>It asks for:</p><ul>{scopes}</ul>
<form method="post" action="/oauth/authorizations">{hidden}
<label>Signed in as <select name="user_id">{users}</select></label>
<p class="consent-actions"><button name="answer" value="allow" class="primary">Allow</button>
<button name="answer" value="deny">Deny</button></p></form></main></body></html>"""


class ConsentPolicy:
    """Who presses the button. With `auto_user_id` set, consent is given at once."""

    auto_user_id: int | None = None


def register(app: Flask, api: Api, oauth: OAuth, policy: ConsentPolicy) -> None:
    """Add the OAuth endpoints."""
    pages = Blueprint("oauth", __name__, url_prefix="/oauth")
    account = api.account

    def consent(user_id: int, asked: dict[str, str]) -> AnyResponse:
        code = oauth.code_for(
            account.users[user_id],
            client_id=asked.get("client_id", ""),
            redirect_uri=asked.get("redirect_uri", ""),
            scope=asked.get("scope", ""),
            code_challenge=asked.get("code_challenge") or None,
            code_challenge_method=asked.get("code_challenge_method") or None,
        )
        return _back(asked, {"code": code})

    @pages.get("/authorizations/new")
    def ask() -> AnyResponse:
        asked = {name: request.args[name] for name in _ASKED if name in request.args}
        client = oauth.clients.get(asked.get("client_id", ""))
        if client is None or asked.get("redirect_uri") not in client.redirect_uris:
            # Never redirected to an address that isn't registered.
            return Response("Invalid Authorization Request: no such client", 400)
        if asked.get("response_type") != "code":
            return _back(asked, {"error": "unsupported_response_type"})
        if policy.auto_user_id is not None:
            try:
                return consent(policy.auto_user_id, asked)
            except ApiError as error:
                return error.response()
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        users = "".join(
            f'<option value="{one.id}">{html.escape(one.name)}</option>'
            for one in account.users.values()
            if one.role == "admin"
        )
        scopes = "".join(f"<li>{html.escape(one)}</li>" for one in asked.get("scope", "").split())
        page = _PAGE.format(
            name=html.escape(client.name),
            host=account.host,
            scopes=scopes,
            hidden=hidden,
            users=users,
        )
        return Response(page, content_type="text/html; charset=utf-8")

    @pages.post("/authorizations")
    def answer() -> AnyResponse:
        asked = {name: request.form[name] for name in _ASKED if name in request.form}
        client = oauth.clients.get(asked.get("client_id", ""))
        if client is None or asked.get("redirect_uri") not in client.redirect_uris:
            return Response("Invalid Authorization Request: no such client", 400)
        if request.form.get("answer") != "allow":
            return _back(
                asked,
                {"error": "access_denied", "error_description": "The end-user denied the request"},
            )
        user = account.find_user(request.form.get("user_id", ""))
        if user is None or not user.is_staff:
            return Response("Sign in first", 403)
        try:
            return consent(user.id, asked)
        except ApiError as error:
            return error.response()

    @pages.post("/tokens")
    def tokens() -> Response:
        body: dict[str, Any] = json_object() or request.form.to_dict()

        def process() -> Response:
            try:
                with account.lock:
                    return json_response(oauth.exchange(body), 200)
            except ApiError as error:
                return error.response()

        return api.under_faults("oauth.tokens", str(body.get("grant_type", "")), process)

    @api.route("GET", "/v2/oauth/tokens/current", "oauth.current", any_scope=True)
    def current(call: Call) -> Any:
        if call.token is None:
            raise record_not_found()
        return {"token": _token_json(call.token)}

    @api.route("DELETE", "/v2/oauth/tokens/current", "oauth.revoke", any_scope=True)
    def revoke(call: Call) -> None:
        if call.token is not None:
            oauth.revoke(call.token)

    app.register_blueprint(pages)

    def _token_json(token: Token) -> dict[str, Any]:
        def moment(seconds: float | None) -> str | None:
            return None if seconds is None else stamp(datetime.fromtimestamp(seconds, UTC))

        shown: dict[str, Any] = {
            "url": account.url(f"oauth/tokens/{token.id}.json"),
            "id": token.id,
            "user_id": token.user_id,
            "client_id": token.client_id,
            "token": token.value[:10],
            "created_at": moment(token.created),
            "used_at": moment(token.used),
            "scopes": sorted(token.scopes),
        }
        if token.refresh:
            shown["refresh_token"] = token.refresh[:10]
        if token.expires is not None:
            shown["expires_at"] = moment(token.expires)
        return shown


def _back(asked: dict[str, str], answer: dict[str, str]) -> AnyResponse:
    given = dict(answer)
    if "state" in asked:
        given["state"] = asked["state"]
    target = asked["redirect_uri"]
    return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(given)}", 302)
