"""Control endpoints of this sandbox: seeding, the books, and what happens behind the API's back.

All of them live under `/_sandbox/`, answer loopback clients only, and take JSON. `shop` (the
domain) may be left out while there is only one shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, jsonify, request

from integrations.sandbox.shopify.books import read_books
from integrations.sandbox.shopify.builder import add_dispute, refund_by_merchant
from integrations.sandbox.shopify.cancel import cancel_by_merchant, run_due_jobs
from integrations.sandbox.shopify.model import Order
from integrations.sandbox.shopify.shop import GatewayRule, Shop
from integrations.sandbox.shopify.spec import BadSpec

if TYPE_CHECKING:
    from integrations.sandbox.shopify.app import ShopifySandbox


SETTINGS = frozenset(
    {
        "cancel_takes",
        "closed_with",
        "currency",
        "full_refund_includes_tip",
        "gateways",
        "installed",
        "is_development",
        "is_plus",
        "name_search_is_prefix",
        "plan_name",
        "refund_seconds",
        "same_organisation",
        "search_index_lag",
        "store_credit_enabled",
        "taxes_included",
        "timezone",
    }
)


def read_settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a shop from JSON. Raises BadSpec for one that doesn't exist.

    `gateways` maps a provider to `{"status", "error_code"?, "settles_after_seconds"?,
    "settles_as"?}`.
    """
    settings: dict[str, Any] = {}
    for key, value in body.items():
        name = key.removesuffix("_seconds") if key != "refund_seconds" else key
        if name not in SETTINGS:
            raise BadSpec(f"no setting {key!r}")
        settings[name] = timedelta(seconds=float(value)) if name != key else value
    if "gateways" in settings:
        settings["gateways"] = {
            gateway: _gateway_rule(rule) for gateway, rule in settings["gateways"].items()
        }
    return settings


def _gateway_rule(rule: Mapping[str, Any]) -> GatewayRule:
    unknown = set(rule) - {"status", "error_code", "settles_after_seconds", "settles_as"}
    if unknown:
        raise BadSpec(f"unknown gateway keys: {', '.join(sorted(unknown))}")
    after = rule.get("settles_after_seconds")
    return GatewayRule(
        status=rule.get("status", "SUCCESS"),
        error_code=rule.get("error_code"),
        settles_after=None if after is None else timedelta(seconds=float(after)),
        settles_as=rule.get("settles_as", "SUCCESS"),
    )


def register_shopify_controls(app: Flask, sandbox: ShopifySandbox) -> None:
    """Add the control endpoints to the sandbox's app."""
    controls = Blueprint("controls", __name__, url_prefix="/_sandbox")

    def chosen_shop() -> Shop:
        body = request.get_json(silent=True)
        asked = request.args.get("shop") or (body.get("shop") if isinstance(body, dict) else None)
        if asked is None and len(sandbox.shops) == 1:
            return next(iter(sandbox.shops.values()))
        if asked not in sandbox.shops:
            raise BadSpec(f"no shop {asked!r}")
        return sandbox.shops[asked]

    def chosen_order() -> tuple[Shop, Order, dict[str, Any]]:
        shop, body = chosen_shop(), request.get_json()
        wanted = body.get("order")
        for order in shop.orders.values():
            if wanted in (order.id, order.name):
                return shop, order, body
        raise BadSpec(f"no order {wanted!r}")

    @controls.errorhandler(BadSpec)
    def refuse(error: BadSpec) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @controls.post("/shops")
    def add_shop() -> tuple[Response, int]:
        """Open a shop; settings that are lengths of time take `_seconds` at the end."""
        body = dict(request.get_json())
        scopes = body.pop("scopes", None)
        text = body.pop("token", None)
        name = body.pop("name", None)
        if not isinstance(name, str):
            raise BadSpec("name is needed")
        shop = sandbox.add_shop(name, **read_settings(body))
        token = sandbox.issue_token(shop, set(scopes) if scopes is not None else None, text=text)
        return jsonify(shop=shop.domain, token=token), 201

    @controls.post("/settings")
    def change_settings() -> Response:
        """Change a shop's settings, such as `gateways` or `search_index_lag_seconds`."""
        shop, body = chosen_shop(), dict(request.get_json())
        body.pop("shop", None)
        with shop.lock:
            for key, value in read_settings(body).items():
                setattr(shop, key, value)
        return jsonify(shop=shop.domain)

    @controls.post("/orders")
    def add_orders() -> tuple[Response, int]:
        """Seed one order or a list: `{"shop"?: domain, "orders": [...]}` or a bare order."""
        shop, body = chosen_shop(), request.get_json()
        specs = body.get("orders") or [{k: v for k, v in body.items() if k != "shop"}]
        made = [sandbox.add_order(shop, spec) for spec in specs]
        return jsonify(orders=[{"id": order.id, "name": order.name} for order in made]), 201

    @controls.post("/customers")
    def add_customer() -> tuple[Response, int]:
        shop, body = chosen_shop(), dict(request.get_json())
        body.pop("shop", None)
        return jsonify(id=sandbox.add_customer(shop, body).id), 201

    @controls.get("/books")
    def books() -> Response:
        if request.args.get("shop") or len(sandbox.shops) == 1:
            return jsonify(read_books(chosen_shop()))
        return jsonify(shops=[read_books(shop) for shop in sandbox.shops.values()])

    @controls.post("/refunds/settle")
    def settle() -> Response:
        """Give pending refunds their answer: `{"order", "status"?: SUCCESS|FAILURE|ERROR,
        "refund"?: id, "error_code"?}`."""
        shop, order, body = chosen_order()
        status = body.get("status", "SUCCESS")
        if status not in ("SUCCESS", "FAILURE", "ERROR"):
            raise BadSpec(f"status {status!r} is not final")
        with shop.lock:
            settled = [
                transaction
                for refund in order.refunds
                if body.get("refund") in (None, refund.id)
                for transaction in refund.transactions
                if transaction.is_open_refund
            ]
            for transaction in settled:
                shop.settle(order, transaction, status, shop.clock.now(), body.get("error_code"))
        return jsonify(settled=[transaction.id for transaction in settled])

    @controls.post("/refunds")
    def refund() -> tuple[Response, int]:
        """A refund in the shop's own admin: `{"order", "lines"?, "shipping"?, "amount"?,
        "note"?}`."""
        shop, order, body = chosen_order()
        spec = {k: v for k, v in body.items() if k not in ("shop", "order")}
        return jsonify(id=refund_by_merchant(shop, order, spec).id), 201

    @controls.post("/disputes")
    def dispute() -> tuple[Response, int]:
        shop, order, body = chosen_order()
        with shop.lock:
            made = add_dispute(
                shop,
                order,
                body.get("type", "CHARGEBACK"),
                body.get("status", "NEEDS_RESPONSE"),
            )
        return jsonify(id=made.id), 201

    @controls.post("/cancel")
    def cancel() -> Response:
        """Cancel in the shop's own admin: `{"order", "refund"?: bool, "reason"?}`."""
        shop, order, body = chosen_order()
        with shop.lock:
            cancel_by_merchant(
                shop,
                order,
                refund=bool(body.get("refund", False)),
                reason=body.get("reason", "OTHER"),
            )
        return jsonify(id=order.id)

    @controls.post("/clock")
    def clock() -> Response:
        """Move the clock: `{"advance_seconds": n}` or `{"freeze_at": ISO time}`."""
        body = request.get_json()
        if "freeze_at" in body:
            now = sandbox.clock.freeze(datetime.fromisoformat(body["freeze_at"]))
        else:
            now = sandbox.clock.advance(float(body.get("advance_seconds", 0)))
        for shop in sandbox.shops.values():
            with shop.lock:
                shop.settle_due()
                run_due_jobs(shop)
        return jsonify(now=now.isoformat())

    app.register_blueprint(controls)
