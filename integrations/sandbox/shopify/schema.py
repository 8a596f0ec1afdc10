"""The executable schema: `schema.graphql` with scalars, resolvers and access scopes attached."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    StringValueNode,
    ValueNode,
    build_schema,
    get_named_type,
    value_from_ast_untyped,
)

from integrations.sandbox.shopify import resolve_order, resolve_refund, resolve_root
from integrations.sandbox.shopify.model import (
    CancelJob,
    Customer,
    Location,
    Order,
    Refund,
    Return,
    StoreCreditTransaction,
)
from integrations.sandbox.shopify.money import loose
from integrations.sandbox.shopify.resolve_order import In, Resolver

SDL_PATH = Path(__file__).with_name("schema.graphql")

# Fields that lead to one of these types need the scope; connections count as their nodes.
_TYPE_SCOPES = {
    "Order": "read_orders",
    "Refund": "read_orders",
    "Customer": "read_customers",
    "Product": "read_products",
    "Location": "read_locations",
    "Return": "read_returns",
    "ReturnableFulfillment": "read_returns",
    "ReturnReasonDefinition": "read_returns",
    "StoreCreditAccount": "read_store_credit_accounts",
}
_MUTATION_SCOPES = {
    "refundCreate": "write_orders",
    "orderCancel": "write_orders",
    "storeCreditAccountCredit": "write_store_credit_account_transactions",
}
_TYPE_NAMES = {
    Order: "Order",
    Customer: "Customer",
    CancelJob: "OrderCancelJobResult",
    Location: "Location",
    Refund: "Refund",
    Return: "Return",
    StoreCreditTransaction: "StoreCreditAccountCreditTransaction",
}
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


@cache
def build_sandbox_schema() -> GraphQLSchema:
    """The schema, built once per process."""
    schema = build_schema(SDL_PATH.read_text(encoding="utf-8"))
    _attach_scalars(schema)
    resolvers: dict[tuple[str, str], Resolver] = {}
    for module in (resolve_order, resolve_refund, resolve_root):
        for type_name, fields in module.RESOLVERS.items():
            for name, resolver in fields.items():
                resolvers[type_name, name] = resolver
    for type_name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType) or type_name.startswith("__"):
            continue
        for name, field in kind.fields.items():
            resolver = resolvers.pop((type_name, name), default_resolver)
            target = get_named_type(field.type).name.removesuffix("Connection")
            scope = (
                _MUTATION_SCOPES.get(name)
                if kind is schema.mutation_type
                else _TYPE_SCOPES.get(target)
            )
            field.resolve = _guarded(resolver, scope) if scope else resolver
    if resolvers:
        raise LookupError(f"resolvers for fields that don't exist: {sorted(resolvers)}")
    return schema


def default_resolver(source: Any, info: Any, **_: Any) -> Any:
    """The key or attribute of the same name in snake case."""
    name = _snake(info.field_name)
    return source.get(name) if isinstance(source, dict) else getattr(source, name)


def resolve_type(value: Any, info: Any, abstract_type: Any) -> str | None:
    """The object type behind a value of an interface or union."""
    if isinstance(value, dict):
        return str(value["__typename"])
    return _TYPE_NAMES.get(type(value.part if isinstance(value, In) else value))


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", r"_\1\2", name).lower()


def _guarded(resolver: Resolver, scope: str) -> Resolver:
    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        info.context.require(scope, info.field_name)
        return resolver(source, info, **arguments)

    return resolve


def _attach_scalars(schema: GraphQLSchema) -> None:
    for name, read, write in (
        ("Decimal", _read_amount, loose),
        ("Money", _read_amount, loose),
        ("DateTime", _read_time, _write_time),
        ("URL", _read_url, str),
        ("UnsignedInt64", _read_unsigned, str),
    ):
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)  # noqa: S101 - our own schema file
        scalar.coerce_output_value = write
        scalar.coerce_input_value = read
        scalar.coerce_input_literal = _literal(read)


def _literal(read: Any) -> Any:
    def coerce(node: ValueNode, variables: Any = None) -> Any:
        if isinstance(node, StringValueNode):
            return read(node.value)
        return read(value_from_ast_untyped(node))

    return coerce


def _read_amount(value: Any) -> Decimal:
    """An amount as text or JSON number. JSON numbers arrive here as Decimals, never floats."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"invalid decimal '{value}'")
    text = str(value)
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"invalid decimal '{text}'")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"invalid decimal '{text}'") from None


def _read_time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"invalid DateTime '{value}'") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_url(value: Any) -> str:
    if not isinstance(value, str) or "://" not in value:
        raise ValueError(f"invalid url '{value}'")
    return value


def _read_unsigned(value: Any) -> int:
    if not isinstance(value, str | int) or not str(value).isdigit():
        raise ValueError(f"invalid unsigned integer '{value}'")
    return int(value)
