"""What the desks of the helpdesk sandboxes look like: one stylesheet for all of them."""

from __future__ import annotations

from pathlib import Path

from flask import Response

_FOLDER = Path(__file__).parent


def stylesheet() -> Response:
    """`desk.css`."""
    return Response((_FOLDER / "desk.css").read_bytes(), content_type="text/css; charset=utf-8")
