"""Shopify's own Admin schema, and what a document costs by the documented rules."""

from __future__ import annotations

import gzip
import json
import math
import os
from functools import cache
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    get_named_type,
)

from tests.support.prerequisites import missing, npm_package


@cache
def vendor_schema(version: str) -> GraphQLSchema:
    """The schema of an API version; ends the test where the package isn't there."""
    named = os.environ.get("MAKEGOOD_SHOPIFY_SCHEMA_DIR")
    folder = Path(named) if named else npm_package("shopify-dev-mcp") / "dist" / "data"
    path = folder / f"admin_{version}.json.gz"
    if not path.is_file():
        missing(f"{path.name} in MAKEGOOD_SHOPIFY_SCHEMA_DIR")
    raw = json.loads(gzip.decompress(path.read_bytes()))
    # The vendor deprecates fields that an interface still has, which graphql-core refuses.
    return build_client_schema(raw["data"], assume_valid=True)


def documented_cost(schema: GraphQLSchema, document: DocumentNode) -> int:
    """Points with every switch on: an object costs 1, a scalar 0, a connection grows with the
    logarithm of its page, a plain list counts as one object, a mutation 10 more.

    https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }

    def children(parent: GraphQLObjectType | GraphQLInterfaceType, node: SelectionSetNode) -> int:
        total = 0
        for selection in node.selections:
            if isinstance(selection, FragmentSpreadNode):
                total += children(parent, fragments[selection.name.value].selection_set)
            elif isinstance(selection, InlineFragmentNode):
                named = selection.type_condition
                inner = schema.get_type(named.name.value) if named else parent
                assert isinstance(inner, GraphQLObjectType | GraphQLInterfaceType)
                total += children(inner, selection.selection_set)
            elif isinstance(selection, FieldNode) and selection.selection_set is not None:
                total += field(parent, selection, selection.selection_set)
        return total

    def field(
        parent: GraphQLObjectType | GraphQLInterfaceType, node: FieldNode, inner: SelectionSetNode
    ) -> int:
        kind = get_named_type(parent.fields[node.name.value].type)
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return 1  # a union of which only the type's name is asked
        if not kind.name.endswith("Connection"):
            return 1 + children(kind, inner)
        sizes = [
            int(argument.value.value)
            for argument in node.arguments or ()
            if argument.name.value == "first" and isinstance(argument.value, IntValueNode)
        ]
        steps = 2 + math.floor(2 * math.log(max(2, sizes[0])))
        return steps * children(kind, inner)

    (operation,) = (
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )
    root = schema.get_root_type(operation.operation)
    assert root is not None
    base = 10 if operation.operation.value == "mutation" else 0
    return base + children(root, operation.selection_set)
