"""Finder: more and more users, each number a load test of its own, until the limits break."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from db.queries import load_runs as queries
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionKind,
    ExecutionState,
    StartOptions,
    Trigger,
)
from services.foundation.errors import InputError, NotFoundError
from services.foundation.messages import Message, say
from services.foundation.storing import stored
from services.loadtest import climb, reading, rules
from services.loadtest.job import CANCEL_RELEASE_S
from services.loadtest.parts import LoadParts
from services.loadtest.pool import RELEASE_S, TokenPool
from services.loadtest.rows import to_run
from services.loadtest.types import (
    FINDER_KIND,
    KIND,
    FinderStep,
    LoadPlan,
    LoadRun,
    RunState,
    SafeFinding,
)
from services.targets.types import Target

STEP_S = 10.0
LIMITED_SHARE_HELD = 0.05  # of 429s, where the plan says nothing else: what is limited is not safe
_NOT_HERE = ("requests", "rate", "ramp_s", "cap", "stages", "stop_errors", "worker")
_RAMP_SHARE = 0.2


class Finder:
    """The execution kind `load_finder`; its steps are load tests with it as their parent."""

    def __init__(self, parts: LoadParts) -> None:
        """Register the kind."""
        self._parts = parts
        self.pools: dict[int, TokenPool] = {}  # by the finder's execution: its steps share users
        parts.executions.register(
            ExecutionKind(
                FINDER_KIND, "Safe number of users", "trending_up", self._work,
                timeout_s=4 * 3_600, check=self._check,
            )
        )  # fmt: skip

    async def start(
        self, values: Mapping[str, Any], *, trigger: Trigger, started_by: str = ""
    ) -> Execution:
        """Return the execution; `users` is the most to try, `seconds` the time of each step."""
        given = {name: value for name, value in values.items() if value is not None}
        plan = self._plan(given)
        options = StartOptions(subject=f"≤ {plan.users}")
        return await self._parts.executions.start(
            FINDER_KIND, given, trigger=trigger, started_by=started_by, options=options
        )

    async def finding(self, execution_id: str) -> SafeFinding:
        """Return what a search knows by now; raise NotFoundError."""
        execution = await self._parts.executions.get(execution_id)
        if execution.execution_type != FINDER_KIND:
            raise NotFoundError("There is no search {id}", id=execution_id[:40])
        plan = self._plan(execution.meta.get("params") or {})
        runs = await self._runs(execution.id)
        return _finding(execution_id, RunState(execution.status), runs, plan.users)

    # -- the work of the kind

    def _check(self, params: Mapping[str, Any]) -> None:
        plan = self._plan(params)
        rules.check_target(plan, self._target(plan))

    def _plan(self, params: Mapping[str, Any]) -> LoadPlan:
        for name in _NOT_HERE:
            if params.get(name) is not None:
                raise InputError("Not known here: {name}", field=name, name=name)
        return reading.read_plan({"users": reading.USERS_MAX, **params}, reading.USERS_MAX)

    def _target(self, plan: LoadPlan) -> Target:
        targets = self._parts.targets
        return targets.current if plan.target_id is None else targets.get(plan.target_id)

    async def _work(self, params: Mapping[str, Any], control: Control) -> Ending:
        plan = self._plan(params)
        parts, number = self._parts, control.execution.id
        pool = TokenPool(parts.identities, parts.clock, self._target(plan), plan.user_type)
        self.pools[number] = pool
        release_s = CANCEL_RELEASE_S
        try:
            for step in range(climb.STEPS_MAX):
                tried = await self._tried(number)
                verdict = climb.climb(tried, plan.users)
                await control.progress(step, 0)
                if verdict.next_users is None:
                    break
                if not await self._try(verdict.next_users, params, control):
                    break
            release_s = RELEASE_S
        finally:
            del self.pools[number]
            await pool.close(release_s)
        return self._judge(control.execution.execution_id, await self._runs(number), plan.users)

    async def _try(self, users: int, params: Mapping[str, Any], control: Control) -> bool:
        """Run one step; return False when it told nothing, so that the search must end."""
        child = await control.start_child(
            KIND, step_values(params, users), StartOptions(subject=f"{users}")
        )
        ended = await control.wait_child(child.execution_id)
        runs = await self._runs(control.execution.id)
        run = next((run for run in runs if run.run_id == child.execution_id), None)
        if run is None or run.state not in (RunState.SUCCEEDED, RunState.FAILED) or not _asked(run):
            reason = str(ended.reason) or str(ended.status)
            control.append_output(f"{users} users: no answer ({reason})\n")
            return False
        step = _step(run)
        word = "held" if step.is_held else f"broke: {step.reason}"
        control.append_output(f"{users} users {word}\n")
        return True

    async def _tried(self, number: int) -> list[tuple[int, bool]]:
        return _tried(await self._runs(number))

    async def _runs(self, number: int) -> list[LoadRun]:
        query = partial(queries.parts_of, parent_id=number)
        rows = await stored(self._parts.database.read(query))
        return [to_run(row, with_timeline=False) for row in rows]

    def _judge(self, execution_id: str, runs: list[LoadRun], users_max: int) -> Ending:
        finding = _finding(execution_id, RunState.SUCCEEDED, runs, users_max)
        meta = {"safe_users": finding.safe_users, "is_at_least": finding.is_at_least}
        if finding.safe_users is None:
            reason = say("The search ended before it knew the answer")
            return Ending(ExecutionState.FAILED, error_kind="not_found", error=reason, meta=meta)
        lines = [
            f"{step.users} users: {'held' if step.is_held else f'broke: {step.reason}'}"
            for step in finding.steps
        ]
        text = "\n".join([*lines, str(finding.words)])
        return Ending(ExecutionState.SUCCEEDED, text, meta=meta)


def step_values(params: Mapping[str, Any], users: int) -> dict[str, Any]:
    """Return the plan of one step; nothing waits under a cap, and 429s break it too."""
    given = {name: value for name, value in params.items() if value is not None}
    thresholds: list[Any] = list(given.get("thresholds") or ())
    if not any(one.get("metric") == "limited_share" for one in thresholds):
        thresholds.append({"metric": "limited_share", "limit": LIMITED_SHARE_HELD})
    seconds = float(given.get("seconds") or STEP_S)
    return {
        **given,
        "users": users,
        "cap": users,
        "seconds": seconds,
        "ramp_s": round(min(seconds * _RAMP_SHARE, users / 50), 2),
        "thresholds": thresholds,
    }


def _asked(run: LoadRun) -> bool:
    """Return whether calls were made: a run that nobody could sign in to says nothing of a load."""
    return run.summary is not None and run.summary.ended > 0


def _tried(runs: list[LoadRun]) -> list[tuple[int, bool]]:
    wanted = (RunState.SUCCEEDED, RunState.FAILED)
    return [
        (run.plan.users, run.state is RunState.SUCCEEDED)
        for run in runs
        if run.state in wanted and _asked(run)
    ]


def _step(run: LoadRun) -> FinderStep:
    is_held = run.state is RunState.SUCCEEDED
    broken = () if run.summary is None else run.summary.thresholds
    reason = next((one.words for one in broken if not one.is_held), None)
    return FinderStep(run.plan.users, run.run_id, is_held, None if is_held else reason, run.summary)


def _finding(
    execution_id: str, state: RunState, runs: list[LoadRun], users_max: int
) -> SafeFinding:
    steps = tuple(_step(run) for run in runs if _asked(run))
    verdict = climb.climb(_tried(runs), users_max)
    safe = verdict.safe_users if verdict.next_users is None else None
    return SafeFinding(
        execution_id, state, safe, verdict.is_at_least, steps, _words(verdict, steps)
    )


def _words(verdict: climb.Verdict, steps: tuple[FinderStep, ...]) -> Message:
    if verdict.next_users is not None or verdict.safe_users is None:
        return say("Not known yet")
    if verdict.safe_users == 0:
        reason = next((str(one.reason) for one in reversed(steps) if one.reason), "-")
        return say("Not even 1 user: {reason}", reason=reason)
    if verdict.is_at_least:
        return say("At least {users} users: the most that were allowed held too",
                   users=verdict.safe_users)  # fmt: skip
    return say("Safe up to {users} users: every limit held, twice", users=verdict.safe_users)
