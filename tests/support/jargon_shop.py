"""An invented climbing shop whose customers write in words of their own.

"Chalk it back" is money back, "belay" is cancel, a "whipper" is broken goods. Nobody else says so:
the shipped weights can't know it, and an account's labels can teach it.
"""

from __future__ import annotations

import random

from app.domain.classification import Kind
from app.domain.classify.adapt import Label

_THINGS = ("quickdraws", "rope", "crash pad", "harness", "beanie", "tape", "chalk bag", "slippers")

# Kind, whether money is asked for, and what people there say.
_SAYINGS: tuple[tuple[Kind, bool, tuple[str, ...]], ...] = (
    (
        Kind.REFUND_ITEM,
        True,
        (
            "please chalk it back to my tab",
            "can you chalk back the {thing}",
            "I want the {thing} chalked back",
            "chalkback on {number} please",
            "time to chalk back my tab for the {thing}",
            "need a chalkback, the {thing} are not my thing",
        ),
    ),
    (
        Kind.CANCEL_ORDER,
        False,
        (
            "belay {number} before it goes up",
            "belay my {thing} please",
            "please belay that, wrong rack",
            "could you belay the {thing}, I racked twice",
            "full belay on {number}",
        ),
    ),
    (
        Kind.DAMAGED_WRONG,
        False,
        (
            "took a whipper: the {thing}",
            "whipper on {number}, the {thing} blew on the first pitch",
            "my {thing} came with a whipper",
            "another whipper, {thing} popped when clipped",
            "big whipper in the box with the {thing}",
        ),
    ),
    (
        Kind.EXCHANGE_CREDIT,
        False,
        (
            "can we swing the {thing} one grade up",
            "swing my {thing} for the next grade",
            "pendulum on {number} please, grade too soft",
            "I'd like to swing these {thing} two grades down",
            "swing instead, the {thing} climb too hard",
        ),
    ),
    (
        Kind.SHIPPING,
        False,
        (
            "is {number} on the wall yet",
            "how high is my {thing} right now",
            "did the {thing} leave base camp",
            "which pitch is {number} on",
            "when does {number} top out at mine",
        ),
    ),
    (
        Kind.RETURN,
        True,
        (
            "lowering {number}, need a topo",
            "I am lowering the {thing}, where is the anchor",
            "please send a topo so I can lower the {thing}",
            "want to lower my {thing}",
            "lower off for {number}, got the {thing} in the bag",
        ),
    ),
)
_BEFORE = ("Hey crew,", "Hi,", "Yo,", "Hello wall people,", "Morning,", "")
_AFTER = ("Cheers", "See you at the crag", "thx", "Climb on", "", "Kim")


def labels(count: int, seed: int) -> list[Label]:
    """So many labelled tickets of the shop."""
    draw = random.Random(seed)
    found: list[Label] = []
    for _ in range(count):
        kind, refund, sayings = draw.choice(_SAYINGS)
        said = draw.choice(sayings).format(
            thing=draw.choice(_THINGS), number=draw.randint(1000, 9999)
        )
        text = "\n".join(part for part in (draw.choice(_BEFORE), said, draw.choice(_AFTER)) if part)
        found.append(Label(text=text, kind=kind, refund=refund))
    return found
