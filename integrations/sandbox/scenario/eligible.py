"""Stories that end with money going back. Each amount was worked out by hand."""

from __future__ import annotations

from integrations.sandbox.scenario.model import Act, Item, Purchase, Story, eligible
from integrations.sandbox.scenario.shop import SLOW_GATEWAY

_WITHIN_30 = "Delivered within 30 days"
_FAULT = "within 60 days"
_UNSHIPPED = "Not shipped yet"

ELIGIBLE: tuple[Story, ...] = (
    Story(
        key="dollars_tax_on_top",
        subject="Refund for my mugs",
        text="Hello,\n\nthe two mugs of order #{order} are nice but far bigger than I thought. "
        "I changed my mind and would like a refund, please.\n\nKind regards\n{name}",
        # 2 x 12.00 = 24.00, tax 8 % 1.92; shipping stays paid.
        expected=eligible("25.92", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Stoneware mug", "12.00", 2, tax_rate="0.08"),),
                delivered_days=6,
                shipping="4.90",
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="damaged_within_60_days",
        subject="Lamp arrived broken",
        text="Hi,\n\nmy lamp from order {order} arrived broken, the glass shade is cracked all "
        "the way through. Please refund me.\n\n{name}",
        # 64.00 + tax 5.12 + shipping 6.00, nothing refunded before.
        expected=eligible("75.12", why=_FAULT),
        orders=(
            Purchase(
                (Item("Reading lamp", "64.00", tax_rate="0.08"),),
                delivered_days=45,
                shipping="6.00",
            ),
        ),
        act=Act.DOUBLE_CLICK,
    ),
    Story(
        key="euros_tax_included",
        subject="Rückerstattung Bestellung {order}",
        text="Guten Tag,\n\ndie Decke aus Bestellung {order} gefällt mir leider nicht. Ich möchte "
        "bitte mein Geld zurück.\n\nFreundliche Grüße\n{name}",
        expected=eligible("48.60", "EUR", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Wool blanket", "48.60", tax_rate="0.19"),),
                delivered_days=9,
                currency="EUR",
                rate="1.08",
                tax_included=True,
                shipping="4.90",
                shipping_tax_rate="0.19",
            ),
        ),
        act=Act.REFUND,
        locale="de",
    ),
    Story(
        key="yen",
        subject="Refund request",
        text="Hello, the tea set in order {order} does not match my table. I want to return it "
        "and get my money back. Thank you, {name}",
        # 5,480 and tax 10 % 548: yen have no smaller unit.
        expected=eligible("6028", "JPY", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Tea set", "5480", tax_rate="0.1"),),
                delivered_days=12,
                currency="JPY",
                rate="0.0068",
                shipping="900",
            ),
        ),
        act=Act.TWO_AGENTS,
    ),
    Story(
        key="dinars",
        subject="Money back for order {order}",
        text="Good evening. The coffee pot of order {order} is too small for my family. "
        "I would like a refund. {name}",
        # Dinars have three decimals: 7.250 and tax 5 % 0.3625, rounded half up to 0.363.
        expected=eligible("7.613", "KWD", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Coffee pot", "7.250", tax_rate="0.05"),),
                delivered_days=14,
                currency="KWD",
                rate="3.25",
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="not_shipped",
        subject="Cancel and refund #{order}",
        text="I placed order #{order} by mistake. Please cancel it and refund my card. {name}",
        # Nothing left the house, so the shipping goes back as well: 35.00 + 2.80 + 5.50 + 0.44.
        expected=eligible("43.74", why=_UNSHIPPED),
        orders=(
            Purchase(
                (Item("Rain hat", "35.00", tax_rate="0.08"),),
                shipped=False,
                ordered_days=1,
                shipping="5.50",
                shipping_tax_rate="0.08",
            ),
        ),
        act=Act.CANCEL,
    ),
    Story(
        key="not_shipped_with_codes",
        subject="Please cancel",
        text="Hi, please cancel order {order} and refund me, I found what I need at home. {name}",
        # 40.00 + 25.50 less 10.00, spread 6.11 and 3.89; shipping 7.00.
        expected=eligible("62.50", why=_UNSHIPPED),
        orders=(
            Purchase(
                (Item("Canvas bag", "40.00"), Item("Bottle", "25.50")),
                shipped=False,
                ordered_days=2,
                order_discount="10.00",
                codes=("WELCOME10",),
                shipping="7.00",
            ),
        ),
        act=Act.LOST_ANSWER,
    ),
    Story(
        key="several_lines_discount_tax",
        subject="Return of order {order}",
        text="Hello, I want to return everything from order {order}, it does not fit our kitchen. "
        "Please refund the full amount.\n{name}",
        # Items 36.00 + 25.50 + 9.99 = 71.49 less 7.15 spread 3.60, 2.55, 1.00:
        # 32.40 + 22.95 + 8.99 = 64.34; tax 8 % 2.59 + 1.84 + 0.72 = 5.15.
        # One of the three bowls: 10.80 and 0.86 of the tax.
        expected=eligible("69.49", why=_WITHIN_30, partial="11.66"),
        orders=(
            Purchase(
                (
                    Item("Bowl", "12.00", 3, tax_rate="0.08"),
                    Item("Serving spoon", "25.50", tax_rate="0.08"),
                    Item("Tea towel", "9.99", tax_rate="0.08"),
                ),
                delivered_days=5,
                order_discount="7.15",
                codes=("TENOFF",),
                shipping="4.90",
            ),
        ),
        act=Act.PARTIAL,
    ),
    Story(
        key="shipping_goes_back",
        subject="Wrong colour",
        text="I ordered the blue vase but received a green one. I'd like a refund for it, order "
        "{order}. {name}",
        # 29.90 + tax 2.39 + shipping 8.00 + shipping tax 0.64.
        expected=eligible("40.93", why=_FAULT),
        orders=(
            Purchase(
                (Item("Vase", "29.90", tax_rate="0.08"),),
                delivered_days=11,
                shipping="8.00",
                shipping_tax_rate="0.08",
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="gift_card_and_card",
        subject="Refund please",
        text="Hi there, the cushion covers from order {order} are too thin for us. I would like "
        "my money back. {name}",
        # Paid 20.00 by gift card and 36.16 by card; both get their part back.
        expected=eligible("56.16", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Cushion cover", "26.00", 2, tax_rate="0.08"),),
                delivered_days=8,
                more={
                    "transactions": [
                        {"kind": "SALE", "gateway": "gift_card", "amount": "20.00"},
                        {"kind": "SALE", "gateway": "shopify_payments", "amount": "36.16"},
                    ]
                },
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="cash_on_delivery",
        subject="I want my money back for order {order}",
        text="Hello, I changed my mind about the doormat of order {order}. Please refund it. "
        "I paid the courier in cash. {name}",
        expected=eligible("22.00", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Doormat", "22.00"),),
                delivered_days=4,
                more={
                    "transactions": [
                        {
                            "kind": "SALE",
                            "gateway": "cash_on_delivery",
                            "amount": "22.00",
                            "manual": True,
                        }
                    ]
                },
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="part_refunded_before",
        subject="The other half of {order}",
        text="Hi, you refunded one of the two planters of order {order} last week. I do not want "
        "the other one either, please refund it as well. {name}",
        # 2 x 31.00 with tax 4.96; one went back already.
        expected=eligible("33.48", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Planter", "31.00", 2, tax_rate="0.08"),),
                delivered_days=15,
                more={"refunds": [{"lines": {"0": 1}, "note": "Goodwill by phone"}]},
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="tipped",
        subject="Refund of order {order}",
        text="Hello, the apron from order {order} is too short for me, I would like a refund. "
        "{name}",
        # The tip of 3.00 is not part of it.
        expected=eligible("30.24", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Apron", "28.00", tax_rate="0.08"),), delivered_days=7, more={"tip": "3.00"}
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="pounds_in_a_dollar_shop",
        subject="Refund for order {order}",
        text="Hi, the tray from order {order} is not what I hoped for. Please give me my money "
        "back. {name}",
        expected=eligible("34.50", "GBP", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Tray", "34.50", tax_rate="0.2"),),
                delivered_days=10,
                currency="GBP",
                rate="1.27",
                tax_included=True,
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="business_order",
        subject="Refund, order {order}",
        text="Good morning, our office ordered these coat hooks (order {order}) but we don't need "
        "them any more. Please refund the amount. {name}",
        expected=eligible("81.00", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Coat hook", "15.00", 5, tax_rate="0.08"),),
                delivered_days=3,
                more={"company": {"name": "Fennel and Wick Ltd"}},
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="last_day_of_the_window",
        subject="Refund request for {order}",
        text="Hello, I would like to return the clock from order {order} and get a refund. {name}",
        expected=eligible("54.00", why=_WITHIN_30),
        orders=(Purchase((Item("Wall clock", "50.00", tax_rate="0.08"),), delivered_days=30),),
        act=Act.REFUND,
    ),
    Story(
        key="final_sale_but_damaged",
        subject="Broken on arrival",
        text="The outlet teapot of order {order} arrived broken, the spout is off. I want my "
        "money back. {name}",
        expected=eligible("21.60", why=_FAULT),
        orders=(
            Purchase(
                (Item("Outlet teapot", "20.00", tax_rate="0.08", tags=("final-sale",)),),
                delivered_days=13,
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="guest_order",
        subject="Refund of my order",
        text="Hi, I ordered as a guest. I changed my mind about the candles, please refund me. "
        "{name}",
        expected=eligible("19.44", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Candle", "6.00", 3, tax_rate="0.08"),), delivered_days=5, owner="guest"
            ),
        ),
        act=Act.REFUND,
    ),
    Story(
        key="known_by_phone",
        subject="Call about a refund",
        text="The caller wants a refund for the hot-water bottle, it is too small. "
        "The caller's order number is {order}. Please give the money back. {name}",
        expected=eligible("17.28", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Hot-water bottle", "16.00", tax_rate="0.08"),),
                delivered_days=6,
                owner="phone",
            ),
        ),
        act=Act.REFUND,
        channel="voice",
        has_email=False,
        has_phone=True,
    ),
    Story(
        key="known_by_second_address",
        subject="Refund for the rug",
        text="Hello, I'd like a refund for the rug, it does not match the sofa. I may have used "
        "another address when I bought it. {name}",
        expected=eligible("97.20", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Cotton rug", "90.00", tax_rate="0.08"),),
                delivered_days=9,
                owner="second_address",
            ),
        ),
        act=Act.REFUND,
        has_second_address=True,
    ),
    Story(
        key="over_100",
        subject="Return order {order}",
        text="Hello, the armchair cover of order {order} does not fit. I would like to send it "
        "back for a refund. {name}",
        expected=eligible("140.40", why=_WITHIN_30),
        orders=(Purchase((Item("Armchair cover", "130.00", tax_rate="0.08"),), delivered_days=8),),
        act=Act.REFUND,
    ),
    Story(
        key="over_500",
        subject="Refund for the desk, order {order}",
        text="Hi, the desk from order {order} is too wide for the room. Please refund me, I want "
        "to return it. {name}",
        expected=eligible("702.00", why=_WITHIN_30, tier="team_lead"),
        orders=(Purchase((Item("Oak desk", "650.00", tax_rate="0.08"),), delivered_days=7),),
        act=Act.REFUND,
    ),
    Story(
        key="over_2000",
        subject="Refund for the sofa",
        text="Hello, we changed our mind about the sofa of order {order}. Please pick it up and "
        "give us our money back. {name}",
        expected=eligible("2592.00", why=_WITHIN_30, tier="manager"),
        orders=(Purchase((Item("Sofa", "2400.00", tax_rate="0.08"),), delivered_days=6),),
        act=Act.REFUND,
    ),
    Story(
        key="bank_takes_its_time",
        subject="Refund please, order {order}",
        text="Hi, I would like a refund for the door wreath of order {order}, I changed my mind. "
        "{name}",
        expected=eligible("32.40", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Door wreath", "30.00", tax_rate="0.08"),),
                delivered_days=5,
                more={
                    "transactions": [{"kind": "SALE", "gateway": SLOW_GATEWAY, "amount": "32.40"}]
                },
            ),
        ),
        act=Act.SETTLES_LATER,
    ),
    Story(
        key="french",
        subject="Remboursement commande {order}",
        text="Bonjour,\n\nle plat de la commande {order} est arrivé cassé. Je souhaite être "
        "remboursé.\n\nCordialement\n{name}",
        # 27.00 tax included, shipping 5.00: it arrived broken.
        expected=eligible("32.00", "EUR", why=_FAULT),
        orders=(
            Purchase(
                (Item("Plat", "27.00", tax_rate="0.2"),),
                delivered_days=16,
                currency="EUR",
                rate="1.08",
                tax_included=True,
                shipping="5.00",
                shipping_tax_rate="0.2",
            ),
        ),
        act=Act.REFUND,
        locale="fr",
    ),
    Story(
        key="spanish",
        subject="Devolución del pedido {order}",
        text="Hola, la lámpara del pedido {order} no me gusta. Quiero que me devuelvan el dinero, "
        "por favor. Gracias, {name}",
        expected=eligible("39.95", "EUR", why=_WITHIN_30),
        orders=(
            Purchase(
                (Item("Lámpara", "39.95", tax_rate="0.21"),),
                delivered_days=7,
                currency="EUR",
                rate="1.08",
                tax_included=True,
            ),
        ),
        act=Act.REFUND,
        locale="es",
    ),
    Story(
        key="card_number_in_the_text",
        subject="Refund to my card",
        text="Please refund order {order}, I changed my mind. Send it to my card "
        "4111 1111 1111 1111, it expires 09/29. {name}",
        expected=eligible("14.04", why=_WITHIN_30),
        orders=(Purchase((Item("Soap dish", "13.00", tax_rate="0.08"),), delivered_days=6),),
        act=Act.REFUND,
        card_number="4111111111111111",
    ),
)
