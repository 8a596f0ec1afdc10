"""The signed first load: who is let in, and every way of forging it that isn't."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.domain.errors import NotAllowed
from app.ports import Account, SecretVault, SidebarVisit
from integrations.helpdesks.zendesk import ZENDESK
from tests.support.surroundings import MemoryVault

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AUDIENCE = "https://acme.zendesk.com/api/v2/apps/installations/4700201.json"


def key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


PRIVATE, PUBLIC = key_pair()
OTHER_PRIVATE, OTHER_PUBLIC = key_pair()


class Directory:
    """`app.ports.AccountDirectory` of one account."""

    def __init__(self, **config: Any) -> None:
        self.account = Account(
            id="acc_1",
            helpdesk="zendesk",
            name="Acme",
            config={
                "subdomain": "acme",
                "installation_id": "4700201",
                "public_key": PUBLIC,
                **config,
            },
        )

    def find(self, helpdesk: str, **config: str) -> Account | None:
        known = self.account.config
        fits = all(str(known.get(name)) == value for name, value in config.items())
        return self.account if helpdesk == "zendesk" and fits else None

    def vault(self, account_id: str) -> SecretVault:
        return MemoryVault()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    made: dict[str, Any] = {
        "iss": "acme.zendesk.com",
        "aud": AUDIENCE,
        "sub": "https://acme.zendesk.com/api/v2/users/380112000107.json",
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "qsh": "0" * 64,
        "cnf": {"jku": "https://attacker.example.com/keys.json"},
        "context": {"product": "support", "location": "ticket_sidebar"},
    }
    made |= changes
    return {name: value for name, value in made.items() if value is not None}


def token(key: str = PRIVATE, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm="RS256")


def visit(token_: str, now: datetime = NOW, **config: Any) -> SidebarVisit:
    return ZENDESK.visit(Directory(**config), {"token": token_}, now)


def by_hand(header: dict[str, Any], body: dict[str, Any], signer: Callable[[bytes], bytes]) -> str:
    """A token as an attacker builds it, without a library that would refuse."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    message = part(json.dumps(header).encode()) + b"." + part(json.dumps(body).encode())
    return (message + b"." + part(signer(message))).decode()


def test_an_agent_is_recognised() -> None:
    made = token()
    assert visit(made) == SidebarVisit(
        account_id="acc_1",
        agent_id="380112000107",
        installation_id="4700201",
        origin="https://acme.zendesk.com",
        token_hash=hashlib.sha256(made.encode()).hexdigest(),
        expires_at=NOW + timedelta(seconds=360),
    )


@pytest.mark.parametrize("issuer", ["acme.zendesk.com", "https://acme.zendesk.com"])
def test_the_issuer_comes_in_two_forms(issuer: str) -> None:
    assert visit(token(iss=issuer)).account_id == "acc_1"


@pytest.mark.parametrize(
    "subject", ["380112000107", "https://acme.zendesk.com/api/v2/users/380112000107"]
)
def test_the_agents_id_is_read_from_any_form(subject: str) -> None:
    assert visit(token(sub=subject)).agent_id == "380112000107"


@pytest.mark.parametrize("seconds", [0, 300, 359])
def test_a_token_lasts_until_its_end_and_a_minute(seconds: int) -> None:
    assert visit(token(), NOW + timedelta(seconds=seconds)).agent_id == "380112000107"


def test_an_expired_token_says_so() -> None:
    with pytest.raises(NotAllowed, match="expired"):
        visit(token(), NOW + timedelta(seconds=360))


def test_a_clock_that_is_a_minute_off_does_no_harm() -> None:
    assert visit(token(), NOW - timedelta(seconds=60)).agent_id == "380112000107"


@pytest.mark.parametrize(
    "changes",
    [
        {"nbf": int(NOW.timestamp()) + 61},
        {"iat": int(NOW.timestamp()) + 61},
        {"nbf": "soon"},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"iat": None},
        {"iss": None},
        {"iss": "other.zendesk.com"},
        {"iss": "https://acme.zendesk.com.attacker.example.com"},
        {"sub": None},
        {"sub": "https://acme.zendesk.com/api/v2/users/me.json"},
        {"context": None},
        {"context": "support"},
        {"context": {"product": "chat"}},
        {"aud": None},
        {"aud": "https://attacker.example.com/api/v2/apps/installations/4700201.json"},
        {"aud": f"{AUDIENCE}?x=1"},
        {"aud": [AUDIENCE]},
        {"aud": "https://ac/me.zendesk.com/api/v2/apps/installations/4700201.json"},
    ],
    ids=str,
)
def test_claims_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        visit(token(**changes))


@pytest.mark.parametrize(
    "audience",
    [
        "https://acme.zendesk.com/api/v2/apps/installations/4700299.json",
        "https://other.zendesk.com/api/v2/apps/installations/4700201.json",
    ],
)
def test_an_unknown_installation_is_told_to_finish_the_setup(audience: str) -> None:
    with pytest.raises(NotAllowed, match="finish the setup"):
        visit(token(aud=audience))


@pytest.mark.parametrize("key", [None, "", 5])
def test_an_account_without_a_key_is_told_to_finish_the_setup(key: object) -> None:
    with pytest.raises(NotAllowed, match="finish the setup"):
        visit(token(), public_key=key)


def test_another_key_is_refused_even_when_the_token_names_it() -> None:
    with pytest.raises(NotAllowed):
        visit(token(OTHER_PRIVATE))


def test_a_broken_stored_key_lets_nobody_in() -> None:
    with pytest.raises(NotAllowed):
        visit(token(), public_key="-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----")


def test_the_public_key_is_no_shared_secret() -> None:
    """HS256 signed with the public key, which everybody may know."""
    forged = by_hand(
        {"alg": "HS256", "typ": "JWT"},
        claims(),
        lambda message: hmac.new(PUBLIC.encode(), message, hashlib.sha256).digest(),
    )
    with pytest.raises(NotAllowed):
        visit(forged)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_an_unsigned_token_is_refused(algorithm: str) -> None:
    forged = by_hand({"alg": algorithm, "typ": "JWT"}, claims(), lambda message: b"")
    with pytest.raises(NotAllowed):
        visit(forged)


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_are_refused_even_with_the_right_key(algorithm: str) -> None:
    with pytest.raises(NotAllowed):
        visit(jwt.encode(claims(), PRIVATE, algorithm=algorithm))


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = token().split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims(sub="1")).encode()).rstrip(b"=").decode()
    with pytest.raises(NotAllowed):
        visit(f"{head}.{changed}.{signature}")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a" * 9000, token()[:-4], "ä.ö.ü"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed):
        visit(text)


def test_a_visit_without_a_token_is_refused() -> None:
    with pytest.raises(NotAllowed, match="app bar"):
        ZENDESK.visit(Directory(), {}, NOW)
