"""`makegood policy`: its commands, each imported when it is used."""

from __future__ import annotations

import click

from app.cli.lazy import Later, LazyGroup

_TABLE = {
    "bench": Later(
        "app.cli.policy_bench:bench",
        "Decide random orders by random policies and check every answer; measure long policies"
        " and the replay.",
    ),
    "check": Later("app.cli.policy_text:check", "Check a policy's text FILE (`-`: stdin)."),
    "decide": Later(
        "app.cli.policy_decide:decide",
        "Decide one order by a policy: DOCUMENT is JSON (`-`: stdin), and so is the answer.",
    ),
    "example": Later(
        "app.cli.policy_text:example",
        "Print a shipped policy to copy; without NAME, which there are.",
    ),
    "explain": Later(
        "app.cli.policy_text:explain", "Say a policy back clause by clause, with warnings."
    ),
    "rates": Later(
        "app.cli.policy_rates:rates",
        "Show the exchange rates, or replace them: `rates --base USD EUR=1.08 GBP=1.27`.",
    ),
    "replay": Later(
        "app.cli.policy_replay:replay",
        "Run a policy's text FILE (or --version) over past cases, each as of its own moment.",
    ),
}


@click.group(cls=LazyGroup, table=_TABLE)
def policy() -> None:
    """Check a policy, and say it back clause by clause."""
