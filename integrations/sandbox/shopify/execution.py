"""Runs one GraphQL request of a shop: validation, cost, execution, the vendor's error shapes."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language.printer import print_ast

from integrations.sandbox.shopify.cancel import run_due_jobs
from integrations.sandbox.shopify.cost import (
    MAX_INPUT_ARRAY,
    MAX_QUERY_COST,
    Bucket,
    CostModel,
)
from integrations.sandbox.shopify.schema import (
    build_sandbox_schema,
    default_resolver,
    resolve_type,
)
from integrations.sandbox.shopify.session import Session

logger = logging.getLogger(__name__)

RATE_LIMIT_DOCS = "https://shopify.dev/api/usage/rate-limits"
Answer = dict[str, Any]

_SHAPES = (
    (
        re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"),
        "undefinedField",
        "Field '{0}' doesn't exist on type '{1}'",
        ("fieldName", "typeName"),
    ),
    (
        re.compile(r"Unknown argument '(\w+)' on field '\w+\.(\w+)'"),
        "argumentNotAccepted",
        "Field '{1}' doesn't accept argument '{0}'",
        ("argumentName", "name"),
    ),
    (
        re.compile(r"Argument '\w+\.(\w+)\((\w+):\)' of type .* is required"),
        "missingRequiredArguments",
        "Field '{0}' is missing required arguments: {1}",
        ("name", "arguments"),
    ),
    (
        re.compile(r"Unknown directive '@(\w+)'"),
        "undefinedDirective",
        "Directive @{0} is not defined",
        ("directiveName",),
    ),
    (
        re.compile(r"Directive '@(\w+)' may not be used on (\w+)"),
        "directiveCannotBeApplied",
        "'@{0}' can't be applied to {1}",
        ("name", "targetName"),
    ),
    (
        re.compile(r"Unknown type '(\w+)'"),
        "undefinedType",
        "No such type {0}, so it can't be a fragment condition or a variable's type",
        ("typeName",),
    ),
    (
        re.compile(r"Variable '\$(\w+)' is never used"),
        "variableNotUsed",
        "Variable ${0} is declared by {op} but not used",
        ("variableName",),
    ),
    (
        re.compile(r"Variable '\$(\w+)' is not defined"),
        "variableNotDefined",
        "Variable ${0} is used by {op} but not declared",
        ("variableName",),
    ),
)
_BAD_VARIABLE = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ([^:]+))?: (.*)", re.S)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A parsed document and what the schema has against it."""

    document: DocumentNode
    mistakes: tuple[GraphQLError, ...]


@lru_cache(maxsize=256)
def prepare(query: str) -> Prepared | GraphQLError:
    """Parse and validate, once per text; the syntax error where it can't be parsed."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return error
    return Prepared(document, tuple(validate(build_sandbox_schema(), document)))


def syntax_error(error: GraphQLError) -> Answer:
    """The answer for a document that can't be parsed."""
    return {"errors": [{"message": error.message, "locations": _locations(error)}]}


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation to run: the named one, or the only one."""
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name:
        return next((o for o in operations if o.name and o.name.value == name), None)
    return operations[0] if len(operations) == 1 else None


def run(
    session: Session,
    bucket: Bucket,
    prepared: Prepared,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Answer:
    """Validate, charge and execute. The answer is always for HTTP 200."""
    schema = build_sandbox_schema()
    mistakes = prepared.mistakes
    if mistakes:
        return {"errors": [_static_error(error, operation) for error in mistakes]}
    document = prepared.document
    if _longest_array(variables) > MAX_INPUT_ARRAY:
        text = f"The input array size is greater than the maximum allowed of {MAX_INPUT_ARRAY}."
        return _stopped(text, "MAX_INPUT_SIZE_EXCEEDED")
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    if isinstance(coerced, list):
        return {"errors": [_variable_error(error, operation, variables) for error in coerced]}
    session.variables = coerced.coerced

    costs = CostModel(schema, document, session.variables)
    requested = costs.requested(operation)
    if requested > MAX_QUERY_COST:
        text = f"Query cost is {requested}, which exceeds the single query max cost limit (1000)."
        return _stopped(text, "MAX_COST_EXCEEDED")
    if not bucket.take(requested):
        return throttled(bucket, requested)

    is_mutation = operation.operation is OperationType.MUTATION
    if is_mutation:  # its resolvers take the lock themselves, so that twins can meet
        result = _execute(session, document, operation, variables)
    else:
        with session.shop.lock:
            session.shop.settle_due()
            run_due_jobs(session.shop)
            result = _execute(session, document, operation, variables)
    answer: Answer = {"data": result.data}
    if result.errors:
        answer["errors"] = [_runtime_error(error) for error in result.errors]
    actual = min(requested, costs.actual(operation, result.data))
    bucket.give_back(requested - actual)
    answer["extensions"] = {"cost": _cost(bucket, requested, actual)}
    if session.search_warnings:
        answer["extensions"]["search"] = session.search_warnings
    return answer


def throttled(bucket: Bucket, requested: int) -> Answer:
    """The answer when the bucket doesn't hold the requested cost: HTTP 200, nothing executed."""
    return {
        "errors": [
            {
                "message": "Throttled",
                "extensions": {"code": "THROTTLED", "documentation": RATE_LIMIT_DOCS},
            }
        ],
        "extensions": {"cost": _cost(bucket, requested, None)},
    }


def internal_error() -> dict[str, Any]:
    """The error object of a failure inside the vendor; whether it ran is unknown to callers."""
    request_id = str(uuid.uuid4())
    return {
        "message": "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {request_id} (include this in support requests).",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }


def _execute(
    session: Session,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Any:
    return execute(
        build_sandbox_schema(),
        document,
        context_value=session,
        variable_values=dict(variables),
        operation_name=operation.name.value if operation.name else None,
        field_resolver=default_resolver,
        type_resolver=resolve_type,
    )


def _cost(bucket: Bucket, requested: int, actual: int | None) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": bucket.status(),
    }


def _stopped(message: str, code: str) -> Answer:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def _static_error(error: GraphQLError, operation: OperationDefinitionNode) -> dict[str, Any]:
    label = _label(operation)
    for pattern, code, text, names in _SHAPES:
        match = pattern.match(error.message)
        if match:
            return {
                "message": text.format(*match.groups(), op=label),
                "locations": _locations(error),
                "path": [label],
                "extensions": {"code": code, **dict(zip(names, match.groups(), strict=True))},
            }
    return {
        "message": error.message,
        "locations": _locations(error),
        "path": [label],
        "extensions": {"code": "invalidDocument"},
    }


def _variable_error(
    error: GraphQLError, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> dict[str, Any]:
    match = _BAD_VARIABLE.match(error.message)
    name, where, explanation = match.groups() if match else ("", None, error.message)
    declared = next(
        (
            print_ast(v.type)
            for v in operation.variable_definitions or ()
            if v.variable.name.value == name
        ),
        "",
    )
    path: list[str | int] = [
        int(part) if part.isdigit() else part for part in re.findall(r"\w+", where or "")
    ]
    place = f" for {'.'.join(map(str, path))}" if path else ""
    return {
        "message": f"Variable ${name} of type {declared} was provided invalid value{place} "
        f"({explanation})",
        "locations": _locations(error),
        "extensions": {
            "code": "INVALID_VARIABLE",
            "value": json.loads(json.dumps(variables.get(name), default=str)),
            "problems": [{"path": path, "explanation": explanation}],
        },
    }


def _runtime_error(error: GraphQLError) -> dict[str, Any]:
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        logger.error("sandbox resolver failed", exc_info=error.original_error)
        shaped = internal_error()
    else:
        shaped = {"message": error.message, "extensions": dict(error.extensions or {})}
    return {**shaped, "locations": _locations(error), "path": error.path}


def _locations(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": at.line, "column": at.column} for at in error.locations or ()]


def _label(operation: OperationDefinitionNode) -> str:
    name = f" {operation.name.value}" if operation.name else ""
    return f"{operation.operation.value}{name}"


def _longest_array(value: Any) -> int:
    if isinstance(value, list):
        return max([len(value), *map(_longest_array, value)])
    if isinstance(value, Mapping):
        return max(map(_longest_array, value.values()), default=0)
    return 0


def parse_json(body: bytes) -> Any:
    """Request JSON with exact numbers. Raises ValueError."""
    return json.loads(body, parse_float=Decimal)
