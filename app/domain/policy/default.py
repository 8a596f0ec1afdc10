"""The policy that a new account starts with, compiled from `shipped/default.policy`.

Delivered within 30 days; damaged or wrong within 60 days; final sale excluded unless it arrived
damaged or wrong; up to 500 (in the shop's currency) an agent releases, up to 2,000 a team lead,
above that a manager. Nothing goes back without a click.

The compiled form is kept beside the text, so that no process builds the grammar only to start;
`python scripts/compile_default_policy.py` renews it, and a test holds both together.
"""

from __future__ import annotations

from importlib import resources

from app.domain.policy.model import Policy

DEFAULT_POLICY = Policy.from_json(
    resources.files("app.domain.policy.shipped").joinpath("default.json").read_text("utf-8")
)
