"""Versions of an account's policy: written, checked, replayed, looked at, activated, rolled back.

Only managers change them; what an agent may see of a policy is what decides a case.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain.case import Case
from app.domain.decision import Decision
from app.domain.errors import Conflict
from app.domain.people import Agent, Tier
from app.domain.policy.evaluate import decide
from app.domain.policy.facts import EVERY_STORE
from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.printing import print_policy
from app.domain.policy.language.problems import Problem, Severity
from app.domain.policy.rates import Rates
from app.domain.policy.replay import Replay, ReplayState
from app.domain.policy.version import (
    EVERYWHERE,
    Act,
    PolicyVersion,
    Step,
    VersionState,
    check_activation,
)
from app.ports import Account
from app.records import new_id
from app.usecases.deps import Deps
from app.usecases.history import RATES
from app.usecases.people import require_tier

MOST_LETTERS = 200_000
_REPLAY_LIMIT = timedelta(minutes=15)


class TextRefused(Conflict):
    """A text with errors can't go further; `problems` says what is wrong where."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(f"The text has errors. Line {first.place.line}: {first.message}")


def _step(act: Act, agent: Agent, now: datetime, about: str = "") -> Step:
    return Step(act=act, by=agent.id, by_name=agent.name, at=now, about=about)


def _require_manager(agent: Agent) -> None:
    require_tier(agent, Tier.MANAGER, "change the policy")


def require_version(deps: Deps, account: Account, number: int) -> PolicyVersion:
    """A version of the account; LookupError when there is none."""
    version = deps.policies.version(account.id, number)
    if version is None:
        raise LookupError(f"there is no version {number} of the policy")
    return version


def text_of(version: PolicyVersion) -> str:
    """The text that somebody wrote, else the policy said in the language."""
    if version.text is not None:
        return version.text
    return print_policy(version.policy) if version.policy else ""


def problems_of(deps: Deps, account: Account, text: str) -> tuple[Problem, ...]:
    """Errors of a text, and warnings where there are none: judged by the stores connected."""
    compiled = compile_policy(text)
    if compiled.policy is None:
        return compiled.problems
    kinds = tuple(sorted({store.kind for store in deps.accounts.stores(account.id)}))
    return (*compiled.problems, *analyse(compiled.policy, kinds or EVERY_STORE))


def write_draft(
    deps: Deps,
    account: Account,
    agent: Agent,
    text: str,
    *,
    scope: str = EVERYWHERE,
    number: int | None = None,
) -> PolicyVersion:
    """Keep a text as a draft: a new version, or with `number` a draft that isn't active yet.

    A text with errors is kept as well, so that nobody's work is lost; it can't be checked off.
    Raises NotAllowed, and Conflict for a version that was in force, an unknown scope or a text that
    is too long.
    """
    _require_manager(agent)
    if len(text) > MOST_LETTERS:
        raise Conflict(f"A policy has at most {MOST_LETTERS:,} letters.")
    now = deps.clock.now()
    policy = compile_policy(text).policy
    step = _step(Act.WRITTEN, agent, now)
    title = policy.title if policy is not None else _first_line(text)
    if number is None:
        _check_scope(deps, account, scope)
        return deps.policies.add(
            PolicyVersion(
                account_id=account.id,
                version=1,
                scope=scope,
                title=title,
                state=VersionState.DRAFT,
                text=text,
                policy=policy,
                log=(step,),
            ),
            now,
        )
    version = require_version(deps, account, number)
    if version.state in {VersionState.ACTIVE, VersionState.RETIRED}:
        raise Conflict(
            f"Version {number} was in force and stays as it is: write a new version instead."
        )
    changed = version.with_step(
        step,
        title=title,
        text=text,
        policy=policy,
        state=VersionState.DRAFT,
        replay_id=None,
    )
    return deps.policies.replace(version, changed, now)


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line[:100] or "Untitled"


def _check_scope(deps: Deps, account: Account, scope: str) -> None:
    kind, _, name = scope.partition(":")
    if kind not in {EVERYWHERE, "store", "brand"} or (kind == EVERYWHERE) != (not name):
        raise Conflict('Say for which orders: "account", "store:<id>" or "brand:<name>".')
    stores = deps.accounts.stores(account.id)
    if kind == "store" and name not in {store.id for store in stores}:
        raise Conflict(f"There is no store {name!r} to write a policy for.")
    brands = {str(store.config["brand"]) for store in stores if store.config.get("brand")}
    if kind == "brand" and name not in brands:
        raise Conflict(f"No store belongs to the brand {name!r}.")


def check(deps: Deps, account: Account, agent: Agent, number: int) -> PolicyVersion:
    """Check a draft off: from now on its text stands. Raises TextRefused when it has errors."""
    _require_manager(agent)
    version = require_version(deps, account, number)
    if version.state is not VersionState.DRAFT:
        return version
    problems = problems_of(deps, account, text_of(version))
    errors = tuple(one for one in problems if one.severity is Severity.ERROR)
    if errors or version.policy is None:
        raise TextRefused(errors or problems)
    about = f"{len(problems)} warnings" if problems else ""
    now = deps.clock.now()
    changed = version.with_step(_step(Act.CHECKED, agent, now, about), state=VersionState.CHECKED)
    return deps.policies.replace(version, changed, now)


# --- replay -------------------------------------------------------------------------------------


def ask_replay(deps: Deps, account: Account, agent: Agent, number: int) -> Replay:
    """Start a replay of a checked version over the account's past cases, in the background."""
    _require_manager(agent)
    version = require_version(deps, account, number)
    if version.policy is None or version.was(Act.CHECKED) is None:
        raise Conflict("Check the text first.")
    if version.replay_id is not None:
        running = deps.policies.replay(account.id, version.replay_id)
        if running is not None and _is_alive(running, deps.clock.now()):
            return running
    now = deps.clock.now()
    replay = Replay(
        id=new_id("replay"),
        account_id=account.id,
        version=number,
        state=ReplayState.WAITING,
        asked_by=agent.id,
        asked_by_name=agent.name,
        created_at=now,
        total=len(past_ids(deps, version)),
    )
    deps.policies.save_replay(replay)
    changed = version.model_copy(update={"replay_id": replay.id})
    deps.policies.replace(version, changed, now)
    deps.notifier.wake("policy_replay", account.id, replay.id)
    return replay


def _is_alive(replay: Replay, now: datetime) -> bool:
    """Whether somebody still works on it: a job lives ten minutes at most."""
    is_open = replay.state in {ReplayState.WAITING, ReplayState.RUNNING}
    return is_open and now - replay.created_at < _REPLAY_LIMIT


def past_ids(deps: Deps, version: PolicyVersion) -> list[str]:
    """The past cases that a version would have decided, by its scope."""
    kind, _, name = version.scope.partition(":")
    stores = deps.accounts.stores(version.account_id)
    wanted = None
    if kind == "store":
        wanted = [name]
    elif kind == "brand":
        wanted = [store.id for store in stores if store.config.get("brand") == name]
    return deps.policies.past_ids(version.account_id, wanted)


def finish_replay(deps: Deps, replay: Replay) -> None:
    """Note a replay that is done on its version, as the act of who asked for it."""
    version = deps.policies.version(replay.account_id, replay.version)
    if version is None or version.replay_id != replay.id:
        # Written anew meanwhile: that replay says nothing about the new text.
        return
    now = deps.clock.now()
    step = Step(
        act=Act.REPLAYED,
        by=replay.asked_by,
        by_name=replay.asked_by_name,
        at=now,
        about=f"{replay.result.cases if replay.result else 0} cases",
    )
    state = VersionState.REPLAYED if version.state is VersionState.CHECKED else version.state
    deps.policies.replace(version, version.with_step(step, state=state), now)


def look_at_replay(deps: Deps, account: Account, agent: Agent, number: int) -> Replay | None:
    """The replay of a version. A manager who sees a finished one has looked at it, which is kept.

    None when it was never replayed.
    """
    version = require_version(deps, account, number)
    if version.replay_id is None:
        return None
    replay = deps.policies.replay(account.id, version.replay_id)
    is_manager = agent.tier is not None and agent.tier.covers(Tier.MANAGER)
    if (
        replay is not None
        and replay.state is ReplayState.DONE
        and is_manager
        and version.was(Act.REPLAYED) is not None
        and version.was(Act.LOOKED_AT) is None
    ):
        now = deps.clock.now()
        deps.policies.replace(version, version.with_step(_step(Act.LOOKED_AT, agent, now)), now)
    return replay


def compare_case(
    deps: Deps, account: Account, number: int, case_id: str
) -> tuple[Case, Decision, Decision]:
    """One past case with its decision, and what a version would have decided then.

    LookupError for a case without a decision.
    """
    version = require_version(deps, account, number)
    case = deps.cases.case(account.id, case_id)
    if version.policy is None or case is None or case.decision is None or case.order is None:
        raise LookupError(f"there is no case {case_id} to compare")
    before = case.decision
    after = decide(
        version.policy,
        case.order,
        case.request,
        before.decided_at,
        before.classification,
        history=before.history,
        rates=before.rates,
        returns=before.returns,
    )
    return case, before, after


# --- activation ---------------------------------------------------------------------------------


def activate(
    deps: Deps, account: Account, agent: Agent, number: int, effective_from: datetime | None = None
) -> PolicyVersion:
    """Put a version into force, now or from a moment on. What is in force in its scope ends then.

    Raises Conflict until it was checked and replayed and the replay was looked at, and for a
    moment in the past.
    """
    _require_manager(agent)
    version = require_version(deps, account, number)
    check_activation(version)
    now = deps.clock.now()
    if effective_from is not None and effective_from < now:
        raise Conflict("A policy can't come into force in the past.")
    start = effective_from or now
    changed = version.with_step(
        _step(Act.ACTIVATED, agent, now, f"from {start.isoformat(timespec='minutes')}"),
        state=VersionState.ACTIVE,
        effective_from=start,
        effective_until=None,
    )
    return deps.policies.replace(version, changed, now)


def roll_back(deps: Deps, account: Account, agent: Agent, number: int) -> PolicyVersion:
    """Put a version that was in force before back into force at once, under a new number.

    Raises Conflict for one that never was in force, or that is.
    """
    _require_manager(agent)
    version = require_version(deps, account, number)
    now = deps.clock.now()
    was_in_force = version.effective_from is not None and version.effective_from <= now
    if version.policy is None or not was_in_force:
        raise Conflict(f"Version {number} was never in force: check, replay and activate it.")
    if version.in_force_at(now):
        raise Conflict(f"Version {number} is in force.")
    return deps.policies.add(
        PolicyVersion(
            account_id=account.id,
            version=1,
            scope=version.scope,
            title=version.title,
            state=VersionState.ACTIVE,
            text=version.text,
            policy=version.policy,
            log=(_step(Act.ROLLED_BACK, agent, now, f"to version {number}"),),
            effective_from=now,
        ),
        now,
    )


def retire(deps: Deps, account: Account, agent: Agent, number: int) -> PolicyVersion:
    """Take a version out of use: a draft, one that hasn't begun, or one of a store or brand.

    The account's own policy in force can only be replaced by another.
    """
    _require_manager(agent)
    version = require_version(deps, account, number)
    now = deps.clock.now()
    if version.state is VersionState.RETIRED:
        return version
    if version.in_force_at(now) and version.scope == EVERYWHERE:
        raise Conflict("There must be a policy: activate another version instead.")
    until = now if version.in_force_at(now) else version.effective_until
    changed = version.with_step(
        _step(Act.RETIRED, agent, now), state=VersionState.RETIRED, effective_until=until
    )
    return deps.policies.replace(version, changed, now)


def set_rates(deps: Deps, account: Account, rates: Rates | None, actor: str) -> Account:
    """Keep exchange rates with the account, or remove them; they hold from the next decision on."""
    now = deps.clock.now()
    config = {key: value for key, value in account.config.items() if key != RATES}
    if rates is not None:
        dated = rates.model_copy(update={"set_at": now, "set_by": actor})
        config[RATES] = dated.model_dump(mode="json")
    changed = account.model_copy(update={"config": config})
    deps.accounts.save(changed, actor, now)
    return changed
