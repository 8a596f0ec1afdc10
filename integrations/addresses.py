"""One shipping address told from another, without keeping any.

Of an address only a keyed digest leaves this module. The key is the account's own, made once and
kept encrypted like its other secrets: without it nobody can try out addresses against the digests,
and two accounts' digests of one address have nothing in common.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.ports import Surroundings

log = logging.getLogger(__name__)

OWNER = "account"
ADDRESS_SECRET = "address_key"  # noqa: S105 - the secret's name
_LOCK_SECONDS = 10.0
_WORD = re.compile(r"\d+|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a parcel goes. Who receives it isn't part of it: names are easily changed."""

    street: Sequence[str | None]
    city: str | None
    postcode: str | None
    country: str | None


def address_key(address: PostalAddress, account_id: str, surroundings: Surroundings) -> str | None:
    """64 hex digits, the same for an account's equal addresses however they are typed.

    Case, accents, spaces and punctuation make no difference; another flat or house does. None for
    an address that lacks its street, its country, or both postcode and city. Where there is a
    postcode the city's name doesn't count: people write it in several ways. None also while the
    account's key can't be made: then a limit by address asks a person.
    """
    street = _plain(" ".join(part for part in address.street if part))
    place = _plain(address.postcode or "") or _plain(address.city or "")
    country = _plain(address.country or "")
    if not (street and place and country):
        return None
    text = "\n".join((country, place, street))
    try:
        key = _key(account_id, surroundings)
    except TimeoutError:
        log.warning("no key for addresses yet", extra={"account": account_id})
        return None
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _plain(text: str) -> str:
    """Words and numbers, without case and accents: "5a" is "5 a", but "1, 2" isn't "12"."""
    spelt = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_WORD.findall("".join(s for s in spelt if not unicodedata.combining(s))))


def _key(account_id: str, surroundings: Surroundings) -> str:
    known = surroundings.vault.get(OWNER, ADDRESS_SECRET)
    if known is not None:
        return known
    # Two workers that make one each would tell an address from itself.
    with surroundings.locks.hold(f"address-key:{account_id}", _LOCK_SECONDS, _LOCK_SECONDS):
        known = surroundings.vault.get(OWNER, ADDRESS_SECRET)
        if known is None:
            known = secrets.token_hex(32)
            surroundings.vault.put(OWNER, {ADDRESS_SECRET: known})
    return known
