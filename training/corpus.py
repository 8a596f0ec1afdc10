"""The written corpus: building blocks of each language, and mails composed of them.

A file `corpus/LANG.txt` holds sections (`== name`), one phrase a line; `{slot}` is filled in and
`[a|b]` is either. A recipe says which sections make a mail of which kind. Phrases can be held back
as a whole, so that a score never rests on a phrase that was learned.
"""

from __future__ import annotations

import random
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
LANGUAGES = ("en", "de", "fr", "es", "nl", "pt", "it")
_SHARE = {"en": 0.28, "de": 0.14, "fr": 0.13, "es": 0.13, "nl": 0.11, "pt": 0.11, "it": 0.10}


@dataclass(frozen=True)
class Example:
    """A text with its labels. `refund` is None where people would not agree."""

    text: str
    subject: str | None
    kind: str
    refund: bool | None
    reason: str
    language: str
    source: str


@dataclass(frozen=True)
class Recipe:
    """Sections that make a mail of one kind; a section that starts with "?" comes now and then."""

    kind: str
    refund: bool | None
    reason: str
    weight: float
    sections: tuple[str, ...]


def _recipes() -> tuple[Recipe, ...]:
    def recipe(kind: str, refund: bool | None, reason: str, weight: float, parts: str) -> Recipe:
        return Recipe(kind, refund, reason, weight, tuple(parts.split()))

    return (
        recipe("refund_item", True, "unknown", 4, "money"),
        recipe("refund_item", True, "changed_mind", 4, "changedmind money"),
        recipe("cancel_refund", True, "cancelled", 4, "cancelmoney"),
        recipe("cancel_refund", True, "cancelled", 4, "cancel money"),
        recipe("cancel_refund", True, "cancelled", 1, "changedmind cancelmoney"),
        recipe("cancel_refund", True, "cancelled", 1, "wismo cancelmoney"),
        recipe("duplicate_charge", True, "duplicate_charge", 5, "double"),
        recipe("duplicate_charge", True, "duplicate_charge", 4, "double money"),
        recipe("damaged_wrong", True, "damaged", 5, "damaged money"),
        recipe("damaged_wrong", True, "wrong_item", 3, "wrong money"),
        recipe("damaged_wrong", True, "not_as_described", 3, "notasdescribed money"),
        recipe("damaged_wrong", False, "damaged", 3, "damaged replace"),
        recipe("damaged_wrong", False, "damaged", 1.5, "damaged"),
        recipe("damaged_wrong", False, "wrong_item", 3, "wrong replace"),
        recipe("damaged_wrong", False, "wrong_item", 1, "wrong"),
        recipe("damaged_wrong", None, "damaged", 1, "damaged return"),
        recipe("damaged_wrong", None, "wrong_item", 0.7, "wrong return"),
        recipe("damaged_wrong", None, "not_as_described", 0.7, "notasdescribed return"),
        recipe("not_arrived", True, "not_arrived", 5, "lost money"),
        recipe("not_arrived", False, "not_arrived", 3.5, "lost"),
        recipe("not_arrived", False, "not_arrived", 2, "lost replace"),
        recipe("return", True, "unknown", 4, "return"),
        recipe("return", True, "changed_mind", 3, "changedmind return"),
        recipe("return", True, "unknown", 2, "return money"),
        recipe("return", True, "changed_mind", 1, "changedmind return money"),
        recipe("refund_status", False, "unknown", 8, "status"),
        recipe("refund_status", False, "unknown", 2, "status status"),
        recipe("refund_policy", False, "unknown", 8, "policy"),
        recipe("refund_policy", False, "unknown", 1.5, "policy policy"),
        recipe("exchange_credit", False, "unknown", 4, "exchange"),
        recipe("exchange_credit", False, "changed_mind", 4, "changedmind exchange"),
        recipe("cancel_order", False, "cancelled", 6, "cancel"),
        recipe("cancel_order", False, "cancelled", 1.5, "changedmind cancel"),
        recipe("shipping", False, "unknown", 8, "wismo"),
        recipe("shipping", False, "unknown", 1, "wismo wismo"),
        recipe("order_change", False, "unknown", 7, "orderchange"),
        recipe("account", False, "unknown", 7, "account"),
        recipe("payment_issue", False, "unknown", 7, "payissue"),
        recipe("invoice", False, "unknown", 7, "invoice"),
        recipe("complaint", False, "unknown", 6, "complaint"),
        recipe("complaint", False, "unknown", 1.5, "complaint complaint"),
        recipe("other", False, "unknown", 14, "other"),
        # Short letters written as a whole.
        recipe("refund_item", True, "unknown", 5, "RI"),
        recipe("refund_item", True, "changed_mind", 3, "RM"),
        recipe("cancel_refund", True, "cancelled", 6, "CR"),
        recipe("duplicate_charge", True, "duplicate_charge", 6, "DC"),
        recipe("damaged_wrong", True, "damaged", 4.5, "DM1"),
        recipe("damaged_wrong", True, "wrong_item", 2.5, "WR1"),
        recipe("damaged_wrong", True, "not_as_described", 2, "ND1"),
        recipe("damaged_wrong", False, "damaged", 4, "DM0"),
        recipe("damaged_wrong", False, "wrong_item", 3, "WR0"),
        recipe("not_arrived", True, "not_arrived", 4.5, "NA1"),
        recipe("not_arrived", False, "not_arrived", 4, "NA0"),
        recipe("return", True, "unknown", 6, "RT"),
        recipe("return", True, "changed_mind", 2, "changedmind RT"),
        recipe("refund_status", False, "unknown", 7, "RS"),
        recipe("refund_policy", False, "unknown", 7, "RP"),
        recipe("exchange_credit", False, "unknown", 6, "EX"),
        recipe("exchange_credit", False, "changed_mind", 1.5, "changedmind EX"),
        recipe("cancel_order", False, "cancelled", 6, "CO"),
        recipe("shipping", False, "unknown", 7, "SH"),
        recipe("order_change", False, "unknown", 6, "OC"),
        recipe("account", False, "unknown", 6, "AC"),
        recipe("payment_issue", False, "unknown", 6, "PI"),
        recipe("invoice", False, "unknown", 6, "IN"),
        recipe("complaint", False, "unknown", 6, "CM"),
        recipe("other", False, "unknown", 9, "OT"),
        # A second matter beside the wish for money, which stays the first.
        recipe("refund_item", True, "unknown", 0.8, "account money"),
        recipe("not_arrived", True, "not_arrived", 0.6, "complaint lost money"),
        recipe("damaged_wrong", True, "damaged", 0.8, "damaged complaint money"),
        recipe("duplicate_charge", True, "duplicate_charge", 0.6, "double invoice"),
        recipe("shipping", False, "unknown", 0.6, "wismo complaint"),
        recipe("refund_status", False, "unknown", 0.8, "status complaint"),
        recipe("invoice", False, "unknown", 0.5, "invoice account"),
    )


RECIPES = _recipes()
_ABOUT_REFUNDS = {recipe.kind for recipe in RECIPES if recipe.refund is not False} | {
    "refund_status",
    "exchange_credit",
}


def read_sections(language: str) -> dict[str, list[str]]:
    """The sections of one language."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    files = [FOLDER / f"{language}.txt", FOLDER / "stories" / f"{language}.txt"]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line.startswith("== "):
            current = sections.setdefault(line[3:].strip(), [])
        elif line.strip():
            current.append(line.replace("\\n", "\n"))
    return sections


def is_held_back(phrase: str) -> bool:
    """Whether a phrase is one of the fifth that evaluation keeps to itself."""
    return zlib.crc32(phrase.encode()) % 5 == 0


_NAMES = "Alex Morgan|J. Turner|Maria Silva|Lena Hoffmann|Sofie de Boer|Paul Girard|Marta Ruiz"
_NAMES += "|Giulia Conti|Tom Baker|Ines Costa|K. Novak|Sam|Anna"
_DAYS = {
    "en": "Monday Tuesday Friday Saturday",
    "de": "Montag Dienstag Freitag Samstag",
    "fr": "lundi mardi vendredi samedi",
    "es": "lunes martes viernes sábado",
    "nl": "maandag dinsdag vrijdag zaterdag",
    "pt": "segunda terça sexta sábado",
    "it": "lunedì martedì venerdì sabato",
}
_DATES = {
    "en": "3 March|May 12|12/04|2nd of June|the 14th|2025-03-04",
    "de": "3. März|12.05.|12.4.2025|2. Juni",
    "fr": "3 mars|12/05|2 juin 2025|14 avril",
    "es": "3 de marzo|12/05|2 de junio",
    "nl": "3 maart|12-05|2 juni",
    "pt": "3 de março|12/05|2 de junho",
    "it": "3 marzo|12/05|2 giugno",
}
_KEYS = "abcdefghijklmnopqrstuvwxyz"


class Writer:
    """Composes mails. `part`: "train", "held" (only from phrases held back) or "all"."""

    def __init__(self, seed: int, part: str) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._sections = {language: read_sections(language) for language in LANGUAGES}
        self._part = part

    def mails(self, count: int) -> Iterator[Example]:
        """`count` mails of all kinds and languages."""
        weights = [recipe.weight for recipe in RECIPES]
        shares = [_SHARE[language] for language in LANGUAGES]
        for _ in range(count):
            recipe = self._random.choices(RECIPES, weights)[0]
            language = self._random.choices(LANGUAGES, shares)[0]
            yield self._mail(recipe, language)

    def _pick(self, language: str, section: str, core: bool = False) -> str:
        phrases = self._sections[language][section]
        if core and self._part != "all":
            held = self._part == "held"
            phrases = [p for p in phrases if is_held_back(p) is held] or phrases
        return self._fill(self._random.choice(phrases), language)

    def _fill(self, phrase: str, language: str) -> str:
        draw = self._random
        phrase = re.sub(
            r"\[([^\]]+\|[^\]]+)\]", lambda found: draw.choice(found[1].split("|")), phrase
        )

        def slot(found: re.Match[str]) -> str:
            name = found[1]
            if name == "item":
                return draw.choice(self._sections[language]["item"])
            if name == "order":
                number = str(draw.randint(1000, 99999))
                return draw.choice((number, f"EN{number}", f"0000{number}", f"SO-{number}"))
            if name == "amount":
                return self._amount(language)
            if name == "date":
                return draw.choice(_DATES[language].split("|"))
            if name == "weekday":
                return draw.choice(_DAYS[language].split())
            return draw.choice(_NAMES.split("|"))

        return re.sub(r"\{(\w+)\}", slot, phrase)

    def _amount(self, language: str) -> str:
        value = f"{self._random.randint(4, 399)}.{self._random.choice((0, 50, 90, 95, 99)):02d}"
        if language == "en":
            return self._random.choice((f"${value}", f"£{value}", f"{value} USD", f"€{value}"))
        comma = value.replace(".", ",")
        return self._random.choice((f"{comma} €", f"{comma} EUR", f"{comma} euro", f"€ {comma}"))

    def _mail(self, recipe: Recipe, language: str) -> Example:
        draw = self._random
        cores = [self._pick(language, section, core=True) for section in recipe.sections]
        if len(cores) > 1 and draw.random() < 0.15 and recipe.sections[-1] == "money":
            cores.reverse()
        shape = draw.choices(
            ("mail", "short", "chat", "form", "voice", "social"), (52, 24, 8, 6, 5, 5)
        )[0]
        if shape == "short":
            text = " ".join(cores)
            if draw.random() < 0.4:
                text = f"{self._pick(language, 'greeting')} {text}"
            if draw.random() < 0.25:
                text = f"{self._pick(language, 'opening')} {text}"
        elif shape == "chat":
            text = self._chat(cores, language)
        elif shape == "form":
            text = self._form(cores, language)
        elif shape == "voice":
            text = self._voice(cores, language)
        elif shape == "social":
            text = f"@shop {' '.join(cores)} {draw.choice(('', '😡', '🙏', '#fail', '??'))}".strip()
        else:
            text = self._letter(cores, language, recipe)
        subject = None
        if shape in {"mail", "form"} and draw.random() < 0.75:
            about = recipe.kind in _ABOUT_REFUNDS
            use = about if draw.random() < 0.9 else not about
            section = "subject_refund" if use and about else "subject_other"
            subject = self._pick(language, section)
            if draw.random() < 0.12:
                subject = cores[0][:70]
        return Example(
            text=self.mistyped(text),
            subject=subject,
            kind=recipe.kind,
            refund=recipe.refund,
            reason=recipe.reason,
            language=language,
            source="written",
        )

    def _letter(self, cores: list[str], language: str, recipe: Recipe) -> str:
        draw = self._random
        parts: list[str] = []
        if draw.random() < 0.6:
            parts.append(self._pick(language, "opening"))
        if draw.random() < 0.2:
            parts.append(self._pick(language, "filler"))
        for core in cores:
            parts.append(core)
            if draw.random() < 0.15:
                parts.append(self._pick(language, "filler"))
        heated = recipe.kind in _ABOUT_REFUNDS | {"complaint", "shipping"}
        if heated and draw.random() < 0.25:
            parts.insert(draw.randint(0, len(parts)), self._pick(language, "angry"))
        if draw.random() < 0.35:
            parts.append(self._pick(language, "filler"))
        glue = draw.choice((" ", " ", "\n", "\n\n"))
        text = glue.join(parts)
        if draw.random() < 0.75:
            gap = draw.choice(("\n", " ", "\n\n"))
            text = f"{self._pick(language, 'greeting')}{gap}{text}"
        if draw.random() < 0.75:
            name = draw.choice(_NAMES.split("|"))
            text = f"{text}\n\n{self._pick(language, 'closing')}\n{name}"
        if draw.random() < 0.1:
            text = f"{text}\n\n{self._pick(language, 'footer')}"
        if draw.random() < 0.12:
            text = f"{text}\n\n{self._pick(language, 'quoted')}"
        return text

    def with_talk(self, text: str, language: str) -> str:
        """A text with an opening, an aside or a quoted mail around it."""
        draw, parts = self._random, [text]
        if draw.random() < 0.6:
            parts.insert(0, self._pick(language, "opening"))
        if draw.random() < 0.6:
            parts.append(self._pick(language, "filler"))
        if draw.random() < 0.3:
            parts.append(self._pick(language, "quoted"))
        return "\n".join(parts)

    def _chat(self, cores: list[str], language: str) -> str:
        agent, customer = self._random.choice(
            (("Agent", "Customer"), ("Support", "Visitor"), ("Lisa", "Tom"), ("Bot", "User"))
        )
        lines = [f"{agent}: {self._pick(language, 'agent')}"]
        for core in cores:
            lines.append(f"{customer}: {core}")
            if self._random.random() < 0.6:
                lines.append(f"{agent}: {self._pick(language, 'agent')}")
                lines.append(f"{customer}: {self._pick(language, 'customerok')}")
        return "\n".join(lines)

    def _form(self, cores: list[str], language: str) -> str:
        body = " ".join(cores)
        number = self._fill("{order}", language)
        name = self._random.choice(_NAMES.split("|"))
        return f"Name: {name}\nE-mail: kunde@example.com\nOrder: {number}\nMessage: {body}"

    def _voice(self, cores: list[str], language: str) -> str:
        hums = {"en": "um", "de": "äh", "fr": "euh", "es": "eh", "nl": "eh", "pt": "é", "it": "ehm"}
        text = " ".join([self._pick(language, "opening"), *cores]).lower()
        words = re.sub(r"[.,;:!?¿¡]", "", text).split()
        for _ in range(max(1, len(words) // 12)):
            words.insert(self._random.randint(0, len(words)), hums[language])
        return " ".join(words)

    def mistyped(self, text: str) -> str:
        """A text as hasty people type it: some without capitals or accents, with slips of keys."""
        draw = self._random
        if draw.random() < 0.14:
            text = text.lower()
        elif draw.random() < 0.02:
            text = text.upper()
        if draw.random() < 0.15:
            plain = unicodedata.normalize("NFKD", text)
            text = "".join(sign for sign in plain if not unicodedata.combining(sign))
        if draw.random() < 0.25:
            signs = list(text)
            for _ in range(max(1, len(signs) // 90)):
                place = draw.randrange(len(signs))
                if not signs[place].isalpha():
                    continue
                what = draw.random()
                if what < 0.35:
                    signs[place] = ""
                elif what < 0.6:
                    signs[place] *= 2
                elif what < 0.8 and place + 1 < len(signs) and signs[place + 1].isalpha():
                    signs[place], signs[place + 1] = signs[place + 1], signs[place]
                else:
                    signs[place] = draw.choice(_KEYS)
            text = "".join(signs)
        if draw.random() < 0.1:
            text = re.sub(r"[.,!?;]", "", text)
        return text
