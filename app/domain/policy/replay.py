"""A replay: what a draft would have decided about past cases, beside what was decided."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.domain.base import Value
from app.domain.classification import Classification, Request
from app.domain.decision import Decision, Verdict
from app.domain.money import Money
from app.domain.order import Order
from app.domain.people import Tier
from app.domain.policy.evaluate import decide
from app.domain.policy.history import UNKNOWN_HISTORY, History
from app.domain.policy.model import Policy
from app.domain.policy.rates import NO_RATES, Rates
from app.domain.returns import Returned

# How many changed cases are listed; all are counted.
MOST_LISTED = 1000


class _Slim(BaseModel):
    """A part of a stored value: what else stands there is left unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _PastRest(_Slim):
    waits: Money | None = None


class PastPlan(_Slim):
    """Of a stored plan only what it promises counts here."""

    total_in_shop_currency: Money
    left_out: tuple[_PastRest, ...] = ()

    @property
    def promised_in_shop_currency(self) -> Money:
        """Now, and once the goods are back."""
        waiting = [one.waits for one in self.left_out if one.waits is not None]
        return sum(waiting, self.total_in_shop_currency)


class PastDecision(_Slim):
    """What a replay needs of a stored decision."""

    verdict: Verdict
    headline: str
    policy_version: int
    decided_at: AwareDatetime
    plan: PastPlan | None = None
    release_tier: Tier | None = None
    history: History = UNKNOWN_HISTORY
    rates: Rates = NO_RATES
    returns: tuple[Returned, ...] = ()
    classification: Classification | None = None


class PastCase(Value):
    """One stored decision with the order and request that it was made from, each as JSON."""

    case_id: str
    ticket_id: str
    decision: str
    order: str
    request: str


class CaseChange(Value):
    """One case that the draft decides otherwise: verdict, money, or who must release it."""

    case_id: str
    ticket_id: str
    order_name: str
    before: Verdict
    after: Verdict
    before_amount: Money | None
    after_amount: Money | None
    before_tier: Tier | None
    after_tier: Tier | None
    before_because: str
    after_because: str


class MoneyChange(Value):
    """What would have been offered to customers before and after, in one shop currency."""

    currency: str
    before: Money
    after: Money

    @property
    def difference(self) -> Money:
        """More (positive) or less (negative) money."""
        return self.after - self.before


class ReplayResult(Value):
    """What a replay found.

    `moves` counts "before>after" for all cases, also those that stay. `tiers_before` and
    `tiers_after` count the plans that each tier has to release. `unreadable` cases were stored by
    something that we can't read; they are in no other figure. `waiting` cases are a yes whose money
    waits until the goods are back; what is offered counts it in.
    """

    cases: int = 0
    changed: int = 0
    unreadable: int = 0
    waiting: int = 0
    moves: dict[str, int] = Field(default_factory=dict)
    money: tuple[MoneyChange, ...] = ()
    tiers_before: dict[str, int] = Field(default_factory=dict)
    tiers_after: dict[str, int] = Field(default_factory=dict)
    changes: tuple[CaseChange, ...] = ()

    @property
    def changed_verdicts(self) -> int:
        """Cases whose verdict is another one."""
        return sum(count for move, count in self.moves.items() if len(set(move.split(">"))) > 1)


class ReplayState(StrEnum):
    """How far a replay is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Replay(Value):
    """One replay of one version over an account's past cases, with its progress."""

    id: str
    account_id: str
    version: int
    state: ReplayState
    asked_by: str
    asked_by_name: str
    created_at: AwareDatetime
    total: int = 0
    done: int = 0
    seconds: float | None = None
    problem: str | None = None
    result: ReplayResult | None = None


class Tally:
    """Counts of replayed cases, which can be added up from several processes."""

    def __init__(self) -> None:
        self.cases = 0
        self.unreadable = 0
        self.changed = 0
        self.waiting = 0
        self.moves: Counter[str] = Counter()
        self.before: Counter[str] = Counter()
        self.after: Counter[str] = Counter()
        self.tiers_before: Counter[str] = Counter()
        self.tiers_after: Counter[str] = Counter()
        self.changes: list[CaseChange] = []

    def add(self, past: PastDecision, now: Decision, case: PastCase, order: Order) -> None:
        """Count one case."""
        self.cases += 1
        self.moves[f"{past.verdict.value}>{now.verdict.value}"] += 1
        before = past.plan.promised_in_shop_currency if past.plan else None
        after = now.plan.promised_in_shop_currency if now.plan else None
        if now.waits_for_return:
            self.waiting += 1
        for amounts, amount in ((self.before, before), (self.after, after)):
            if amount is not None:
                amounts[amount.currency] += amount.minor_units
        for tiers, tier in (
            (self.tiers_before, past.release_tier),
            (self.tiers_after, now.release_tier),
        ):
            if tier is not None:
                tiers[tier.value] += 1
        same = (past.verdict, before, past.release_tier) == (now.verdict, after, now.release_tier)
        if same:
            return
        self.changed += 1
        if len(self.changes) < MOST_LISTED:
            self.changes.append(
                CaseChange(
                    case_id=case.case_id,
                    ticket_id=case.ticket_id,
                    order_name=order.name,
                    before=past.verdict,
                    after=now.verdict,
                    before_amount=before,
                    after_amount=after,
                    before_tier=past.release_tier,
                    after_tier=now.release_tier,
                    before_because=past.headline,
                    after_because=now.headline,
                )
            )

    def merge(self, other: Tally) -> None:
        """Add what another process counted."""
        self.cases += other.cases
        self.unreadable += other.unreadable
        self.changed += other.changed
        self.waiting += other.waiting
        for mine, theirs in (
            (self.moves, other.moves),
            (self.before, other.before),
            (self.after, other.after),
            (self.tiers_before, other.tiers_before),
            (self.tiers_after, other.tiers_after),
        ):
            mine.update(theirs)
        self.changes += other.changes[: MOST_LISTED - len(self.changes)]

    def result(self) -> ReplayResult:
        """All of it as a value. Cases whose verdict changes come first."""
        money = [
            MoneyChange(
                currency=currency,
                before=Money.from_minor_units(self.before[currency], currency),
                after=Money.from_minor_units(self.after[currency], currency),
            )
            for currency in sorted({*self.before, *self.after})
        ]
        changes = sorted(
            self.changes, key=lambda one: (one.before is one.after, -_size(one), one.case_id)
        )
        return ReplayResult(
            cases=self.cases,
            changed=self.changed,
            unreadable=self.unreadable,
            waiting=self.waiting,
            moves=dict(sorted(self.moves.items())),
            money=tuple(money),
            tiers_before=dict(sorted(self.tiers_before.items())),
            tiers_after=dict(sorted(self.tiers_after.items())),
            changes=tuple(changes),
        )


def _size(change: CaseChange) -> Decimal:
    before = change.before_amount.amount if change.before_amount else Decimal(0)
    after = change.after_amount.amount if change.after_amount else Decimal(0)
    return abs(after - before)


def replay_case(policy: Policy, case: PastCase, tally: Tally) -> None:
    """Decide one past case by `policy`, as of the moment and with all that was known then."""
    try:
        past = PastDecision.model_validate_json(case.decision)
        order = Order.from_json(case.order)
        request = Request.from_json(case.request)
    except ValueError:
        tally.unreadable += 1
        return
    now = decide(
        policy,
        order,
        request,
        past.decided_at,
        past.classification,
        history=past.history,
        rates=past.rates,
        returns=past.returns,
        keeps_all_facts=False,
    )
    tally.add(past, now, case, order)
