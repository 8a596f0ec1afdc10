"""`makegood manifest build`: the package that an admin installs in the helpdesk."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click

from app.settings import Settings
from manifest.build import build_zendesk
from manifest.kustomer import build_kustomer
from manifest.problems import BadPackage

_BUILDERS: dict[str, Callable[[str, Path, str], Path]] = {
    "zendesk": build_zendesk,
    "kustomer": build_kustomer,
}
_NEXT = {
    "zendesk": "is ready to be uploaded to Zendesk.",
    "kustomer": "is right. `makegood connect kustomer` registers it.",
}


@click.group()
def manifest() -> None:
    """The installable packages."""


@manifest.command()
@click.option("--helpdesk", type=click.Choice(list(_BUILDERS)), required=True)
@click.option("--url", help="Makegood's public https address; MAKEGOOD_PUBLIC_URL without it.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="The folder for the package.",
)
def build(helpdesk: str, url: str | None, out: Path) -> None:
    """Build the package, checked by every rule of the helpdesk's validator and more."""
    try:
        build_for = _BUILDERS[helpdesk]
        path = build_for(url or Settings().public_url, out, version("makegood"))
    except BadPackage as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{path} {_NEXT[helpdesk]}")
