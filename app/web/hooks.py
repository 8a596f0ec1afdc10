"""Webhooks: a POST is answered 2xx only once it is in the database.

Zendesk repeats after 409, and after 429 and 503 with a Retry-After under 60 s, but never after
other errors: https://developer.zendesk.com/documentation/webhooks/. So a passing fault of ours is
answered 503, never 500.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.domain.errors import BadDelivery
from app.usecases.receive import receive_delivery
from app.web.api_models import Accepted
from app.web.context import web
from app.web.describe import describe
from app.web.errors import Problem, problem

log = logging.getLogger(__name__)
hooks = Blueprint("hooks", __name__)

MAX_BYTES = 256 * 1024
_RETRY_AFTER_SECONDS = 30
_ACCEPTED = b'{"accepted": true}'


def _body() -> bytes:
    """The raw body, never more than the limit of it."""
    declared = request.content_length
    if declared is not None and declared > MAX_BYTES:
        raise RequestEntityTooLarge
    # Read one byte further than allowed: a chunked body declares no length.
    body: bytes = request.stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise RequestEntityTooLarge
    return body


@hooks.post("/webhooks/<helpdesk>/<account_id>")
@describe(
    "Take a helpdesk's delivery. Repeated and irrelevant ones are accepted too.",
    answers={
        202: Accepted,
        400: Problem,
        401: Problem,
        404: Problem,
        413: Problem,
        503: Problem,
    },
    auth="signature",
)
def receive(helpdesk: str, account_id: str) -> Response:
    """Check, keep, answer."""
    return _taken(helpdesk, account_id, _body())


@hooks.post("/webhooks/<helpdesk>")
@describe(
    "Take a delivery of a helpdesk whose accounts share one address.",
    answers={
        202: Accepted,
        400: Problem,
        401: Problem,
        404: Problem,
        413: Problem,
        503: Problem,
    },
    auth="signature",
)
def receive_for_any(helpdesk: str) -> Response:
    """The body says which account it is for, and only that account's secret may then fit."""
    integration = web().deps.helpdesks.get(helpdesk)
    if integration is None:
        return problem("not_found", 404)
    body = _body()
    wanted = dict(integration.speaks_of(body))
    try:
        account_id = web().deps.accounts.door_of(helpdesk, **wanted) if wanted else None
    except Exception as error:
        return _come_again(error)
    if account_id is None:
        # Without its body: nothing says that it is a helpdesk's.
        log.warning("delivery of an unknown account", extra={"helpdesk": helpdesk})
        raise BadDelivery("the account isn't connected", 401)
    return _taken(helpdesk, account_id, body)


def _taken(helpdesk: str, account_id: str, body: bytes) -> Response:
    # Werkzeug's headers read like a mapping, whatever the case of a name; only its types differ.
    headers = cast(Mapping[str, str], request.headers)
    try:
        receive_delivery(web().deps, helpdesk, account_id, headers, body)
    except (BadDelivery, RequestEntityTooLarge):
        raise
    except LookupError as error:
        if type(error) is LookupError:
            return problem("not_found", 404)
        return _come_again(error)
    except Exception as error:
        return _come_again(error)
    return Response(_ACCEPTED, status=202, mimetype="application/json")


def _come_again(error: Exception) -> Response:
    log.error("delivery not kept", exc_info=error)
    return problem("not_kept", 503, retry_after_seconds=_RETRY_AFTER_SECONDS)
