"""Average two trained weights: `python -m training.average FIRST SECOND`, folders with both files.

Two trainings on mails composed anew err in different places; the mean of their weights errs less
than either. Writes the shipped weights; run `training.pin` afterwards.
"""

from __future__ import annotations

import argparse
import json
import lzma
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.classify import features
from app.domain.classify.trained import LANES
from training.train import WEIGHTS


def _read(folder: Path) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    rows = np.frombuffer(lzma.decompress((folder / "heads.bin").read_bytes()), dtype=np.uint8)
    scales = np.asarray(card["heads"]["scales"])
    return (rows.reshape(features.BUCKETS, LANES).astype(np.float64) - 128) * scales, card


def main() -> None:
    """Average, round to bytes, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    arguments = parser.parse_args()
    (one, card), (other, newer) = _read(arguments.first), _read(arguments.second)
    mean = (one + other) / 2
    scales = np.maximum(np.abs(mean).max(axis=0), 1e-6) / 127
    whole = np.clip(np.round(mean / scales), -127, 127).astype(np.int16) + 128
    packed = lzma.compress(whole.astype(np.uint8).tobytes(), preset=9 | lzma.PRESET_EXTREME)
    heads = zip(card["heads"]["biases"], newer["heads"]["biases"], strict=True)
    newer["heads"]["biases"] = [round((a + b) / 2, 4) for a, b in heads]
    newer["heads"]["scales"] = [float(f"{scale:.6g}") for scale in scales]
    for name, value in card["calibration"].items():
        newer["calibration"][name] = round((value + newer["calibration"][name]) / 2, 4)
    newer["bytes"] = len(packed)
    newer["cross_source"] = card["cross_source"] | newer["cross_source"]
    newer["averaged"] = "the mean of two trainings on mails composed anew"
    WEIGHTS.mkdir(exist_ok=True)
    if (arguments.second / "seen.bin").resolve() != (WEIGHTS / "seen.bin").resolve():
        shutil.copy(arguments.second / "seen.bin", WEIGHTS / "seen.bin")
    (WEIGHTS / "heads.bin").write_bytes(packed)
    text = json.dumps(newer, indent=1, ensure_ascii=False) + "\n"
    (WEIGHTS / "card.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
