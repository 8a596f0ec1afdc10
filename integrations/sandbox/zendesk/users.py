"""The user endpoints, identities, and the small records around them.

https://developer.zendesk.com/api-reference/ticketing/users/users/
"""

from __future__ import annotations

from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.errors import (
    forbidden,
    invalid_attribute,
    record_invalid,
    record_not_found,
)
from integrations.sandbox.zendesk.fieldvalues import checked_value, normal_tags
from integrations.sandbox.zendesk.model import User
from integrations.sandbox.zendesk.paging import page_of
from integrations.sandbox.zendesk.people import add_identity, create_user
from integrations.sandbox.zendesk.render import identity_json, named_json, user_json

ANONYMOUS: dict[str, Any] = {
    "id": None,
    "url": None,
    "name": "Anonymous user",
    "email": "invalid@example.com",
    "role": "end-user",
    "active": None,
    "verified": False,
    "organization_id": None,
    "tags": [],
    "user_fields": {},
}


def user_or_404(account: Account, user_id: int) -> User:
    """Raises ApiError 404."""
    user = account.users.get(user_id)
    if user is None:
        raise record_not_found()
    return user


def register(api: Api) -> None:
    """Add the user endpoints."""
    account = api.account

    @api.route("GET", "/v2/users/me", "users.me", scope="users", anonymous=True)
    def me(call: Call) -> Any:
        # Without credentials this answers 200 and nobody: no proof of a connection.
        if call.token is None:
            return {"user": {**ANONYMOUS, "authenticity_token": "none"}}
        return {"user": {**user_json(account, call.actor), "authenticity_token": "none"}}

    @api.route("GET", "/v2/users", "users.list", scope="users")
    def list_users(call: Call) -> Any:
        roles = set(call.args.getlist("role[]")) | set(call.args.getlist("role"))
        users = [one for one in account.users.values() if not roles or one.role in roles]
        return page_of(
            account, call.args, "users.json", "users", users, lambda one: user_json(account, one)
        )

    @api.route("GET", "/v2/users/search", "users.search", scope="users")
    def search(call: Call) -> Any:
        query = call.args.get("query", "").strip().lower()
        external_id = call.args.get("external_id")
        wanted = query.removeprefix("email:").strip('"')
        found = [
            one
            for one in account.users.values()
            if (external_id is not None and one.external_id == external_id)
            or (
                wanted
                and (
                    any(identity.value.lower() == wanted for identity in one.identities)
                    or (not query.startswith("email:") and wanted in one.name.lower())
                )
            )
        ]
        return page_of(
            account,
            call.args,
            "users/search.json",
            "users",
            found,
            lambda one: user_json(account, one),
        )

    @api.route("GET", "/v2/users/show_many", "users.show_many", scope="users")
    def show_many(call: Call) -> Any:
        ids = [int(one) for one in call.args.get("ids", "").split(",") if one.strip().isdigit()]
        found = [account.users[one] for one in ids[:100] if one in account.users]
        return {
            "users": [user_json(account, one) for one in found],
            "next_page": None,
            "previous_page": None,
            "count": len(found),
        }

    @api.route("POST", "/v2/users", "users.create", scope="users")
    def create(call: Call) -> Any:
        body = call.part("user")
        if not isinstance(body.get("name"), str) or not body["name"].strip():
            raise record_invalid("name", "Name: is too short (minimum one character)")
        if body.get("role") in ("agent", "admin") and call.actor.role != "admin":
            raise forbidden()
        user = create_user(
            account,
            body["name"],
            body.get("email"),
            role=body.get("role", "end-user"),
            phone=body.get("phone"),
            external_id=body.get("external_id"),
        )
        return {"user": user_json(account, user)}, 201

    @api.route("GET", "/v2/users/<int:user_id>", "users.show", scope="users")
    def show(call: Call, user_id: int) -> Any:
        return {"user": user_json(account, user_or_404(account, user_id))}

    @api.route("PUT", "/v2/users/<int:user_id>", "users.update", scope="users")
    def update(call: Call, user_id: int) -> Any:
        user = user_or_404(account, user_id)
        call.limit("user-updates-per-user", user_id)
        call.limit("user-updates-account")
        update_user(account, user, call.part("user"), call.actor)
        return {"user": user_json(account, user)}

    @api.route("GET", "/v2/users/<int:user_id>/identities", "users.identities", scope="users")
    def identities(call: Call, user_id: int) -> Any:
        user = user_or_404(account, user_id)
        return page_of(
            account,
            call.args,
            f"users/{user_id}/identities.json",
            "identities",
            user.identities,
            lambda one: identity_json(account, user, one),
        )

    @api.route(
        "POST", "/v2/users/<int:user_id>/identities", "users.identities.create", scope="users"
    )
    def create_identity(call: Call, user_id: int) -> Any:
        user, body = user_or_404(account, user_id), call.part("identity")
        if body.get("type") not in ("email", "phone_number", "twitter", "facebook", "google"):
            raise record_invalid("type", "Type: is invalid")
        made = add_identity(
            account,
            user,
            body["type"],
            str(body.get("value", "")),
            verified=body.get("verified") is True,
        )
        return {"identity": identity_json(account, user, made)}, 201

    @api.route("GET", "/v2/users/<int:user_id>/groups", "users.groups", scope="users")
    def groups_of(call: Call, user_id: int) -> Any:
        user = user_or_404(account, user_id)
        return page_of(
            account,
            call.args,
            f"users/{user_id}/groups.json",
            "groups",
            [account.groups[one] for one in user.group_ids if one in account.groups],
            lambda one: named_json(account, "groups", one),
        )

    for kind, records in (
        ("groups", account.groups),
        ("organizations", account.organizations),
        ("brands", account.brands),
        ("ticket_forms", account.forms),
        ("custom_roles", account.custom_roles),
    ):

        @api.route("GET", f"/v2/{kind}", f"{kind}.list")
        def list_named(call: Call, kind: str = kind, records: Any = records) -> Any:
            return page_of(
                account,
                call.args,
                f"{kind}.json",
                kind,
                list(records.values()),
                lambda one: named_json(account, kind, one),
            )


def update_user(account: Account, user: User, body: dict[str, Any], actor: User) -> None:
    """Change what a user body names. Raises ApiError.

    `email` adds a secondary address, as on the real API; unknown field keys are ignored or
    refused like unknown ticket fields.
    """
    if user.is_staff and actor.role != "admin" and actor.id != user.id:
        raise forbidden()
    values = body.get("user_fields", {})
    if not isinstance(values, dict):
        raise invalid_attribute("user_fields", "an object")
    fields = {field.key: field for field in account.user_fields.values()}
    checked: dict[str, Any] = {}
    for key, value in values.items():
        field = fields.get(key)
        if field is None:
            if account.options.unknown_custom_fields == "reject":
                raise record_invalid("user_fields", f"User field {key}: is invalid")
            continue
        checked[key] = checked_value(field, value)
    if "role" in body and actor.role != "admin":
        raise forbidden()
    if body.get("email"):
        add_identity(account, user, "email", str(body["email"]))
    user.user_fields.update(checked)
    for name in ("name", "phone", "external_id", "locale"):
        if name in body:
            setattr(user, name, body[name])
    if "tags" in body:
        user.tags = normal_tags(body["tags"])
    if body.get("role") in ("end-user", "agent", "admin"):
        user.role = body["role"]
    user.updated_at = account.clock.now()
    account.touch()
