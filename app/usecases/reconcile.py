"""Hold the ledger against the stores' books, order by order."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable

from app.domain.base import Value
from app.domain.bonus import Bonus, BonusState
from app.domain.errors import NotFound, RateLimited, VendorError
from app.domain.money import Money
from app.domain.order import TransactionStatus
from app.domain.refund import Refund, RefundState
from app.ports import Store, StoreRefund
from app.usecases.deps import Deps

_COUNTED = (
    RefundState.HOLDING,
    RefundState.SENDING,
    RefundState.UNKNOWN,
    RefundState.PENDING,
    RefundState.SETTLED,
    RefundState.FAILED,
    RefundState.CANCELLED,
)
# Refunds of which the store should have nothing.
_UNPAID = (RefundState.HOLDING, RefundState.FAILED, RefundState.CANCELLED)
_OUR_MARKER = re.compile(r"(?<![\w-])R-[2-9A-HJ-NP-Z]{10}(?![\w-])")
_STORE_STATUS = {
    RefundState.SETTLED: TransactionStatus.SUCCESS,
    RefundState.PENDING: TransactionStatus.PENDING,
}

# A store that is busy is asked again so often, at most so many seconds later.
_WAITS = 6
_MOST_SECONDS = 60.0


class Difference(Value):
    """One thing on which ledger and store don't agree."""

    store_id: str
    order_id: str
    refund_id: str | None
    what: str


class Reconciliation(Value):
    """The result for one account. `ledger_total` and `store_total` are per currency."""

    account_id: str
    refunds_checked: int
    orders_checked: int
    ledger_total: tuple[Money, ...]
    store_total: tuple[Money, ...]
    differences: tuple[Difference, ...]
    unread: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether everything could be read and nothing differs."""
        return not self.differences and not self.unread


def reconcile(
    deps: Deps, account_id: str, wait: Callable[[float], None] = time.sleep
) -> Reconciliation:
    """Compare every refund of an account with what its store has, in both directions.

    The store's refunds that carry no reference of ours are somebody else's and are left out. A
    store whose rate limit is used up is waited for with `wait(seconds)`: a shop with many orders
    is read over minutes rather than in part.
    """
    by_order: dict[tuple[str, str], list[Refund]] = defaultdict(list)
    for refund in deps.ledger.all_of(account_id, _COUNTED):
        by_order[refund.store_id, refund.order_id].append(refund)
    differences: list[Difference] = []
    unread: list[str] = []
    ours: dict[str, Money] = {}
    theirs: dict[str, Money] = {}
    for (store_id, order_id), refunds in by_order.items():
        try:
            kept = _refunds_of(deps.store_by_id(account_id, store_id), order_id, wait)
        except (VendorError, LookupError) as error:
            unread.append(f"{store_id} {order_id}: {error}")
            continue
        differences += _compare(store_id, order_id, refunds, kept)
        for refund in refunds:
            if refund.state is RefundState.SETTLED:
                _add(ours, refund.settled_amount or refund.plan.total)
        for item in kept:
            if _is_ours(item, refunds) and item.status is TransactionStatus.SUCCESS:
                _add(theirs, item.amount)
    for bonus in deps.bonuses.all_of(account_id):
        try:
            what = _bonus_fault(deps, bonus)
        except (VendorError, LookupError) as error:
            unread.append(f"{bonus.store_id} bonus {bonus.id}: {error}")
            continue
        if what is not None:
            differences.append(
                Difference(
                    store_id=bonus.store_id,
                    order_id=bonus.order_id,
                    refund_id=bonus.refund_id,
                    what=what,
                )
            )
    return Reconciliation(
        account_id=account_id,
        refunds_checked=sum(len(refunds) for refunds in by_order.values()),
        orders_checked=len(by_order),
        ledger_total=tuple(ours.values()),
        store_total=tuple(theirs.values()),
        differences=tuple(differences),
        unread=tuple(unread),
    )


def _refunds_of(
    store: Store, order_id: str, wait: Callable[[float], None]
) -> tuple[StoreRefund, ...]:
    for _ in range(_WAITS):
        try:
            return store.refunds_of(order_id)
        except RateLimited as error:
            wait(min(error.retry_after_seconds, _MOST_SECONDS))
    return store.refunds_of(order_id)


def _bonus_fault(deps: Deps, bonus: Bonus) -> str | None:
    """What is wrong with a bonus on store credit; None when store and ledger agree."""
    if bonus.state is BonusState.UNKNOWN:
        return f"the bonus of {bonus.amount} is still unknown"
    if bonus.state is not BonusState.GIVEN or bonus.store_credit_id is None:
        return None
    store = deps.store_by_id(bonus.account_id, bonus.store_id)
    try:
        kept = store.read_credit(bonus.store_credit_id)
    except NotFound:
        return f"the bonus of {bonus.amount} is not in the store"
    if kept.amount != bonus.amount:
        return f"bonus: ledger {bonus.amount}, store {kept.amount}"
    return None


def _add(sums: dict[str, Money], amount: Money) -> None:
    present = sums.get(amount.currency, Money.zero(amount.currency))
    sums[amount.currency] = present + amount


def _is_ours(item: StoreRefund, refunds: list[Refund]) -> bool:
    return any(
        item.id == refund.store_refund_id or refund.marker in (item.note or "")
        for refund in refunds
    )


def _compare(
    store_id: str, order_id: str, refunds: list[Refund], kept: tuple[StoreRefund, ...]
) -> list[Difference]:
    found: list[Difference] = []

    def differ(refund: Refund | None, what: str) -> None:
        found.append(
            Difference(
                store_id=store_id,
                order_id=order_id,
                refund_id=refund.id if refund else None,
                what=what,
            )
        )

    for refund in refunds:
        same = [item for item in kept if refund.marker in (item.note or "")]
        if len(same) > 1:
            differ(refund, f"{refund.marker} stands {len(same)} times in the store: paid twice")
        if refund.state in _STORE_STATUS:
            if not same:
                differ(refund, f"{refund.marker} ({refund.plan.total}) is not in the store")
                continue
            amount = refund.settled_amount or refund.plan.total
            if same[0].amount != amount:
                differ(refund, f"ledger {amount}, store {same[0].amount}")
            if same[0].status is not _STORE_STATUS[refund.state]:
                differ(refund, f"ledger {refund.state.value}, store {same[0].status.value}")
        elif refund.state in _UNPAID and any(
            item.status is TransactionStatus.SUCCESS for item in same
        ):
            differ(refund, f"{refund.marker}: ledger {refund.state.value}, but paid by the store")
        elif refund.state is RefundState.UNKNOWN:
            differ(refund, f"{refund.marker} is still unknown")
    known = {refund.marker for refund in refunds}
    for item in kept:
        for marker in set(_OUR_MARKER.findall(item.note or "")) - known:
            differ(None, f"{marker} ({item.amount}) is in the store, but not in the ledger")
    return found
