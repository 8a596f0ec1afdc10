"""Another policy for a while: one store's orders are decided by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.policy.version import Act, PolicyVersion, Step, VersionState
from app.usecases.deps import Deps
from tests.support.policy_language import compiled


@contextmanager
def another_policy(deps: Deps, account_id: str, kind: str, text: str) -> Iterator[None]:
    """The orders of the account's store of this kind go by `text` while the block runs."""
    [store] = [one for one in deps.accounts.stores(account_id) if one.kind == kind]
    now = deps.clock.now()
    made = deps.policies.add(
        PolicyVersion(
            account_id=account_id,
            version=1,
            scope=f"store:{store.id}",
            title="Another",
            state=VersionState.ACTIVE,
            policy=compiled(text),
            log=(Step(act=Act.WRITTEN, by="tests", by_name="Tests", at=now),),
            effective_from=now,
        ),
        now,
    )
    try:
        yield
    finally:
        over = {"state": VersionState.RETIRED, "effective_until": deps.clock.now()}
        deps.policies.replace(made, made.model_copy(update=over), deps.clock.now())
