"""The bearer token of a request becomes its session and account."""

from __future__ import annotations

from flask import g, request

from app.web.context import web
from app.web.session import SessionProblem

# In a request's environ, which no client can set: the helpdesk's servers brought this call.
BROUGHT = "makegood.brought"


def require_session() -> None:
    """Set `g.session` and `g.account`; raises SessionProblem without a valid token.

    The account is looked up on every request, so a removed installation loses access at once.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise SessionProblem("There is no session.", is_expired=False)
    found = web().signer.read_session(token.strip())
    if found.is_of_card and not request.environ.get(BROUGHT):
        raise SessionProblem("A card's calls are brought by its helpdesk.", is_expired=False)
    try:
        g.account = web().deps.account(found.account_id)
    except LookupError:
        raise SessionProblem("The account isn't connected any more.", is_expired=False) from None
    g.session = found
