"""`makegood train`: an account's classifier learns from what its agents corrected."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from app.domain.classification import Kind
from app.domain.classify.adapt import Adaptation, Label
from app.domain.classify.trained import shipped_card
from app.domain.masking import mask_payment_data
from app.settings import Settings
from app.storage.accounts import SqlAccounts
from app.storage.classifiers import SqlClassifiers
from app.storage.engine import Database
from app.storage.learning import SqlLearning
from app.usecases.classifiers import labels_of, roll_back, train_account

_ACTOR = "command line"
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def _refuse(message: str) -> NoReturn:
    click.echo(f"makegood train: {message}", err=True)
    sys.exit(2)


def read_labels(path: Path) -> list[Label]:
    """Labels from JSON lines; ends with exit code 2 and the line at fault when one is bad."""
    found: list[Label] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row: dict[str, Any] = json.loads(line)
            found.append(
                Label(
                    text=mask_payment_data(row["text"]),
                    subject=row.get("subject"),
                    kind=Kind(row["kind"]),
                    refund=row.get("refund"),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            _refuse(
                f"{path}: line {number}: {problem.splitlines()[0]}; expected"
                ' {"text": "…", "kind": "return", "refund": true}'
            )
    return found


@click.command()
@click.option("--account", required=True, help="The account's id; `makegood doctor` lists them.")
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON lines with "text", "kind" and, optionally, "subject" and "refund"; without it, what'
    " the account's agents corrected.",
)
@click.option("--roll-back", "back", is_flag=True, help="Use the version before the present one.")
@click.option("--list", "listing", is_flag=True, help="List the versions, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def train(account: str, labels: Path | None, back: bool, listing: bool, as_json: bool) -> None:
    """Adapt the shipped classifier to an account's own labels.

    A part of the labels is kept aside; the new version is used only if it does no worse on them
    than the shipped weights. Ends with 1 when it isn't used.
    """
    settings = Settings()
    database = Database(settings.database)
    try:
        _work(database, settings, account, labels, back, listing, as_json)
    finally:
        database.dispose()


def _work(
    database: Database,
    settings: Settings,
    account: str,
    labels: Path | None,
    back: bool,
    listing: bool,
    as_json: bool,
) -> None:
    from app.bootstrap import SystemClock, secret_keys
    from app.storage.vault import make_cipher

    accounts = SqlAccounts(database, make_cipher(secret_keys(settings)))
    if accounts.get(account) is None:
        _refuse(f"there is no account {account!r}")
    kept = SqlClassifiers(database)
    now = SystemClock().now()
    if listing:
        rows = [one.model_dump(mode="json", exclude={"weights"}) for one in kept.versions(account)]
        shipped = {"base": shipped_card()["name"], "versions": rows}
        click.echo(json.dumps(shipped, indent=2) if as_json else _listed(rows))
        return
    if back:
        try:
            version = roll_back(kept, account, actor=_ACTOR, now=now)
        except LookupError as error:
            _refuse(str(error))
        name = "the shipped weights" if version is None else f"version {version}"
        click.echo(json.dumps({"active": version}) if as_json else f"In use from now on: {name}.")
        return
    if labels is None:
        found = labels_of(SqlLearning(database).labels(account, _EVER))
    else:
        found = read_labels(labels)
    try:
        trained = train_account(kept, account, found, actor=_ACTOR, now=now)
    except ValueError as error:
        _refuse(str(error))
    if as_json:
        click.echo(json.dumps(trained.stored.model_dump(mode="json", exclude={"weights"})))
    else:
        click.echo(_told(trained.stored.version, trained.adaptation))
    sys.exit(0 if trained.stored.is_active else 1)


def _told(version: int, found: Adaptation) -> str:
    outcome = (
        f"Version {version} is in use from now on (workers hear of it within half a minute)."
        if found.is_no_worse
        else f"Version {version} does worse and is not used. Nothing has changed."
    )
    return (
        f"Learned from {found.learned} labels, judged by {found.kept_aside} others:\n"
        f"  kind right    {found.before.kind:.1%} before, {found.after.kind:.1%} after\n"
        f"  refund right  {found.before.refund:.1%} before, {found.after.refund:.1%} after\n"
        f"{outcome}"
    )


def _listed(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No versions yet: the shipped weights are in use."
    lines = []
    for row in rows:
        found = Adaptation.model_validate(row["report"])
        mark = "in use" if row["is_active"] else ""
        lines.append(
            f"version {row['version']}: {row['created_at'][:16]}  {found.learned} labels  "
            f"kind {found.before.kind:.1%} -> {found.after.kind:.1%}  {mark}".rstrip()
        )
    return "\n".join(lines)
