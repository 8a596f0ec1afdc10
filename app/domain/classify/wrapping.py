"""Transport encodings that reach us undone: base64 bodies, quoted-printable, pasted headers."""

from __future__ import annotations

import base64
import binascii
import quopri
import re

_BASE64_LINE = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_QUOTED_PRINTABLE = re.compile(r"=(?:[0-9A-F]{2}|\n)")
_ESCAPED_LETTER = re.compile(r"=C3=[89AB][0-9A-F]|=E2=80=|=20\n|=\n|=3D")
# A word that nobody typed: an encoded picture, a token, a key.
# It is looked for at the beginnings of words only, or long words would be read again and again.
_BLOB = re.compile(r"(?<![A-Za-z0-9+/=_\-])[A-Za-z0-9+/=_\-]{200,}")
_LEAST_ENCODED = 60
_LOOKED_AT = 20_000
_PRINTABLE_SHARE = 0.9


def _decoded(text: str) -> str | None:
    """The text inside a body that is base64 as a whole, None for any other."""
    lines = text.split()
    if not lines or sum(map(len, lines)) < _LEAST_ENCODED:
        return None
    if not all(_BASE64_LINE.fullmatch(line) for line in lines[:-1]):
        return None
    joined = "".join(lines)
    if not re.fullmatch(r"[A-Za-z0-9+/]{8,}={0,2}", joined):
        return None
    try:
        inside = base64.b64decode(joined, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    shown = sum(sign.isprintable() or sign in "\r\n\t" for sign in inside)
    return inside if inside and shown >= _PRINTABLE_SHARE * len(inside) else None


def unwrap(text: str) -> str:
    """A body as it was written: base64 and quoted-printable undone, embedded files left out."""
    head = text[:_LOOKED_AT]
    decoded = _decoded(text) if " " not in head[:200] else None
    if decoded is not None:
        return decoded
    if len(_ESCAPED_LETTER.findall(head)) >= 2 and text.isascii():
        plain = quopri.decodestring(text.encode("ascii"))
        text = plain.decode("utf-8", errors="replace")
    return without_blobs(text) if "base64," in text else text


def without_blobs(text: str) -> str:
    """`text` without words that nobody typed."""
    return _BLOB.sub(" ", text)
