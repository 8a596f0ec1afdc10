"""Runs a sandbox vendor over real HTTP on a loopback port, and carries out its faults.

In a test:      with SandboxServer(app) as server: requests.get(server.url + "/...")
Own process:    python -m integrations.sandbox.server package.module:factory --port 0
                (prints one JSON line `{"url": ...}`, serves until SIGTERM)
From a parent:  with ChildServer("package.module:factory") as child: child.url
"""

from __future__ import annotations

import argparse
import importlib
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any, Self

from flask import Flask, Response, jsonify, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from integrations.sandbox.faults import BadFault, CallLog, Fault, FaultBoard

PROXY_ERROR_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head>"
    "<body><center><h1>502 Bad Gateway</h1></center></body></html>"
)

LISTEN_QUEUE = 1024

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class DroppedConnection(Response):
    """An answer that never comes: the connection is held, then closed without a byte."""

    def __init__(self, hold_seconds: float = 0.0) -> None:
        super().__init__(b"")
        self.hold_seconds = hold_seconds

    def __call__(self, environ: Any, start_response: Any) -> Any:
        _stopping(environ).wait(self.hold_seconds)
        connection = environ.get("werkzeug.socket")
        if isinstance(connection, socket.socket):
            # Without a shutdown the kernel keeps the connection open as long as the
            # request handler still holds its file objects.
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return []  # the client gave up first
        raise ConnectionAbortedError("dropped by a sandbox fault")


def logged_status(response: Response) -> int:
    """The status for the call log: 0 for a dropped connection."""
    return 0 if isinstance(response, DroppedConnection) else response.status_code


def answer_with_fault(fault: Fault | None, process: Callable[[], Response]) -> Response:
    """Answer a request under `fault`; `process` does the vendor's work and is called at most once.

    Kinds that are not generic are the vendor's own business: handle them before calling this.
    Raises ValueError for them.
    """
    if fault is None:
        return process()
    match fault.kind:
        case "timeout_before":
            return DroppedConnection(fault.seconds)
        case "disconnect_before":
            return DroppedConnection()
        case "http_429":
            response = _json_error(429, "Too Many Requests")
            if fault.retry_after is not None:
                response.headers["Retry-After"] = fault.retry_after
            return response
        case "http_500":
            return _json_error(500, "Internal Server Error")
        case "http_503":
            response = _json_error(503, "Service Unavailable")
            if fault.retry_after is not None:
                response.headers["Retry-After"] = fault.retry_after
            return response
        case "html_502":
            return Response(PROXY_ERROR_PAGE, 502, content_type="text/html")
        case "timeout_after":
            process()
            return DroppedConnection(fault.seconds)
        case "disconnect_after":
            process()
            return DroppedConnection()
        case "malformed":
            whole = process().get_data()
            return Response(whole[: len(whole) // 2] or b"{", 200, content_type="application/json")
        case "slow":
            response = process()
            _stopping(request.environ).wait(fault.seconds)
            return response
        case kind:
            raise ValueError(f"fault kind {kind!r} must be handled by the vendor itself")


def register_controls(app: Flask, faults: FaultBoard, calls: CallLog) -> None:
    """Add the control endpoints under `/_sandbox/` and refuse them to anyone but loopback.

    The refusal covers every path under `/_sandbox/`, so also those a vendor adds itself.
    """

    @app.before_request
    def refuse_strangers() -> tuple[Response, int] | None:
        if request.path.startswith("/_sandbox/") and not is_loopback(request.remote_addr):
            return jsonify(error="control endpoints answer loopback clients only"), 403
        return None

    @app.get("/_sandbox/faults")
    def list_faults() -> Response:
        return jsonify(faults=[f.as_dict() for f in faults.waiting()])

    @app.post("/_sandbox/faults")
    def add_faults() -> tuple[Response, int]:
        body = request.get_json(force=True)
        try:
            added = [faults.add_json(one) for one in (body if isinstance(body, list) else [body])]
        except BadFault as error:
            return jsonify(error=str(error)), 400
        return jsonify(faults=[f.as_dict() for f in added]), 201

    @app.delete("/_sandbox/faults")
    def clear_faults() -> Response:
        faults.clear()
        return jsonify(faults=[])

    @app.get("/_sandbox/calls")
    def list_calls() -> Response:
        entries = calls.entries(request.args.get("operation"))
        return jsonify(
            calls=[c.as_dict() for c in entries],
            total=calls.count(),
            by_operation=calls.by_operation(),
            by_subject=calls.by_subject(),
        )

    @app.post("/_sandbox/reset-calls")
    def reset_calls() -> Response:
        calls.clear()
        return jsonify(calls=[])


def is_loopback(address: str | None) -> bool:
    """True for 127.0.0.0/8 and ::1, also when written as an IPv4-mapped address."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


class _QuietHandler(WSGIRequestHandler):
    """Request handler that keeps the test output free of access lines."""

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


class Startable(ABC):
    """Runs from `start()` to `stop()`; as a context manager for the time of its block."""

    @abstractmethod
    def start(self) -> Self:
        """Run. Returns itself."""

    @abstractmethod
    def stop(self) -> None:
        """End, and give everything back."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class SandboxServer(Startable):
    """A WSGI app on a threaded loopback server. `port=0` takes a free port at once, so `url`
    is known before `start()`.

    `stop()` also ends connections that a timeout fault is holding. A context manager.
    """

    def __init__(self, app: WsgiApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if not is_loopback(host):
            raise ValueError("a sandbox is served on loopback only")
        self._stopping = threading.Event()
        self._app = app
        self._server: BaseWSGIServer = make_server(
            host, port, self._with_stop_signal, threaded=True, request_handler=_QuietHandler
        )
        # Bursts of hundreds of callers are part of the tests; werkzeug's own queue holds 128.
        self._server.socket.listen(LISTEN_QUEUE)
        self._thread: threading.Thread | None = None
        self.host = host
        self.port = self._server.server_port
        self.url = f"http://{host}:{self.port}"

    def _with_stop_signal(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["sandbox.stopping"] = self._stopping
        return self._app(environ, start_response)

    def start(self) -> Self:
        """Serve on a background thread. Returns itself."""
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Serve on this thread until `stop()` is called from another one."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """End held connections, stop serving and free the port."""
        self._stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class ChildServer(Startable):
    """The same in a process of its own, so that the caller can be killed without it.

    `factory` is `"package.module:callable"`; the callable takes no argument and returns the
    WSGI app. A context manager.
    """

    def __init__(self, factory: str, *, port: int = 0) -> None:
        self._command = [sys.executable, "-m", __name__, factory, "--port", str(port)]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    def start(self) -> Self:
        """Start the process and wait until it listens. Raises RuntimeError if it dies first."""
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            text=True,
            # The factory is found wherever this process would find it.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)},
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"sandbox did not start, exit code {self._process.wait()}")
        self.url = str(json.loads(line)["url"])
        return self

    def stop(self) -> None:
        """Ask the process to end, and make it end after five seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None


def _stopping(environ: dict[str, Any]) -> threading.Event:
    """The server's stop signal, or one that never comes when run under another server."""
    event = environ.get("sandbox.stopping")
    return event if isinstance(event, threading.Event) else threading.Event()


def _json_error(status: int, text: str) -> Response:
    return Response(json.dumps({"errors": text}), status, content_type="application/json")


def main(arguments: list[str] | None = None) -> int:
    """Serve `module:factory` until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve a sandbox vendor on loopback.")
    parser.add_argument("factory", help="package.module:callable that returns the app")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args(arguments)
    module_name, _, attribute = options.factory.partition(":")
    app = getattr(importlib.import_module(module_name), attribute)()
    server = SandboxServer(app, port=options.port)
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with server:
        print(json.dumps({"url": server.url}), flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
