"""Request bodies as the service input processor reads them.

Top-level keys may be camelCase or snake_case and unknown ones are ignored; unknown keys further
inside are refused by name. Numbers may come as texts.
https://developer.adobe.com/commerce/webapi/rest/use-rest/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.magento.creditmemos import Request
from integrations.sandbox.magento.errors import MagentoError, required

WHOLE_NUMBER = re.compile(r"\s*[+-]?\d+\s*")
ITEM = {"order_item_id": "int", "qty": "float", "extension_attributes": "object"}
COMMENT = {"comment": "string", "is_visible_on_front": "int", "extension_attributes": "object"}
STOCK = {"return_to_stock_items": "int[]"}
ARGUMENTS = {
    "shipping_amount": "float",
    "adjustment_positive": "float",
    "adjustment_negative": "float",
    "extension_attributes": "object",
}


def read_json(text: bytes) -> Any:
    """The body with exact numbers; nothing sent is an empty object. Raises MagentoError 400."""
    if not text.strip():
        return {}
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        raise MagentoError(400, "Decoding error.") from None


def path_number(text: str) -> int:
    """An id from the path, cast as PHP does: `000000001` is 1. Raises MagentoError 400."""
    if not WHOLE_NUMBER.fullmatch(text):
        raise MagentoError(
            400,
            f'The "{text}" value\'s type is invalid. The "int" type was expected. '
            "Verify and try again.",
        )
    return int(text)


def top_level(body: Any, name: str) -> Any:
    """A parameter by its snake_case name, in either spelling; None when absent."""
    if not isinstance(body, Mapping):
        return None
    camel = "".join(
        part if index == 0 else part.capitalize() for index, part in enumerate(name.split("_"))
    )
    return body.get(camel, body.get(name))


def read_refund(body: Any, *, online_route: bool) -> Request:
    """The parameters of the two refund routes. Raises MagentoError 400."""
    request = Request()
    for one in _list(top_level(body, "items"), "items"):
        item = _struct(one, ITEM)
        if "order_item_id" not in item:
            raise required("order_item_id")
        entry = (item["order_item_id"], item.get("qty", Decimal(0)))
        request.items.append(entry)
        # A row that is named twice counts as it was written last.
        request.quantities[entry[0]] = entry[1]
    request.notify = _flag(top_level(body, "notify"), "notify")
    request.append_comment = _flag(top_level(body, "append_comment"), "appendComment")
    if online_route:
        request.online = _flag(top_level(body, "is_online"), "isOnline")
    given = top_level(body, "comment")
    if given is not None:
        comment = _struct(given, COMMENT)
        request.comment = comment.get("comment", "")
        request.comment_visible = comment.get("is_visible_on_front", 0)
    given = top_level(body, "arguments")
    if given is not None:
        arguments = _struct(given, ARGUMENTS)
        request.shipping = arguments.get("shipping_amount")
        request.adjustment_positive = arguments.get("adjustment_positive")
        request.adjustment_negative = arguments.get("adjustment_negative")
        stock = _struct(arguments.get("extension_attributes", {}), STOCK)
        request.return_to_stock = stock.get("return_to_stock_items", [])
    return request


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(name, value, "array")
    return value


def _struct(value: Any, known: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong_type("", value, "object")
    read: dict[str, Any] = {}
    for key, given in value.items():
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", str(key)).lower()
        if name not in known:
            camel = "".join(part[:1].upper() + part[1:] for part in str(key).split("_"))
            raise MagentoError(
                400,
                '"%fieldName" is not supported. Correct the field name and try again.',
                {"fieldName": camel},
            )
        if given is not None:
            read[name] = _typed(name, given, known[name])
    return read


def _typed(name: str, value: Any, kind: str) -> Any:
    match kind:
        case "int":
            return read_int(name, value)
        case "int[]":
            return [read_int(name, one) for one in _list(value, name)]
        case "float":
            return read_number(name, value)
        case "string":
            if isinstance(value, list | Mapping):
                raise wrong_type(name, value, "string")
            return str(value)
        case _:
            if not isinstance(value, Mapping):
                raise wrong_type(name, value, "object")
            return dict(value)


def read_int(name: str, value: Any) -> int:
    """A whole number, also from a text."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value):
        return int(value)
    raise wrong_type(name, value, "int")


def read_number(name: str, value: Any) -> Decimal:
    """An exact number, also from a text."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            raise wrong_type(name, value, "float") from None
        if number.is_finite():
            return number
    raise wrong_type(name, value, "float")


def _flag(value: Any, name: str) -> bool:
    if value is None:
        return False
    if value in (True, False):  # also 1 and 0
        return bool(value)
    if isinstance(value, str) and value.lower() in ("0", "1", "true", "false"):
        return value.lower() in ("1", "true")
    raise wrong_type(name, value, "boolean")


def wrong_type(name: str, value: Any, expected: str) -> MagentoError:
    shown = value if isinstance(value, str | int | Decimal) else type(value).__name__
    return MagentoError(
        400,
        f'Error occurred during "{name}" processing. The "{shown}" value\'s type is invalid. '
        f'The "{expected}" type was expected. Verify and try again.',
    )
