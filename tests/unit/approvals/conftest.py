"""A bench on SQLite and on PostgreSQL, and a case whose plan is above an agent's tier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.approval import ApprovalRequest
from app.domain.case import Case
from app.domain.people import Agent
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.model import Policy
from app.domain.refund import Refund
from app.storage.engine import Database
from app.usecases.approvals import request_approval
from tests.support.bench import Bench, make_bench
from tests.support.fakes import TEAM
from tests.unit.storage.conftest import database

__all__ = ["database"]


def _nothing(_: Database) -> None:
    """The database has its tables."""


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(tmp_path, _nothing, database)
    yield made
    assert made.chain_is_whole()


@dataclass
class Counter:
    """Where people ask and decide, about one ticket."""

    bench: Bench
    case: Case

    @property
    def plan_id(self) -> str:
        offered = self.bench.deps.cases.current_offer("acme", self.case.id)
        assert offered is not None
        return offered.id

    def ask(self, agent: Agent | None = None, reason: str | None = None) -> ApprovalRequest:
        request, _ = request_approval(
            self.bench.deps,
            self.bench.account,
            self.plan_id,
            agent or self.bench.agent,
            reason,
            True,
        )
        return request

    def refund(self, request: ApprovalRequest) -> Refund:
        found = self.bench.deps.ledger.find(request.refund_id)
        assert found is not None
        return found

    def request(self, request: ApprovalRequest) -> ApprovalRequest:
        found = self.bench.deps.approvals.find(request.id)
        assert found is not None
        return found

    def sent(self) -> int:
        """How often money was sent."""
        return self.bench.script.count("send_refund")

    def notes(self) -> list[str]:
        """Headlines of the ticket's notes, once everything due was written."""
        self.bench.pass_time(1, rounds=2)
        return self.bench.helpdesk.notes("7")

    def tags(self) -> set[str]:
        return {tag for write in self.bench.helpdesk.written for tag in write.add_tags}


class Written:
    """The records of policies, with one policy in force everywhere."""

    def __init__(self, real: Any, policy: Policy) -> None:
        self._real, self._policy = real, policy

    def in_force(self, account_id: str, store_id: str | None, now: datetime) -> Policy:
        return self._policy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def write_policy(bench: Bench, **changes: Any) -> None:
    """The default policy with something changed is in force."""
    policy = DEFAULT_POLICY.model_copy(update=changes)
    bench.deps = replace(bench.deps, policies=Written(bench.deps.policies, policy))


@pytest.fixture
def counter(bench: Bench) -> Counter:
    """Ticket 7: 640.00, which takes a team lead."""
    bench.helpdesk.agents.update(TEAM)
    bench.add_order("#1001", "640.00")
    return Counter(bench, bench.triage())
