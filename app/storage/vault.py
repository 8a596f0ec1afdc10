"""Secrets at rest: encrypted with the newest key, readable with every key that is still listed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.errors import ConfigurationError
from app.storage.engine import Database
from app.storage.tables import secrets


def make_cipher(keys: Sequence[str]) -> MultiFernet:
    """A cipher from key texts of any form, newest first."""
    if not keys:
        raise ConfigurationError("MAKEGOOD_SECRET_KEYS is empty: secrets can't be encrypted")
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"secrets:{key}".encode()).digest()))
            for key in keys
        ]
    )


class SqlVault:
    """`app.ports.SecretVault` of one account."""

    def __init__(self, database: Database, cipher: MultiFernet, account_id: str) -> None:
        self._db = database
        self._cipher = cipher
        self._account_id = account_id

    def get(self, owner: str, name: str) -> str | None:
        """The secret in the clear, or None. Raises ConfigurationError when no key opens it."""
        with self._db.read() as tx:
            ciphertext = tx.execute(
                select(secrets.c.ciphertext).where(
                    secrets.c.account_id == self._account_id,
                    secrets.c.owner == owner,
                    secrets.c.name == name,
                )
            ).scalar_one_or_none()
        if ciphertext is None:
            return None
        try:
            return self._cipher.decrypt(ciphertext.encode()).decode()
        except InvalidToken:
            raise ConfigurationError(
                f"the stored secret {name} of {owner} was encrypted with a key that isn't in "
                "MAKEGOOD_SECRET_KEYS any more: put that key back at the end of the list, or "
                "connect again"
            ) from None

    def put(self, owner: str, values: Mapping[str, str | None]) -> None:
        """Store or delete (None) several secrets in one transaction.

        Two processes may do so at once: the later one's secrets stay, all of them.
        """
        now = datetime.now(UTC)
        upsert = sqlite.insert if self._db.is_sqlite else postgresql.insert
        with self._db.write() as tx:
            # In one order for everybody: transactions that cross would block each other for ever.
            for name, value in sorted(values.items()):
                if value is None:
                    tx.execute(
                        delete(secrets).where(
                            secrets.c.account_id == self._account_id,
                            secrets.c.owner == owner,
                            secrets.c.name == name,
                        )
                    )
                    continue
                kept = {
                    "ciphertext": self._cipher.encrypt(value.encode()).decode(),
                    "updated_at": now,
                }
                tx.execute(
                    upsert(secrets)
                    .values(account_id=self._account_id, owner=owner, name=name, **kept)
                    .on_conflict_do_update(index_elements=list(secrets.primary_key), set_=kept)
                )
