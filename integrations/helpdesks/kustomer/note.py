"""A note as Kustomer takes it: plain text, since which markup is shown isn't documented.

The last line is a reference by which the note is found again after a lost answer.
https://developer.kustomer.com/api/core-resources/create-note
"""

from __future__ import annotations

import hashlib
import re

from app.domain.crm import Note

MAX_CHARACTERS = 10_240
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CUT = "(shortened)"


def reference(marker: str) -> str:
    """The last line of the note that carries `marker`: short, since people read it too."""
    return f"Ref. {hashlib.sha256(marker.encode()).hexdigest()[:12]}"


def note_text(note: Note, marker: str) -> str:
    """The note with blank lines between its parts, at most `MAX_CHARACTERS` long."""
    parts = [note.headline, *note.paragraphs]
    if note.facts:
        parts.append("\n".join(f"{label}: {value}" for label, value in note.facts))
    if note.bullets:
        parts.append("\n".join(f"• {bullet}" for bullet in note.bullets))
    end = "\n".join(part for part in (note.footer, reference(marker)) if part)
    text = _CONTROL.sub("", "\n\n".join(parts))
    room = MAX_CHARACTERS - len(end) - 2
    if len(text) > room:
        text = f"{text[: room - len(_CUT) - 1]}\n{_CUT}"
    return f"{text}\n\n{end}"


def carries(body: str, marker: str) -> bool:
    """Whether a note's text ends with the reference of `marker`."""
    return body.rstrip().endswith(reference(marker))
