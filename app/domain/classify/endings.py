"""Greetings, signatures, device lines, footers and disclaimers around a message."""

from __future__ import annotations

_GREETINGS = (
    *("hi", "hello", "hey", "dear", "good morning", "good afternoon", "good evening", "greetings"),
    *("hallo", "guten tag", "guten morgen", "guten abend", "sehr geehrte", "liebe", "lieber"),
    *("moin", "servus", "grüß gott", "bonjour", "bonsoir", "madame", "monsieur", "cher", "chère"),
    *("salut", "hola", "buenos", "buenas", "estimado", "estimada", "estimados", "beste"),
    *("geachte", "goedemorgen", "goedemiddag", "goedendag", "dag", "olá", "ola", "bom dia"),
    *("boa tarde", "boa noite", "prezado", "prezada", "prezados", "caro", "cara", "ciao"),
    *("buongiorno", "buonasera", "salve", "gentile", "gentili", "spettabile", "egregio"),
    *("hej", "dzień dobry", "witam", "dobrý den", "grüezi", "to whom it may concern", "good day"),
)
_SIGN_OFFS = (
    *("best regards", "kind regards", "warm regards", "regards", "yours sincerely", "sincerely"),
    *("yours faithfully", "best wishes", "all the best", "many thanks and regards", "cheers"),
    *("with kind regards", "with best regards", "yours truly", "rgds"),
    *("mit freundlichen grüßen", "mit freundlichem gruß", "mit freundlichen gruessen", "mfg"),
    *("mit freundlichen grüssen", "mit besten grüßen", "mit bestem gruß", "besten gruß"),
    *("freundliche grüße", "viele grüße", "beste grüße", "liebe grüße", "schöne grüße"),
    *("herzliche grüße", "freundliche grüsse", "viele grüsse", "liebe grüsse", "gruß", "grüße"),
    *("hochachtungsvoll", "liebe gruesse", "viele gruesse", "gruss", "beste gruesse"),
    *("cordialement", "bien cordialement", "bien à vous", "salutations", "sincères salutations"),
    *("meilleures salutations", "respectueusement", "cdlt", "très cordialement", "bien a vous"),
    *("je vous prie d'agréer", "veuillez agréer", "saludos", "un saludo", "atentamente"),
    *("cordialmente", "saludos cordiales", "reciban un", "un cordial saludo", "muy atentamente"),
    *("met vriendelijke groet", "vriendelijke groet", "met vriendelijke groeten", "groeten"),
    *("groetjes", "hoogachtend", "mvg", "vriendelijke groeten", "groet", "hartelijke groet"),
    *("atenciosamente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos"),
    *("abraços", "cordiais saudações", "att", "grato", "grata", "com os meus cumprimentos"),
    *("cordiali saluti", "distinti saluti", "saluti", "un cordiale saluto", "un saluto"),
    *("vänliga hälsningar", "med vänliga hälsningar", "mvh", "med venlig hilsen", "hilsen"),
    *("pozdrawiam", "z poważaniem", "s pozdravem", "ystävällisin terveisin", "terveisin"),
)
_THANKS = frozenset(
    (
        *("thanks", "thank you", "many thanks", "thx", "danke", "vielen dank", "merci", "gracias"),
        *("muchas gracias", "bedankt", "dank u", "obrigado", "obrigada", "grazie", "grazie mille"),
        *("thanks in advance", "thank you in advance", "merci d'avance", "danke im voraus"),
        *("vielen dank im voraus", "alvast bedankt", "gracias de antemano", "desde já obrigado"),
        *("desde já obrigada", "grazie in anticipo", "merci par avance", "ta", "cheers", "tack"),
    )
)
# So short that only a line of nothing else is meant.
_SHORT_SIGN_OFFS = frozenset({"best", "warmly", "take care", "lg", "vg", "kr", "br", "xx", "x"})
_DEVICE_LINES = (
    *("sent from my", "sent from mail", "sent from outlook", "get outlook for", "sent via"),
    *("gesendet von", "von meinem", "gesendet mit", "envoyé de mon", "envoyé depuis"),
    *("enviado desde mi", "enviado desde", "verzonden vanaf mijn", "verstuurd vanaf"),
    *("verzonden met", "enviado do meu", "enviado de meu", "enviado a partir", "inviato da"),
    *("outlook für ios", "télécharger outlook", "obtener outlook", "skickat från min"),
    *("holen sie sich outlook", "scarica outlook", "outlook voor", "sent with proton"),
    *("sendt fra min", "wysłane z", "odesláno z"),
)
_DISCLAIMERS = (
    *("confidential", "disclaimer", "this e-mail and any", "this email and any"),
    *("this message is intended", "this email is intended", "the information contained in this"),
    *("this email is confidential", "this message and any", "please consider the environment"),
    *("diese e-mail enthält", "diese e-mail kann", "der inhalt dieser e-mail", "ce message et"),
    *("ce message est", "ce courriel", "este mensaje y", "este mensaje va", "este correo"),
    *("dit bericht is", "deze e-mail is", "questo messaggio", "esta mensagem", "le informazioni"),
    *("diese nachricht ist vertraulich", "aviso legal", "avviso di riservatezza", "aviso de conf"),
)
_FOOTER_WORDS = (
    *("unsubscribe", "abmelden |", "newsletter abbestellen", "se désabonner", "darse de baja"),
    *("uitschrijven", "cancelar subs", "disiscriviti", "all rights reserved"),
    *("alle rechte vorbehalten", "tous droits réservés", "todos los derechos reservados"),
    *("view in browser", "im browser ansehen", "privacy policy |", "terms of service |"),
    *("virus-free", "virenfrei", "avast", "scanned by", "amtsgericht", "handelsregister"),
    *("geschäftsführer:", "registered in england", "registered office", "ust-idnr"),
)
# A footer's word in a sentence of the writer's own ("I can't unsubscribe") isn't a footer.
_LONGEST_SENTENCE_WORD = 12
_POSTSCRIPT = ("ps", "p.s", "n.b", "pd:", "p.d", "p.s.")
_RULES = frozenset({"--", "__", "—", "-- ", "---", "___", "–"})
_SIGNATURE_RULE = ("_____", "-----", "=====", "*****")


def _is_footer(line: str, plain: str) -> bool:
    if len(plain) > 400:
        return False
    if "\t" not in line and plain.count(" | ") + plain.count(" · ") + plain.count(" • ") >= 2:
        return True
    if plain.startswith(("©", "(c) ", "copyright ")):
        return True
    found = next((word for word in _FOOTER_WORDS if word in plain), None)
    return found is not None and len(plain.split()) <= _LONGEST_SENTENCE_WORD and "?" not in plain


def _ends_letter(line: str) -> bool:
    plain = line.strip(" ,.!-–—*\t").lower()
    if not plain or len(plain) > 60:
        return False
    if plain in _SHORT_SIGN_OFFS:
        return True
    if not plain.startswith(_SIGN_OFFS):
        return False
    return any(
        plain == ending
        or (plain.startswith(ending) and plain[len(ending)] in " ,." and len(plain.split()) <= 7)
        for ending in _SIGN_OFFS
    )


def split_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines of the message, and lines of signature, device notes, footers and disclaimers."""
    own: list[str] = []
    rest: list[str] = []
    in_signature = False
    said_something = False
    left = sum(1 for line in lines if line.strip())
    for line in lines:
        plain = line.strip().lower()
        if plain:
            left -= 1
        if in_signature and plain.startswith(_POSTSCRIPT) and not plain[2:3].isalpha():
            in_signature = False
        if not in_signature and said_something and plain:
            in_signature = (
                line.rstrip() in _RULES
                or (plain.startswith(_SIGNATURE_RULE) and not plain.strip("_-=*") and left <= 12)
                or _ends_letter(line)
                or plain.startswith(_DISCLAIMERS)
                or (plain.strip(" ,.!;:)-") in _THANKS and left <= 3)
            )
        if (
            in_signature
            or _is_footer(line, plain)
            or (plain.startswith(_DEVICE_LINES) and len(plain) < 80)
        ):
            rest.append(line)
        else:
            own.append(line)
            said_something = said_something or bool(plain)
    return own, rest


def without_opening(line: str) -> str:
    """A sentence without the greeting that it begins with: "Hello, the lamp broke"."""
    head, comma, rest = line.partition(",")
    words = head.strip().lower().split()
    if not comma or not rest.strip() or not 1 <= len(words) <= 4:
        return line
    greets = words[0] in _GREETINGS or " ".join(words[:2]) in _GREETINGS
    return rest.strip() if greets else line


def without_greeting(lines: list[str]) -> list[str]:
    """Lines below the greeting; the same lines when there is none or nothing stands below."""
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
        told = lines[index + 1 :] if is_greeting and ends else lines[index:]
        return told if any(item.strip() for item in told) else lines
    return lines
