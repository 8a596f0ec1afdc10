"""Making users and their identities."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.errors import record_invalid
from integrations.sandbox.zendesk.model import Identity, Named, Role, User


def create_user(
    account: Account,
    name: str,
    email: str | None,
    *,
    role: Role = "end-user",
    phone: str | None = None,
    identities: Iterable[tuple[str, str]] = (),
    locale: str = "en-US",
    custom_role_id: int | None = None,
    role_type: int | None = None,
    only_private_comments: bool = False,
    external_id: str | None = None,
    groups: Iterable[str] = (),
) -> User:
    """Add a user. `identities` are further `(type, value)` pairs, such as a second e-mail;
    `groups` are names, and a group that isn't there yet is made.

    Raises ApiError 422 when an e-mail address is already in use.
    """
    with account.lock:
        now = account.clock.now()
        user = User(
            id=account.next_id("user"),
            name=name,
            email=email.strip().lower() if email else None,
            role=role,
            created_at=now,
            updated_at=now,
            phone=phone,
            locale=locale,
            custom_role_id=custom_role_id,
            role_type=role_type,
            only_private_comments=only_private_comments,
            external_id=external_id,
        )
        if user.email:
            add_identity(account, user, "email", user.email, primary=True, verified=True)
        if phone:
            add_identity(account, user, "phone_number", phone, verified=True)
        for kind, value in identities:
            add_identity(account, user, kind, value, verified=True)
        user.group_ids = [_group_named(account, one) for one in groups]
        account.users[user.id] = user
        account.touch()
        return user


def _group_named(account: Account, name: str) -> int:
    for group in account.groups.values():
        if group.name == name:
            return group.id
    made = Named(account.next_id("group"), name, account.clock.now())
    account.groups[made.id] = made
    return made.id


def add_identity(
    account: Account,
    user: User,
    kind: str,
    value: str,
    *,
    primary: bool = False,
    verified: bool = False,
) -> Identity:
    """Add an e-mail address, phone number or other identity. Raises ApiError 422 if taken."""
    if kind == "email":
        value = value.strip().lower()
        if account.users_by_email.get(value, user.id) != user.id:
            raise record_invalid(
                "email", f"Email: {value} is already being used by another user", "DuplicateValue"
            )
        account.users_by_email[value] = user.id
    if any(one.type == kind and one.value == value for one in user.identities):
        raise record_invalid("value", f"{kind} {value} is already taken", "DuplicateValue")
    first = not any(one.type == kind for one in user.identities)
    identity = Identity(
        id=account.next_id("identity"),
        type=kind,
        value=value,
        primary=primary or (first and kind in ("email", "phone_number")),
        verified=verified,
        created_at=account.clock.now(),
    )
    user.identities.append(identity)
    return identity
