"""After training: when a person is asked, and the scores to hold: `python -m training.pin`.

The thresholds, and the temperature of confidence, are chosen on `tickets`, `letters` and `blind`:
the thresholds that make most of the answers given alone right while most tickets are decided.
`examples`, on which nearly all is right, would flatter them; `unseen` and `fresh` only judge.
"""

from __future__ import annotations

import itertools
import json

from app.domain.classify.trained import (
    Calibration,
    TrainedClassifier,
    Weights,
    guess,
    is_unsure,
    read_text,
    shipped_card,
    shipped_weights,
)
from app.evaluation.measure import (
    FOLDER,
    Answered,
    bootstrap,
    calibration_error,
    evaluate,
    load_set,
)
from app.evaluation.pins import pins_of
from training.train import WEIGHTS

_CHOSEN_ON = ("tickets", "letters", "blind")
_LEAST_DECIDED = 0.86
_WANTED_RIGHT = 0.98


def _choose(weights: Weights) -> Calibration:
    scored = [
        (weights.scores(text), text.answer.refund, gold)
        for name in _CHOSEN_ON
        for gold in load_set(FOLDER / f"{name}.jsonl")
        if gold.refund is not None
        for text in [read_text(gold.text, gold.subject)]
    ]

    def error(temperature: float) -> float:
        trial = Calibration(**{**vars(weights.calibration), "joint_temperature": temperature})
        return calibration_error(
            [
                Answered(
                    gold=gold,
                    kind=str(said.kind),
                    refund=said.refund,
                    confidence=said.confidence,
                    needs_human=False,
                )
                for scores, _, gold in scored
                for said in [guess(scores, trial)]
            ]
        )

    joint = min((step / 20 for step in range(14, 25)), key=error)
    base = Calibration(**{**vars(weights.calibration), "joint_temperature": joint})
    rows = [(guess(scores, base), rule, bool(gold.refund)) for scores, rule, gold in scored]
    best: tuple[float, float, Calibration] | None = None
    kinds = (0.2, 0.25, 0.3, 0.35, 0.4)
    refunds = (0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
    for joint, agreeing, more in itertools.product(kinds, refunds, (0.0, 0.05, 0.1)):
        trial = Calibration(
            **{
                **vars(base),
                "ask_below": joint,
                "ask_refund_below": agreeing,
                "ask_refund_below_disagreeing": agreeing + more,
            }
        )
        decided = [
            said.refund == gold
            for said, rule, gold in rows
            if not is_unsure(said, trial, rules_agree=rule == said.refund)
        ]
        share = len(decided) / len(rows)
        right = sum(decided) / max(1, len(decided))
        if share < _LEAST_DECIDED:
            continue
        if best is None or (min(right, _WANTED_RIGHT), share) > best[:2]:
            best = (min(right, _WANTED_RIGHT), share, trial)
    assert best is not None  # noqa: S101
    print(f"decided {best[1]:.3f}, right {best[0]:.3f}: {best[2]}")
    return best[2]


def main() -> None:
    """Choose, measure, and write both to the card."""
    weights = shipped_weights()
    weights.calibration = _choose(weights)
    classifier = TrainedClassifier(weights)
    sets = {
        path.stem: bootstrap(evaluate(classifier.classify, load_set(path)))
        for path in sorted(FOLDER.glob("*.jsonl"))
    }
    card = dict(shipped_card())
    card["calibration"] = vars(weights.calibration)
    card["pinned"] = pins_of(sets)
    card["measured"] = sets
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (WEIGHTS / "card.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
