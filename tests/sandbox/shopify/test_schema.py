"""The sandbox's schema is a part of the vendor's, and the product's documents fit both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationDefinitionNode,
    parse,
    print_ast,
    validate,
)

from integrations.sandbox.shopify.cost import CostModel
from integrations.sandbox.shopify.schema import build_sandbox_schema
from tests.sandbox.shopify.vendor_schema import load_vendor_schema

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted((ROOT / "integrations/stores/shopify/documents").glob("*.graphql"))

OURS = build_sandbox_schema()
TYPE_NAMES = sorted(
    name
    for name in OURS.type_map
    if not name.startswith("__") and name not in ("String", "Int", "Float", "Boolean", "ID")
)


# The documents show people which location is the main one; the vendor has no other field for it.
DEPRECATED_BUT_USED = {"Location.isPrimary"}


def default_of(argument: Any) -> str | None:
    """The default as text: one schema holds it as a literal, the other may hold a value."""
    if argument.default is None:
        return None
    literal = argument.default.literal
    return print_ast(literal) if literal is not None else repr(argument.default.value)


@pytest.mark.parametrize("name", TYPE_NAMES)
def test_type_is_a_subset_of_the_vendors(name: str) -> None:
    theirs = load_vendor_schema().type_map.get(name)
    ours = OURS.type_map[name]
    assert theirs is not None, f"no type {name}"
    assert type(ours) is type(theirs)
    if isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
        assert set(ours.values) <= set(theirs.values)
    if isinstance(ours, GraphQLUnionType) and isinstance(theirs, GraphQLUnionType):
        assert {t.name for t in ours.types} <= {t.name for t in theirs.types}
    if isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        assert ours.is_one_of == theirs.is_one_of
        for field_name, field in ours.fields.items():
            assert field_name in theirs.fields, f"no input field {name}.{field_name}"
            assert str(field.type) == str(theirs.fields[field_name].type)
        required = {n for n, f in theirs.fields.items() if str(f.type).endswith("!")}
        assert required <= set(ours.fields), "a required input field is missing"
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
        assert {i.name for i in ours.interfaces} <= {i.name for i in theirs.interfaces}
        for field_name, field in ours.fields.items():
            assert field_name in theirs.fields, f"no field {name}.{field_name}"
            check_field(f"{name}.{field_name}", field, theirs.fields[field_name])


def check_field(label: str, ours: Any, theirs: Any) -> None:
    assert str(ours.type) == str(theirs.type), label
    if label not in DEPRECATED_BUT_USED:
        assert not theirs.deprecation_reason, f"{label} is deprecated"
    for name, argument in ours.args.items():
        assert name in theirs.args, f"no argument {label}({name}:)"
        assert str(argument.type) == str(theirs.args[name].type), f"{label}({name}:)"
        assert default_of(argument) == default_of(theirs.args[name]), f"{label}({name}:)"
    required = {n for n, a in theirs.args.items() if str(a.type).endswith("!")}
    assert required <= set(ours.args), f"{label} lacks a required argument"


def test_defaults_are_really_compared() -> None:
    theirs = load_vendor_schema().type_map["QueryRoot"]
    assert isinstance(theirs, GraphQLObjectType)
    assert default_of(theirs.fields["orders"].args["sortKey"]) == "PROCESSED_AT"


def test_idempotent_directive_is_the_vendors() -> None:
    ours = next(d for d in OURS.directives if d.name == "idempotent")
    theirs = next(d for d in load_vendor_schema().directives if d.name == "idempotent")
    assert ours.locations == theirs.locations
    assert {n: str(a.type) for n, a in ours.args.items()} == {
        n: str(a.type) for n, a in theirs.args.items()
    }


def test_the_product_has_documents() -> None:
    assert DOCUMENTS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_document_is_valid_for_vendor_and_sandbox(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"))
    assert validate(load_vendor_schema(), document) == []
    assert validate(OURS, document) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_document_fits_the_largest_single_cost(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"))
    (operation,) = (d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    every_flag_on = {
        variable.variable.name.value: True
        for variable in operation.variable_definitions or ()
        if variable.variable.name.value.startswith("with")
    }
    assert 0 < CostModel(OURS, document, every_flag_on).requested(operation) <= 1000
