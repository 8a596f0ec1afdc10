"""After training: the scores to hold, by the whole classifier: `python -m training.pin`."""

from __future__ import annotations

import json

from app.domain.classify.trained import TrainedClassifier, shipped_card
from app.evaluation.measure import FOLDER, bootstrap, evaluate, load_set
from app.evaluation.pins import pins_of
from training.train import WEIGHTS


def main() -> None:
    """Measure every labelled set, and write the scores to the card."""
    classifier = TrainedClassifier()
    sets = {
        path.stem: bootstrap(evaluate(classifier.classify, load_set(path)))
        for path in sorted(FOLDER.glob("*.jsonl"))
    }
    card = dict(shipped_card())
    card["pinned"] = pins_of(sets)
    card["measured"] = sets
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (WEIGHTS / "card.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
