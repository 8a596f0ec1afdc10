"""Random sentences drawn from the grammar itself: whatever it allows, it allows here."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from lark.grammar import Rule, Terminal

from app.domain.policy.facts import FACTS
from app.domain.policy.language.grammar import keywords, parser

_SAMPLES: dict[str, st.SearchStrategy[str]] = {
    "QUOTED": st.sampled_from(['"VIP"', '"a b"', '"x-*"', '"UTC"', '"Europe/Berlin"', '"owner"']),
    "NUMERAL": st.sampled_from(["0", "1", "3", "14", "30", "50", "99.5", "100", "2,000"]),
    "CODE": st.sampled_from(["EUR", "USD", "JPY"]),
    "FULL_DATE": st.sampled_from(["24 December 2026", "2026-11-01", "January 31, 2027"]),
    "YEARLY_DAY": st.sampled_from(["1 November", "24 December", "31 January", "29 February"]),
    "FACT_NAME": st.sampled_from([*FACTS, "history.customer_refunds_30d", "item.none"]),
}


@cache
def _rules() -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in parser().rules:
        found.setdefault(rule.origin.name, []).append(rule)
    return found


@cache
def _least() -> dict[str, int]:
    """The depth of the shallowest tree of each rule."""
    depths: dict[str, int] = {}
    changed = True
    while changed:
        changed = False
        for name, rules in _rules().items():
            for rule in rules:
                below = [depths.get(s.name, 10_000) for s in rule.expansion if not s.is_term]
                depth = 1 + max(below, default=0)
                if depth < depths.get(name, 10_000):
                    depths[name] = depth
                    changed = True
    return depths


def _depth(rule: Rule) -> int:
    return 1 + max((_least()[s.name] for s in rule.expansion if not s.is_term), default=0)


@st.composite
def sentences(draw: st.DrawFn, kind: str = "start", budget: int = 14) -> str:
    """One sentence, with its full stop. `kind` is a rule of the grammar."""
    words: list[str] = []
    texts = {name: word for word, name in keywords().items()}

    def expand(name: str, left: int) -> None:
        rules = [rule for rule in _rules()[name] if _depth(rule) <= left]
        rules = rules or [min(_rules()[name], key=_depth)]
        rule = draw(st.sampled_from(rules))
        for symbol in rule.expansion:
            if isinstance(symbol, Terminal):
                sample = _SAMPLES.get(symbol.name)
                words.append(draw(sample) if sample is not None else texts[symbol.name])
            else:
                expand(symbol.name, left - 1)

    expand(kind, budget)
    return " ".join(words) + "."
