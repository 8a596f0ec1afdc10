"""`makegood policy decide`: one JSON document in, the decision and its plan out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from pydantic import ValidationError

from app.cli.policy_files import read_text
from app.cli.policy_words import answer_words
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.document import Answer, DecideDocument
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.model import Policy

_MOST_BYTES = 5_000_000
# A whole order, to be copied and changed: it is decided as it stands, by any policy.
EXAMPLE = """\
{
  "now": "2026-11-28T12:00:00+01:00",
  "request": {
    "kind": "refund_item",
    "reason": "changed_mind",
    "wants": "whole",
    "has_evidence": false,
    "states_opened": false
  },
  "customer": {"id": "c-1", "orders_count": 4},
  "history": {"figures": [{"subject": "customer", "days": 365, "count": 0}]},
  "order": {
    "order_id": "1001",
    "created_at": "2026-11-12T10:00:00+01:00",
    "currency": "EUR",
    "payment_status": "paid",
    "fulfilment_status": "fulfilled",
    "prices_include_tax": true,
    "shipping": "4.90",
    "lines": [
      {
        "id": "1",
        "name": "Mug",
        "quantity": 2,
        "unit_price": "10.00",
        "tags": ["kitchen"],
        "product_type": "Crockery",
        "is_final_sale": false,
        "was_shipped": true,
        "delivered_at": "2026-11-20T12:00:00+01:00"
      }
    ]
  }
}
"""


def _end(message: str) -> None:
    click.echo(f"makegood policy decide: {message}", err=True)


def schema() -> dict[str, object]:
    """The JSON Schemas of what goes in and what comes out."""
    return {
        "input": DecideDocument.model_json_schema(mode="validation"),
        "output": Answer.model_json_schema(mode="serialization"),
    }


def path_of(location: tuple[int | str, ...]) -> str:
    """Where a fault is: `order.lines[0].quantity`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the document"


def _faults(error: ValidationError) -> list[str]:
    found: dict[str, None] = {}
    for fault in error.errors(include_url=False, include_input=False):
        # A union says its own names between the parts of the path: they are no keys.
        parts = tuple(
            part
            for part in fault["loc"]
            if isinstance(part, int) or (part[:1].islower() and "[" not in part)
        )
        found[f"{path_of(parts)}: {fault['msg']}"] = None
    return list(found)


def _is_no_path(given: str) -> bool:
    """Whether what should name a file is rather the content of one."""
    return len(given) > 200 or "\n" in given or given.lstrip()[:1] == "{" or given.endswith(".")


def _read(document: str) -> DecideDocument:
    if _is_no_path(document):
        _end("DOCUMENT is the name of a JSON file, or `-` for stdin; what you gave is no name.")
        sys.exit(2)
    try:
        raw = (
            sys.stdin.buffer.read(_MOST_BYTES + 1)
            if document == "-"
            else Path(document).read_bytes()
        )
    except OSError as error:
        _end(f"{document}: {error.strerror or error}")
        sys.exit(2)
    if len(raw) > _MOST_BYTES:
        _end(f"{document}: larger than {_MOST_BYTES:,} bytes, which no order is")
        sys.exit(2)
    try:
        json.loads(raw)
    except (ValueError, RecursionError) as error:
        _end(f"{document}: not JSON: {error}")
        sys.exit(2)
    try:
        return DecideDocument.model_validate_json(raw)
    except ValidationError as error:
        for fault in _faults(error):
            _end(fault)
        sys.exit(2)


def policy_of_text(text: str, name: str) -> Policy:
    """The policy of a text; ends with exit code 2 and every error where it can't be used."""
    compiled = compile_policy(text)
    if compiled.policy is None:
        for problem in compiled.problems:
            click.echo(problem.in_words(name), err=True)
        sys.exit(2)
    return compiled.policy


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _policy(given: str | Policy | None, file: str | None) -> Policy:
    if file is not None:
        if _is_no_path(file) and not _exists(file):
            _end(
                "--policy takes the name of a FILE, not a policy's text. Save the text in a file, "
                'or write it as "policy" into the document.'
            )
            sys.exit(2)
        return policy_of_text(read_text(file), file)
    if isinstance(given, str):
        return policy_of_text(given, "policy")
    return given if given is not None else DEFAULT_POLICY


@click.command()
@click.argument("document", type=click.Path(allow_dash=True), default="-")
@click.option(
    "--policy",
    "file",
    metavar="FILE",
    help="A file with a policy's text; it goes before the document's own.",
)
@click.option("--text", "is_text", is_flag=True, help="Answer in words for people, not in JSON.")
@click.option("--example", "wants_example", is_flag=True, help="Print a document to start from.")
@click.option("--schema", "wants_schema", is_flag=True, help="Print the JSON Schemas instead.")
def decide(
    document: str, file: str | None, is_text: bool, wants_example: bool, wants_schema: bool
) -> None:
    """Decide one order by a policy: DOCUMENT is JSON (`-`: stdin), and so is the answer.

    Without a policy in the document or --policy, the policy that an account starts with decides.
    Exit 2: the document or the policy can't be read, with the path of each fault.
    """
    if wants_schema:
        click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        return
    if wants_example:
        click.echo(EXAMPLE, nl=False)
        return
    wanted = _read(document)
    policy = _policy(wanted.policy, file)
    try:
        answer = wanted.decide(policy)
    except ValidationError as error:
        for fault in _faults(error):
            _end(f"order: {fault}")
        sys.exit(2)
    except ValueError as error:
        _end(str(error))
        sys.exit(2)
    click.echo(
        answer_words(answer.decision, policy) if is_text else answer.model_dump_json(indent=2)
    )
