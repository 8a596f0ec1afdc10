"""What a helpdesk posts, and what stands in its books, in plain values."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class SeenNote:
    """One comment in the helpdesk's own books."""

    text: str
    is_public: bool
    marker: str | None


@dataclass(frozen=True)
class Post:
    """One webhook POST as it arrived."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Mailbox:
    """An HTTP server that keeps what is posted to it and answers 202."""

    posts: list[Post] = field(default_factory=list)
    url: str = ""


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mailbox on a free loopback port."""
    box = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            box.posts.append(Post(dict(self.headers.items()), body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
