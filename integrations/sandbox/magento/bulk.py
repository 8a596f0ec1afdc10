"""The asynchronous routes: requests are only queued, and run when a consumer does.

`202` says nothing about the refund, not even that the order exists.
https://developer.adobe.com/commerce/webapi/rest/use-rest/asynchronous-web-endpoints/
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.sandbox.magento.clock import stamp
from integrations.sandbox.magento.errors import MagentoError, not_found
from integrations.sandbox.magento.inputs import path_number, read_refund
from integrations.sandbox.magento.refunds import refund_order
from integrations.sandbox.magento.site import Site
from integrations.sandbox.magento.wire import to_json

TOPIC = "async.magento.sales.api.refundorderinterface.execute.post"
DONE, FAILED, OPEN = 1, 3, 4


@dataclass
class Operation:
    """Status 1 is complete, 2 failed but may be retried, 3 failed for good, 4 open, 5 rejected."""

    id: int
    order_id: Any
    body: dict[str, Any]
    status: int = OPEN
    result: str | None = None
    message: str | None = None
    code: int | None = None

    def as_dict(self, uuid_text: str, *, detailed: bool) -> dict[str, Any]:
        if not detailed:
            return {
                "id": self.id,
                "status": self.status,
                "result_message": self.message,
                "error_code": self.code,
            }
        data = {
            "entity_id": None,
            "entity_link": "",
            "meta_information": json.dumps({"orderId": self.order_id}, separators=(",", ":")),
            "store_id": "1",
        }
        return {
            "id": self.id,
            "bulk_uuid": uuid_text,
            "topic_name": TOPIC,
            "serialized_data": json.dumps(data, separators=(",", ":"))
            if self.status == FAILED
            else None,
            "result_serialized_data": self.result,
            "status": self.status,
            "result_message": self.message,
            "error_code": self.code,
        }


@dataclass
class Bulk:
    uuid: str
    started: datetime
    operations: list[Operation] = field(default_factory=list)


class Queue:
    """The bulks of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bulks: dict[str, Bulk] = {}

    def accept(self, requests: list[tuple[Any, dict[str, Any]]]) -> dict[str, Any]:
        """Queue refunds given as (order id, body). Returns the body of the 202."""
        bulk = Bulk(str(uuid.uuid4()), self._site.now())
        for number, (order_id, body) in enumerate(requests):
            bulk.operations.append(Operation(number, order_id, body))
        with self._site.lock:
            self._bulks[bulk.uuid] = bulk
        return {
            "bulk_uuid": bulk.uuid,
            "request_items": [
                {
                    "id": one.id,
                    "data_hash": hashlib.sha256(
                        to_json([str(one.order_id), one.body]).encode()
                    ).hexdigest(),
                    "status": "accepted",
                }
                for one in bulk.operations
            ],
            "errors": False,
        }

    def status(self, uuid_text: str, *, detailed: bool) -> dict[str, Any]:
        """The answer of the status routes. Raises MagentoError 404."""
        with self._site.lock:
            bulk = self._bulks.get(uuid_text)
        if bulk is None:
            raise not_found()
        return {
            "operations_list": [
                one.as_dict(bulk.uuid, detailed=detailed) for one in bulk.operations
            ],
            "user_type": 1,
            "bulk_id": bulk.uuid,
            "description": f"Topic {TOPIC}",
            "start_time": stamp(bulk.started),
            "user_id": 1,
            "operation_count": len(bulk.operations),
        }

    def consume(self) -> int:
        """Run what is queued, as the shop's cron does, and return how many operations ran."""
        with self._site.lock:
            waiting = [
                one
                for bulk in self._bulks.values()
                for one in bulk.operations
                if one.status == OPEN
            ]
        for one in waiting:
            try:
                request = read_refund(one.body, online_route=False)
                memo_id = refund_order(self._site, path_number(str(one.order_id)), request)
            except MagentoError as error:
                one.status, one.message, one.code = FAILED, error.message, 0
            else:
                one.status, one.result = DONE, json.dumps(str(memo_id))
                one.message = (
                    "Service execution success Magento\\Sales\\Model\\RefundOrder::execute"
                )
        return len(waiting)
