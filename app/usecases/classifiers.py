"""Which classifier reads an account's tickets, and how it learns from the account's labels."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.classify.adapt import Adaptation, Label, adapt, fingerprint, pack, unpack
from app.domain.classify.trained import TrainedClassifier, shipped_weights
from app.domain.feedback import Label as Correction
from app.domain.feedback import LabelKind
from app.ports import Classifier, Clock
from app.records import Classifiers, StoredClassifier

log = logging.getLogger(__name__)

# Adapted weights are some megabytes each; accounts take turns.
_ACCOUNTS_KEPT = 4
# How late a worker may hear of a new version.
_LOOKED_UP_EVERY_SECONDS = 30


class AccountClassifiers:
    """Each account's classifier: its own where one was learned and fits, else the common one."""

    def __init__(self, common: Classifier, kept: Classifiers, clock: Clock) -> None:
        self._common = common
        self._kept = kept
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: dict[str, tuple[datetime, int | None]] = {}
        self._loaded: OrderedDict[tuple[str, int], Classifier] = OrderedDict()

    def of(self, account_id: str) -> Classifier:
        """The classifier that reads this account's tickets now."""
        version = self._version(account_id)
        if version is None:
            return self._common
        key = (account_id, version)
        with self._lock:
            found = self._loaded.get(key)
            if found is not None:
                self._loaded.move_to_end(key)
                return found
        found = self._load(account_id, version)
        with self._lock:
            self._loaded[key] = found
            while len(self._loaded) > _ACCOUNTS_KEPT:
                self._loaded.popitem(last=False)
        return found

    def _version(self, account_id: str) -> int | None:
        now = self._clock.now()
        known = self._looked.get(account_id)
        if known is not None:
            age = (now - known[0]).total_seconds()
            if 0 <= age < _LOOKED_UP_EVERY_SECONDS:
                return known[1]
        version = self._kept.active_version(account_id)
        self._looked[account_id] = (now, version)
        return version

    def _load(self, account_id: str, version: int) -> Classifier:
        """The stored version; the common one when it was made from other shipped weights."""
        stored = self._kept.get(account_id, version)
        base = shipped_weights()
        if stored is None or stored.base != fingerprint(base):
            log.warning(
                "classifier of an account was made from other shipped weights: train it again",
                extra={"account": account_id, "version": version},
            )
            return self._common
        return TrainedClassifier(unpack(stored.weights, base, f"account-{version}"))


@dataclass(frozen=True)
class Trained:
    """What learning came to."""

    stored: StoredClassifier
    adaptation: Adaptation


def labels_of(corrections: Iterable[Correction]) -> list[Label]:
    """What can be learned from agents' corrections: those whose text is still kept."""
    return [
        Label(text=one.text, kind=one.right_kind, refund=one.right_refund)
        for one in corrections
        if one.text and one.what is not LabelKind.ORDER
    ]


def train_account(
    kept: Classifiers, account_id: str, labels: Sequence[Label], *, actor: str, now: datetime
) -> Trained:
    """Learn from an account's labels, and use the result only if it is no worse.

    Always begins from the shipped weights, so that nothing piles up. Raises ValueError when there
    are too few labels.
    """
    base = shipped_weights()
    moved, adaptation = adapt(base, labels, "account")
    stored = kept.add(
        account_id,
        fingerprint(base),
        pack(moved, base),
        adaptation.model_dump(mode="json"),
        activate=adaptation.is_no_worse,
        actor=actor,
        now=now,
    )
    return Trained(stored, adaptation)


def roll_back(kept: Classifiers, account_id: str, *, actor: str, now: datetime) -> int | None:
    """Use the version before the present one, or the shipped weights; answers which.

    Raises LookupError when the shipped weights are in use already.
    """
    present = kept.active_version(account_id)
    if present is None:
        raise LookupError("the shipped weights are in use: there is nothing to go back from")
    # Versions that learning itself found worse were never used and are no place to go back to.
    usable = [
        one.version
        for one in kept.versions(account_id)
        if one.version < present and Adaptation.model_validate(one.report).is_no_worse
    ]
    before = max(usable, default=None)
    kept.activate(account_id, before, actor, now)
    return before
