"""Every error as an RFC 9457 problem: what happened, whether money moved, and what to do next.

https://www.rfc-editor.org/rfc/rfc9457.html. `type` and `code` are stable; a stack trace or an
unexpected exception's text never leaves the process.
"""

from __future__ import annotations

import json
import logging
import math
from typing import Literal

from flask import Flask, Response, g, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException

from app.domain import errors
from app.domain.plan import InvalidChoice
from app.logs import request_id
from app.web.session import BadPlanToken, SessionProblem
from app.web.texts import text

log = logging.getLogger(__name__)

MoneyMoved = Literal["no", "maybe", "yes"]


class Problem(BaseModel):
    """The body of every error answer (application/problem+json)."""

    model_config = ConfigDict(extra="forbid")

    type: str
    code: str
    status: int
    title: str
    detail: str
    money_moved: MoneyMoved
    next: str
    request_id: str | None = None
    changes: list[str] = []
    fields: list[str] = []


def problem(
    code: str,
    status: int,
    detail: str | None = None,
    *,
    retry_after_seconds: float | None = None,
    changes: tuple[str, ...] = (),
    fields: tuple[str, ...] = (),
    next_step: str | None = None,
) -> Response:
    """An error answer. The title comes from the catalogue by `code`, as does the next step where
    none is given."""
    money: MoneyMoved = g.get("money_if_broken", "no") if status >= 500 else "no"
    body = Problem(
        type=f"urn:makegood:problem:{code}",
        code=code,
        status=status,
        title=text(f"problem.{code}.title"),
        detail=detail or text(f"problem.{code}.title"),
        money_moved=money,
        next=text("problem.money_unclear")
        if money == "maybe"
        else next_step or text(f"problem.{code}.next"),
        request_id=request_id.get(),
        changes=list(changes),
        fields=list(fields),
    )
    answer = Response(
        json.dumps(body.model_dump(), ensure_ascii=False),
        status=status,
        mimetype="application/problem+json",
    )
    if retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))
    return answer


def _vendor_problem(error: errors.VendorError) -> Response:
    detail = str(error)
    if isinstance(error, errors.RateLimited):
        return problem("vendor_busy", 503, detail, retry_after_seconds=error.retry_after_seconds)
    if isinstance(error, errors.Unavailable):
        return problem("vendor_unreachable", 503, detail, retry_after_seconds=5)
    if isinstance(error, errors.AccessDenied):
        return problem("vendor_access", 502, detail)
    if isinstance(error, errors.NotFound):
        return problem("vendor_not_found", 404, detail)
    if isinstance(error, errors.Rejected):
        return problem("vendor_refused", 422, detail)
    return problem("vendor_unclear", 502, detail)


def app_problem(error: errors.AppError) -> Response:
    """The answer for one of our own errors."""
    detail = str(error)
    if isinstance(error, SessionProblem):
        answer = problem("session_expired" if error.is_expired else "not_signed_in", 401)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if isinstance(error, errors.NotAllowed):
        return problem("not_allowed", 403, detail)
    if isinstance(error, BadPlanToken):
        return problem("bad_plan", 403, detail)
    if isinstance(error, errors.Conflict):
        return problem("conflict", 409, detail, changes=error.changes, next_step=error.next_step)
    if isinstance(error, errors.InvalidEntry):
        return problem("invalid_entry", 422, detail)
    if isinstance(error, errors.IllegalTransition):
        return problem("too_late", 409, detail)
    if isinstance(error, InvalidChoice):
        return problem("invalid_choice", 422, detail)
    if isinstance(error, errors.VendorError):
        return _vendor_problem(error)
    if isinstance(error, errors.BadDelivery):
        return problem("bad_delivery", error.status, detail)
    log.error("configuration problem", exc_info=error)
    return problem("not_set_up", 500)


def invalid_body(error: ValidationError) -> Response:
    """The answer for a body that doesn't fit its model: which field, and why."""
    found = tuple(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return problem("invalid_body", 422, "; ".join(found[:5]), fields=found)


_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "not_json",
}


def install_error_handlers(app: Flask) -> None:
    """Answer every error of every view in this one form."""

    @app.errorhandler(errors.AppError)
    def our_error(error: errors.AppError) -> Response:
        answer = app_problem(error)
        log.info(
            "refused",
            extra={
                "path": request.url_rule.rule if request.url_rule else None,
                "status": answer.status_code,
                "cause": type(error).__name__,
            },
        )
        return answer

    @app.errorhandler(ValidationError)
    def body_error(error: ValidationError) -> Response:
        # A ValidationError with `g.reads_body` unset is a fault of ours, not of the caller.
        if g.get("reads_body"):
            return invalid_body(error)
        return unexpected(error)

    @app.errorhandler(LookupError)
    def missing(error: LookupError) -> Response:
        # KeyError and IndexError are faults of ours; a plain LookupError says "no such record".
        return unexpected(error) if type(error) is not LookupError else problem("not_found", 404)

    @app.errorhandler(TimeoutError)
    def busy(error: TimeoutError) -> Response:
        log.warning("lock not free in time", exc_info=error)
        return problem("busy", 503, retry_after_seconds=2)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        answer = problem(
            _HTTP_CODES.get(status, "bad_request" if status < 500 else "fault"), status
        )
        if status == 405:
            for name, value in error.get_headers():
                if name == "Allow":
                    answer.headers["Allow"] = value
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        return problem("fault", 500)
