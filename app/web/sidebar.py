"""The sidebar's page. The helpdesk proves who opens it; the page holds a session in its memory.

Zendesk opens it by a POST with a signed token:
https://developer.zendesk.com/documentation/apps/app-developer-guide/using-the-apps-framework/
No cookie is set: a third-party frame wouldn't get it back.
"""

from __future__ import annotations

import logging
import secrets

from flask import Blueprint, Response, render_template, request

from app.domain.errors import NotAllowed
from app.web.context import web
from app.web.describe import describe
from app.web.security import origin_of, page_policy
from app.web.texts import script_texts, text

log = logging.getLogger(__name__)
sidebar = Blueprint("sidebar", __name__)
_MAX_FORM_BYTES = 16 * 1024


def _ancestors(helpdesk: str) -> str:
    """Who may frame a page before the account is known: any account of this helpdesk."""
    endpoints = web().settings.endpoints
    template = endpoints.get(f"{helpdesk}_app") or endpoints.get(helpdesk)
    if template is None:
        return "'none'"
    return origin_of(template.replace("{subdomain}", "*").replace("{org}", "*"))


def _message(
    helpdesk: str, status: int, *, title: str, detail: str, next_step: str = ""
) -> Response:
    """A readable page without scripts."""
    html = render_template("message.html", title=title, detail=detail, next_step=next_step)
    answer = Response(html, status=status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {_ancestors(helpdesk)}"
    )
    return answer


@sidebar.get("/<helpdesk>/sidebar")
@describe(
    "Says how the sidebar is opened.",
    answers={200: None, 404: None},
    auth="none",
    media_type="text/html",
)
def how_to_open(helpdesk: str) -> Response:
    """For people who type the address."""
    if helpdesk not in web().deps.helpdesks:
        return _unknown(helpdesk)
    return _message(helpdesk, 200, title=text("page.open.title"), detail=text("page.open.detail"))


def _unknown(helpdesk: str) -> Response:
    return _message(
        helpdesk, 404, title=text("page.unknown.title"), detail=text("page.unknown.detail")
    )


@sidebar.post("/<helpdesk>/sidebar")
@describe(
    "Opens the sidebar with the token that the helpdesk signed. Each token works once.",
    answers={200: None, 403: None, 404: None, 413: None},
    auth="signature",
    media_type="text/html",
)
def open_sidebar(helpdesk: str) -> Response:
    """A page with a session of its own."""
    deps = web().deps
    integration = deps.helpdesks.get(helpdesk)
    if integration is None:
        return _unknown(helpdesk)
    request.max_content_length = _MAX_FORM_BYTES
    now = deps.clock.now()
    try:
        visit = integration.visit(deps.accounts, request.form.to_dict(), now)
        account = deps.account(visit.account_id)
    except (NotAllowed, LookupError) as error:
        log.info("sidebar refused", extra={"helpdesk": helpdesk, "cause": type(error).__name__})
        return _message(
            helpdesk,
            403,
            title=text("page.refused.title"),
            detail=str(error),
            next_step=text("page.refused.next"),
        )
    if not deps.accounts.use_token_once(visit.token_hash, visit.expires_at, now):
        return _message(
            helpdesk,
            403,
            title=text("page.used.title"),
            detail=text("page.used.detail"),
            next_step=text("page.used.next"),
        )
    token = web().signer.issue_session(account.id, visit.agent_id, visit.installation_id)
    nonce = secrets.token_urlsafe(16)
    sdk_url = web().settings.sdk_urls[helpdesk]
    html = render_template(
        "sidebar.html",
        nonce=nonce,
        sdk_url=sdk_url,
        boot={"helpdesk": helpdesk, "session": token, "texts": script_texts()},
    )
    answer = Response(html, mimetype="text/html")
    ancestors = integration.frame_ancestor(account, deps.surroundings(account.id))
    answer.headers["Content-Security-Policy"] = page_policy(nonce, sdk_url, ancestors)
    log.info(
        "sidebar opened",
        extra={"account": account.id, "agent": visit.agent_id, "helpdesk": helpdesk},
    )
    return answer
