"""From the body of a message to the words that its writer wrote now.

Payment data is masked before anything else looks at the text. Work is bounded: at most
`MAX_READ` characters and `MAX_LINES` lines are looked at, however long a mail is.
"""

from __future__ import annotations

from app.domain.base import Value
from app.domain.classify.automatic import is_automatic
from app.domain.classify.endings import split_signature, without_greeting
from app.domain.classify.forms import split_form
from app.domain.classify.markup import html_to_text, looks_like_html
from app.domain.classify.quotes import split_quoted
from app.domain.classify.turns import split_turns
from app.domain.classify.unicode import normalise, without_look_alikes
from app.domain.classify.wrapping import unwrap, without_blobs
from app.domain.masking import mask_payment_data

# What is beyond is not looked at: more than any honest mail, markup included.
MAX_CHARACTERS = 200_000
# Of the text itself, its beginning and its end are read.
MAX_READ = 10_000
_READ_AT_END = 2_500
MAX_LINES = 320
_LINES_AT_END = 60
_MAX_SUBJECT = 300


class Cleaned(Value):
    """A message taken apart; payment data is masked in every part.

    `text` is what the person wrote now. `quoted` is what they answered to ("yes please do that"
    needs it), `signature` their sign-off, device line or disclaimer. `is_auto_reply`: a machine
    wrote it (out of office, bounce, receipt of a ticket). `was_cut`: it was longer than is read.
    """

    subject: str = ""
    text: str = ""
    quoted: str = ""
    signature: str = ""
    is_auto_reply: bool = False
    was_cut: bool = False


def _both_ends(text: str, at_most: int, at_end: int) -> tuple[str, bool]:
    if len(text) <= at_most:
        return text, False
    return f"{text[: at_most - at_end]}\n{text[-at_end:]}", True


def _lines(text: str) -> tuple[list[str], bool]:
    lines = text.split("\n")
    if len(lines) <= MAX_LINES:
        return lines, False
    return [*lines[: MAX_LINES - _LINES_AT_END], *lines[-_LINES_AT_END:]], True


def _join(lines: list[str]) -> str:
    """Lines as text, with at most one empty line in a row."""
    kept: list[str] = []
    for line in lines:
        bare = line.strip(" ")
        if bare or (kept and kept[-1]):
            kept.append(bare)
    return "\n".join(kept).strip()


def clean(
    raw: str,
    subject: str | None = None,
    *,
    is_html: bool | None = None,
    requester: str | None = None,
) -> Cleaned:
    """Take a message apart: what is said now, what is quoted, the signature.

    `raw` is plain text or HTML; with `is_html` None it is looked at which. `requester` is the
    customer's name, by which their turns in a transcript are known. When nothing is left above a
    quoted mail (a bare forward), the quoted mail is the text. Never raises.
    """
    was_cut = len(raw) > MAX_CHARACTERS
    text = unwrap(raw[:MAX_CHARACTERS])
    if is_html or (is_html is None and looks_like_html(text)):
        text, cut = html_to_text(text, MAX_READ)
        was_cut = was_cut or cut
    text, cut = _both_ends(text, MAX_READ, _READ_AT_END)
    text = mask_payment_data(normalise(without_blobs(text))[: 2 * MAX_READ])
    lines, cut_lines = _lines(without_look_alikes(text))
    own, quoted = split_turns(lines, requester) or split_quoted(lines)
    if not any(line.strip() for line in own):
        own, quoted = quoted, []
    body, signature = split_form(own) or split_signature(own)
    told = _join(without_greeting(body)) or _join(own)
    title = _subject(subject)
    return Cleaned(
        subject=title,
        text=told,
        quoted=_join(quoted),
        signature=_join(signature),
        is_auto_reply=is_automatic(title, told),
        was_cut=was_cut or cut or cut_lines,
    )


def _subject(subject: str | None) -> str:
    """A subject in one line, masked."""
    head = (subject or "")[: 4 * _MAX_SUBJECT]
    text = mask_payment_data(normalise(head))
    return " ".join(without_look_alikes(text).split())[:_MAX_SUBJECT]
