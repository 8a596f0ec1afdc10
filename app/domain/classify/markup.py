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
_HIDDEN_NAMES = ("style", "script", "head", "title", "template", "svg", "object")
_HIDDEN_PART = re.compile(rf"(?i)<(?P<name>{'|'.join(_HIDDEN_NAMES)})\b[^<>]{{0,2000}}>")
_HIDDEN_END = {name: re.compile(rf"(?i)</{name}\b[^<>]{{0,2000}}>") for name in _HIDDEN_NAMES}
_UNSEEN_STYLE = re.compile(
    r"(?i)display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0(?![.0-9]*[1-9])"
)
_STYLED_TAG = re.compile(r"(?i)<(?P<name>div|span|p|td|font)\b[^<>]{0,800}>")
_STYLED_END = {name: re.compile(f"(?i)</{name}") for name in ("div", "span", "p", "td", "font")}
_LONGEST_BEFORE_STYLE = 300
_QUOTE_TAG = re.compile(r"(?i)<(/?)blockquote\b[^<>]{0,2000}>")
_CELL_TAG = re.compile(r"(?i)</t[dh]\s{0,5}>")
_BREAKING_TAG = re.compile(
    r"(?i)<(?:br|hr|/?(?:p|div|tr|li|ul|ol|table|h[1-6]|pre|section|article|center|dd|dt))"
    r"\b[^<>]{0,2000}>"
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,5000}>")
# A single blank is one already.
_BLANKS = re.compile(r"[\t\n\r\f ]{2,200}|[\t\n\r\f]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_FREQUENT = (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"))
_MAX_SPECIAL_TAGS = 500
# Markup that is looked at: what is shown of more is more than anybody writes.
_MAX_MARKUP = 30_000
# So many angles begin the tags of more markup than that; a text of nothing but angles has more.
_MAX_TAGS = 5_000
_MANY_TAGS = re.compile(rf"(?:[^<]*+<){{{_MAX_TAGS}}}")
# Pieces between comments and hidden parts that are looked at.
_MAX_PIECES = 2_000
_SNIFFED = 30_000


def looks_like_html(text: str) -> bool:
    """Whether a body is markup; `a < b` and `<ida@example.com>` are not."""
    return _LOOKS_LIKE_HTML.search(text, 0, _SNIFFED) is not None


def _end_of_comment(text: str, start: int) -> int:
    end = text.find("-->", start)
    return end + 3 if end >= 0 else len(text)


def _end_of_part(text: str, name: str, position: int) -> int:
    """Where a hidden part ends; what is never closed hides the rest."""
    end = _HIDDEN_END[name].search(text, position)
    while end is not None:
        comment = text.find("<!--", position, end.start())
        if comment < 0:
            return end.end()
        position = _end_of_comment(text, comment)
        if position > end.start():
            end = _HIDDEN_END[name].search(text, position)
    return len(text)


def _shown_markup(text: str) -> tuple[str, bool]:
    """The first `_MAX_MARKUP` characters that are no comment, style sheet, script or head.

    At most `_MAX_PIECES` pieces between them are looked at, and `_MAX_TAGS` tags. The second value
    says whether there is more.
    """
    kept: list[str] = []
    position = length = 0
    comment = -1
    while position < len(text) and length <= _MAX_MARKUP and len(kept) < _MAX_PIECES:
        if comment < position:
            found = text.find("<!--", position)
            comment = found if found >= 0 else len(text)
        # What begins further on than this isn't kept anyway; a tag has at most 2,000 characters.
        reach = position + _MAX_MARKUP - length + 1
        part = _HIDDEN_PART.search(text, position, min(comment, reach + 2100))
        start = part.start() if part else min(comment, reach)
        kept.append(text[position:start])
        length += start - position
        if part:
            kept.append(" ")
            position = _end_of_part(text, part["name"].lower(), part.end())
        elif start == comment:
            position = _end_of_comment(text, comment)
        else:
            position = start
    shown = "".join(kept)
    most = _MANY_TAGS.match(shown, 0, _MAX_MARKUP)
    reads = most.end() - 1 if most else _MAX_MARKUP
    return shown[:reads], len(shown) > reads or position < len(text)


def _without_unseen_elements(text: str) -> str:
    """Without elements that a mail program doesn't show: preview lines, planted instructions."""
    lowered = text.lower()
    if not any(name in lowered for name in ("display", "visibility", "font-size")):
        return text
    kept: list[str] = []
    position = 0
    for number, style in enumerate(_UNSEEN_STYLE.finditer(text)):
        if number >= _MAX_SPECIAL_TAGS:
            break
        if style.start() < position:
            continue
        start = text.rfind("<", max(position, style.start() - _LONGEST_BEFORE_STYLE), style.start())
        tag = _STYLED_TAG.match(text, start) if start >= 0 else None
        if tag is None or tag.end() < style.end():
            continue
        end = _STYLED_END[tag["name"].lower()].search(text, tag.end())
        if end is None:
            break
        kept.append(text[position:start])
        position = end.start()
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

    Read is the beginning: of the markup that shows something at most `_MAX_MARKUP` characters
    and `_MAX_TAGS` tags. Quoted parts come out with `> ` before each line, table cells with a tab
    between them.
    """
    text = text.replace(_QUOTE_STARTS, " ").replace(_QUOTE_ENDS, " ")
    text, was_cut = _shown_markup(text)
    text = _without_unseen_elements(text)
    lowered = text.lower()
    if "<pre" not in lowered:
        text = _BLANKS.sub(" ", text)
    if "blockquote" in lowered:
        text = _QUOTE_TAG.sub(
            lambda tag: f"\n{_QUOTE_ENDS if tag.group(1) else _QUOTE_STARTS}\n", text
        )
    if "</t" in lowered:
        text = _CELL_TAG.sub("\t", text)
    text = _BREAKING_TAG.sub("\n", text)
    text = _TAG.sub("", text)
    was_cut = was_cut or len(text) > at_most
    text = text[:at_most]
    for entity, sign in _FREQUENT:
        text = text.replace(entity, sign)
    text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    return _mark_quotes(text)[: 2 * at_most], was_cut
