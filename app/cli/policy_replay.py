"""`makegood policy replay`: what a policy would have decided about an account's past cases."""

from __future__ import annotations

import sys

import click

from app.cli.policy_decide import policy_of_text
from app.cli.policy_files import read_text
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.replay import ReplayResult
from app.replaying import replay_all
from app.settings import Settings
from app.storage.engine import Database
from app.storage.policies import SqlPolicies
from app.storage.tables import accounts

_VERDICTS = {
    "eligible": "eligible",
    "not_eligible": "not eligible",
    "needs_review": "needs review",
}


def _account(database: Database, named: str | None) -> str:
    """The account that is named, else the only one there is."""
    with database.read() as tx:
        known = list(tx.execute(accounts.select().order_by(accounts.c.created_at)).mappings())
    ids = [row["id"] for row in known]
    if named is not None and named in ids:
        return named
    if named is None and len(ids) == 1:
        return str(ids[0])
    names = ", ".join(f"{row['id']} ({row['name']})" for row in known) or "none yet"
    click.echo(f"makegood policy replay: say which --account: {names}", err=True)
    sys.exit(2)


def _say(done: int, total: int) -> None:
    click.echo(f"\r{done:,} of {total:,} cases", err=True, nl=done == total)


def in_words(result: ReplayResult, seconds: float) -> str:
    """A replay for a terminal."""
    lines = [
        f"{result.cases:,} cases in {seconds:.1f} s: {result.changed:,} would be other than they "
        f"were, {result.changed_verdicts:,} of them with another verdict."
    ]
    if result.unreadable:
        lines.append(f"{result.unreadable:,} cases could not be read and are in no figure.")
    for move, count in result.moves.items():
        before, after = move.split(">")
        if before != after:
            lines.append(f"  {_VERDICTS[before]} -> {_VERDICTS[after]}: {count:,}")
    if result.waiting:
        lines.append(f"Money that would wait until the goods are back: {result.waiting:,} cases.")
    for money in result.money:
        sign = "+" if money.difference.amount > 0 else ""
        lines.append(
            f"Offered: {money.before} before, {money.after} after ({sign}{money.difference})."
        )
    for tier in sorted({*result.tiers_before, *result.tiers_after}):
        before_count = result.tiers_before.get(tier, 0)
        after_count = result.tiers_after.get(tier, 0)
        lines.append(f"To be released by {tier.replace('_', ' ')}: {before_count} -> {after_count}")
    for change in result.changes[:20]:
        lines.append(
            f"  ticket {change.ticket_id}, {change.order_name}: "
            f"{_VERDICTS[change.before]} -> {_VERDICTS[change.after]} ({change.after_because})"
        )
    if result.changed > 20:
        lines.append(f"  … and {result.changed - 20:,} more (--json lists up to 1,000)")
    return "\n".join(lines)


@click.command()
@click.argument("file", type=click.Path(allow_dash=True), required=False)
@click.option("--account", "account_id", help="Whose past cases; needed where there are several.")
@click.option("--version", "number", type=int, help="A stored version instead of FILE.")
@click.option("--store", "store_ids", multiple=True, help="Only cases of this store; repeatable.")
@click.option("--processes", type=click.IntRange(1, 64), help="Default: one for each processor.")
@click.option("--json", "is_json", is_flag=True, help="One JSON document.")
def replay(
    file: str | None,
    account_id: str | None,
    number: int | None,
    store_ids: tuple[str, ...],
    processes: int | None,
    is_json: bool,
) -> None:
    """Run a policy's text FILE (or --version) over past cases, each as of its own moment.

    Nothing is changed, no vendor is called. Without FILE and --version, the shipped default runs.
    """
    settings = Settings()
    database = Database(settings.database)
    policies = SqlPolicies(database)
    account_id = _account(database, account_id)
    policy = DEFAULT_POLICY
    if file is not None:
        policy = policy_of_text(read_text(file), file)
    elif number is not None:
        version = policies.version(account_id, number)
        if version is None or version.policy is None:
            click.echo(f"makegood policy replay: version {number} can't be used", err=True)
            sys.exit(2)
        policy = version.policy
    ids = policies.past_ids(account_id, store_ids or None)
    database.dispose()
    tally, seconds = replay_all(
        settings.database, policy, account_id, ids, progress=_say, processes=processes
    )
    result = tally.result()
    click.echo(result.model_dump_json(indent=2) if is_json else in_words(result, seconds))
