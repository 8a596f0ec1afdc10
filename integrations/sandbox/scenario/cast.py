"""Turns stories into scenes: people, order numbers and dates, the same for the same seed.

Beyond one telling of all stories they are told again by other people.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.scenario.model import Act, Item, Purchase, Story
from integrations.sandbox.scenario.stories import STORIES

_FIRST = (
    "Ada", "Bela", "Cleo", "Dario", "Edda", "Filip", "Greta", "Hamid", "Ines", "Jonas", "Kaya",
    "Liam", "Mirza", "Noor", "Oskar", "Pia", "Quinn", "Rosa", "Sami", "Tilda", "Umar", "Vera",
    "Wim", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Alder", "Birch", "Cask", "Dunmore", "Elmsworth", "Fennel", "Garrick", "Hollis", "Ives",
    "Juniper", "Kestrel", "Larkin", "Marlow", "Nettle", "Orchard", "Penrose", "Quill", "Rowan",
    "Sorrel", "Thorne", "Underhill", "Vesper", "Wick", "Yarrow",
)  # fmt: skip
_FIRST_ORDER = 20_001
# What a plain refund becomes in turn when a story is told again.
_TURNS = (Act.REFUND, Act.DOUBLE_CLICK, Act.REFUND, Act.TWO_AGENTS, Act.LOST_ANSWER)


@dataclass(frozen=True, slots=True)
class Scene:
    """A story with everything filled in.

    `user` and `ticket` are seeds for the Zendesk sandbox, `orders` for the Shopify sandbox; the
    others have theirs made of these.
    """

    number: int
    story: Story
    act: Act
    name: str
    email: str | None
    phone: str | None
    second_address: str | None
    order_names: tuple[str, ...]
    user: dict[str, Any] = field(repr=False)
    ticket: dict[str, Any] = field(repr=False)
    orders: tuple[dict[str, Any], ...] = field(repr=False)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every e-mail address and phone number by which a shop may be asked about them."""
        known = (self.email, self.phone, self.second_address)
        return tuple(one for one in known if one is not None)


def play(
    count: int,
    now: datetime,
    seed: int = 1,
    *,
    stories: Sequence[Story] = STORIES,
    first: int = 0,
    order_name: Callable[[int], str] = "#{}".format,
) -> Iterator[Scene]:
    """`count` scenes at the (aware) time `now`: all stories once, then again with other people.

    `first` is the number of the first scene: casts that play side by side have people and orders
    of their own when their numbers differ.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    order_number = _FIRST_ORDER + 2 * first
    for number in range(count):
        telling, index = divmod(number, len(stories))
        story = stories[index]
        names = tuple(order_name(order_number + place) for place in range(len(story.orders)))
        scene = _scene(first + number, telling, story, names, now, dice)
        order_number += len(story.orders)
        yield scene


def _scene(
    number: int,
    telling: int,
    story: Story,
    names: tuple[str, ...],
    now: datetime,
    dice: random.Random,
) -> Scene:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    name = f"{first} {last}"
    local = f"{first}.{last}.{number + 1}".lower()
    email = f"{local}@example.com" if story.has_email else None
    phone = f"+1202555{number % 10_000:04d}" if story.has_phone else None
    second = f"{local}.home@example.com" if story.has_second_address else None
    # Later tellings shift dates by whole days that cross no window of the policy.
    shift = dice.choice((0, 0, 1, 2)) if telling else 0
    stranger = f"stranger.{number + 1}@example.com"
    orders = tuple(
        _order(purchase, names[place], _owner(purchase, name, email, phone, second, stranger),
               now, shift)
        for place, purchase in enumerate(story.orders)
    )  # fmt: skip
    words = {"name": name, "order": names[0].lstrip("#") if names else ""}
    identities = []
    if second is not None:
        identities.append({"type": "email", "value": second})
    act = story.act
    if act is Act.REFUND and telling:
        act = _TURNS[(telling + number) % len(_TURNS)]
    return Scene(
        number=number,
        story=story,
        act=act,
        name=name,
        email=email,
        phone=phone,
        second_address=second,
        order_names=names,
        user={
            "name": name,
            "email": email,
            "phone": phone,
            "identities": identities,
            "locale": story.locale,
        },
        ticket={
            "subject": story.subject.format(**words),
            "description": story.text.format(**words),
            "channel": story.channel,
        },
        orders=orders,
    )


def _owner(
    purchase: Purchase,
    name: str,
    email: str | None,
    phone: str | None,
    second: str | None,
    stranger: str,
) -> dict[str, Any]:
    """The keys of an order that say whose it is."""
    match purchase.owner:
        case "customer":
            return {"email": email, "customer": {"name": name, "email": email}}
        case "guest":
            return {"email": email}
        case "phone":
            return {"customer": {"name": name, "phone": phone}, "phone": phone}
        case "second_address":
            return {"email": second, "customer": {"name": name, "email": second}}
        case "stranger":
            return {"email": stranger, "customer": {"name": "A Stranger", "email": stranger}}
        case other:
            raise ValueError(f"nobody is called {other!r}")


def _order(
    purchase: Purchase, name: str, owner: dict[str, Any], now: datetime, shift: int
) -> dict[str, Any]:
    delivered = purchase.delivered_days
    if delivered is not None and delivered not in (30, 32, 60, 62):
        delivered = delivered + shift
    age = purchase.ordered_days if purchase.ordered_days is not None else (delivered or 3) + 4
    ordered_at = now - timedelta(days=age)
    spec: dict[str, Any] = {
        "name": name,
        "created_at": ordered_at.isoformat(),
        "currency": purchase.currency,
        "rate": purchase.rate,
        "taxes_included": purchase.tax_included,
        "country": "US",
        "line_items": [_line(item) for item in purchase.items],
        "order_discount": purchase.order_discount,
        "discount_codes": list(purchase.codes),
        **owner,
    }
    if purchase.shipping is not None:
        spec["shipping"] = {"title": "Parcel", "price": purchase.shipping}
        if purchase.shipping_tax_rate is not None:
            spec["shipping"]["tax_rate"] = purchase.shipping_tax_rate
    if purchase.shipped:
        sent: dict[str, Any] = {"created_at": (ordered_at + timedelta(days=1)).isoformat()}
        if delivered is not None:
            sent["delivered_at"] = (now - timedelta(days=delivered)).isoformat()
        spec["fulfillments"] = [sent]
    spec |= purchase.more
    # A story's "fulfillments" may say how many days ago each parcel arrived.
    spec["fulfillments"] = [_parcel(one, ordered_at, now) for one in spec.get("fulfillments", [])]
    if spec.get("cancelled_days") is not None:
        spec["cancelled_at"] = (now - timedelta(days=spec.pop("cancelled_days"))).isoformat()
    return spec


def _parcel(given: dict[str, Any], ordered_at: datetime, now: datetime) -> dict[str, Any]:
    parcel = dict(given)
    if "delivered_days" in parcel:
        parcel["delivered_at"] = (now - timedelta(days=parcel.pop("delivered_days"))).isoformat()
    parcel.setdefault("created_at", (ordered_at + timedelta(days=1)).isoformat())
    return parcel


def _line(item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {
        "title": item.title,
        "price": item.price,
        "quantity": item.quantity,
        "discount": item.discount,
        "gift_card": item.gift_card,
        "sku": item.title.upper().replace(" ", "-")[:24],
        "product": {"type": item.kind, "tags": list(item.tags)},
    }
    if item.tax_rate is not None:
        line["tax_rate"] = item.tax_rate
    return line
