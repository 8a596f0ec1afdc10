"""What the desks of the helpdesk sandboxes share: one look, and a few small functions."""

from __future__ import annotations

from pathlib import Path

from flask import Response

_FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "application/javascript; charset=utf-8"}


def shared_file(name: str) -> Response:
    """`desk.css` or `parts.js`."""
    path = _FOLDER / name
    return Response(path.read_bytes(), content_type=_TYPES[path.suffix])
