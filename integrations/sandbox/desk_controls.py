"""What the helpdesk sandboxes' control endpoints share: clock, deliveries, neighbours, options."""

from __future__ import annotations

from typing import Any, Protocol

from flask import Blueprint, Response, jsonify, request

from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.sending import Disturbances, Sender


class BadControl(ValueError):
    """A control request that can't be understood."""


class DeskSandbox(Protocol):
    """What of a helpdesk sandbox is controlled alike."""

    neighbours: list[dict[str, Any]]


def read_body() -> dict[str, Any]:
    """The request's JSON object. Raises BadControl."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise BadControl("the body must be a JSON object")
    return body


def assign(target: Any, body: dict[str, Any]) -> None:
    """Set attributes that `target` has, to values of the types that it has. Raises BadControl."""
    for name, value in body.items():
        if not hasattr(target, name):
            raise BadControl(f"unknown option {name!r}")
        current = getattr(target, name)
        if isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(current) is not type(value):
            raise BadControl(f"{name} must be of the type {type(current).__name__}")
        setattr(target, name, value)


def add_desk_controls(
    pages: Blueprint, sandbox: DeskSandbox, clock: SandboxClock, dispatcher: Sender[Any]
) -> None:
    """Add the endpoints to a helpdesk's own."""

    @pages.get("/clock")
    def show_clock() -> Response:
        return jsonify(now=clock.now().isoformat())

    @pages.post("/clock")
    def move_clock() -> Response:
        seconds = read_body().get("advance_seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise BadControl("advance_seconds must be a number of at least 0")
        clock.advance(float(seconds))
        return jsonify(now=clock.now().isoformat())

    @pages.post("/deliveries")
    def disturb() -> Response:
        body = read_body()
        match body.pop("action", None):
            case "pause":
                dispatcher.pause()
            case "resume":
                dispatcher.resume()
            case "release":
                dispatcher.release_held()
            case "drain":
                seconds = float(body.pop("timeout_seconds", 30))
                return jsonify(idle=dispatcher.drain(seconds))
            case "reset":
                dispatcher.counters = type(dispatcher.counters)()
                dispatcher.disturbances = Disturbances()
            case None:
                pass
            case other:
                raise BadControl(f"unknown action {other!r}")
        assign(dispatcher.disturbances, body)
        return jsonify(vars(dispatcher.disturbances))

    @pages.post("/neighbours")
    def set_neighbours() -> Response:
        sandbox.neighbours = list(read_body().get("neighbours", []))
        return jsonify(neighbours=sandbox.neighbours)


def deliveries_of(dispatcher: Sender[Any]) -> dict[str, Any]:
    """The sender's counts; with `?times=1` how long each answer took."""
    answer: dict[str, Any] = dispatcher.counters.as_json()
    answer["waiting"] = dispatcher.waiting()
    if "times" in request.args:
        answer["answer_ms"] = dispatcher.answer_milliseconds()
    return answer
