"""What a call costs and whether the bucket of this app and shop still holds that much.

The weights are those observed on a real shop: an object costs 1, scalars, money and page info 0,
a connection `2 + floor(2 ln n) * children`, plain lists are not multiplied, a mutation 10
(`refundCreate` 20) with the direct children of its payload free.
https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

from integrations.sandbox.shopify.clock import Clock

MAX_QUERY_COST = 1000
MAX_INPUT_ARRAY = 250
DEFAULT_PAGE = 50
_FREE_TYPES = frozenset(
    {
        "MoneyBag",
        "MoneyV2",
        "PageInfo",
        "UserError",
        "OrderCancelUserError",
        "StoreCreditAccountCreditUserError",
    }
)
_OWN_PRICE = {("StoreCreditAccount", "balance"): 5}
_MUTATION_PRICE = {"refundCreate": 20}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class CostModel:
    """Prices the operations of one document."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any]

    def requested(self, operation: OperationDefinitionNode) -> int:
        """The cost before execution, from the page sizes asked for."""
        return self._operation(operation, _MISSING)

    def actual(self, operation: OperationDefinitionNode, data: Any) -> int:
        """The cost of what was really answered."""
        return 0 if data is None else self._operation(operation, data)

    def _operation(self, operation: OperationDefinitionNode, data: Any) -> int:
        is_mutation = operation.operation is OperationType.MUTATION
        root = self.schema.mutation_type if is_mutation else self.schema.query_type
        if root is None:
            return 0
        if not is_mutation:
            return self._selections(operation.selection_set, root, data)
        total = 0
        for node in self._fields(operation.selection_set, root):
            definition = root.fields[node.name.value]
            payload = get_named_type(definition.type)
            total += _MUTATION_PRICE.get(node.name.value, 10)
            answer = _child(data, node)
            if node.selection_set is None or answer is None:
                continue
            for child in self._fields(node.selection_set, payload):
                inner = self._field(child, payload, _child(answer, child))
                total += max(0, inner - self._base(child, payload))
        return total

    def _selections(self, selection_set: SelectionSetNode, parent: Any, data: Any) -> int:
        return sum(
            self._field(node, parent, _child(data, node))
            for node in self._fields(selection_set, parent)
        )

    def _fields(self, selection_set: SelectionSetNode, parent: Any) -> list[FieldNode]:
        """The fields that are switched on, fragments unfolded, one per response key."""
        found: dict[str, FieldNode] = {}
        self._collect(selection_set, parent, found)
        return [n for n in found.values() if not n.name.value.startswith("__")]

    def _collect(
        self, selection_set: SelectionSetNode, parent: Any, found: dict[str, FieldNode]
    ) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                if key in found and node.selection_set and found[key].selection_set:
                    node = _merged(found[key], node)
                found[key] = node
            else:
                fragment = self._fragment(node)
                if fragment and self._applies(fragment, parent):
                    self._collect(fragment.selection_set, parent, found)

    def _field(self, node: FieldNode, parent: Any, data: Any) -> int:
        if data is None:
            return 0
        definition = parent.fields[node.name.value]
        kind = get_named_type(definition.type)
        if node.selection_set is None:
            return 0
        if kind.name.endswith("Connection"):
            return self._connection(node, kind, data)
        base = self._base(node, parent)
        if isinstance(data, list):
            inner = max((self._inside(node.selection_set, kind, one) for one in data), default=0)
            return base + inner if data else 0
        return base + self._inside(node.selection_set, kind, data)

    def _inside(self, selection_set: SelectionSetNode, kind: Any, data: Any) -> int:
        """The children; of an interface or union the dearest branch."""
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            branches = self.schema.get_possible_types(kind)
            return max(self._selections(selection_set, branch, data) for branch in branches)
        return self._selections(selection_set, kind, data)

    def _connection(self, node: FieldNode, kind: Any, data: Any) -> int:
        size = self._argument(node, "first") or self._argument(node, "last") or DEFAULT_PAGE
        children = 0
        for child in self._fields(node.selection_set, kind) if node.selection_set else []:
            children += self._field(child, kind, _child(data, child))
            if data is not _MISSING and child.name.value == "nodes":
                size = min(size, len(_child(data, child)))
        return 2 + math.floor(2 * math.log(max(2, size))) * children

    def _base(self, node: FieldNode, parent: Any) -> int:
        kind = get_named_type(parent.fields[node.name.value].type)
        own = _OWN_PRICE.get((parent.name, node.name.value))
        if own is not None:
            return own
        is_object = isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        return 1 if is_object and kind.name not in _FREE_TYPES else 0

    def _is_included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                is_on = self._argument(directive, "if")
                if is_on is (name == "skip"):
                    return False
        return True

    def _argument(self, node: Any, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, dict(self.variables))
        return None

    def _fragment(self, node: Any) -> FragmentDefinitionNode | InlineFragmentNode | None:
        if isinstance(node, FragmentSpreadNode):
            return next(
                (
                    d
                    for d in self.document.definitions
                    if isinstance(d, FragmentDefinitionNode) and d.name.value == node.name.value
                ),
                None,
            )
        return node if isinstance(node, InlineFragmentNode) else None

    def _applies(self, fragment: Any, parent: Any) -> bool:
        if fragment.type_condition is None:
            return True
        wanted = self.schema.type_map.get(fragment.type_condition.name.value)
        if wanted is parent:
            return True
        is_abstract = isinstance(wanted, GraphQLUnionType | GraphQLInterfaceType)
        return (
            is_abstract
            and isinstance(parent, GraphQLObjectType)
            and self.schema.is_sub_type(wanted, parent)  # type: ignore[arg-type]
        )


class Bucket:
    """The leaky bucket of one app in one shop. Thread-safe."""

    def __init__(self, clock: Clock, size: float, restore_rate: float) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.size, self.restore_rate = size, restore_rate
        self._level = size
        self._updated = clock.now()

    def take(self, points: float) -> bool:
        """Take the requested cost; False (and nothing taken) when it doesn't fit."""
        with self._lock:
            self._refill()
            if points > self._level:
                return False
            self._level -= points
            return True

    def give_back(self, points: float) -> None:
        """Return the difference between requested and actual cost."""
        with self._lock:
            self._level = min(self.size, self._level + points)

    def drain(self) -> None:
        """Empty the bucket."""
        with self._lock:
            self._refill()
            self._level = 0

    def status(self) -> dict[str, float]:
        """`extensions.cost.throttleStatus`."""
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": float(self.size),
                "currentlyAvailable": math.floor(self._level),
                "restoreRate": float(self.restore_rate),
            }

    def _refill(self) -> None:
        now = self._clock.now()
        seconds = max(0.0, (now - self._updated).total_seconds())
        self._level = min(self.size, self._level + seconds * self.restore_rate)
        self._updated = now


def _child(data: Any, node: FieldNode) -> Any:
    """The answered value of a field, or a marker while nothing was answered yet."""
    if data is _MISSING:
        return _MISSING
    key = node.alias.value if node.alias else node.name.value
    return data.get(key, _MISSING) if isinstance(data, dict) else _MISSING


def _merged(first: FieldNode, second: FieldNode) -> FieldNode:
    """Two selections of the same response key as one."""
    selections = (
        *(first.selection_set.selections if first.selection_set else ()),
        *(second.selection_set.selections if second.selection_set else ()),
    )
    return FieldNode(
        alias=first.alias,
        name=first.name,
        arguments=first.arguments,
        directives=first.directives,
        selection_set=SelectionSetNode(selections=selections),
    )
