"""Notes: few tags, every text escaped, and never too long."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from app.domain.crm import Note
from integrations.helpdesks.zendesk.note import MAX_CHARACTERS, note_html, note_text

ALLOWED = {"p", "br", "strong", "em", "ul", "li", "a", "blockquote"}
texts = st.text(max_size=60)
notes = st.builds(
    Note,
    headline=texts,
    paragraphs=st.lists(texts, max_size=3).map(tuple),
    facts=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    bullets=st.lists(texts, max_size=3).map(tuple),
    footer=st.none() | texts,
)


class Reader(HTMLParser):
    """Collects tags, open elements and text, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(source: str) -> Reader:
    reader = Reader()
    reader.feed(source)
    reader.close()
    return reader


def test_a_note_has_its_parts_in_order() -> None:
    note = Note(
        headline="Eligible",
        paragraphs=("Delivered 5 days ago.",),
        facts=(("Order", "#1001"), ("Amount", "48.60 EUR")),
        bullets=("Within 30 days",),
        footer="Open the sidebar to refund.",
    )
    assert note_html(note) == (
        "<p><strong>Eligible</strong></p>"
        "<p>Delivered 5 days ago.</p>"
        "<p><strong>Order:</strong> #1001<br><strong>Amount:</strong> 48.60 EUR</p>"
        "<ul><li>Within 30 days</li></ul>"
        "<p><em>Open the sidebar to refund.</em></p>"
    )


@given(notes)
def test_no_text_becomes_a_tag(note: Note) -> None:
    reader = read(note_html(note))
    assert set(reader.tags) <= ALLOWED
    assert reader.attributes == []
    assert reader.open == []


def test_markup_in_a_text_is_shown_as_text() -> None:
    attack = '<script>alert(1)</script><a href="javascript:x">&amp;"\''
    reader = read(note_html(Note(headline=attack, facts=((attack, attack),), bullets=(attack,))))
    assert "script" not in reader.tags and "a" not in reader.tags
    assert reader.text.count(attack) == 4


def test_line_breaks_stay_and_control_characters_go() -> None:
    assert note_html(Note(headline="A", paragraphs=("one\ntwo\x00\x1b",))) == (
        "<p><strong>A</strong></p><p>one<br>two</p>"
    )


def test_a_long_note_is_cut_between_its_parts() -> None:
    note = Note(headline="A", paragraphs=tuple("x" * 1000 for _ in range(100)))
    made = note_html(note)
    assert len(made) < MAX_CHARACTERS + 100
    assert read(made).open == []
    assert "(shortened)" in made
    assert "(shortened)" in note_text(note)


@given(notes)
def test_the_plain_form_says_the_same(note: Note) -> None:
    assert "\x00" not in note_text(note)
    assert len(note_text(note)) <= MAX_CHARACTERS + 20
