"""Numbers that are spelled out digit by digit, as a call's transcript has them."""

from __future__ import annotations

import re

# One table for all languages: a run of four such words is a number in whichever it is.
_DIGITS = {
    "0": "zero oh nought null nul nil zéro cero nulla",
    "1": "one eins un uno um uma een één",
    "2": "two zwei zwo deux dos dois duas due twee",
    "3": "three drei trois tres três tre drie drü",
    "4": "four vier quatre cuatro quatro quattro",
    "5": "five fünf foif cinq cinco cinque vijf",
    "6": "six sechs seis meia sei zes",
    "7": "seven sieben sept siete sete sette zeven",
    "8": "eight acht huit ocho oito otto",
    "9": "nine neun neuf nueve nove negen nün",
}
_VALUES = {word: digit for digit, words in _DIGITS.items() for word in words.split()}
_TIMES = {"double": 2, "doppel": 2, "doble": 2, "triple": 3}
# The longest first, so that no word is taken for the beginning of another.
_DIGIT = "|".join(sorted(_VALUES, key=len, reverse=True))
_ONE = rf"(?:(?:{'|'.join(_TIMES)}) )?(?:{_DIGIT})"
_RUN = re.compile(
    r"(?i)(?<![^\W_])(?P<letters>(?:[b-hj-np-z] ){1,3})?"
    rf"(?P<run>{_ONE}(?:[ ,-]{{1,2}}{_ONE}){{2,15}})(?![^\W_])"
)
_WORD = re.compile(r"[^\W\d_]+")
_LEAST = 4
# A text with fewer of the words has no run of them: counting is quicker than looking for runs.
_FEWEST = 3


def with_spoken_digits(text: str) -> str:
    """`order three three nine oh`, `p l four four nine`: with digits, letters before them joined.

    Three digits or fewer stay words, unless letters are spelled before them.
    """
    spoken = sum(word in _VALUES for word in _WORD.findall(text.lower()))
    return _RUN.sub(_digits, text) if spoken >= _FEWEST else text


def _digits(match: re.Match[str]) -> str:
    letters = (match["letters"] or "").replace(" ", "")
    found: list[str] = []
    times = 1
    for word in _WORD.findall(match["run"].lower()):
        if word in _TIMES:
            times = _TIMES[word]
            continue
        found += [_VALUES[word]] * times
        times = 1
    if len(found) < (_LEAST - 1 if letters else _LEAST):
        return match.group()
    return letters + "".join(found)
