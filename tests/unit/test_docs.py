"""The README says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from app.cli import COMMANDS
from app.settings import Settings

README = Path(__file__).parents[2] / "README.md"


def settings_table() -> str:
    """The settings as the README must show them."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in ("", ()) else f"`{field.default}`"
        rows.append(f"| `MAKEGOOD_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_every_setting_stands_in_the_readme() -> None:
    text = README.read_text()
    found = re.search(r"<!-- settings: begin -->\n(.*?)\n?<!-- settings: end -->", text, re.DOTALL)
    assert found is not None
    assert found.group(1) == settings_table()


def test_every_command_stands_in_the_readme() -> None:
    text = README.read_text()
    missing = [name for name in COMMANDS if not re.search(rf"[`\s,]{name}\b", text)]
    assert missing == []


def test_every_place_that_the_readme_names_exists() -> None:
    text = README.read_text()
    places = re.findall(r"`((?:app|integrations|manifest|tests)/[\w/.]*)`", text)
    missing = [place for place in places if not (README.parent / place).exists()]
    assert places
    assert [place for place in missing if "NAME" not in place] == []
