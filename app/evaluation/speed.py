"""How long a classification takes, and how much memory the classifier needs."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from app.domain.channel import Channel
from app.domain.classify.order_forms import learn_forms
from app.domain.ticket import Contact, Message, Requester, Ticket
from app.evaluation.hostile import Make, hostile_mails, prose_of
from app.evaluation.measure import Gold
from app.ports import Classifier
from app.usecases.reading import read_newest, read_ticket_text

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TIMES = 5
# The least texts of one language that prose is made of.
_ENOUGH_PROSE = 20
# As a store of the account would name its orders: they are looked for once more then.
_ORDER_NAMES = ("#1001", "#48213", "EN20014")

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


def speed(classifier: Classifier, rows: Sequence[Gold]) -> dict[str, object]:
    """Milliseconds of processor time from a ticket's raw text to its classification.

    Ordinary tickets by share, in memory of their words; each shape of huge mail as the median of
    mails that were never seen, as a ticket's text and as a reply to an agent's message.
    """
    forms = learn_forms(_ORDER_NAMES)

    def read(text: str, subject: str | None = None) -> None:
        read_ticket_text(classifier, _ticket(text, subject), lambda: forms)

    for row in rows:
        read(row.text, row.subject)
    taken = sorted(
        _milliseconds(lambda row=row: read(row.text, row.subject))  # type: ignore[misc]
        for row in rows
        for _ in range(_TIMES)
    )
    huge: dict[str, float] = {}
    replies: dict[str, float] = {}
    for name, make in _shapes(rows).items():
        mails = [make(random.Random(seed)) for seed in range(2 * _TIMES)]  # noqa: S311
        huge[name] = _median(lambda text: read(text), mails[:_TIMES])
        replies[name] = _median(
            lambda text: read_newest(classifier, _conversation(text)), mails[_TIMES:]
        )
    return {
        "tickets_ms": {
            name: round(taken[int(share * (len(taken) - 1))], 2)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
        "huge_mails_ms": _worst_first(huge),
        "huge_replies_ms": _worst_first(replies),
        "worst_huge_ms": max(*huge.values(), *replies.values()),
        "memory_mb": memory(),
    }


def _shapes(rows: Sequence[Gold]) -> dict[str, Make]:
    """All shapes of huge mail, with prose of each language that there is enough of."""
    texts: dict[str, list[str]] = {}
    for row in rows:
        texts.setdefault(row.language, []).append(row.text)
    prose = {
        f"prose in {language}": prose_of(found)
        for language, found in sorted(texts.items())
        if language and len(found) >= _ENOUGH_PROSE
    }
    return {**prose, **hostile_mails()}


def _ticket(text: str, subject: str | None) -> Ticket:
    return Ticket(
        id="1",
        subject=subject or "",
        description=text,
        requester=Requester(id="1", emails=(Contact(value="ida@example.com"),)),
        channel=Channel.EMAIL,
        status="new",
        created_at=_NOW,
        updated_at=_NOW,
        revision="1",
    )


def _conversation(text: str) -> tuple[Message, ...]:
    asked = Message(is_from_customer=False, text="Shall we refund it?", created_at=_NOW)
    return asked, Message(is_from_customer=True, text=text, created_at=_NOW)


def _median(work: Callable[[str], object], mails: Sequence[str]) -> float:
    return round(median(_milliseconds(lambda m=mail: work(m)) for mail in mails), 1)  # type: ignore[misc]


def _worst_first(found: dict[str, float]) -> dict[str, float]:
    return dict(sorted(found.items(), key=lambda item: -item[1]))


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
