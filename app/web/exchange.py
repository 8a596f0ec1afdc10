"""How the interface reads a body and writes an answer."""

from __future__ import annotations

from typing import TypeVar

from flask import Response, g, request
from pydantic import BaseModel
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from app.web.api_models import NoBody
from app.web.formats import Formats

_MAX_BODY_BYTES = 64 * 1024
_B = TypeVar("_B", bound=BaseModel)


def read_body(model: type[_B], most_bytes: int = _MAX_BODY_BYTES) -> _B:
    """The request's body as `model`; raises what the error handlers turn into 4xx."""
    if request.content_length is not None and request.content_length > most_bytes:
        raise RequestEntityTooLarge
    raw = request.stream.read(most_bytes + 1)
    if len(raw) > most_bytes:
        raise RequestEntityTooLarge
    if not raw and model is NoBody:
        raw = b"{}"
    elif not request.is_json:
        raise UnsupportedMediaType
    g.reads_body = True
    found = model.model_validate_json(raw)
    g.reads_body = False
    return found


def answer_with(model: BaseModel, status: int = 200) -> Response:
    """A body as JSON."""
    return Response(model.model_dump_json(), status=status, mimetype="application/json")


def wanted_formats() -> Formats:
    """How the reader writes amounts and dates, as the query says."""
    return Formats.of(request.args.get("locale"), request.args.get("tz"))
