"""A note as Zendesk takes it: few plain tags, and every text escaped.

Which HTML survives in a comment isn't documented, so only what every account keeps is used.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from __future__ import annotations

import html
import re

from app.domain.crm import Note

# A comment holds 65,536 characters; what is longer would be refused as a whole.
MAX_CHARACTERS = 60_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CUT = "(shortened)"


def note_html(note: Note) -> str:
    """The note as HTML of p, br, strong, em, ul and li."""
    parts = [f"<p><strong>{_escape(note.headline)}</strong></p>"]
    parts += [f"<p>{_lines(paragraph)}</p>" for paragraph in note.paragraphs]
    if note.facts:
        facts = "<br>".join(
            f"<strong>{_escape(label)}:</strong> {_lines(value)}" for label, value in note.facts
        )
        parts.append(f"<p>{facts}</p>")
    if note.bullets:
        items = "".join(f"<li>{_lines(bullet)}</li>" for bullet in note.bullets)
        parts.append(f"<ul>{items}</ul>")
    if note.footer:
        parts.append(f"<p><em>{_lines(note.footer)}</em></p>")
    return _fitting(parts)


def note_text(note: Note) -> str:
    """The note as plain text, for accounts without formatting."""
    text = _CONTROL.sub("", note.as_text())
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\n{_CUT}"


def _fitting(parts: list[str]) -> str:
    """Whole parts up to the limit, so that no tag is left open."""
    kept, size = [], 0
    for part in parts:
        size += len(part)
        if size > MAX_CHARACTERS:
            kept.append(f"<p><em>{_CUT}</em></p>")
            break
        kept.append(part)
    return "".join(kept)


def _escape(text: str) -> str:
    return html.escape(_CONTROL.sub("", text), quote=True)


def _lines(text: str) -> str:
    return _escape(text).replace("\n", "<br>")
