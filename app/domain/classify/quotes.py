"""Quoted mails, told apart from what the writer says now.

Works line by line, so that it is linear in the text's length whatever the text is. (Libraries that
cut replies do it with patterns that backtrack, and take "Thanks, but ..." for a signature.)
"""

from __future__ import annotations

# How a mail program introduces what it quotes: the line's beginning and a word further on.
_WROTE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("on ",), (" wrote:", " wrote :")),
    (("am ",), ("schrieb",)),
    (("le ",), ("a écrit",)),
    (("el ",), ("escribió", "escribio:")),
    (("op ",), ("schreef",)),
    (("em ", "a ", "no dia "), ("escreveu",)),
    (("il ",), ("ha scritto",)),
    (("den ", "på ", "d. "), ("skrev",)),
    (("w dniu ", "dnia "), ("pisze", "napisał")),
    (("dne ",), ("napsal",)),
)
# With an address in the line, these verbs are enough.
_VERBS = (
    *("wrote", "schrieb", "a écrit", "escribió", "schreef", "escreveu", "ha scritto", "skrev"),
    *("napisał", "pisze", "napsal", "kirjoitti", "yazdı", "írta", "a scris", "написал", "пишет"),
)
_DIVIDERS = (
    *("original message", "ursprüngliche nachricht", "originalnachricht", "message d'origine"),
    *("message original", "mensaje original", "oorspronkelijk bericht", "messaggio originale"),
    *("mensagem original", "originalmeddelande", "oprindelig meddelelse", "wiadomość oryginalna"),
    *("forwarded message", "weitergeleitete nachricht", "message transféré", "mensaje reenviado"),
    *("doorgestuurd bericht", "messaggio inoltrato", "mensagem encaminhada", "forwarded by"),
    *("begin forwarded message", "anfang der weitergeleiteten", "début du message transféré"),
    *("inizio messaggio inoltrato", "begin doorgestuurd bericht", "inicio del mensaje reenviado"),
    *("início da mensagem encaminhada", "original-nachricht", "mensaje original"),
)
_REPLY_ABOVE = (
    *("reply above this line", "antwort über dieser zeile", "répondre au-dessus"),
    *("responda por encima de esta línea", "respondre au-dessus", "oberhalb dieser zeile"),
    *("antwoord boven deze regel", "rispondi sopra questa riga", "responda acima desta linha"),
)
_FROM = ("from:", "von:", "de:", "de :", "van:", "da:", "från:", "fra:", "od:", "lähettäjä:")
_HEADERS = (
    *("sent:", "date:", "to:", "subject:", "cc:", "gesendet:", "datum:", "an:", "betreff:"),
    *("envoyé:", "envoyé :", "à:", "à :", "objet:", "objet :", "enviado:", "enviado el:"),
    *("para:", "asunto:", "fecha:", "verzonden:", "aan:", "onderwerp:", "inviato:", "a:"),
    *("oggetto:", "data:", "assunto:", "enviada em:", "enviado em:", "skickat:", "till:"),
    *("ämne:", "sendt:", "til:", "emne:", "wysłano:", "do:", "temat:", "date :", "cc :"),
)
# "On 3 March I wrote:" goes on with the writer's own words.
_WRITER = (" i wrote", " we wrote", " i have ", " ich ", " wir ", " j'ai ", " ik ", " ho scritto")
_LONGEST_INTRODUCTION = 300


def _plain(line: str) -> str:
    return line.strip().strip("*_|").strip().lower()


def _is_wrote_line(line: str) -> bool:
    """Whether a line says who wrote, when, and ends with a colon."""
    if not line.endswith(":") or len(line) > _LONGEST_INTRODUCTION:
        return False
    if any(words in line for words in _WRITER):
        return False
    if "@" in line and any(verb in line for verb in _VERBS):
        return True
    return any(
        line.startswith(beginnings) and any(verb in line for verb in verbs)
        for beginnings, verbs in _WROTE
    )


def _introduces_quote(lines: list[str], index: int) -> int:
    """How many lines from `index` introduce a quoted mail (0: none do)."""
    line = _plain(lines[index])
    if not line or len(line) > _LONGEST_INTRODUCTION:
        return 0
    if line.startswith(("--", "__", "==", "##", "begin ", "début", "inizio", "anfang", "in")):
        inner = line.strip("-_=# :")
        if any(inner.startswith(name) for name in _DIVIDERS):
            return 1
        if line[0] in "-_=#" and any(mark in inner for mark in _REPLY_ABOVE):
            return 1
    if _is_wrote_line(line):
        return 1
    if index + 1 < len(lines) and not line.endswith((".", "!", "?", ":")):
        following = _plain(lines[index + 1])
        if following and not line.startswith(">") and _is_wrote_line(f"{line} {following}"):
            return 2
    if line.startswith(_FROM):
        following_lines = [_plain(item) for item in lines[index + 1 : index + 5]]
        if any(item.startswith(_HEADERS) for item in following_lines):
            return 1
    return 0


def split_quoted(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines that were written now, and lines that are quoted."""
    own: list[str] = []
    quoted: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        stripped = line.lstrip()
        if stripped.startswith((">", "|>")):
            quoted.append(stripped.lstrip("|> \t"))
            index += 1
            continue
        used = _introduces_quote(lines, index)
        if not used:
            own.append(line)
            index += 1
            continue
        first = next((item for item in lines[index + used : index + used + 9] if item.strip()), "")
        if first.lstrip().startswith(">"):
            # The quote is marked line by line: an answer may stand between or below.
            quoted += lines[index : index + used]
            index += used
            continue
        quoted += lines[index:]
        break
    return own, quoted
