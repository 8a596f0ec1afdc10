"""The demo for a person: desks and stores to look at, while tickets go on arriving."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import click

from app.cli.casting import Part
from app.cli.headless import seed_world
from app.cli.stage import Stage
from integrations.sandbox.overview import create_app
from integrations.sandbox.server import SandboxServer

_AT_ONCE = 8
_SECONDS_BETWEEN = 3.0
_NAMES = {"zendesk": "Zendesk", "kustomer": "Kustomer"}

_WELCOME = """
  Makegood is running. Open this page:

      {page}

  It leads to {desks}, and shows what the stores have.

  Tickets arrive by themselves. Open one: the internal note is there within a second, and the panel
  beside it has the verdict, the exact amount and the button. Try:

    - press the refund button, and stop it while it holds
    - "Broken on arrival", "Refund for the sofa": who may release which amount
      (switch the agent at the top: agent, team lead, admin)
    - "Refund": two orders, choose the right one; "Refund order {stranger}": a stranger's order
    - write a ticket of your own as one of the customers

  Everything is made up and stays on this machine. {log}
  Stop with Ctrl-C.
"""


def open_overview(stage: Stage) -> str:
    """One page that leads to all desks and shows the stores' books; answers its address."""
    links: list[dict[str, Any]] = [
        {"name": _NAMES[name], "url": desk.url} for name, desk in stage.desks.items()
    ]

    def look() -> dict[str, Any]:
        return {
            "neighbours": [{**home, "current": True}, *links],
            "desks": [
                {
                    "name": _NAMES[name],
                    "url": desk.url,
                    "tickets": desk.tickets(),
                    "notes": sum(len(notes) for notes in desk.notes().values()),
                }
                for name, desk in stage.desks.items()
            ],
            "stores": [
                {
                    "name": shop.name,
                    "kind": shop.kind,
                    "orders": [
                        {
                            "name": order.name,
                            "currency": order.currency,
                            "received": f"{order.received:f}",
                            "paid_back": f"{order.paid_back:f}",
                            "refunds": [
                                {
                                    "amount": f"{refund.requested:f}",
                                    "paid": f"{refund.paid:f}",
                                    "by_makegood": refund.is_by_api,
                                }
                                for refund in order.refunds
                            ],
                        }
                        for order in shop.orders()
                    ],
                }
                for shop in stage.shops.values()
            ],
        }

    server = SandboxServer(create_app(look).wsgi_app)
    home: dict[str, Any] = {"name": "Overview", "url": server.url}
    server.start()
    stage.on_end(server.stop)
    for name, desk in stage.desks.items():
        others = [{**link, "current": link["name"] == _NAMES[name]} for link in links]
        desk.vendor.post("neighbours", {"neighbours": [home, *others]})
    return server.url


def play_for_a_person(stage: Stage, parts: Sequence[Part], stopping: threading.Event) -> None:
    """Some tickets at once, the others one by one; then wait for Ctrl-C."""
    stranger = next(
        (
            one.scene.order_names[0]
            for one in parts
            if one.scene.story.key == "number_of_a_stranger"
        ),
        "",
    )
    writing = list(zip(parts, seed_world(stage, parts), strict=True))
    for part, letter in writing[:_AT_ONCE]:
        stage.desks[part.helpdesk].write(letter)
    log_file = stage.show.log_file
    log = f"What happens inside is logged in {log_file}" if log_file else ""
    desks = " and ".join(f"the desk of {_NAMES[name]}" for name in stage.desks)
    page = open_overview(stage)
    click.echo(_WELCOME.format(page=page, desks=desks, stranger=stranger, log=log))
    for part, letter in writing[_AT_ONCE:]:
        if stopping.wait(_SECONDS_BETWEEN):
            return
        stage.supervisor.keep_alive()
        stage.desks[part.helpdesk].write(letter)
    while not stopping.wait(1):
        stage.supervisor.keep_alive()
