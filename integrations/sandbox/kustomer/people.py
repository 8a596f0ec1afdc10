"""Users, teams, tags and the question whose key this is."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.errors import not_found
from integrations.sandbox.kustomer.paging import LARGEST_WIDE
from integrations.sandbox.kustomer.render import tag_json, team_json, user_json


def register(api: Api) -> None:
    """Add the endpoints."""
    org = api.org

    @api.route("GET", "/auth/tokens/current", "auth.current")
    def current_token(call: Call) -> Any:
        key = call.key
        return {
            "data": {
                "type": "token",
                "id": key.id,
                "attributes": {
                    "name": key.name,
                    "roles": list(key.roles),
                    "createdAt": stamp(key.created_at),
                    "expiresAt": stamp(key.expires_at) if key.expires_at else None,
                },
                "relationships": {
                    "org": {"data": {"type": "org", "id": org.id}},
                    "user": {"data": {"type": "user", "id": key.user_id}},
                },
            }
        }

    @api.route("GET", "/users/current", "users.current")
    def current_user(call: Call) -> Any:
        return {"data": user_json(org, call.actor)}

    @api.route("GET", "/users", "users.list", *roles.of("user", "read"))
    def users(call: Call) -> Any:
        return call.page(list(org.users.values()), user_json, largest=LARGEST_WIDE)

    @api.route("GET", "/users/<user_id>", "users.show", *roles.of("user", "read"))
    def user(call: Call, user_id: str) -> Any:
        found = org.users.get(user_id)
        if found is None:
            raise not_found("User")
        return {"data": user_json(org, found)}

    @api.route("GET", "/teams", "teams.list", *roles.of("team", "read"))
    def teams(call: Call) -> Any:
        return call.page(list(org.teams.values()), team_json, largest=LARGEST_WIDE)

    @api.route("GET", "/teams/<team_id>", "teams.show", *roles.of("team", "read"))
    def team(call: Call, team_id: str) -> Any:
        found = org.teams.get(team_id)
        if found is None:
            raise not_found("Team")
        return {"data": team_json(org, found)}

    @api.route("GET", "/tags", "tags.list", *roles.of("tag", "read"))
    def tags(call: Call) -> Any:
        return call.page(list(org.tags.values()), tag_json)

    @api.route("GET", "/tags/<tag_id>", "tags.show", *roles.of("tag", "read"))
    def tag(call: Call, tag_id: str) -> Any:
        found = org.tags.get(tag_id)
        if found is None:
            raise not_found("Tag")
        return {"data": tag_json(org, found)}
