"""Train the shipped heads: `python -m training.train --sets FOLDER [--cross]`.

Needs the extra `train` (scikit-learn). `--sets` is a folder with the public sets as CSV files; none
of their rows are in the project. Writes `app/domain/classify/weights/heads.bin` and `card.json`.
With `--cross` every source is left out of the training once and tested on, and only the card is
written.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import SGDClassifier

from app.domain.classification import Reason
from app.domain.classify import features
from app.domain.classify.trained import (
    KINDS,
    LANES,
    REASONS,
    Calibration,
    Weights,
    guess,
    is_unsure,
    likeliest_reason,
)
from app.evaluation.measure import FOLDER, Answered, Gold, bootstrap, load_set, measures
from training.corpus import Example, Writer
from training.matrix import matrix_of
from training.public_sets import SETS, read_set

WEIGHTS = Path(__file__).parent.parent / "app" / "domain" / "classify" / "weights"
NAMES = [str(kind) for kind in KINDS]
REASON_NAMES = [str(reason) for reason in REASONS]

# How many rows of a public set are used at most, and how much one counts beside a written mail.
# They are short sentences, mostly about other things: many more would drown the written mails.
_AT_MOST = {"bitext": 3200, "banking77": 2800, "clinc150": 1500, "multidogo": 1200}
_COUNTS = {
    "bitext": 0.4,
    "banking77": 0.35,
    "nlupp": 0.25,
    "clinc150": 0.2,
    "multidogo": 0.15,
    "taubench_retail": 1.5,
}
_WITH_REASONS = {"written"}
_COMMON = {"other", "account", "payment_issue"}
_MAILS = 12_000
# How strongly weights are kept small, and how often all texts are gone through.
_PULL = 1e-5
_ROUNDS = 6


@dataclass
class Part:
    """Examples of one source as a matrix with their labels."""

    name: str
    examples: list[Example]
    matrix: csr_matrix

    @property
    def kinds(self) -> np.ndarray[Any, Any]:
        return np.array([NAMES.index(example.kind) for example in self.examples])

    @property
    def refunds(self) -> np.ndarray[Any, Any]:
        """1, 0, or -1 where it is open."""
        return np.array([-1 if e.refund is None else int(e.refund) for e in self.examples])

    @property
    def reasons(self) -> np.ndarray[Any, Any]:
        """The reason's number, or -1 where nobody said it."""
        told = [one.source in _WITH_REASONS for one in self.examples]
        return np.array(
            [
                REASON_NAMES.index(one.reason) if is_told else -1
                for one, is_told in zip(self.examples, told, strict=True)
            ]
        )

    @property
    def counts(self) -> np.ndarray[Any, Any]:
        return np.array([_COUNTS.get(example.source, 1.0) for example in self.examples])


def part(name: str, examples: list[Example]) -> Part:
    """Read the features of a source."""
    made = Part(name, examples, matrix_of(examples))
    print(f"{name}: {len(examples)} texts", flush=True)
    return made


def public_part(folder: Path, name: str) -> Part:
    """A public set; of its commonest kinds only some rows."""
    examples = read_set(folder, name)
    random.Random(5).shuffle(examples)  # noqa: S311
    rare = [example for example in examples if example.kind not in _COMMON]
    common = [example for example in examples if example.kind in _COMMON]
    room = max(0, _AT_MOST.get(name, len(examples)) - len(rare))
    return part(name, rare + common[:room])


def fit(parts: Sequence[Part]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Weights (buckets x lanes) and biases of all heads."""
    matrix = vstack([one.matrix for one in parts]).tocsr()
    kinds = np.concatenate([one.kinds for one in parts])
    refunds = np.concatenate([one.refunds for one in parts])
    counts = np.concatenate([one.counts for one in parts])
    weights = np.zeros((features.BUCKETS, LANES), dtype=np.float64)
    biases = np.full(LANES, -8.0)
    known = refunds >= 0
    head = _head().fit(matrix[known], refunds[known], sample_weight=counts[known])
    weights[:, 0], biases[0] = head.coef_[0], head.intercept_[0]
    head = _head().fit(matrix, kinds, sample_weight=counts)
    lanes = [1 + number for number in head.classes_]
    weights[:, lanes], biases[lanes] = head.coef_.T, head.intercept_
    reasons = np.concatenate([one.reasons for one in parts])
    known = reasons >= 0
    if known.any():
        head = _head().fit(matrix[known], reasons[known])
        lanes = [1 + len(KINDS) + number for number in head.classes_]
        weights[:, lanes], biases[lanes] = head.coef_.T, head.intercept_
    return weights, biases


def _head() -> SGDClassifier:
    """One against the rest, with averaged weights: as good as slower solvers on these texts."""
    return SGDClassifier(
        loss="log_loss",
        alpha=_PULL,
        max_iter=_ROUNDS,
        tol=None,
        average=True,
        random_state=1,
    )


def rounded(
    weights: np.ndarray[Any, Any], biases: np.ndarray[Any, Any], calibration: Calibration
) -> Weights:
    """The weights as bytes, as they are shipped."""
    # The few largest weights are cut, so that the many small ones keep their digits.
    top = np.quantile(np.abs(weights), 0.9998, axis=0)
    scales = np.maximum(top, 1e-6) / 127
    whole = np.clip(np.round(weights / scales), -127, 127).astype(np.int16) + 128
    return Weights(
        whole.astype(np.uint8).tobytes(), scales.tolist(), biases.tolist(), calibration, "trained-1"
    )


def scores_of(weights: Weights, one: Part) -> np.ndarray[Any, Any]:
    """Scores of many texts at once, equal to `Weights.scores`."""
    rows = np.frombuffer(weights.rows, dtype=np.uint8).reshape(features.BUCKETS, LANES)
    real = (rows.astype(np.float32) - 128) * np.asarray(weights.scales, dtype=np.float32)
    found: np.ndarray[Any, Any] = one.matrix @ real + np.asarray(weights.biases)
    return found


def answered(weights: Weights, one: Part) -> list[Answered]:
    """What the heads say of each text, beside what is right."""
    rows = scores_of(weights, one)
    return [
        Answered(
            gold=Gold(
                id=str(number),
                text=example.text,
                subject=example.subject,
                language=example.language,
                kind=example.kind,
                refund=example.refund,
                reason=example.reason,
            ),
            kind=str(said.kind),
            reason=str(likeliest_reason(scores.tolist(), said.kind, Reason.UNKNOWN)),
            refund=said.refund,
            confidence=said.confidence,
            needs_human=is_unsure(said, weights.calibration, rules_agree=True),
            language=example.language,
        )
        for number, (example, scores) in enumerate(zip(one.examples, rows, strict=True))
        for said in [guess(scores.tolist(), weights.calibration)]
    ]


PLAIN = Calibration(
    kind_temperature=1.0,
    refund_temperature=1.0,
    refund_offset=0.0,
    joint_temperature=1.0,
    ask_below=0.0,
    ask_refund_below=0.0,
    ask_refund_below_disagreeing=0.0,
)


def calibrate(weights: Weights, one: Part) -> Calibration:
    """Temperatures that make probabilities true on phrases that were not learned."""
    rows = scores_of(weights, one)
    kinds, refunds = one.kinds, one.refunds
    known = refunds >= 0

    def kind_loss(value: np.ndarray[Any, Any]) -> float:
        hot = rows[:, 1 : 1 + len(KINDS)] / np.exp(value[0])
        hot = hot - hot.max(axis=1, keepdims=True)
        chances = hot[np.arange(len(kinds)), kinds] - np.log(np.exp(hot).sum(axis=1))
        return -float(chances.mean())

    def refund_loss(value: np.ndarray[Any, Any]) -> float:
        odds = rows[known, 0] / np.exp(value[0]) + value[1]
        return float(np.logaddexp(0, np.where(refunds[known] == 1, -odds, odds)).mean())

    kind = minimize(kind_loss, [0.0], method="Nelder-Mead").x
    refund = minimize(refund_loss, [0.0, 0.0], method="Nelder-Mead").x
    base = Calibration(
        kind_temperature=round(float(np.exp(kind[0])), 4),
        refund_temperature=round(float(np.exp(refund[0])), 4),
        refund_offset=round(float(refund[1]), 4),
        joint_temperature=1.0,
        ask_below=0.0,
        ask_refund_below=0.0,
        ask_refund_below_disagreeing=0.0,
    )

    def joint_loss(value: np.ndarray[Any, Any]) -> float:
        trial = Calibration(**{**vars(base), "joint_temperature": float(np.exp(value[0]))})
        total = 0.0
        for scores, kind_number, wish in zip(
            rows[known], kinds[known], refunds[known], strict=True
        ):
            said = guess(scores.tolist(), trial)
            right = said.kind == KINDS[kind_number] and said.refund == bool(wish)
            total -= np.log(max(1e-6, said.confidence if right else 1 - said.confidence))
        return total

    joint = minimize(joint_loss, [0.0], method="Nelder-Mead", options={"maxiter": 12}).x
    return Calibration(**{**vars(base), "joint_temperature": round(float(np.exp(joint[0])), 4)})


def main() -> None:
    """Train, calibrate, round, test, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--mails", type=int, default=_MAILS)
    parser.add_argument("--cross", action="store_true", help="leave each source out once")
    arguments = parser.parse_args()

    public = [public_part(arguments.sets, name) for name in SETS]
    tested = {
        name: part(
            name,
            [
                _example(row, name)
                for row in load_set(FOLDER / f"{name}.jsonl")
                if row.kind is not None
            ],
        )
        for name in _TESTED
    }
    if arguments.cross:
        cross(public, tested, arguments.mails)
        return
    learned = part("phrases of four fifths", list(Writer(11, "train").mails(arguments.mails)))
    held = part("phrases held back", list(Writer(12, "held").mails(2000)))
    first = rounded(*fit([*public, learned]), PLAIN)
    calibration = calibrate(first, held)
    first.calibration = calibration
    scores: dict[str, Any] = {"phrases held back": bootstrap(answered(first, held))}
    print(calibration, scores["phrases held back"], flush=True)
    rest = part("phrases of the last fifth", list(Writer(13, "held").mails(arguments.mails // 4)))
    final = rounded(*fit([*public, learned, rest]), calibration)
    for name, one in tested.items():
        print(name, measures(answered(final, one)), flush=True)
    store_seen([*public, learned, rest])
    store(final, scores, len(learned.examples) + len(rest.examples), public)


# Labelled by hand, never trained on.
_TESTED = ("tickets", "letters", "examples", "unseen")


def cross(public: Sequence[Part], tested: dict[str, Part], mails: int) -> None:
    """Leave each source out once, and write the scores on it to the card."""
    path = WEIGHTS / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    calibration = Calibration(**card["calibration"])
    written = part("written", list(Writer(11, "all").mails(mails)))

    def keep(name: str, weights: Weights, on: Part) -> None:
        card["cross_source"][name] = found = bootstrap(answered(weights, on))
        print(name, found, flush=True)

    for one in public:
        if len(one.examples) > 500:
            others = [other for other in public if other is not one]
            weights = rounded(*fit([*others, written]), calibration)
            keep(f"{one.name}, left out of the training", weights, one)
    for what, parts in (("public sets", public), ("written corpus", [written])):
        weights = rounded(*fit(parts), calibration)
        for name, one in tested.items():
            keep(f"{name}, trained on the {what} alone", weights, one)
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def store_seen(parts: Sequence[Part]) -> None:
    """In how many texts each bucket stood, as powers of two: what adapting hardly moves."""
    counts = np.zeros(features.BUCKETS)
    for one in parts:
        counts += np.bincount(one.matrix.indices, minlength=features.BUCKETS)
    powers = np.minimum(20, np.round(np.log2(counts + 1))).astype(np.uint8)
    (WEIGHTS / "seen.bin").write_bytes(lzma.compress(powers.tobytes(), preset=9))


def _example(row: Gold, name: str) -> Example:
    return Example(
        text=row.text,
        subject=row.subject,
        kind=row.kind or "other",
        refund=row.refund,
        reason=row.reason or "unknown",
        language=row.language,
        source=name,
    )


def store(final: Weights, scores: dict[str, Any], mails: int, public: Sequence[Part]) -> None:
    """Write the weights and their model card."""
    packed = lzma.compress(final.rows, preset=9 | lzma.PRESET_EXTREME)
    (WEIGHTS / "heads.bin").write_bytes(packed)
    path = WEIGHTS / "card.json"
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    card = {
        "name": final.name,
        "date": datetime.now(UTC).date().isoformat(),
        "what": (
            "Linear heads for refund and kind over hashed words, letters, concepts and rule "
            "signals; weights of one byte."
        ),
        "features_version": features.VERSION,
        "languages": ["en", "de", "fr", "es", "nl", "pt", "it"],
        "bytes": len(packed),
        "trained_on": [
            {
                "title": "Mails composed of phrases written for this project",
                "by": "the Makegood authors",
                "licence": "GPL-3.0-or-later",
                "rows": mails,
            },
            *(SETS[one.name] | {"rows": len(one.examples)} for one in public),
        ],
        "limits": (
            "Phrases were written by few hands and mails composed of them; scores on mails of "
            "other writers are lower than on these. Other languages go to a person. Wishes to "
            "send goods back count as wishes for money unless they are open questions."
        ),
        "calibration": vars(final.calibration),
        "heads": {
            "kinds": NAMES,
            "reasons": REASON_NAMES,
            "scales": [float(f"{scale:.6g}") for scale in final.scales],
            "biases": [round(bias, 4) for bias in final.biases],
        },
        "cross_source": old.get("cross_source", {}) | scores,
        "pinned": old.get("pinned", {}),
    }
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(packed)} bytes stored")


if __name__ == "__main__":
    main()
