"""The demo for a person: a desk to look at, while tickets go on arriving."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import click

from app.cli.casting import Part
from app.cli.headless import seed_world
from app.cli.stage import Stage

_AT_ONCE = 6
_SECONDS_BETWEEN = 3.0

_WELCOME = """
  Makegood is running. Open this desk:

      {desk}

  Tickets arrive by themselves. Open one: the internal note is there within a second, and the
  sidebar beside it has the verdict, the exact amount and the button. Try:

    - press the refund button, and stop it while it holds
    - "Broken on arrival", "Refund for the sofa": who may release which amount
      (switch the agent at the top: agent, team lead, admin)
    - "Refund": two orders, choose the right one; "Refund order {stranger}": a stranger's order
    - write a ticket of your own as one of the customers

  Everything is made up and stays on this machine. {log}
  Stop with Ctrl-C.
"""


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
    click.echo(
        _WELCOME.format(desk=next(iter(stage.desks.values())).url, stranger=stranger, log=log)
    )
    for part, letter in writing[_AT_ONCE:]:
        if stopping.wait(_SECONDS_BETWEEN):
            return
        stage.supervisor.keep_alive()
        stage.desks[part.helpdesk].write(letter)
    while not stopping.wait(1):
        stage.supervisor.keep_alive()
