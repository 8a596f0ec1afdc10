"""What commands ask the admin for: a secret, and which account is meant."""

from __future__ import annotations

import os

import click

from app.bootstrap import Services
from app.domain.errors import ConfigurationError
from app.ports import Account

# Who stands in the audit trail for what the command line does.
ACTOR = "makegood connect"


def ask_secret(name: str, question: str) -> str:
    """A secret from the environment, else asked for."""
    value = os.environ.get(name, "").strip()
    return value or str(click.prompt(question, hide_input=True)).strip()


def pick_account(services: Services, wanted: str | None) -> Account:
    """The account with this id, or the only one. Raises ConfigurationError with the choices."""
    accounts = services.deps.accounts.all()
    if wanted is not None:
        for account in accounts:
            if account.id == wanted:
                return account
    elif len(accounts) == 1:
        return accounts[0]
    known = ", ".join(f"{account.id} ({account.name})" for account in accounts) or "none yet"
    raise ConfigurationError(f"say which account with --account; there are: {known}")
