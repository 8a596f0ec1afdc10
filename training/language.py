"""Train the language heads: `python -m training.language`."""

from __future__ import annotations

import json
import random
import unicodedata
import zlib
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from app.domain.classify.language import BUCKETS, language_features, latin_words
from training.corpus import FOLDER, LANGUAGES, read_sections

WEIGHTS = Path(__file__).parent.parent / "app" / "domain" / "classify" / "weights"
_SKIPPED = {"item"}


def phrases() -> list[tuple[str, str]]:
    """All written phrases with their language."""
    found: list[tuple[str, str]] = []
    for language in LANGUAGES:
        for name, lines in read_sections(language).items():
            if name not in _SKIPPED:
                found += [(language, line) for line in lines]
    for line in (FOLDER / "other_languages.txt").read_text(encoding="utf-8").splitlines():
        language, _, text = line.partition(": ")
        found.append((language, text))
    return found


def rows(seed: int) -> tuple[list[str], list[str]]:
    """Texts of one to three phrases, some in capitals, some without accents."""
    draw = random.Random(seed)  # noqa: S311
    by_language: dict[str, list[str]] = {}
    for language, text in phrases():
        by_language.setdefault(language, []).append(text.replace("{", "").replace("}", ""))
    texts: list[str] = []
    languages: list[str] = []
    for language, lines in by_language.items():
        is_supported = language in LANGUAGES
        for _ in range(1400 if is_supported else 260):
            text = " ".join(draw.choices(lines, k=draw.choice((1, 1, 2, 3))))
            if draw.random() < (0.25 if is_supported else 0.1):
                plain = unicodedata.normalize("NFKD", text)
                text = "".join(sign for sign in plain if not unicodedata.combining(sign))
            if draw.random() < 0.3:
                words = text.split()
                start = draw.randrange(len(words))
                text = " ".join(words[start : start + draw.randint(3, 8)])
            texts.append(text)
            languages.append(language)
    return texts, languages


def matrix(texts: list[str]) -> csr_matrix:
    """One row a text; the same sums as `find_language` makes."""
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for text in texts:
        numbers = language_features(latin_words(text))
        columns += numbers
        data += [1 / np.sqrt(max(1, len(numbers)))] * len(numbers)
        ends.append(len(columns))
    found = csr_matrix((data, columns, ends), shape=(len(texts), BUCKETS), dtype=np.float32)
    found.sum_duplicates()
    return found


def main() -> None:
    """Train, round to bytes and store."""
    texts, languages = rows(7)
    model = LogisticRegression(C=20, max_iter=150)
    model.fit(matrix(texts), languages)
    weights = model.coef_.T
    scale = float(np.abs(weights).max() / 127)
    whole = np.clip(np.round(weights / scale), -127, 127).astype(np.int16) + 128
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / "language.bin").write_bytes(zlib.compress(whole.astype(np.uint8).tobytes(), 9))
    card = {
        "languages": list(model.classes_),
        "scale": scale,
        "biases": [round(float(bias), 4) for bias in model.intercept_],
        "trained_on": "the phrases of training/corpus, written for this project",
    }
    (WEIGHTS / "language.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
