"""Control endpoints of this sandbox: seeding, the books, and what happens behind the API's back.

All of them live under `/_sandbox/`, answer loopback clients only, and take JSON. `site` (the name)
may be left out while there is only one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, jsonify, request

from integrations.sandbox.magento import actions
from integrations.sandbox.magento.books import read_books
from integrations.sandbox.magento.creditmemos import Request
from integrations.sandbox.magento.errors import MagentoError
from integrations.sandbox.magento.model import Order
from integrations.sandbox.magento.refunds import refund_invoice, refund_order
from integrations.sandbox.magento.site import CONCURRENCY, Settings, Site
from integrations.sandbox.magento.spec import BadSpec, read_amount

if TYPE_CHECKING:
    from integrations.sandbox.magento.app import MagentoSandbox

SETTING_NAMES = frozenset(one.name for one in fields(Settings))
GATEWAY_KEYS = frozenset(("behaviour", "seconds"))


def read_settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a site from JSON. Raises BadSpec for one that doesn't exist."""
    unknown = set(body) - SETTING_NAMES
    if unknown:
        raise BadSpec(f"no such settings: {', '.join(sorted(unknown))}")
    if body.get("concurrency", "serial") not in CONCURRENCY:
        raise BadSpec(f"concurrency is one of {', '.join(CONCURRENCY)}")
    settings = dict(body)
    if "offline_methods" in settings:
        settings["offline_methods"] = tuple(map(str, settings["offline_methods"]))
    if "initial_stock" in settings:
        settings["initial_stock"] = Decimal(str(settings["initial_stock"]))
    return settings


def refund_by_merchant(site: Site, order: Order, spec: Mapping[str, Any]) -> int:
    """A refund in the shop's own back office: `{"rows"?, "shipping"?, "adjustment_positive"?,
    "adjustment_negative"?, "comment"?, "online"?: bool, "invoice"?: id}`. Returns the memo's id.

    `rows` maps a row's place in the order to units; left out, everything goes back. Raises
    BadSpec, also when the shop refuses it.
    """
    asked = Request(source="admin", online=bool(spec.get("online", False)))
    for index, units in dict(spec.get("rows", {})).items():
        item_id = order.items[int(index)].item_id
        asked.quantities[item_id] = read_amount(units, "rows")
    asked.items = list(asked.quantities.items())
    for key in ("shipping", "adjustment_positive", "adjustment_negative"):
        if key in spec:
            setattr(asked, key, read_amount(spec[key], key))
    asked.comment = spec.get("comment")
    try:
        if not asked.online:
            return refund_order(site, order.entity_id, asked)
        invoices = site.invoices_of(order.entity_id)
        if not invoices:
            raise BadSpec("online: the order has no invoice")
        return refund_invoice(site, int(spec.get("invoice", invoices[0].entity_id)), asked)
    except MagentoError as error:
        raise BadSpec(f"refund refused: {error.message}") from error


def register_magento_controls(app: Flask, sandbox: MagentoSandbox) -> None:
    """Add the control endpoints to the sandbox's app."""
    controls = Blueprint("controls", __name__, url_prefix="/_sandbox")

    def chosen_site() -> Site:
        body = request.get_json(silent=True)
        asked = request.args.get("site") or (body.get("site") if isinstance(body, dict) else None)
        if asked is None and len(sandbox.sites) == 1:
            return next(iter(sandbox.sites.values()))
        if asked not in sandbox.sites:
            raise BadSpec(f"no site {asked!r}")
        return sandbox.sites[asked]

    def body_without_site() -> dict[str, Any]:
        return {k: v for k, v in dict(request.get_json()).items() if k != "site"}

    def chosen_order() -> tuple[Site, Order, dict[str, Any]]:
        site, body = chosen_site(), body_without_site()
        wanted = body.pop("order", None)
        for order in site.orders.values():
            if wanted in (order.entity_id, order.increment_id):
                return site, order, body
        raise BadSpec(f"no order {wanted!r}")

    @controls.errorhandler(BadSpec)
    def refuse(error: BadSpec) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @controls.errorhandler(MagentoError)
    def refuse_action(error: MagentoError) -> tuple[Response, int]:
        return jsonify(error=error.message), 400

    @controls.post("/sites")
    def add_site() -> tuple[Response, int]:
        """Open a site: `{"name", "credentials"?: [4 texts], "resources"?, ...settings}`."""
        body = dict(request.get_json())
        name, given = body.pop("name", None), body.pop("credentials", None)
        resources = body.pop("resources", None)
        if not isinstance(name, str):
            raise BadSpec("name is needed")
        site = sandbox.add_site(name, **read_settings(body))
        credentials = tuple(map(str, given)) if given else None
        if credentials is not None and len(credentials) != 4:
            raise BadSpec("credentials are four texts")
        keywords: dict[str, Any] = {} if resources is None else {"resources": resources}
        made = sandbox.add_integration(site, credentials=credentials, **keywords)
        return jsonify(
            site=name,
            consumer_key=made.consumer_key,
            consumer_secret=made.consumer_secret,
            access_token=made.token,
            access_token_secret=made.token_secret,
        ), 201

    @controls.post("/stores")
    def add_store() -> tuple[Response, int]:
        """Add a store view: `{"code", "name"}`."""
        body = body_without_site()
        view = chosen_site().add_store(str(body["code"]), str(body.get("name", body["code"])))
        return jsonify(store_id=view.store_id, code=view.code), 201

    @controls.post("/settings")
    def change_settings() -> Response:
        """Change a site's settings, such as `maintenance` or `concurrency`."""
        site = chosen_site()
        with site.lock:
            for key, value in read_settings(body_without_site()).items():
                setattr(site.settings, key, value)
        return jsonify(site=site.name)

    @controls.post("/gateway")
    def change_gateway() -> Response:
        """`{"behaviour"?: "pay" or "decline", "seconds"?: number}`."""
        site, body = chosen_site(), body_without_site()
        if set(body) - GATEWAY_KEYS or body.get("behaviour", "pay") not in ("pay", "decline"):
            raise BadSpec("a gateway has a behaviour, pay or decline, and seconds")
        site.gateway.behaviour = body.get("behaviour", site.gateway.behaviour)
        site.gateway.seconds = float(body.get("seconds", site.gateway.seconds))
        return jsonify(behaviour=site.gateway.behaviour, seconds=site.gateway.seconds)

    @controls.post("/orders")
    def add_orders() -> tuple[Response, int]:
        """Seed one order or a list: `{"site"?, "orders": [...]}` or a bare order."""
        site, body = chosen_site(), body_without_site()
        made = [sandbox.add_order(site, spec) for spec in body.get("orders") or [body]]
        return jsonify(
            orders=[
                {
                    "entity_id": order.entity_id,
                    "increment_id": order.increment_id,
                    "items": [item.item_id for item in order.items],
                    "invoices": [one.entity_id for one in site.invoices_of(order.entity_id)],
                }
                for order in made
            ]
        ), 201

    @controls.get("/books")
    def books() -> Response:
        if request.args.get("site") or len(sandbox.sites) == 1:
            return jsonify(read_books(chosen_site()))
        return jsonify(sites=[read_books(site) for site in sandbox.sites.values()])

    @controls.post("/refunds")
    def refund() -> tuple[Response, int]:
        """A refund in the shop's own back office: `order` and the keys of refund_by_merchant."""
        site, order, body = chosen_order()
        return jsonify(id=refund_by_merchant(site, order, body)), 201

    @controls.post("/cancel")
    def cancel() -> Response:
        site, order, _ = chosen_order()
        with site.lock:
            return jsonify(cancelled=actions.cancel(site, order))

    @controls.post("/hold")
    def hold() -> Response:
        site, order, body = chosen_order()
        with site.lock:
            act = actions.hold if body.get("held", True) else actions.unhold
            return jsonify(done=act(site, order))

    @controls.post("/ship")
    def ship() -> tuple[Response, int]:
        """Ship what is open: `{"order", "tracks"?: [{"track_number", "title"}]}`."""
        site, order, body = chosen_order()
        with site.lock:
            return jsonify(id=int(actions.ship_order(site, order, body))), 201

    @controls.post("/consume")
    def consume() -> Response:
        """Run the consumers of the asynchronous routes."""
        return jsonify(operations=sandbox.run_consumers(chosen_site()))

    @controls.post("/clock")
    def clock() -> Response:
        """Move the clock: `{"advance_seconds": n}` or `{"freeze_at": ISO time}`."""
        body = request.get_json()
        if "freeze_at" in body:
            now = sandbox.clock.freeze(datetime.fromisoformat(body["freeze_at"]))
        else:
            now = sandbox.clock.advance(float(body.get("advance_seconds", 0)))
        return jsonify(now=now.isoformat())

    app.register_blueprint(controls)
