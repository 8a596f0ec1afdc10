"""HTML mail to plain text, in a few passes that are linear whatever the markup is.

A parser that builds the document tree was tried and left out: by the standard's own rules deeply
nested markup takes it seconds for a mail of 200 kB.
"""

from __future__ import annotations

import html
import re

# Stand for the edges of a quote until its lines are marked; normalised text can't hold them.
_QUOTE_STARTS, _QUOTE_ENDS = "\ue001", "\ue002"

_LOOKS_LIKE_HTML = re.compile(
    r"(?i)<!doctype html|</?(?:html|body|div|p|br|span|table|td|blockquote|font|a|b|ul|li|style)"
    r"(?:\s[^<>]{0,400})?/?>"
)
_HIDDEN_PART = re.compile(
    r"(?i)<(?P<close>/?)(?P<name>style|script|head|title|template|svg|object)\b[^<>]{0,2000}>"
)
_UNSEEN_ELEMENT = re.compile(
    r"(?i)<(?P<name>div|span|p|td|font)\b[^<>]{0,300}"
    r"(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0(?![.0-9]*[1-9]))[^<>]{0,500}>"
)
_QUOTE_TAG = re.compile(r"(?i)<(/?)blockquote\b[^<>]{0,2000}>")
_CELL_TAG = re.compile(r"(?i)</t[dh]\s{0,5}>")
_BREAKING_TAG = re.compile(
    r"(?i)<(?:br|hr|/?(?:p|div|tr|li|ul|ol|table|h[1-6]|pre|section|article|center|dd|dt))"
    r"\b[^<>]{0,2000}>"
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,5000}>")
_BLANKS = re.compile(r"[ \t\n\r\f]{1,200}")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_FREQUENT = (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"))
_MAX_SPECIAL_TAGS = 500
# Markup that is looked at: what is shown of more is more than anybody writes.
_MAX_MARKUP = 30_000
_SNIFFED = 30_000


def looks_like_html(text: str) -> bool:
    """Whether a body is markup; `a < b` and `<ida@example.com>` are not."""
    return _LOOKS_LIKE_HTML.search(text, 0, _SNIFFED) is not None


def _without_comments(text: str) -> str:
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        kept.append(text[position:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(kept)
        position = end + 3
    return "".join([*kept, text[position:]])


def _without_hidden_parts(text: str) -> str:
    """Without style sheets, scripts and the head. What is never closed hides the rest."""
    kept: list[str] = []
    position = 0
    hidden: str | None = None
    for tag in _HIDDEN_PART.finditer(text):
        name = tag.group("name").lower()
        if hidden is None and not tag.group("close"):
            kept.append(text[position : tag.start()])
            hidden = name
        elif hidden == name and tag.group("close"):
            hidden = None
            position = tag.end()
    if hidden is None:
        kept.append(text[position:])
    return " ".join(kept)


def _without_unseen_elements(text: str) -> str:
    """Without elements that a mail program doesn't show: preview lines, planted instructions."""
    kept: list[str] = []
    position = 0
    lowered = text.lower()
    for number, tag in enumerate(_UNSEEN_ELEMENT.finditer(text)):
        if number >= _MAX_SPECIAL_TAGS:
            break
        if tag.start() < position:
            continue
        end = lowered.find(f"</{tag.group('name').lower()}", tag.end())
        if end < 0:
            break
        kept.append(text[position : tag.start()])
        position = end
    return "".join([*kept, text[position:]])


def _mark_quotes(text: str) -> str:
    """Lines inside quote marks begin with one `> ` for each level, as in plain mail."""
    if _QUOTE_STARTS not in text:
        return text.replace(_QUOTE_ENDS, "")
    lines: list[str] = []
    depth = 0
    for line in text.split("\n"):
        if line == _QUOTE_STARTS:
            depth += 1
        elif line == _QUOTE_ENDS:
            depth = max(0, depth - 1)
        else:
            lines.append("> " * min(depth, 3) + line if depth else line)
    return "\n".join(lines)


def html_to_text(text: str, at_most: int) -> tuple[str, bool]:
    """The text that a reader of this HTML sees, and whether it was cut at `at_most` characters.

    Quoted parts come out with `> ` before each line, table cells with a tab between them.
    """
    text = text.replace(_QUOTE_STARTS, " ").replace(_QUOTE_ENDS, " ")
    text = _without_hidden_parts(_without_comments(text))
    was_cut = len(text) > _MAX_MARKUP
    text = text[:_MAX_MARKUP]
    text = _without_unseen_elements(text)
    if "<pre" not in text.lower():
        text = _BLANKS.sub(" ", text)
    text = _QUOTE_TAG.sub(lambda tag: f"\n{_QUOTE_ENDS if tag.group(1) else _QUOTE_STARTS}\n", text)
    text = _BREAKING_TAG.sub("\n", _CELL_TAG.sub("\t", text))
    text = _TAG.sub("", text)
    was_cut = was_cut or len(text) > at_most
    text = text[:at_most]
    for entity, sign in _FREQUENT:
        text = text.replace(entity, sign)
    text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    return _mark_quotes(text)[: 2 * at_most], was_cut
