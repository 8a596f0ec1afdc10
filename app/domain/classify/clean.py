"""From the body of a message to the words that its writer wrote now.

Payment data is masked before anything else looks at the text. Work is bounded, so that a mail of
200 kB takes hardly longer than a long letter. This is what is read:

- of the body, the first `MAX_CHARACTERS`; of markup, what `html_to_text` reads of it;
- of the text in it, the first 3,200 characters and the last 2,000 (of markup, the first 5,200), in
  at most `MAX_LINES` lines;
- of the writer's own words in these, the first 3,500 characters and the last 1,000: they are
  `Cleaned.body`.

What is left out is never left out in silence: where it may be the writer's own words, `was_cut`
says so, and a person looks at the ticket before money moves.
"""

from __future__ import annotations

import re

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
MAX_READ = 5_200
_READ_AT_END = 2_000
# Of the writer's own words likewise: what is wanted is said first, or at last.
READ_CHARACTERS = 4_500
_READ_LAST = 1_000
MAX_LINES = 320
_LINES_AT_END = 60
_MAX_SUBJECT = 300
# The line where something was left out; normalised text can't hold it.
_LEFT_OUT = "\ue003"
# Half a card number beside a cut would not be known as one, and half an order number be another.
_NUMBER_AT_END = re.compile(r"\d[\d\W]{0,60}\Z")
_HALVED_AT_START = re.compile(r"\S{0,60}(?:[\d\W]{0,60}\d)?")


class Cleaned(Value):
    """A message taken apart; payment data is masked in every part.

    `text` is what the person wrote now. `quoted` is what they answered to ("yes please do that"
    needs it), `signature` their sign-off, device line or disclaimer. `is_auto_reply`: a machine
    wrote it (out of office, bounce, receipt of a ticket). `was_cut`: some of what the person
    wrote may not have been read; a long mail that is quoted doesn't count.
    """

    subject: str = ""
    text: str = ""
    quoted: str = ""
    signature: str = ""
    is_auto_reply: bool = False
    was_cut: bool = False

    @property
    def body(self) -> str:
        """`text` as far as it is read: all of it, or its beginning and its end."""
        if len(self.text) <= READ_CHARACTERS:
            return self.text
        head = _cut_behind(self.text[: READ_CHARACTERS - _READ_LAST])
        return f"{head}\n\n{_cut_before(self.text[-_READ_LAST:])}"


def _cut_behind(text: str) -> str:
    """The beginning of a text that was cut, without the number that the cut may have halved."""
    tail = _NUMBER_AT_END.search(text, max(0, len(text) - 60))
    return text[: tail.start()] if tail else text


def _cut_before(text: str) -> str:
    """The end of a text that was cut, without the word or number that the cut may have halved."""
    head = _HALVED_AT_START.match(text)
    return text[head.end() :] if head else text


def _ends(text: str) -> list[str]:
    """A text as one part, or as the two that are read of it."""
    if len(text) <= MAX_READ:
        return [text]
    return [_cut_behind(text[: MAX_READ - _READ_AT_END]), _cut_before(text[-_READ_AT_END:])]


def _part_lines(text: str) -> list[str]:
    """The lines of one part, in one spelling and masked."""
    spelled = _spelled(text)
    if len(spelled) > 2 * MAX_READ:
        spelled = _cut_behind(spelled[: 2 * MAX_READ])
    return without_look_alikes(spelled).split("\n")


def _spelled(text: str) -> str:
    """A text in one spelling and masked.

    Masked twice: spelled out, a small raised number goes on with the card number before it; and
    only spelled out, a number is known that has unseen characters in it.
    """
    masked = mask_payment_data(text)
    spelled = normalise(without_blobs(masked))
    return spelled if spelled == masked else mask_payment_data(spelled)


def _lines(text: str, *, goes_on: bool) -> list[str]:
    """The lines that are read, with a mark where some are left out; `goes_on`: also at the end."""
    first, *rest = [_part_lines(part) for part in _ends(text)]
    lines = first
    if rest:
        lines = [*first, _left_out_behind(first), *rest[0]]
    if len(lines) > MAX_LINES:
        head = lines[: MAX_LINES - _LINES_AT_END]
        lines = [*head, _left_out_behind(head), *lines[-_LINES_AT_END:]]
    return [*lines, _left_out_behind(lines)] if goes_on else lines


def _left_out_behind(lines: list[str]) -> str:
    """The mark of what is left out: quoted, where the line before it is."""
    is_quoted = bool(lines) and lines[-1].lstrip().startswith(">")
    return f"> {_LEFT_OUT}" if is_quoted else _LEFT_OUT


def _without_marks(lines: list[str]) -> list[str]:
    return [line for line in lines if _LEFT_OUT not in line]


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
    goes_on = len(raw) > MAX_CHARACTERS
    text, cut = unwrap(raw[:MAX_CHARACTERS])
    goes_on = goes_on or cut
    if is_html or (is_html is None and looks_like_html(text)):
        text, cut = html_to_text(text, MAX_READ)
        goes_on = goes_on or cut
    if goes_on:
        text = _cut_behind(text)
    lines = _lines(text, goes_on=goes_on)
    own, quoted = split_turns(lines, requester) or split_quoted(lines)
    if not any(line.strip() for line in _without_marks(own)):
        own, quoted = quoted, []
    was_cut = any(_LEFT_OUT in line for line in own)
    own = _without_marks(own)
    body, signature = split_form(own) or split_signature(own)
    told = _join(without_greeting(body)) or _join(own)
    title = _subject(subject)
    return Cleaned(
        subject=title,
        text=told,
        quoted=_join(_without_marks(quoted)),
        signature=_join(signature),
        is_auto_reply=is_automatic(title, told),
        was_cut=was_cut or len(told) > READ_CHARACTERS,
    )


def _subject(subject: str | None) -> str:
    """A subject in one line, masked; cut where no number is halved."""
    head = subject or ""
    if len(head) > 4 * _MAX_SUBJECT:
        head = _cut_behind(head[: 4 * _MAX_SUBJECT])
    line = " ".join(without_look_alikes(_spelled(head)).split())
    return line if len(line) <= _MAX_SUBJECT else _cut_behind(line[:_MAX_SUBJECT])
