"""`makegood train`: learn, see old against new, use it, go back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.train import train
from app.storage.engine import Database
from app.storage.migrate import upgrade
from tests.support.jargon_shop import labels
from tests.unit.storage.records import Records


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An account in a database that the command is set up for."""
    url = f"sqlite:///{tmp_path / 'train.sqlite3'}"
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", url)
    monkeypatch.setenv("MAKEGOOD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MAKEGOOD_SECRET_KEYS", "an invented key")
    database = Database(url)
    upgrade(database)
    Records.on(database)
    database.dispose()
    return "acme"


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(train, list(arguments))


def test_it_learns_is_used_and_can_be_undone(account: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(one.model_dump_json() for one in labels(80, seed=2)))
    learned = _run("--account", account, "--labels", str(file))
    assert learned.exit_code == 0
    assert "before" in learned.output
    assert "in use from now on" in learned.output
    listed = json.loads(_run("--account", account, "--list", "--json").output)
    assert [one["is_active"] for one in listed["versions"]] == [True]
    back = _run("--account", account, "--roll-back")
    assert "shipped weights" in back.output
    assert _run("--account", account, "--roll-back").exit_code == 2


def test_bad_input_is_named(account: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"text": "hello", "kind": "gift"}\n')
    found = _run("--account", account, "--labels", str(file))
    assert found.exit_code == 2
    assert "line 1" in found.output
    assert _run("--account", "nobody", "--list").exit_code == 2
    none = _run("--account", account)
    assert none.exit_code == 2
    assert "too few" in none.output
