"""A request for approval and its refund move together, with the ticket's note and the audit."""

from __future__ import annotations

from app.domain.approval import ApprovalRequest, ApprovalState
from app.domain.case import Case
from app.domain.errors import Conflict
from app.domain.refund import Refund, RefundState
from app.records import SYSTEM, PendingWrite
from app.usecases.approval_notes import approval_write, void_note
from app.usecases.deps import Deps


def closed(explanation: str) -> dict[str, object]:
    """What changes about a refund that will not be sent."""
    return {"explanation": explanation, "next_check_at": None}


def void_request(
    deps: Deps, request: ApprovalRequest, refund: Refund, case: Case, changes: tuple[str, ...]
) -> ApprovalRequest:
    """Close a request whose plan isn't true any more; its ticket says what changed.

    Raises Conflict when somebody decided about it meanwhile.
    """
    answer: dict[str, object] = {
        "state": ApprovalState.VOID,
        "decided_at": deps.clock.now(),
        "changes": changes,
        "next_reminder_at": None,
    }
    after = request.model_copy(update=answer)
    cancelled = refund.moved_to(RefundState.CANCELLED)
    write = approval_write(deps, case, cancelled, after, void_note(after, cancelled), step="void")
    changed = closed(f"Void: {'; '.join(changes)}.")
    return move_request(deps, refund, cancelled.state, SYSTEM, changed, request, answer, write)


def move_request(
    deps: Deps,
    refund: Refund,
    to: RefundState,
    actor: str,
    changes: dict[str, object],
    request: ApprovalRequest,
    answer: dict[str, object],
    write: PendingWrite,
) -> ApprovalRequest:
    """Refund, request, note and audit in one step. Raises Conflict when somebody was faster."""
    after = request.model_copy(update=answer)
    now = deps.clock.now()
    try:
        deps.ledger.move(
            refund, to, now, actor, changes=changes, write=write, approval=(request, after)
        )
    except Conflict:
        fresh = deps.approvals.find(request.id)
        if fresh is None or not fresh.is_open or fresh == request:
            raise
        # Only a reminder came in between.
        after = fresh.model_copy(update=answer)
        deps.ledger.move(
            refund, to, now, actor, changes=changes, write=write, approval=(fresh, after)
        )
    deps.notifier.wake("ticket_write", write.id)
    return after
