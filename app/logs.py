"""Logging: one JSON line an event, with the id of the request or job that it belongs to.

Only ids, codes, amounts and durations are logged. The text of an exception is left out unless it is
one of our own, whose messages never hold tokens or what a customer wrote.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from app.domain.errors import AppError

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What every LogRecord carries anyway; all other attributes came in by `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LONGEST = 500


def new_request_id() -> str:
    """A short id that ties a person's screenshot to the log."""
    return secrets.token_hex(6)


class JsonLines(logging.Formatter):
    """Each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its extras; values other than numbers are cut to 500 characters."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage()[:_LONGEST],
            "logger": record.name,
        }
        bound = request_id.get()
        if bound is not None:
            line["request_id"] = bound
        for key, value in vars(record).items():
            if key not in _STANDARD:
                is_plain = value is None or isinstance(value, bool | int | float)
                line[key] = value if is_plain else str(value)[:_LONGEST]
        if record.exc_info and record.exc_info[1] is not None:
            line.update(_failure(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False)


def _failure(error: BaseException) -> dict[str, object]:
    """Type and place of an exception; its message only when it is one of ours."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    found: dict[str, object] = {
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, AppError):
        found["detail"] = str(error)[:_LONGEST]
    return found


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every log record to `stream` (standard error) as JSON lines. May be called again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # At DEBUG zenpy and urllib3 log bodies and addresses; those hold what customers wrote.
    for noisy in ("zenpy", "urllib3", "werkzeug", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
