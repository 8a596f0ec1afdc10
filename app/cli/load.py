"""Sends signed deliveries over kept-open connections, from a process of its own.

Reads one JSON object on stdin (the fields of `Load`) and writes one to stdout: how many were
answered 202, how long it took, and each answer's milliseconds. With a rate, the time of an answer
counts from the moment at which its request was due, so that a server that stalls doesn't look fast.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import sys
import threading
import time
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

_TIMEOUT_SECONDS = 30.0


class Load(BaseModel):
    """What to send. `rate` is deliveries a second, 0 for as many as are answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int
    path: str
    secret: str
    seconds: float
    rate: float = 0.0
    connections: int = 16
    first_ticket: int = 1


class LoadResult(BaseModel):
    """What came back."""

    accepted: int
    refused: int
    seconds: float
    milliseconds: list[float]

    @property
    def per_second(self) -> float:
        """Accepted deliveries a second."""
        return self.accepted / self.seconds if self.seconds else 0.0


def request_bytes(load: Load, ticket_id: int) -> bytes:
    """One signed delivery as it goes over the wire, as the vendor's trigger sends it."""
    body = f'{{"v":1,"kind":"ticket_created","ticket_id":"{ticket_id}"}}'.encode()
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.new(load.secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    head = (
        f"POST {load.path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{load.port}\r\n"
        "User-Agent: Zendesk Webhook\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Zendesk-Webhook-Signature-Timestamp: {timestamp}\r\n"
        f"X-Zendesk-Webhook-Signature: {base64.b64encode(digest).decode()}\r\n\r\n"
    )
    return head.encode() + body


class _Connection:
    """One kept-open connection; opened anew when the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> int:
        """The answer's status."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), _TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, rest = answer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        missing = int(headers.get("content-length", "0")) - len(rest)
        while missing > 0:
            missing -= len(self._more())
        if headers.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1])

    def _more(self) -> bytes:
        part = self._socket.recv(65_536) if self._socket is not None else b""
        if not part:
            self.close()
            raise ConnectionError("the server closed the connection")
        return part

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def run(load: Load) -> LoadResult:
    """Send until the time is over."""
    results: list[list[float]] = [[] for _ in range(load.connections)]
    refused = [0] * load.connections
    began = time.perf_counter()

    def work(number: int) -> None:
        connection = _Connection(load.port)
        count = 0
        while True:
            place = count * load.connections + number
            count += 1
            due = began + place / load.rate if load.rate else time.perf_counter()
            if due > began + load.seconds:
                break
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            try:
                status = connection.send(request_bytes(load, load.first_ticket + place))
            except OSError:
                status = 0
            if status == 202:
                results[number].append((time.perf_counter() - due) * 1000)
            else:
                refused[number] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(load.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    times = [round(one, 3) for part in results for one in part]
    return LoadResult(accepted=len(times), refused=sum(refused), seconds=took, milliseconds=times)


if __name__ == "__main__":
    print(run(Load.model_validate(json.load(sys.stdin))).model_dump_json())
