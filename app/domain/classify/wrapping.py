"""Transport encodings that reach us undone: base64 bodies, quoted-printable, pasted headers."""

from __future__ import annotations

import base64
import binascii
import codecs
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
# Of an encoded body so much is undone (whole groups of four), and so much of that looked at.
_MOST_ENCODED = 60_000
_SHOWN_LOOKED_AT = 2_000
_PRINTABLE_SHARE = 0.9


def _decoded(text: str) -> str | None:
    """The text inside a body that is base64 as a whole, None for any other."""
    lines = text[:_MOST_ENCODED].split()
    if not lines or sum(map(len, lines)) < _LEAST_ENCODED:
        return None
    if not all(_BASE64_LINE.fullmatch(line) for line in lines[:-1]):
        return None
    joined = "".join(lines)
    was_cut = len(text) > _MOST_ENCODED
    if was_cut:
        joined = joined[: len(joined) // 4 * 4]
    if not re.fullmatch(r"[A-Za-z0-9+/]{8,}={0,2}", joined):
        return None
    try:
        encoded = base64.b64decode(joined, validate=True)
        # A cut may halve the last letter.
        inside = codecs.getincrementaldecoder("utf-8")().decode(encoded, final=not was_cut)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    head = inside[:_SHOWN_LOOKED_AT]
    shown = sum(sign.isprintable() or sign in "\r\n\t" for sign in head)
    return inside if inside and shown >= _PRINTABLE_SHARE * len(head) else None


def unwrap(text: str) -> tuple[str, bool]:
    """A body as it was written, and whether its end was left out.

    Base64 (its first 60,000 characters) and quoted-printable are undone, embedded files left out.
    """
    head = text[:_LOOKED_AT]
    decoded = _decoded(text) if " " not in head[:200] else None
    if decoded is not None:
        return decoded, len(text) > _MOST_ENCODED
    if len(_ESCAPED_LETTER.findall(head)) >= 2 and text.isascii():
        plain = quopri.decodestring(text.encode("ascii"))
        text = plain.decode("utf-8", errors="replace")
    return without_blobs(text) if "base64," in text else text, False


def without_blobs(text: str) -> str:
    """`text` without words that nobody typed."""
    return _BLOB.sub(" ", text)
