"""Outgoing HTTP: bounded in time and size, never repeated, never redirected."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as WsgiResponse

from integrations import http
from integrations.http import BoundedSession, SessionPool, was_never_sent
from integrations.sandbox.server import SandboxServer

seen: list[dict[str, str]] = []


def make_app() -> Flask:
    app = Flask("target")

    @app.before_request
    def remember() -> None:
        seen.append(dict(request.headers))

    @app.get("/plain")
    def plain() -> Response:
        response = Response("hello")
        response.set_cookie("tracking", "1")
        return response

    @app.get("/elsewhere")
    def elsewhere() -> WsgiResponse:
        return redirect("/plain")

    @app.get("/elsewhere/big")
    def elsewhere_big() -> Response:
        return Response(b"x" * 100_000, 302, headers={"Location": "/plain"})

    @app.get("/failing")
    def failing() -> Response:
        return Response("no", 503, headers={"Retry-After": "0"})

    @app.get("/big")
    def big() -> Response:
        return Response(b"x" * 1000 for _ in range(100))

    @app.get("/never")
    def never() -> Response:
        threading.Event().wait(2)
        return Response("late")

    @app.get("/drip")
    def drip() -> Response:
        def slowly() -> Iterator[bytes]:
            for _ in range(50):
                threading.Event().wait(0.1)
                yield b"x" * http.CHUNK_BYTES

        return Response(slowly())

    return app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with SandboxServer(make_app()) as server:
        yield server.url


@pytest.fixture
def session() -> Iterator[BoundedSession]:
    seen.clear()
    with BoundedSession(1.0, 0.5) as made:
        yield made


def test_it_names_itself_and_keeps_no_cookie(session: BoundedSession, url: str) -> None:
    assert session.get(f"{url}/plain").text == "hello"
    session.get(f"{url}/plain")
    assert [one["User-Agent"].split("/")[0] for one in seen] == ["Makegood", "Makegood"]
    assert not any("Cookie" in one for one in seen)


def test_a_redirect_is_not_followed_even_if_asked(session: BoundedSession, url: str) -> None:
    answer = session.get(f"{url}/elsewhere", allow_redirects=True)
    assert answer.status_code == 302
    assert len(seen) == 1


def test_a_failure_is_not_repeated(session: BoundedSession, url: str) -> None:
    assert session.get(f"{url}/failing").status_code == 503
    assert len(seen) == 1


def test_a_body_above_the_limit_is_refused(
    session: BoundedSession, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(session.get(f"{url}/big").content) == 100_000
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 99_999)
    with pytest.raises(http.AnswerTooLarge) as caught:
        session.get(f"{url}/big")
    assert not was_never_sent(caught.value)


def test_the_limit_holds_for_redirects_too(
    session: BoundedSession, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1000)
    with pytest.raises(http.AnswerTooLarge):
        session.get(f"{url}/elsewhere/big")
    assert len(seen) == 1


@pytest.mark.parametrize("timeout", [None, (None, None), 0.2])
def test_waiting_ends_even_without_a_limit_of_the_caller(
    session: BoundedSession, url: str, timeout: object
) -> None:
    with pytest.raises(requests.ReadTimeout) as caught:
        session.get(f"{url}/never", timeout=timeout)  # type: ignore[arg-type]
    assert not was_never_sent(caught.value)


def test_an_endless_trickle_ends(session: BoundedSession, url: str) -> None:
    with pytest.raises(http.AnswerTooSlow):
        session.get(f"{url}/drip")


def test_a_refused_connection_was_never_sent(session: BoundedSession) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(requests.ConnectionError) as caught:
        session.get(f"http://127.0.0.1:{port}/")
    assert was_never_sent(caught.value)


def test_a_connection_that_breaks_may_have_been_sent(session: BoundedSession) -> None:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(requests.ConnectionError) as caught:
            session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()
    assert not was_never_sent(caught.value)


def test_passwords_of_the_machine_are_not_sent(
    session: BoundedSession,
    url: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session.get(f"{url}/plain")
    assert "Authorization" not in seen[-1]


def test_this_machine_is_never_reached_through_a_proxy(
    session: BoundedSession, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert session.get(f"{url}/plain").text == "hello"


def test_limits_must_be_real() -> None:
    with pytest.raises(ValueError, match="above zero"):
        BoundedSession(0, 1)


def test_each_thread_has_its_own_session() -> None:
    pool = SessionPool(lambda: BoundedSession(1, 1))
    mine = pool.session()
    others: list[BoundedSession] = []
    thread = threading.Thread(target=lambda: others.append(pool.session()))
    thread.start()
    thread.join()
    assert pool.session() is mine
    assert others[0] is not mine
