"""How long a classification takes, and how much memory the classifier needs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.domain.classification import Classification
from app.evaluation.measure import Gold

_HUGE = 200_000
_TIMES = 5

# Measured in a process of its own: what the classifier adds to the domain's values.
_MEMORY = """
import app.domain.classification
import app.domain.masking

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

before = resident()
from app.domain.classify.trained import TrainedClassifier
classifier = TrainedClassifier()
for text in ("Please refund my order 1001.", "Bitte stornieren.", "Où est mon colis ?") * 50:
    classifier.classify(text)
print((resident() - before) / 1024)
"""


def _huge_mails() -> dict[str, str]:
    """Mails of 200 kB of different kinds."""
    kinds = {
        "prose": "I ordered a kettle and it never arrived, please give me my money back. ",
        "one line": "I paid twice, my lamp is broken and I want a refund, ",
        "one word": "a",
        "quotes": "> > > On Monday somebody wrote that the order 1001 would come soon.\n",
        "thread": "On Monday Ida wrote:\n> where is it?\n\nPlease refund me my order 1001\n",
        "chat": "Agent: how can I help\nCustomer: I want a refund for 1001\n",
        "markup": "<b>refund</b> ",
        "deep markup": "<div><table><tr><td style='color:red'>",
        "styles": "<style>p{color:red}</style><!-- x -->",
        "digits": "1234 5678 ",
        "cards": "4111 1111 1111 1111 ",
        "accounts": "DE12 ABCD EFGH IJKL ",
        "orders": "#1001 ",
        "base64": "QUJDREVGR0hJSktMTU5P",
        "emoji": "I want 😀 my money 🎉 back ❤️ ",
        "accents": "z\u0301\u0327\u0301 ",
    }
    before = {"quotes": "Please refund me.\n", "styles": "<p>Please refund me.</p>"}
    return {
        name: (before.get(name, "") + piece * (_HUGE // len(piece)))[:_HUGE]
        for name, piece in kinds.items()
    }


def speed(
    classify: Callable[[str, str | None], Classification], rows: Sequence[Gold]
) -> dict[str, object]:
    """Milliseconds of processor time: ordinary tickets by share, and each sort of huge mail."""
    for row in rows:
        classify(row.text, row.subject)
    taken = sorted(
        _milliseconds(lambda row=row: classify(row.text, row.subject))  # type: ignore[misc]
        for row in rows
        for _ in range(_TIMES)
    )
    return {
        "tickets_ms": {
            name: round(taken[int(share * (len(taken) - 1))], 2)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
        "huge_mails_ms": {
            name: round(min(_milliseconds(lambda t=text: classify(t, None)) for _ in range(3)), 1)  # type: ignore[misc]
            for name, text in _huge_mails().items()
        },
        "memory_mb": memory(),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def memory() -> float | None:
    """Megabytes that the classifier adds to a process; None where the system doesn't tell."""
    if not Path("/proc/self/status").exists():
        return None
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY], capture_output=True, check=True, text=True
    )
    return round(float(done.stdout), 1)
