"""Classifiers of accounts: versions, the one in use, going back, and who reads which ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.classify.adapt import Adaptation, Grade, fingerprint
from app.domain.classify.clean import clean
from app.domain.classify.trained import TrainedClassifier, shipped_weights
from app.storage.classifiers import SqlClassifiers
from app.usecases.classifiers import AccountClassifiers, roll_back, train_account
from tests.support.jargon_shop import labels
from tests.unit.storage.records import NOW, Records


class _Clock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self):
        return self.time


def _report(kind: float) -> dict[str, object]:
    before = Grade(texts=10, kind=0.5, refund=0.5)
    after = Grade(texts=10, kind=kind, refund=0.5)
    return Adaptation(learned=40, kept_aside=10, before=before, after=after).model_dump(mode="json")


def _add(kept: SqlClassifiers, *, kind: float, activate: bool) -> int:
    return kept.add(
        "acme",
        "base-1",
        b"weights",
        _report(kind),
        activate=activate,
        actor="ada",
        now=NOW,
    ).version


def test_versions_are_counted_and_one_is_in_use(records: Records) -> None:
    kept = SqlClassifiers(records.database)
    assert kept.active_version("acme") is None
    assert _add(kept, kind=0.6, activate=True) == 1
    assert _add(kept, kind=0.4, activate=False) == 2
    assert _add(kept, kind=0.8, activate=True) == 3
    assert kept.active_version("acme") == 3
    assert [one.version for one in kept.versions("acme")] == [3, 2, 1]
    stored = kept.get("acme", 1)
    assert stored is not None
    assert stored.weights == b"weights"
    assert not stored.is_active


def test_going_back_skips_what_was_found_worse(records: Records) -> None:
    kept = SqlClassifiers(records.database)
    _add(kept, kind=0.6, activate=True)
    _add(kept, kind=0.4, activate=False)
    _add(kept, kind=0.8, activate=True)
    assert roll_back(kept, "acme", actor="ada", now=NOW) == 1
    assert roll_back(kept, "acme", actor="ada", now=NOW) is None
    with pytest.raises(LookupError, match="shipped weights"):
        roll_back(kept, "acme", actor="ada", now=NOW)
    with pytest.raises(LookupError, match="no classifier version 9"):
        kept.activate("acme", 9, "ada", NOW)


def test_an_account_learns_and_its_workers_hear_of_it(records: Records) -> None:
    kept = SqlClassifiers(records.database)
    clock = _Clock()
    common = TrainedClassifier()
    classifiers = AccountClassifiers(common, kept, clock)
    assert classifiers.of("acme") is common
    trained = train_account(kept, "acme", labels(120, seed=4), actor="ada", now=NOW)
    assert trained.adaptation.is_no_worse
    assert trained.stored.base == fingerprint(shipped_weights())
    assert classifiers.of("acme") is common
    clock.time += timedelta(seconds=31)
    own = classifiers.of("acme")
    assert own is not common
    assert own is classifiers.of("acme")
    assert own.classify_message(clean("please chalk it back to my tab")).classifier == "account-1"


def test_weights_made_from_other_shipped_ones_are_left_alone(records: Records) -> None:
    kept = SqlClassifiers(records.database)
    _add(kept, kind=0.6, activate=True)
    common = TrainedClassifier()
    assert AccountClassifiers(common, kept, _Clock()).of("acme") is common
