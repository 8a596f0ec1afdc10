"""One spelling for what people type: no hidden characters, no look-alike letters.

Everything here is linear in the text's length, whatever the text is.
"""

from __future__ import annotations

import re
import unicodedata

# Characters that are not seen but break words apart or turn them round: zero width, bidirectional
# controls, soft hyphens, variation selectors, tags.
_INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *range(0xE0000, 0xE0080),
    ]
)
# Other control characters, halves of surrogate pairs, private characters, and two ligatures that
# stand for whole Arabic sentences, are blanks.
_CONTROLS = {
    **dict.fromkeys([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)], " "),
    **dict.fromkeys(range(0xD800, 0xF900), " "),
    0x2028: "\n",
    0x2029: "\n",
    0xFDFA: " ",
    0xFDFB: " ",
}
_UNSEEN = {**_INVISIBLE, **_CONTROLS}

# Ordering a long run of combining marks costs the square of its length, so text is normalised in
# pieces that end with a word, or after this many characters.
_PIECE = re.compile(r"\S{1,48}\s{0,48}|\s{1,48}")

# Cyrillic and Greek letters that look like Latin ones.
_LOOK_ALIKES = str.maketrans(
    "аеорсхуіјѕһԁԛԝкмтвнАВЕКМНОРСТХУІЈЅαορυνικτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcxyijshdqwkmtbhABEKMHOPCTXYIJSaopuviktABEZHIKMNOPTYX",
)
_MIXED_WORD = re.compile(r"[A-Za-z\u0370-\u03ff\u0400-\u052f]{2,60}")
_LATIN = re.compile(r"[A-Za-z]")
_NOT_LATIN = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")


def normalise(text: str) -> str:
    """`text` in one spelling: NFKC, no invisible characters, line ends as `\\n`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    if text.isascii():
        return text
    pieces = (unicodedata.normalize("NFKC", piece) for piece in _PIECE.findall(text))
    return "".join(pieces).translate(_UNSEEN)


def _latin_word(match: re.Match[str]) -> str:
    word = match.group()
    if _LATIN.search(word) is None or _NOT_LATIN.search(word) is None:
        return word
    return word.translate(_LOOK_ALIKES)


def without_look_alikes(text: str) -> str:
    """Words that mix alphabets ("rеfund" with a Cyrillic е), spelled in Latin letters.

    Words of one alphabet stay: Russian and Greek are languages.
    """
    if text.isascii() or _NOT_LATIN.search(text) is None:
        return text
    return _MIXED_WORD.sub(_latin_word, text)
