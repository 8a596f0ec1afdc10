"""Order numbers and amounts as people write them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.classify.amounts import find_amounts
from app.domain.classify.clean import clean
from app.domain.classify.extract import amounts_in, orders_in
from app.domain.classify.numbers import MAX_FOUND
from app.domain.classify.orders import find_orders


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("order #1001", ["1001"]),
        ("My order 1001 and 1002", ["1001", "1002"]),
        ("orders #1001, #1002 & #1003.", ["1001", "1002", "1003"]),
        ("Bestellung Nr. EN1001", ["EN1001"]),
        ("Meine Bestellnummer lautet: 4512", ["4512"]),
        ("commande n° 000000123", ["000000123"]),
        ("pedido número SO-2231", ["SO-2231"]),
        ("ordine DE-2231, 1002 e 1003", ["DE-2231", "1002", "1003"]),
        ("bestelling 10045", ["10045"]),
        ("n.º de encomenda 1001", ["1001"]),
        ("about SO-2231 please", ["SO-2231"]),
        ("000000123 came broken", ["000000123"]),
        ("orders 1001-1003", ["1001", "1002", "1003"]),
        ("#1001/#1002", ["1001", "1002"]),
        ("#en1001 and again #EN1001", ["en1001"]),
        ("invoice 20231 for order 1001", ["1001"]),
        ("order 1001, tracking number 1234567890", ["1001"]),
        ("order 1001 $48.60", ["1001"]),
        ("Order no: 2200-9143", ["2200-9143"]),
        ("Pedido 8100-4427", ["8100-4427"]),
        ("ordine 7720/A", ["7720/A"]),
        ("encomenda 2025/4410", ["2025/4410"]),
        ("o pedido 300.221-7 tá parado", ["300.221-7"]),
        ("Best.nr 6120-7", ["6120-7"]),
        ("das Kleid (Best. 83-0071)", ["83-0071"]),
        ("Bestelnummer: KD 40991", ["KD 40991"]),
        ("order XK 90-1", ["XK 90-1"]),
        ("Bestellung 620 114, also Bestellnummer 620114", ["620114"]),
        ("booking QH7PZ2", ["QH7PZ2"]),
        ("Buchungscode M8RT4W", ["M8RT4W"]),
        ("résa XK29TD merci", ["XK29TD"]),
        ("La prenotazione è la AG-117", ["AG-117"]),
        ("cancel my ticket, reference N6YV3C, please", ["N6YV3C"]),
        ("my order of books, bearing number IN-7741-02", ["IN-7741-02"]),
        ("got 2 confirmations, 4417781 and 4417782", ["4417781", "4417782"]),
        ("Your ref 3319-W", ["3319-W"]),
        ("Das brauche ich nicht mehr. Nr. 302-771-04.", ["302-771-04"]),
        ("cancel 12-8876 please, both desks", ["12-8876"]),
        ("ordered a card 3 days ago (99-41870), tracking RX882091774GB", ["99-41870"]),
        ("please stop order HT-6.", ["HT-6"]),
        ("PO-7712 is our own, your order 662-0091", ["662-0091"]),
        ("order 88213 x", ["88213"]),
        ("bestelnummer is vier vier nul zeven één dag hoor", ["44071"]),
        ("il numero è ordine due due zero quattro grazie", ["2204"]),
        ("the booking was p l four four nine", ["pl449"]),
        ("Bstellnummer is 40117", ["40117"]),
        ("Buchungsreferenz K3TM8W", ["K3TM8W"]),
        ("our flight QX41ZB was dropped", ["QX41ZB"]),
        ("le billet FT-3308 est perdu", ["FT-3308"]),
        ("Inscripción N° 2031", ["2031"]),
        ("referencia de la cita 5520-M", ["5520-M"]),
        ("nell'ordine 14-3 ho scritto male", ["14-3"]),
        ("Please send order 17-17.", ["17-17"]),
        ("Ordine n. 50.332", ["50.332"]),
        ("il noleggio (pren. 702-B)", ["702-B"]),
        ("Marcação TB-410", ["TB-410"]),
        ("Auftragsnummer 7730 2218 4.", ["7730 2218 4"]),
        ("order 5077 31, please", ["5077 31"]),
        ("order 5077 31 items", ["5077"]),
        ("Job number 40918.", ["40918"]),
        ("our flight HKM318 was dropped", ["HKM318"]),
        ("Bitte stornieren Sie P-7733 noch heute", ["P-7733"]),
        ("der Schreibtisch aus 7720-K wackelt", ["7720-K"]),
        ("il telefono ricevuto (U-44120) va bene", ["U-44120"]),
        ("op ticket M5TR8X staat mijn roepnaam", ["M5TR8X"]),
        ("the phone came two days late UP-40127", ["UP-40127"]),
        ("cancel the two coaches, H-552.", ["H-552"]),
        ("the seats on W4TN7B", ["W4TN7B"]),
        ("tonight's order, number 417, $47", ["417"]),
        ("die Bohrmaschine (FR8830) ist kaputt", ["FR8830"]),
        ("I was charged twice\n1204417, thanks", ["1204417"]),
        ("Commande CDE41180", ["CDE41180"]),
        ("order LM-301 arrived, but LM-304 didn't", ["LM-301", "LM-304"]),
        ("Hello, B-31-4420 should have been here on Friday", ["B-31-4420"]),
        ("Any news of D-2025-0317?", ["D-2025-0317"]),
        ("The hinge of the door from A31-2044 creaks", ["A31-2044"]),
        ("Why is 48-M-2210 late?", ["48-M-2210"]),
        ("The jug in 5520-C has a crack.", ["5520-C"]),
        ("We return 5520-C and the matching 5521-C.", ["5520-C", "5521-C"]),
        ("Cancel 5520-C and the matching one 5521-C.", ["5520-C", "5521-C"]),
        ("Please send the invoice for order D-2025-0317.", ["D-2025-0317"]),
        ("Order 48-M-2210 came, but 48-M-2211 did not", ["48-M-2210", "48-M-2211"]),
        ("Annulez R5518", ["R5518"]),
        ("Reserv. 71.2044, para dos", ["71.2044"]),
        ("deux chaises achetées en ligne : 41-660-23.", ["41-660-23"]),
        ("Stornobestätigung B-31-4420.\n\nWann kommt das Geld?", ["B-31-4420"]),
        ("It's 41-4408 Plüsch, no wool", ["41-4408"]),
        ("La lampada dell'ordine 20-5518 l'ho resa", ["20-5518"]),
        ("Lost - 48-M-2210.\n\nThe courier's reference is CL0077125.", ["48-M-2210"]),
        ("It is lost, the courier's reference is CL0077125.", ["CL0077125"]),
        ("Please call off R5518 for us", ["R5518"]),
        ("Bookingnummer 55120", ["55120"]),
        ("Zakázka 40118", ["40118"]),
        ("Rezervasyon no 77120", ["77120"]),
    ],
)
def test_order_numbers(text: str, orders: list[str]) -> None:
    assert list(find_orders(text)) == orders


@pytest.mark.parametrize(
    "text",
    [
        "tracking 1Z999AA10123456784",
        "tracking number 1234567890",
        "Sendungsnummer: 00340434161094015902",
        "numéro de suivi 6A12345678901",
        "call me on +49 151 2345 6789",
        "Tel. 030 1234567",
        "invoice no. 20231",
        "Rechnung Nr. 20231",
        "VAT DE123456789",
        "CIF B12345678, partita IVA IT01234567890",
        "order from 2024",
        "El pedido de 2024",
        "order of 12.05.2024",
        "ordered on 2024-05-12",
        "an order for 1200 EUR",
        "order of $1200",
        "ticket #5512",
        "customer number 55123",
        "the order took 120 days",
        "https://shop.example.com/orders/1001",
        "order mail from a1001@example.com",
        "my RTX4090 broke",
        "El ticket de atención es el TK-70091",
        "polisnr 0044-881-2",
        "Student no. 2291008",
        "Subscriber number 4410927",
        "our licences (INV-2024-0881)",
        "my contract 4410-220 was debited",
        "close the trade account (no. T-4410)",
        "size 38-40 please",
        "the 2023-24 season",
        "licence key 8KWM3T-99",
        "serial number SN-88123-X",
        "model WH-1000XM4",
        "I live in 1234-567 Lisboa",
        "Steuernummer 12/345/67890",
        "my policy number 88-221-7",
        "Linha final 0077, protocolo 2025110339",
        "Error 4012, do not honour",
        "from HOMEWARE*9920",
        "please call me back my number is zero one seven six five five five",
        "order of the PS-5",
        "the order took 14-21 days",
        "an order of 12-05",
        "mon numéro BE0999999999",
        "o CPF é 123.456.789-09",
        "Abo-Nr. 880213",
        "Kd-Nr 51220",
        "our flight QX4120 was late",
        "Versicherungsschein 71-220-18",
        "two invoices with the same number R-90221",
        "póliza 30-551-02",
        "DNI 00000000",
        "can I order 2-3 chairs",
        "Bestellung vom 12-05",
        "order of 40.221 euros",
        "my new one is 06-00000000",
        "invoices 30-118 and 30-119 are the same",
        "tenho 1200 pontos",
        "Cust. no. 5507 221 48",
        "we'd like to order the 180 x 200 bed",
        "call me on 555-0100",
        "Job ref 88120 in your warehouse",
        "VAT of my company (B00000000)",
        "subir el pedido a 160",
        "the number ends in 7719",
        "my card's number is 7710-338",
        "Numéro d'adhérent : 604418",
        "Subscriber number is on the label, 41-33-2204",
        "Customer no. from your letter, 71-140-4",
        "Die Kundennummer steht auf dem Etikett, 41-33-2204.",
        "Vorgangsnummer laut Zettel: 8-5510-23",
        "I'd like to buy a KX-3300 printer",
        "Habt ihr eine KX-3300 auf Lager?",
        "Is the lamp X-20-500 in stock?",
        "I live at 5520-C Maple Street",
        "Contrato de alquiler 0077-L",
        "the van AB-33-2290 was parked there",
        "Reserv. 12.2025",
        "Version V-2025-01 crashes",
        "Pratica 5523",
        "Please resend F-2025-0317, our VAT number is missing on that invoice",
        "I called 0800-33-2190 twice",
        "permit D-2025-0317 has come",
        "My old number plate was B-31-4420",
        "Ersatzteil A31-2044 gesucht",
        "order 12.500 pieces",
    ],
)
def test_other_numbers_are_no_orders(text: str) -> None:
    assert find_orders(text) == ()


def test_what_a_signature_or_a_quoted_mail_names_counts_where_the_text_names_none() -> None:
    quoted = "Your return of order 77-4180 is accepted."
    assert find_orders("Where is it?", quoted=quoted) == ("77-4180",)
    assert find_orders("Where is order 1001?", quoted=quoted) == ("1001",)
    assert find_orders("About the return R-2207", quoted=quoted) == ("77-4180",)
    assert find_orders("Where is it?", signature="Edna (order no. TY30811)") == ("TY30811",)
    assert find_orders("It leaks.", signature="Thanks, Edna\n41-660-23") == ("41-660-23",)
    assert find_orders("It leaks.", signature="Thanks, Edna\n555-0123") == ()
    assert find_orders("It leaks.", signature="Edna\n041-660-2344") == ()
    assert find_orders("Where is it?", signature="Order desk 5555, customer no. 99812") == ()


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$48.60", "48.60", "USD"),
        ("48,60 €", "48.60", "EUR"),
        ("EUR 1.234,50", "1234.50", "EUR"),
        ("1 234,50 kr", "1234.50", None),
        ("1 234,50 SEK", "1234.50", "SEK"),
        ("CHF 12.-", "12", "CHF"),
        ("12,- Euro", "12", "EUR"),
        ("£1,200", "1200", "GBP"),
        ("1'234.50 CHF", "1234.50", "CHF"),
        ("R$ 89,90", "89.90", "BRL"),
        ("CA$ 20", "20", "CAD"),
        ("100 dollars", "100", "USD"),
        ("12.500 KWD", "12.500", "KWD"),
        ("48€60", "48.60", "EUR"),
        ("refund the 48.60 please", "48.60", None),
        ("I paid 19.99.", "19.99", None),
        ("Paid 50 yesterday", "50", None),
        ("30 US dollars", "30", "USD"),
        ("30 Canadian dollars", "30", "CAD"),
        ("45.- Fr. bitte", "45", "CHF"),
        ("fifteen hundred dollars", "1500", "USD"),
        ("ochenta y cinco euros con noventa", "85.90", "EUR"),
        ("quarenta e oito euros e noventa cêntimos", "48.90", "EUR"),
        ("1.234.567,89 EUR", "1234567.89", "EUR"),
        ("jeweils 48 euro 90.", "48.90", "EUR"),
        ("$1,349.00 MXN", "1349.00", "MXN"),
        ("118,50 $ CAN au total", "118.50", "CAD"),
        ("150 $ CA ?", "150", "CAD"),
        ("$25.000 pesos chilenos", "25000", "CLP"),
        ("74.200 pesos argentinos", "74200", "ARS"),
        ("S/ 24.90", "24.90", "PEN"),
        ("R 1 249,00 all in", "1249.00", "ZAR"),
        ("only once 6,99, and 2 x 6,99 € taken", "6.99", "EUR"),
        ("it said eleven pounds forty and", "11.40", "GBP"),
        ("the hundred and forty dollars", "140", "USD"),
        ("two thousand four hundred rupees", "2400", "INR"),
        ("die hundertneunundachtzig euro wieder", "189", "EUR"),
        ("zweihundertfünfzig Franken", "250", "CHF"),
        ("quatre-vingt-dix-neuf euros cinquante", "99.50", "EUR"),
        ("soixante et onze euros", "71", "EUR"),
        ("noventa y ocho euros por nada", "98", "EUR"),
        ("mil quinientos pesos", "1500", None),
        ("u die honderdnegentig euro weer", "190", "EUR"),
        ("tweeëntwintig euro vijftig", "22.50", "EUR"),
        ("mil duzentos e cinquenta reais", "1250", "BRL"),
        ("parte dei settantacinque euro", "75", "EUR"),
        ("milleduecentocinquanta euro", "1250", "EUR"),
        ("a deposit of R3 200 back", "3200", "ZAR"),
        ("you took R612 in May", "612", "ZAR"),
        ("la retta (260 fr.)?", "260", "CHF"),
        ("91 000 FCFA", "91000", None),
    ],
)
def test_amounts(text: str, amount: str, currency: str | None) -> None:
    assert [(str(a.amount), a.currency) for a in find_amounts(text)] == [(amount, currency)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "order 1001",
            "12.05.2024",
            "on 12.05 we",
            "at 10.30",
            "50 %",
            "3.5 kg",
            "version 2.10",
            "",
        ),
        "Taxi um 5.30 bitte auf 5.00 vorverlegen",
        "from 8 am and 8.02",
        "order FT-880 and FR-2-118",
        "booking KR-118820",
        "until the end date 31.12. No renewal",
        "a couple hundred dollars",
        "not one dollar",
        "sent on 10.06. and today is 04.07. already",
    ],
)
def test_other_numbers_are_no_amounts(text: str) -> None:
    assert find_amounts(text) == ()


def test_dirhams_are_those_of_the_writers_language() -> None:
    assert [one.currency for one in find_amounts("900 dirhams", "fr")] == ["MAD"]
    assert [one.currency for one in find_amounts("900 dirhams", "en")] == ["AED"]


@pytest.mark.parametrize(
    "text",
    [
        "ordered on the 4th, bezahlt am 4., heute ist der 20.",
        "the 8.40 showing was stopped",
        "il gruppo delle 10.30",
        "Zimmer 4.–6. Juli",
        "left -2,75 and right -3,25",
        "the parcel FR8830 and booking KR66120",
        "numéro de TVA FR 00 000 000 000",
    ],
)
def test_days_times_and_codes_are_no_amounts(text: str) -> None:
    assert find_amounts(text) == ()


def test_several_amounts_each_once() -> None:
    found = find_amounts("48,60 € and 20,00 €, again 48,60 €")
    assert [str(a.amount) for a in found] == ["48.60", "20.00"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("un geste de 30 ou 40 € sur les 199 €", ["30", "40", "199"]),
        ("zwischen 20 und 30 Euro", ["20", "30"]),
        ("20-30 euros", ["20", "30"]),
        ("paid sixty euros two days ago", ["60"]),
        ("48 euro 10 days ago", ["48"]),
        ("room 12 or 40 €", ["40"]),
        ("36 invece di 22 euro", ["36", "22"]),
    ],
)
def test_amounts_that_share_a_currency(text: str, values: list[str]) -> None:
    assert [str(a.amount) for a in find_amounts(text)] == values
    assert len({a.currency for a in find_amounts(text)}) == 1


def test_a_quoted_mail_tells_the_amount_unless_it_is_about_another_order() -> None:
    quoted = "\n\nOn 2 May, Returns Desk <returns@example.com> wrote:\n> Order 1001: $74.95 is due."
    asked = clean("It's been nineteen days. Where is it?" + quoted)
    other = clean("It's been nineteen days. Where is order 1002?" + quoted)
    told = clean("Where are the $20 of order 1001?" + quoted)
    assert [str(a.amount) for a in amounts_in(asked, "en", orders_in(asked))] == ["74.95"]
    assert amounts_in(other, "en", orders_in(other)) == ()
    assert [str(a.amount) for a in amounts_in(told, "en", orders_in(told))] == ["20"]


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert len(find_orders(text)) <= MAX_FOUND
    assert all(amount.amount.is_finite() for amount in find_amounts(text))


def _calls(work: Callable[[], object]) -> int:
    """How many Python calls a piece of work makes: the same on every machine."""
    count = 0

    def counter(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    previous = sys.getprofile()
    sys.setprofile(counter)
    try:
        work()
    finally:
        sys.setprofile(previous)
    return count


HOSTILE = [
    "1 ",
    "1.",
    "#",
    "order ",
    "order 1 ",
    "1,",
    "€",
    "a@",
    "1'",
    "EN-",
    "1001, ",
    "12-8876 ",
    "8KWM3T ",
    "one two ",
    "double oh ",
    "a b c one ",
    "twenty euros ",
    "hundert",
    "30 ou 40 ",
    "5.30 auf ",
    "AB 12-3 ",
    "n.º ",
    "> ",
    "<a",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("find", [find_orders, find_amounts])
def test_work_grows_no_faster_than_the_text(find: Callable[[str], object], piece: str) -> None:
    small = piece * (2_000 // len(piece))
    large = small * 10
    assert _calls(lambda: find(large)) <= 12 * _calls(lambda: find(small)) + 200
    find(piece * (200_000 // len(piece)))
