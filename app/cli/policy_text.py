"""`makegood policy check`, `explain` and `example`: policies as text, checked and said back."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence

import click

from app.cli.policy_files import read_text, refuse
from app.domain.policy.facts import EVERY_STORE
from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.completing import complete
from app.domain.policy.language.explaining import explain as explain_policy
from app.domain.policy.language.explaining import in_words
from app.domain.policy.language.problems import Place, Problem, Severity
from app.domain.policy.shipped import SHIPPED, shipped_text


def _stores(_: click.Context, __: click.Parameter, value: str | None) -> Sequence[str]:
    if value is None:
        return EVERY_STORE
    named = [one.strip().lower() for one in value.split(",") if one.strip()]
    unknown = [one for one in named if one not in EVERY_STORE]
    if unknown or not named:
        raise click.BadParameter(
            f"{', '.join(unknown) or 'nothing'} is no kind of store; "
            f"there are {', '.join(EVERY_STORE)}"
        )
    return tuple(dict.fromkeys(named))


def _place(_: click.Context, __: click.Parameter, value: str | None) -> Place | None:
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,6}):([1-9]\d{0,6})", value)
    if found is None:
        raise click.BadParameter("write LINE:COLUMN, both from 1, for instance 12:8")
    return Place(line=int(found[1]), column=int(found[2]))


_file = click.argument("file", type=click.Path(allow_dash=True, dir_okay=True))
_with_stores = click.option(
    "--stores",
    callback=_stores,
    help=f"Kinds of connected stores, e.g. shopify. Default: {','.join(EVERY_STORE)}.",
)
_as_json = click.option("--json", "is_json", is_flag=True, help="One JSON document.")


def _problems(text: str, stores: Sequence[str]) -> tuple[Problem, ...]:
    compiled = compile_policy(text)
    if compiled.policy is None:
        return compiled.problems
    return (*compiled.problems, *analyse(compiled.policy, stores))


@click.command()
@_file
@_with_stores
@_as_json
@click.option(
    "--at", "at", callback=_place, metavar="LINE:COLUMN", help="Also what can be written there."
)
def check(file: str, stores: Sequence[str], is_json: bool, at: Place | None) -> None:
    """Check a policy's text FILE (`-`: stdin). Exit 0: it can be used. 1: it has errors."""
    text = read_text(file)
    problems = _problems(text, stores)
    errors = [one for one in problems if one.severity is Severity.ERROR]
    warnings = [one for one in problems if one.severity is Severity.WARNING]
    if is_json:
        document: dict[str, object] = {
            "file": file,
            "ok": not errors,
            "errors": [one.model_dump(mode="json") for one in errors],
            "warnings": [one.model_dump(mode="json") for one in warnings],
        }
        if at is not None:
            document["completion"] = complete(text, at).model_dump(mode="json")
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            click.echo(problem.in_words(file))
        if at is not None:
            click.echo("\n".join(complete(text, at).choices))
        state = "can't be used yet" if errors else "can be used"
        click.echo(f"{file}: {_count(errors, 'error')}, {_count(warnings, 'warning')}: it {state}.")
    sys.exit(1 if errors else 0)


def _count(items: Sequence[object], word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"


@click.command()
@_file
@_with_stores
@_as_json
def explain(file: str, stores: Sequence[str], is_json: bool) -> None:
    """Say a policy back clause by clause, with warnings. Exit 2: it can't be read."""
    text = read_text(file)
    compiled = compile_policy(text)
    if compiled.policy is None:
        for problem in compiled.problems:
            click.echo(problem.in_words(file), err=True)
        sys.exit(2)
    explanation = explain_policy(compiled.policy, stores)
    if is_json:
        click.echo(explanation.model_dump_json(indent=2))
    else:
        click.echo(in_words(explanation))
        _say_doubts(explanation.problems, file)
    sys.exit(1 if any(one.severity is Severity.ERROR for one in explanation.problems) else 0)


def _say_doubts(problems: Sequence[Problem], file: str) -> None:
    """The problems beneath an explanation. Conflicts are told in full by `check` alone."""
    for problem in problems:
        if problem.code not in {"conflict", "priorities"}:
            click.echo(problem.in_words(file))
    count = sum(problem.code == "conflict" for problem in problems)
    if count:
        who = "sentence conflicts" if count == 1 else "sentences conflict"
        click.echo(
            f"{count} {who} with others. What meets, and an order that settles it: "
            f"makegood policy check {file}"
        )


@click.command()
@click.argument("name", required=False)
def example(name: str | None) -> None:
    """Print a shipped policy to copy; without NAME, which there are."""
    if name is None:
        for known, purpose in SHIPPED.items():
            click.echo(f"{known:<18} {purpose}")
        return
    if name not in SHIPPED:
        refuse(f"there is no example {name!r}; there are {', '.join(SHIPPED)}")
    click.echo(shipped_text(name), nl=False)
