"""The Flask application of a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


class _IncomingRule(Rule):
    """A route that takes requests and can't be turned into an address.

    Werkzeug compiles code for that, which is most of what a route costs to make, and tests open
    hundreds of sandboxes with a hundred routes each.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _has_no_address


def _has_no_address(*_: Any, **__: Any) -> tuple[str, str]:
    raise RuntimeError("pages of a sandbox write their addresses out")


class SandboxFlask(Flask):
    """Flask without `url_for`, so that it is set up quickly."""

    url_rule_class = _IncomingRule
