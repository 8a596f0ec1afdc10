"""Metadata of attributes, klasses and custom objects.

https://developer.kustomer.com/api/core-resources/update-custom-attribute-metadata.md
"""

from __future__ import annotations

from typing import Any

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.attributes import (
    changed,
    check_properties,
    suffix_of,
    title_of,
)
from integrations.sandbox.kustomer.errors import bad_request, conflict, not_found
from integrations.sandbox.kustomer.model import Customer, Klass, KObject
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.render import klass_json, kobject_json

_OBJECT_KEYS = ("title", "description", "externalId", "data", "custom", "customer", "rev", "icon",
                "tags", "images", "company")  # fmt: skip


def completed(properties: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Definitions with the type and display name that the vendor fills in."""
    return {
        name: {
            **one,
            "type": suffix_of(name),
            "displayName": one.get("displayName") or title_of(name),
        }
        for name, one in properties.items()
    }


def make_object(
    org: Org,
    klass: Klass,
    customer: Customer | None,
    values: dict[str, Any],
    created_by: str,
) -> KObject:
    """A custom object from checked values."""
    now = org.clock.now()
    made = KObject(
        id=org.next_id(),
        klass=klass.name,
        customer_id=customer.id if customer else None,
        title=values["title"],
        created_at=now,
        updated_at=now,
        created_by=created_by,
        external_id=values.get("externalId"),
        data=dict(values.get("data") or {}),
        custom=changed(org, klass, {}, values.get("custom") or {}),
    )
    org.kobjects[made.id] = made
    org.touch()
    return made


def register(api: Api) -> None:
    """Add the endpoints."""
    org = api.org

    def find_klass(name: str) -> Klass:
        klass = org.klasses.get(name)
        if klass is None:
            raise not_found("Klass")
        return klass

    @api.route("GET", "/metadata/<resource>", "metadata.show", *roles.of("metadata", "read"))
    def show(call: Call, resource: str) -> Any:
        return {"data": klass_json(org, find_klass(resource))}

    @api.route(
        "PUT", "/metadata/<resource>", "metadata.update", *roles.of_admins("metadata", "update")
    )
    def update(call: Call, resource: str) -> Any:
        klass = find_klass(resource)
        given = completed(check_properties(call.json("properties").get("properties")))
        if org.switches.metadata_put == "replace":
            klass.properties = given
        else:
            klass.properties = {**klass.properties, **given}
        org.touch()
        return {"data": klass_json(org, klass)}

    @api.route("GET", "/klasses", "klasses.list", *roles.of("klass", "read"))
    def listed(call: Call) -> Any:
        own = [one for one in org.klasses.values() if not one.standard]
        return call.page(own, klass_json)

    @api.route("POST", "/klasses", "klasses.create", *roles.of_admins("klass", "create"))
    def create(call: Call) -> Any:
        body = call.json("name", "icon", "color", "metadata")
        name = body.get("name")
        if not isinstance(name, str) or not name:
            raise bad_request("name is required", pointer="/name")
        if name in org.klasses:
            raise conflict(f"Klass {name} exists already")
        properties = (body.get("metadata") or {}).get("properties") or {}
        if properties:
            properties = completed(check_properties(properties, "/metadata/properties"))
        klass = Klass(org.next_id(), name, False, properties, org.clock.now(), body.get("icon"),
                      body.get("color"))  # fmt: skip
        org.klasses[name] = klass
        return {"data": klass_json(org, klass)}, 201

    _register_objects(api, find_klass)


def _register_objects(api: Api, find_klass: Any) -> None:
    org = api.org
    reads = roles.of("kobject", "read")
    creates = roles.of("kobject", "create")

    def own_klass(name: str) -> Klass:
        klass: Klass = find_klass(name)
        if klass.standard:
            raise not_found("Klass")
        return klass

    def find_customer(customer_id: Any) -> Customer:
        customer = org.customers.get(str(customer_id))
        if customer is None:
            raise not_found("Customer")
        return customer

    def find(name: str, object_id: str) -> KObject:
        found = org.kobjects.get(object_id)
        if found is None or found.klass != own_klass(name).name:
            raise not_found("KObject")
        return found

    def checked(call: Call, *, creating: bool) -> dict[str, Any]:
        body = call.json(*_OBJECT_KEYS)
        if creating and not (isinstance(body.get("title"), str) and body["title"]):
            raise bad_request("title is required", pointer="/title")
        if "data" in body and not isinstance(body["data"], dict):
            raise bad_request("data must be an object", pointer="/data")
        return body

    def add(call: Call, klass: Klass, customer: Customer | None, body: dict[str, Any]) -> Any:
        external = body.get("externalId")
        if external is not None and any(
            one.klass == klass.name and one.external_id == external for one in org.kobjects.values()
        ):
            raise conflict("externalId is taken", {"externalId": external})
        made = make_object(org, klass, customer, body, call.actor.id)
        return {"data": kobject_json(org, made)}, 201

    @api.route("GET", "/klasses/<name>", "kobjects.list", *reads)
    def listed(call: Call, name: str) -> Any:
        klass = own_klass(name)
        return call.page([o for o in org.kobjects.values() if o.klass == klass.name], kobject_json)

    @api.route("POST", "/klasses/<name>", "kobjects.create", *creates)
    def create(call: Call, name: str) -> Any:
        klass, body = own_klass(name), checked(call, creating=True)
        customer = find_customer(body["customer"]) if body.get("customer") else None
        return add(call, klass, customer, body)

    @api.route("GET", "/klasses/<name>/externalId=<path:external>", "kobjects.by_external", *reads)
    def by_external(call: Call, name: str, external: str) -> Any:
        klass = own_klass(name)
        for one in org.kobjects.values():
            if one.klass == klass.name and one.external_id == external:
                return {"data": kobject_json(org, one)}
        raise not_found("KObject")

    @api.route("GET", "/klasses/<name>/<object_id>", "kobjects.show", *reads)
    def show(call: Call, name: str, object_id: str) -> Any:
        return {"data": kobject_json(org, find(name, object_id))}

    @api.route(
        "PUT", "/klasses/<name>/<object_id>", "kobjects.update", *roles.of("kobject", "update")
    )
    def update(call: Call, name: str, object_id: str) -> Any:
        found, body = find(name, object_id), checked(call, creating=False)
        custom = changed(org, own_klass(name), found.custom, body.get("custom") or {})
        found.title = body.get("title", found.title)
        found.data = body.get("data", found.data)
        found.custom = custom
        found.rev += 1
        found.updated_at = org.clock.now()
        org.touch()
        return {"data": kobject_json(org, found)}

    @api.route(
        "DELETE", "/klasses/<name>/<object_id>", "kobjects.delete", *roles.of("kobject", "delete")
    )
    def delete(call: Call, name: str, object_id: str) -> None:
        del org.kobjects[find(name, object_id).id]

    @api.route("GET", "/customers/<customer_id>/klasses/<name>", "kobjects.of_customer", *reads)
    def of_customer(call: Call, customer_id: str, name: str) -> Any:
        customer, klass = find_customer(customer_id), own_klass(name)
        mine = [
            one
            for one in org.kobjects.values()
            if one.klass == klass.name and one.customer_id == customer.id
        ]
        return call.page(mine, kobject_json)

    @api.route("POST", "/customers/<customer_id>/klasses/<name>", "kobjects.create", *creates)
    def create_for(call: Call, customer_id: str, name: str) -> Any:
        return add(call, own_klass(name), find_customer(customer_id), checked(call, creating=True))
