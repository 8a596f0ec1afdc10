"""Tickets that aren't about refunds: no store is asked, no note is posted."""

from __future__ import annotations

from integrations.sandbox.scenario.model import NOT_ABOUT_REFUNDS, Item, Purchase, Story

_ORDER = Purchase((Item("Bookend", "17.00", tax_rate="0.08"),), delivered_days=3)

OTHER: tuple[Story, ...] = (
    Story(
        key="where_is_it",
        subject="Where is order {order}?",
        text="Hi, could you tell me where order {order} is? The tracking hasn't moved since "
        "Monday. {name}",
        expected=NOT_ABOUT_REFUNDS,
        orders=(_ORDER,),
    ),
    Story(
        key="invoice",
        subject="Invoice",
        text="Could you send me the invoice for order {order} with our company name on it? {name}",
        expected=NOT_ABOUT_REFUNDS,
        orders=(_ORDER,),
    ),
    Story(
        key="job_application",
        subject="Job application",
        text="Dear hiring team,\nI would like to apply for the position of shop assistant. Please "
        "find my CV attached.\n{name}",
        expected=NOT_ABOUT_REFUNDS,
    ),
    Story(
        key="refund_policy",
        subject="Question about your refund policy",
        text="Hello, before I order: what is your refund policy for sale items? {name}",
        expected=NOT_ABOUT_REFUNDS,
    ),
    Story(
        key="thanks",
        subject="Thank you",
        text="Thank you so much, the refund arrived on my card today. Great service! {name}",
        expected=NOT_ABOUT_REFUNDS,
        orders=(_ORDER,),
    ),
    Story(
        key="spam",
        subject="Grow your traffic",
        text="Dear website owner, we offer search engine optimisation at unbeatable prices. "
        "Answer today to get your free audit.",
        expected=NOT_ABOUT_REFUNDS,
    ),
    Story(
        key="password",
        subject="Can't log in",
        text="I can't log in to my account, the password reset link never works. Can you help? "
        "{name}",
        expected=NOT_ABOUT_REFUNDS,
    ),
    Story(
        key="address_change",
        subject="Wrong address on {order}",
        text="I made a typo. Can you change the delivery address of order {order} to 12 Mill "
        "Lane? {name}",
        expected=NOT_ABOUT_REFUNDS,
        orders=(_ORDER,),
    ),
    Story(
        key="product_question",
        subject="Oak shelf",
        text="Is the oak shelf also available in a darker colour? It would look great next to our "
        "table. {name}",
        expected=NOT_ABOUT_REFUNDS,
    ),
    Story(
        key="german_invoice",
        subject="Rechnung",
        text="Bitte senden Sie mir die Rechnung zu meiner Bestellung {order} als PDF. {name}",
        expected=NOT_ABOUT_REFUNDS,
        orders=(_ORDER,),
        locale="de",
    ),
)
