"""Comment texts: which HTML survives, and the plain text made of it.

The vendor doesn't publish the list of tags it keeps; the list here is the cautious one.
"""

from __future__ import annotations

import html
from html.parser import HTMLParser

KEPT_TAGS = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "b",
        "i",
        "u",
        "s",
        "ul",
        "ol",
        "li",
        "a",
        "code",
        "pre",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "div",
        "span",
        "img",
    ]
)
DROPPED_WITH_CONTENT = frozenset({"script", "style", "iframe", "object", "embed", "form"})
KEPT_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}}
VOID_TAGS = frozenset({"br", "hr", "img"})
BLOCK_TAGS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "table",
        "hr",
    ]
)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.clean: list[str] = []
        self.plain: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED_WITH_CONTENT:
            self._skipping += 1
        if self._skipping or tag not in KEPT_TAGS:
            return
        kept = KEPT_ATTRIBUTES.get(tag, set())
        shown = "".join(
            f' {name}="{html.escape(value or "")}"'
            for name, value in attrs
            if name in kept and _is_safe_link(value)
        )
        self.clean.append(f"<{tag}{shown}>")
        if tag == "br":
            self.plain.append("\n")
        elif tag == "li":
            self.plain.append("\n- ")
        elif tag in BLOCK_TAGS:
            self.plain.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in DROPPED_WITH_CONTENT:
            self._skipping = max(0, self._skipping - 1)
            return
        if self._skipping or tag not in KEPT_TAGS or tag in VOID_TAGS:
            return
        self.clean.append(f"</{tag}>")
        if tag in BLOCK_TAGS:
            self.plain.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.clean.append(html.escape(data, quote=False))
            self.plain.append(data)


def _is_safe_link(value: str | None) -> bool:
    return (value or "").strip().lower().startswith(("https:", "http:", "mailto:", "/", "#"))


def clean_html(source: str) -> tuple[str, str]:
    """`(html, plain text)` of an html_body as it is stored."""
    cleaner = _Cleaner()
    cleaner.feed(source)
    cleaner.close()
    lines = [line.strip() for line in "".join(cleaner.plain).split("\n")]
    plain: list[str] = []
    for line in lines:
        if line or (plain and plain[-1]):
            plain.append(line)
    return _wrap("".join(cleaner.clean)), "\n".join(plain).strip()


def html_of_text(text: str) -> str:
    """The html_body that a plain body gets."""
    paragraphs = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    return _wrap(
        "".join(
            f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>"
            for part in paragraphs
        )
    )


def _wrap(inner: str) -> str:
    return f'<div class="zd-comment" dir="auto">{inner}</div>'
