"""`makegood manifest build`: the package that an admin installs in the helpdesk."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from app.settings import Settings
from manifest.build import BadPackage, build_zendesk


@click.group()
def manifest() -> None:
    """The installable packages."""


@manifest.command()
@click.option("--helpdesk", type=click.Choice(["zendesk"]), required=True)
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
        path = build_zendesk(url or Settings().public_url, out, version("makegood"))
    except BadPackage as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{path} is ready to be uploaded to {helpdesk.title()}.")
