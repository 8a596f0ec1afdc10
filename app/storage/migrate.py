"""Bring the database to the newest revision, and tell which one it has."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.storage.engine import Database

_FOLDER = Path(__file__).with_name("migrations")


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database) -> None:
    """Apply every migration that is missing; harmless when there is none."""
    command.upgrade(_config(database), "head")


def revisions(database: Database) -> tuple[str | None, str | None]:
    """The revision that the database has, and the newest that the code has."""
    with database.read() as tx:
        present = MigrationContext.configure(tx).get_current_revision()
    return present, ScriptDirectory.from_config(_config(database)).get_current_head()
