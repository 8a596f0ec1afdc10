"""Released by nobody's click: only what the policy writes, and only within its limits.

After triage has posted its note, an eligible case whose plan the policy releases by itself starts
its refund as "makegood", on the same road as a click: it holds, an agent can cancel it, the store
is read again, and it is sent once. Whatever stands in the way leaves it to an agent; nothing is
tried a second time.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from app.domain.case import Case
from app.domain.decision import Verdict
from app.domain.errors import Conflict, NotAllowed
from app.domain.people import Agent, Tier
from app.domain.refund import Refund, RefundState
from app.records import SYSTEM, OfferedPlan
from app.usecases.authority import needed_tier
from app.usecases.deps import Deps
from app.usecases.intents import new_refund
from app.usecases.refund_checks import check_current

log = logging.getLogger(__name__)

# Who acts where nobody does. Has no tier: by this name alone nothing else can be released.
NOBODY = Agent(id=SYSTEM, name="Makegood", email=None, role="automatic release", tier=None)
_LOCK_SECONDS = 10.0


def release_automatically(deps: Deps, case: Case, offered: OfferedPlan | None) -> Refund | None:
    """Start the refund of a fresh case if the policy says so; None when an agent has to click.

    The account's limits are counted and the refund is opened under one lock, so that two workers
    together can't pass them.
    """
    if offered is None or not _may_be_considered(case, offered):
        return None
    try:
        with deps.locks.hold(f"automatic:{case.account_id}", _LOCK_SECONDS, wait_seconds=5):
            if needed_tier(deps, case, offered) is not Tier.AUTOMATIC:
                return None
            check_current(case, offered)
            return _start(deps, case, offered)
    except (Conflict, NotAllowed, TimeoutError) as error:
        log.info("not released automatically", extra={"case": case.id, "cause": str(error)})
        return None


def _may_be_considered(case: Case, offered: OfferedPlan) -> bool:
    """What must be sure whatever the policy says: an eligible case whose order was matched by the
    requester's own address, a plan that is the store's to the cent and that the store itself pays.
    """
    decision = case.decision
    return (
        decision is not None
        and decision.verdict is Verdict.ELIGIBLE
        and decision.is_money_allowed
        # As triage worked it out; it is worked out again under the lock. Usually nothing is.
        and decision.release_tier is Tier.AUTOMATIC
        and case.match.chosen_by is None
        and not case.classification.needs_human
        and offered.override is None
        and offered.plan.is_exact
        and not offered.plan.is_manual
    )


def _start(deps: Deps, case: Case, offered: OfferedPlan) -> Refund | None:
    now = deps.clock.now()
    hold_until = now + timedelta(seconds=deps.hold_seconds)
    refund = new_refund(
        case, offered, NOBODY, RefundState.HOLDING, now, notify_customer=False
    ).model_copy(update={"hold_until": hold_until, "next_check_at": hold_until})
    refund, is_new = deps.ledger.open(refund, now)
    if not is_new:
        return None
    deps.notifier.wake("refund", refund.id, at=hold_until)
    return refund
