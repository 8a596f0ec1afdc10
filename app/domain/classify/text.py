"""From a mail body to the words that its writer wrote now.

Works line by line, so that it is linear in the text's length whatever the text is. (Libraries that
cut replies do it with patterns that backtrack, and take "Thanks, but ..." for a signature.)
"""

from __future__ import annotations

import html
import re
import unicodedata

from app.domain.base import Value
from app.domain.masking import mask_payment_data

# More than any honest mail; what is beyond is not read.
MAX_CHARACTERS = 200_000

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
# Other control characters (and halves of surrogate pairs) are blanks.
_CONTROLS = {
    **dict.fromkeys([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)], " "),
    **dict.fromkeys(range(0xD800, 0xE000), " "),
    0x2028: "\n",
    0x2029: "\n",
}
_UNSEEN = {**_INVISIBLE, **_CONTROLS}

_BREAKING_TAG = re.compile(r"(?i)<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6])\b[^<>]{0,500}>")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")
_HIDDEN_PART = re.compile(r"(?i)<(/?)(style|script|head)\b[^<>]{0,500}>")


def normalise(text: str) -> str:
    """`text` in one spelling: NFKC, no invisible characters, line ends as `\\n`."""
    text = text[:MAX_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    return unicodedata.normalize("NFKC", text)[:MAX_CHARACTERS].translate(_UNSEEN)


def _without_markup(text: str) -> str:
    """Plain text of a body that is HTML; other text stays as it is."""
    head = text.lower()
    if not any(mark in head for mark in ("<br", "</", "<p>", "<div", "<!doctype")):
        return text
    kept: list[str] = []
    hidden: str | None = None
    position = 0
    for tag in _HIDDEN_PART.finditer(text):
        name = tag.group(2).lower()
        if hidden is None and not tag.group(1):
            kept.append(text[position : tag.start()])
            hidden = name
        elif hidden == name and tag.group(1):
            hidden = None
            position = tag.end()
    if hidden is None:
        kept.append(text[position:])
    text = _BREAKING_TAG.sub("\n", " ".join(kept))
    return html.unescape(_TAG.sub(" ", text))


class CleanText(Value):
    """A text taken apart. `body` is what the writer says now; the rest is kept aside."""

    body: str
    quoted: str = ""
    signature: str = ""


# --- quoted mails -------------------------------------------------------------------------------

# How a mail program introduces what it quotes: the line's beginning and a word further on.
_WROTE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("on ", (" wrote:",)),
    ("am ", ("schrieb",)),
    ("le ", ("a écrit",)),
    ("el ", ("escribió",)),
    ("op ", ("schreef",)),
    ("em ", ("escreveu",)),
    ("a ", ("escreveu",)),
    ("il ", ("ha scritto",)),
)
_DIVIDERS = (
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "oorspronkelijk bericht",
    "messaggio originale",
    "mensagem original",
    "forwarded message",
    "weitergeleitete nachricht",
    "message transféré",
    "mensaje reenviado",
    "doorgestuurd bericht",
    "messaggio inoltrato",
    "mensagem encaminhada",
)
_REPLY_ABOVE = ("reply above this line", "antwort über dieser zeile", "répondre au-dessus")
_FROM = ("from:", "von:", "de:", "de :", "van:", "da:")
_HEADERS = (
    *("sent:", "date:", "to:", "subject:", "cc:", "gesendet:", "datum:", "an:", "betreff:"),
    *("envoyé:", "envoyé :", "à:", "à :", "objet:", "objet :", "enviado:", "enviado el:"),
    *("para:", "asunto:", "fecha:", "verzonden:", "aan:", "onderwerp:", "inviato:", "a:"),
    *("oggetto:", "data:", "assunto:", "enviada em:", "enviado em:"),
)


def _plain(line: str) -> str:
    return line.strip().strip("*").strip().lower()


def _introduces_quote(lines: list[str], index: int) -> int:
    """How many lines from `index` introduce a quoted mail (0: none do)."""
    line = _plain(lines[index])
    if not line or len(line) > 300:
        return 0
    if line.startswith(("--", "__", "==", "##", "begin ", "début")):
        inner = line.strip("-_=# ")
        if any(inner.startswith(name) for name in _DIVIDERS):
            return 1
        if any(mark in inner for mark in _REPLY_ABOVE):
            return 1
    both = line + " " + (_plain(lines[index + 1]) if index + 1 < len(lines) else "")
    for beginning, verbs in _WROTE:
        if not line.startswith(beginning):
            continue
        for candidate, used in ((line, 1), (both, 2)):
            if candidate.rstrip().endswith(":") and any(verb in candidate for verb in verbs):
                return used
    if line.startswith(_FROM):
        following = [_plain(item) for item in lines[index + 1 : index + 4]]
        if sum(item.startswith(_HEADERS) for item in following) >= 1:
            return 1
    return 0


def _split_quoted(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines that were written now, and lines that are quoted."""
    own: list[str] = []
    quoted: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.lstrip().startswith(">"):
            quoted.append(line.lstrip("> \t"))
            index += 1
            continue
        used = _introduces_quote(lines, index)
        if not used:
            own.append(line)
            index += 1
            continue
        rest = lines[index + used :]
        first = next((item for item in rest if item.strip()), "")
        if first.lstrip().startswith(">"):
            # The quote is marked line by line: an answer may stand between or below.
            quoted += lines[index : index + used]
            index += used
            continue
        quoted += lines[index:]
        break
    return own, quoted


# --- greetings, signatures, footers -------------------------------------------------------------

_GREETINGS = (
    *("hi", "hello", "hey", "dear", "good morning", "good afternoon", "good evening", "greetings"),
    *("hallo", "guten tag", "guten morgen", "guten abend", "sehr geehrte", "liebe", "lieber"),
    *("moin", "servus", "grüß gott", "bonjour", "bonsoir", "madame", "monsieur", "cher", "chère"),
    *("salut", "hola", "buenos", "buenas", "estimado", "estimada", "estimados", "beste"),
    *("geachte", "goedemorgen", "goedemiddag", "goedendag", "dag", "olá", "ola", "bom dia"),
    *("boa tarde", "boa noite", "prezado", "prezada", "prezados", "caro", "cara", "ciao"),
    *("buongiorno", "buonasera", "salve", "gentile", "gentili", "spettabile", "egregio"),
)
_SIGN_OFFS = (
    *("best regards", "kind regards", "warm regards", "regards", "yours sincerely", "sincerely"),
    *("yours faithfully", "best wishes", "all the best", "many thanks and regards", "cheers"),
    *("mit freundlichen grüßen", "mit freundlichem gruß", "mit freundlichen gruessen", "mfg"),
    *("freundliche grüße", "viele grüße", "beste grüße", "liebe grüße", "schöne grüße"),
    *("herzliche grüße", "freundliche grüsse", "viele grüsse", "liebe grüsse", "gruß", "grüße"),
    *("cordialement", "bien cordialement", "bien à vous", "salutations", "sincères salutations"),
    *("meilleures salutations", "respectueusement", "saludos", "un saludo", "atentamente"),
    *("cordialmente", "saludos cordiales", "reciban un", "met vriendelijke groet"),
    *(
        "vriendelijke groet",
        "met vriendelijke groeten",
        "groeten",
        "groetjes",
        "hoogachtend",
        "mvg",
    ),
    *("atenciosamente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos"),
    *("abraços", "cordiali saluti", "distinti saluti", "saluti", "un cordiale saluto"),
)
_THANKS = frozenset(
    (
        *("thanks", "thank you", "many thanks", "thx", "danke", "vielen dank", "merci", "gracias"),
        *("muchas gracias", "bedankt", "dank u", "obrigado", "obrigada", "grazie", "grazie mille"),
        *("thanks in advance", "thank you in advance", "merci d'avance", "danke im voraus"),
    )
)
_DEVICE_LINES = (
    *("sent from my", "sent from mail", "sent from outlook", "get outlook for", "sent via"),
    *("gesendet von", "von meinem", "gesendet mit", "envoyé de mon", "envoyé depuis"),
    *("enviado desde mi", "enviado desde", "verzonden vanaf mijn", "verstuurd vanaf"),
    *("verzonden met", "enviado do meu", "enviado de meu", "enviado a partir", "inviato da"),
)
_DISCLAIMERS = (
    *("confidential", "disclaimer", "this e-mail and any", "this email and any"),
    *("this message is intended", "this email is intended", "the information contained in this"),
    *("diese e-mail enthält", "diese e-mail kann", "der inhalt dieser e-mail", "ce message et"),
    *("ce message est", "ce courriel", "este mensaje y", "este mensaje va", "este correo"),
    *("dit bericht is", "deze e-mail is", "questo messaggio", "esta mensagem", "le informazioni"),
)
_FOOTER_WORDS = (
    *("unsubscribe", "abmelden", "se désabonner", "darse de baja", "uitschrijven", "cancelar subs"),
    *("disiscriviti", "all rights reserved", "alle rechte vorbehalten", "tous droits réservés"),
    *("view in browser", "im browser ansehen", "privacy policy |", "terms of service |"),
)
_POSTSCRIPT = ("ps", "p.s", "n.b", "pd:", "p.d")


def _is_footer(line: str) -> bool:
    plain = line.strip().lower()
    if len(plain) > 400:
        return False
    bars = plain.count(" | ") + plain.count(" · ") + plain.count(" • ")
    return bars >= 2 or "©" in plain or any(word in plain for word in _FOOTER_WORDS)


def _ends_letter(line: str) -> bool:
    plain = line.strip(" ,.!-–*").lower()
    return len(plain) <= 60 and any(
        plain == ending or (plain.startswith(ending) and plain[len(ending)] in " ,.")
        for ending in _SIGN_OFFS
    )


def _split_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines of the message, and lines of signature, device notes, footers and disclaimers."""
    own: list[str] = []
    rest: list[str] = []
    in_signature = False
    left = sum(1 for line in lines if line.strip())
    for line in lines:
        plain = line.strip().lower()
        if plain:
            left -= 1
        if in_signature and plain.startswith(_POSTSCRIPT):
            in_signature = False
        said_something = any(item.strip() for item in own)
        if not in_signature and said_something and plain:
            in_signature = (
                line.rstrip() in {"--", "__", "—", "-- "}
                or _ends_letter(line)
                or plain.startswith(_DISCLAIMERS)
                or (plain.strip(" ,.!") in _THANKS and left <= 3)
            )
        if (
            in_signature
            or _is_footer(line)
            or (plain.startswith(_DEVICE_LINES) and len(plain) < 80)
        ):
            rest.append(line)
        else:
            own.append(line)
    return own, rest


def _without_greeting(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        plain = line.strip().lower()
        if not plain:
            continue
        words = plain.rstrip(" ,.!:").split()
        is_greeting = len(words) <= 6 and any(
            plain == word or (plain.startswith(word) and plain[len(word)] in " ,.!:")
            for word in _GREETINGS
        )
        ends = plain.endswith((",", "!", ":")) or len(words) <= 3
        return lines[index + 1 :] if is_greeting and ends else lines[index:]
    return []


def clean(text: str) -> CleanText:
    """Take a mail body apart: payment data masked, quotes, signature and greeting set aside.

    When nothing is left above a quoted mail (a bare forward), the quoted mail is the body.
    """
    masked = mask_payment_data(normalise(_without_markup(normalise(text))))
    own, quoted = _split_quoted(masked.split("\n"))
    if not any(line.strip() for line in own):
        own, quoted = quoted, []
    body, signature = _split_signature(own)
    told = _without_greeting(body)
    if not any(line.strip() for line in told):
        told = body
    return CleanText(
        body="\n".join(told).strip(),
        quoted="\n".join(quoted).strip(),
        signature="\n".join(signature).strip(),
    )
