"""Faults that can be switched on in a sandbox vendor, and the log of the calls it answered.

Both are thread-safe and know nothing of HTTP: `server.py` turns a `Fault` into dropped
connections and error answers, the vendors hand in the operation's name.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

GENERIC_KINDS = frozenset(
    {
        "timeout_before",  # never processed; held for `seconds`, then closed without an answer
        "timeout_after",  # processed; held for `seconds`, then closed without an answer
        "disconnect_before",  # never processed; closed at once
        "disconnect_after",  # processed; closed at once
        "http_429",  # never processed; with Retry-After when `retry_after` is set
        "http_500",
        "http_503",
        "html_502",  # never processed; an HTML page as a proxy in between would send
        "malformed",  # processed; 200 with JSON that breaks off
        "slow",  # processed; answered after `seconds`
    }
)

MAX_LOGGED_CALLS = 200_000


class BadFault(ValueError):
    """A fault description that can't be understood. The text says which part."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that waits for matching calls.

    `operation` is an operation's name or `"*"`. `times` counts the calls it will still hit
    (None: until cleared), `skip` the matching calls it leaves alone first. `seconds` is the
    holding time of `timeout_*` and `slow`. `retry_after` is the literal header text.
    """

    operation: str
    kind: str
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    retry_after: str | None = None

    def matches(self, operation: str) -> bool:
        return self.operation in ("*", operation)

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape that `FaultBoard.add_json` accepts."""
        return {
            "operation": self.operation,
            "kind": self.kind,
            "times": self.times,
            "skip": self.skip,
            "seconds": self.seconds,
            "retry_after": self.retry_after,
        }


class FaultBoard:
    """The faults switched on in one sandbox.

    `vendor_kinds` names kinds that only this vendor knows, such as `"throttled"`; the vendor
    carries them out itself.
    """

    def __init__(self, vendor_kinds: Iterable[str] = ()) -> None:
        self.kinds = GENERIC_KINDS | frozenset(vendor_kinds)
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None = 1,
        skip: int = 0,
        seconds: float = 0.0,
        retry_after: str | None = None,
    ) -> Fault:
        """Switch a fault on. Raises BadFault for an unknown kind or a count below its minimum."""
        if kind not in self.kinds:
            raise BadFault(f"unknown kind {kind!r}; known: {', '.join(sorted(self.kinds))}")
        if not operation:
            raise BadFault("operation must be a name or '*'")
        if times is not None and times < 1:
            raise BadFault("times must be at least 1, or null for 'until cleared'")
        if skip < 0 or seconds < 0:
            raise BadFault("skip and seconds can't be negative")
        fault = Fault(operation, kind, times, skip, seconds, retry_after)
        with self._lock:
            self._faults.append(fault)
        return fault

    def add_json(self, body: Mapping[str, Any]) -> Fault:
        """Switch on a fault that came as JSON. Raises BadFault naming what is wrong."""
        unknown = set(body) - set(Fault.__dataclass_fields__)
        if unknown:
            raise BadFault(f"unknown keys: {', '.join(sorted(unknown))}")
        operation, kind = body.get("operation"), body.get("kind")
        times, skip, seconds = body.get("times", 1), body.get("skip", 0), body.get("seconds", 0)
        retry_after = body.get("retry_after")
        if not isinstance(operation, str) or not isinstance(kind, str):
            raise BadFault("operation and kind must be texts")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int)):
            raise BadFault("times must be a whole number or null")
        if isinstance(skip, bool) or not isinstance(skip, int):
            raise BadFault("skip must be a whole number")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise BadFault("seconds must be a number")
        return self.add(
            operation,
            kind,
            times=times,
            skip=skip,
            seconds=float(seconds),
            retry_after=None if retry_after is None else str(retry_after),
        )

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._faults.clear()

    def waiting(self) -> list[Fault]:
        """The faults still switched on, in the order in which they are tried."""
        with self._lock:
            return list(self._faults)

    def take(self, operation: str) -> Fault | None:
        """The fault that hits this call, if any, counted down by one.

        Faults are tried in the order they were added; one that still skips calls lets this
        one through to the next fault.
        """
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fault.matches(operation):
                    continue
                if fault.skip > 0:
                    self._faults[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times is not None:
                    if fault.times == 1:
                        del self._faults[index]
                    else:
                        self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached a sandbox. `status` is 0 when the connection was dropped."""

    operation: str
    time: datetime
    status: int
    subject: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "time": self.time.isoformat(),
            "status": self.status,
            "subject": self.subject,
        }


class CallLog:
    """Which calls reached a sandbox, so that calls per ticket can be counted.

    `subject` is free text of the vendor's choice: an order id, a ticket id. The newest
    200,000 calls are kept one by one; the counters go on beyond that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=MAX_LOGGED_CALLS)
        self._by_operation: Counter[str] = Counter()
        self._by_subject: Counter[str] = Counter()

    def record(self, operation: str, *, status: int, subject: str = "") -> Call:
        """Note a call as answered now."""
        call = Call(operation, datetime.now(UTC), status, subject)
        with self._lock:
            self._calls.append(call)
            self._by_operation[operation] += 1
            if subject:
                self._by_subject[subject] += 1
        return call

    def clear(self) -> None:
        """Forget every call and counter."""
        with self._lock:
            self._calls.clear()
            self._by_operation.clear()
            self._by_subject.clear()

    def entries(self, operation: str | None = None) -> list[Call]:
        """Calls in the order of their answers, all or those of one operation."""
        with self._lock:
            return [c for c in self._calls if operation is None or c.operation == operation]

    def count(self, operation: str | None = None) -> int:
        """How many calls there were, all or those of one operation."""
        with self._lock:
            if operation is None:
                return sum(self._by_operation.values())
            return self._by_operation[operation]

    def by_operation(self) -> dict[str, int]:
        with self._lock:
            return dict(self._by_operation)

    def by_subject(self) -> dict[str, int]:
        with self._lock:
            return dict(self._by_subject)
