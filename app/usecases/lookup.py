"""Find a requester's order in all stores of the account, side by side."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from app.domain.errors import RateLimited, Unavailable, VendorError
from app.domain.matching import Lookup, Match, MatchOutcome, OrderQuery, match_order, query_for
from app.domain.ticket import Requester
from app.ports import Account, StoreRecord
from app.usecases.deps import Deps

log = logging.getLogger(__name__)


def _ask(deps: Deps, record: StoreRecord, query: OrderQuery) -> Lookup:
    return deps.store(record).find_orders(query)


def ask_stores(
    deps: Deps, account: Account, query: OrderQuery
) -> tuple[list[Lookup], list[VendorError]]:
    """Every store's answer, and the errors of those that gave none.

    Stores are asked at the same time, so a slow one doesn't hold the others up.
    """
    records = deps.accounts.stores(account.id)
    lookups: list[Lookup] = []
    errors: list[VendorError] = []

    def one(record: StoreRecord) -> Lookup | VendorError:
        try:
            return _ask(deps, record, query)
        except VendorError as error:
            log.warning("store lookup failed", extra={"store": record.id, "cause": str(error)})
            return error

    if len(records) == 1:
        answers = [one(records[0])]
    else:
        with ThreadPoolExecutor(max_workers=max(1, len(records))) as pool:
            answers = list(pool.map(one, records))
    for record, answer in zip(records, answers, strict=True):
        if isinstance(answer, Lookup):
            lookups.append(answer)
        else:
            errors.append(answer)
            lookups.append(
                Lookup(store_id=record.id, problems=(f"{record.name} didn't answer: {answer}",))
            )
    if not records:
        lookups.append(Lookup(store_id="", problems=("no store is connected",)))
    return lookups, errors


def find_order(
    deps: Deps, account: Account, requester: Requester, order_names: tuple[str, ...]
) -> tuple[Match, list[VendorError]]:
    """The match for a requester and the order numbers that the text names.

    When the addresses that came with the ticket find nothing, the other ones on the requester's
    profile are read and tried as well (one more call to the helpdesk).
    """
    query = query_for(requester, order_names)
    lookups, errors = ask_stores(deps, account, query)
    match = match_order(query, lookups)
    if match.outcome is not MatchOutcome.NONE or errors:
        return match, errors
    try:
        profile = deps.helpdesk(account).read_requester(requester.id)
    except VendorError as error:
        log.warning("profile not read", extra={"cause": str(error)})
        return match, errors
    wider = query_for(profile, order_names)
    more = OrderQuery(
        emails=tuple(mail for mail in wider.emails if mail not in query.emails),
        phones=tuple(phone for phone in wider.phones if phone not in query.phones),
        order_names=query.order_names,
    )
    if not more.emails and not more.phones:
        return match, errors
    lookups, errors = ask_stores(deps, account, more)
    every = OrderQuery(
        emails=(*query.emails, *more.emails),
        phones=(*query.phones, *more.phones),
        order_names=query.order_names,
    )
    return match_order(every, lookups), errors


def is_worth_waiting(errors: list[VendorError]) -> bool:
    """Whether every failed store may answer if it is asked again in a while."""
    return bool(errors) and all(isinstance(item, RateLimited | Unavailable) for item in errors)
