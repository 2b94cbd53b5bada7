"""Demo launches: end-to-end runs of the story, judged by the very checks that judge real replies."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from services.accounts.types import UserType
from services.chat.types import Outcome, Reply, Timings
from services.checks import registry
from services.checks.types import Limits
from services.demo.rows import TARGET_NAME, Ran, Rows, hex_of
from services.demo.story import MODELS, DemoModel, Story, Wrong
from services.e2e import causes, rules
from services.e2e.records import cell_values
from services.e2e.store import summed_up
from services.e2e.types import Cause, Cell, CellStatus, Kind, RunStatus
from services.suppliers.demo_text import broken_thinkingml, demo_parts, seeded, thinkingml
from services.targets.types import DEMO_TARGET_ID

PROMPT = "Give me a three-day full-body plan for a beginner."
NO_TOKEN = "permanent_auth_failed"
LABEL = "End-to-end run"
_LIMITS = Limits()
_BY_HAND = 9  # launches an operator started in 30 days
_SLOWEST_MS = 58_000.0  # then the app's own deadline comes
_SOME = 0.6  # of them asked only some models


@dataclass(frozen=True, slots=True)
class Planned:
    """One launch before anything is asked."""

    at: datetime
    slot_at: datetime | None
    trigger: str
    models: tuple[DemoModel, ...] = MODELS

    @property
    def is_partial(self) -> bool:
        """Whether it asks only some models."""
        return len(self.models) < len(MODELS)


def add_launches(story: Story, rows: Rows) -> list[Ran]:
    """Add every launch with its runs, cells and replies; return them as executions."""
    return [_Launch(story, rows, place, one).add() for place, one in enumerate(planned(story))]


def planned(story: Story) -> list[Planned]:
    """Return the launches of the schedule and those started by hand, oldest first."""
    rng = story.rng("launches")
    found = [
        Planned(slot + timedelta(seconds=rng.randint(1, 4)), slot, "schedule")
        for slot in story.slots()
    ]
    hours = (story.end - story.start).total_seconds() / 3600
    for _ in range(round(_BY_HAND * hours / 720)):
        at = story.start + timedelta(hours=rng.uniform(1, hours - 1))
        if not story.is_off(at):
            some = tuple(rng.sample(MODELS, rng.randint(1, 3)))
            found.append(Planned(at, None, "manual", some if rng.random() < _SOME else MODELS))
    return sorted(found, key=lambda one: one.at)


class _Launch:
    """One launch, asked model by model as the runner does it."""

    def __init__(self, story: Story, rows: Rows, place: int, plan: Planned) -> None:
        self._story, self._rows, self._plan = story, rows, plan
        self._place = place
        self._number = rows.number("e2e_launches")
        self._launch_id = hex_of(story.seed, "launch", place)
        self._cells: list[Cell] = []
        self._texts: list[str] = []

    def add(self) -> Ran:
        """Keep its rows; return its execution."""
        ends: list[datetime] = []
        states: list[RunStatus] = []
        no_token = ""
        for user_type in UserType:
            has_token = self._story.has_sign_in(self._plan.at, str(user_type))
            no_token = no_token if has_token else NO_TOKEN
            ended, state = self._add_run(user_type, has_token=has_token)
            ends.append(ended)
            states.append(state)
        is_good = all(state is RunStatus.SUCCESS for state in states)
        sums = summed_up(self._cells)
        ran = self._execution(max(ends), sums)
        self._rows.put(
            "e2e_launches",
            {
                "launch_no": self._number,
                "launch_id": self._launch_id,
                "execution_id": ran.execution_id,
                "target_id": DEMO_TARGET_ID,
                "target": TARGET_NAME,
                "trigger": self._plan.trigger,
                "status": str(RunStatus.SUCCESS if is_good else RunStatus.FAILED),
                "is_partial": self._plan.is_partial,
                "slot_at": self._plan.slot_at,
                "started_at": self._plan.at,
                "finished_at": max(ends),
                "error_summary": no_token,
                **sums,
            },
        )
        return ran

    def _add_run(self, user_type: UserType, *, has_token: bool) -> tuple[datetime, RunStatus]:
        run_id = hex_of(self._story.seed, "run", self._place, user_type)
        at = self._plan.at + timedelta(seconds=1)
        signin_ms = round(self._story.rng("signin", self._place, user_type).uniform(90, 420))
        good = 0
        for model in self._plan.models:
            cell, text = self._ask(model, user_type, at, has_token=has_token)
            at = cell.at or at
            cell = replace(cell, run_id=run_id, signin_ms=signin_ms)
            good += cell.success
            self._keep(cell, text)
        count = len(self._plan.models)
        state = RunStatus.SUCCESS if good == count else RunStatus.FAILED
        self._rows.add(
            "e2e_mapped_model_runs",
            {
                "run_id": run_id,
                "user_type": str(user_type),
                "auth_mode": "signup" if user_type is UserType.ANONYMOUS else "password",
                "prompt_text": PROMPT,
                "result_mode": "raw_passthrough",
                "models_total": count,
                "models_success": good,
                "models_failed": count - good,
                "started_at": self._plan.at,
                "created_at": self._plan.at,
                "finished_at": at,
                "duration_ms": round((at - self._plan.at).total_seconds() * 1000),
                "status": str(state),
                "error_summary": "" if has_token else NO_TOKEN,
                "launch_id": self._launch_id,
                "launch_no": self._number,
                "trigger": self._plan.trigger,
                "is_anonymous": user_type is UserType.ANONYMOUS if has_token else None,
                "target_id": DEMO_TARGET_ID,
                "target": TARGET_NAME,
            },
        )
        return at, state

    def _keep(self, cell: Cell, text: str) -> None:
        self._cells.append(cell)
        number = self._rows.add(
            "e2e_mapped_model_results",
            {
                "launch_no": self._number,
                "run_id": cell.run_id,
                "target_id": DEMO_TARGET_ID,
                "user_type": str(cell.user_type),
                "model_key": cell.model_key,
                **cell_values(cell),
            },
        )
        if text:
            self._rows.put("e2e_replies", {"cell_id": number, "text": text, "is_cut": False})

    def _ask(
        self, model: DemoModel, user_type: UserType, at: datetime, *, has_token: bool
    ) -> tuple[Cell, str]:
        cell = Cell(user_type, model.key, CellStatus.PENDING, Kind.NOT_RUN, is_demo=True)
        if not has_token:
            failed = replace(
                cell,
                status=CellStatus.SIGNIN_FAILED,
                kind=Kind.AUTH,
                cause=Cause.SIGNIN,
                error=NO_TOKEN,
                at=at,
            )
            return failed, ""
        rng = self._story.rng("cell", self._place, user_type, model.key)
        wrong = self._story.wrong(at, model, rng.random())
        reply = reply_of(model, PROMPT, wrong, rng)
        judged = judged_cell(cell, reply)
        at += timedelta(milliseconds=reply.timings.total_ms)
        return replace(judged, at=at, endpoint_name=model.provider), reply.text

    def _execution(self, ended: datetime, sums: dict[str, Any]) -> Ran:
        good, judged, count = sums["good"], sums["judged"], sums["cells"]
        return Ran(
            kind="e2e",
            label=LABEL,
            at=self._plan.at,
            took_s=(ended - self._plan.at).total_seconds(),
            place=self._place,
            trigger=self._plan.trigger,
            started_by="" if self._plan.slot_at else "operator",
            done=count,
            total=count,
            output=f"{good}/{judged} good, {count - judged} not judged",
            meta={
                "launch_no": self._number,
                "launch_id": self._launch_id,
                "cells": count,
                "judged": judged,
                "good": good,
            },
        )


def judged_cell(cell: Cell, reply: Reply) -> Cell:
    """Return the cell as the checks judge the reply, with its cause."""
    findings = registry.evaluate(reply, _LIMITS)
    decisive = registry.overall(findings)
    name = next((one for one, finding in findings.items() if finding is decisive), "")
    judged = rules.judge(cell, reply, findings, (name, decisive))
    facts = causes.Facts(judged.kind, is_self=False, other_provider_ok=True)
    return replace(judged, cause=causes.settle(facts, reply, {}))


def reply_of(model: DemoModel, text: str, wrong: Wrong | None, rng: Random) -> Reply:
    """Return what the model answers to the text when that is wrong with it."""
    pace = rng.lognormvariate(0, 0.28) * (rng.uniform(5, 9) if wrong is Wrong.SLOW else 1)
    ttft, total = model.ttft_ms * pace, model.total_ms * pace
    if wrong is Wrong.SLOW and ttft < _LIMITS.slow_ttft_ms:
        total = max(total, _LIMITS.slow_total_ms * rng.uniform(1.02, 1.3))
    total = min(total, _SLOWEST_MS * rng.uniform(0.8, 1.0))
    accepted = rng.uniform(12, 60)
    reply = Reply(
        outcome=Outcome.COMPLETED,
        request_id=_hex(rng),
        message_id=_hex(rng),
        conversation_id=_hex(rng),
        text=_text(model.resolved, text),
        sequence=tuple(range(1, 9)),
        event_count=11,
        routed={"provider": model.provider.lower(), "resolved_model": model.resolved},
        timings=Timings(accepted, accepted + 30, ttft, max(total, ttft + 200)),
        bytes_received=2_400,
    )
    if wrong is Wrong.STRUCTURE:
        parts = demo_parts(model.resolved, text)
        return replace(reply, text=broken_thinkingml(parts, seeded(model.resolved, text)))
    if wrong is Wrong.OUTAGE or wrong is Wrong.CUT or wrong is Wrong.LIMITED:
        return _failed(reply, wrong, rng)
    return reply


def _failed(reply: Reply, wrong: Wrong, rng: Random) -> Reply:
    if wrong is Wrong.CUT:
        return replace(
            reply,
            outcome=Outcome.INCOMPLETE,
            text=reply.text[: len(reply.text) // 3],
            error="sse_stream_closed_without_terminal_event",
        )
    status = 503 if wrong is Wrong.OUTAGE else 429
    early = replace(reply.timings, first_delta_ms=None, total_ms=rng.uniform(300, 1_900))
    return replace(
        reply,
        outcome=Outcome.ERROR_EVENT,
        text="",
        error="upstream_error",
        error_text=f"upstream_http_{status}",
        terminal={"upstream_status": status},
        timings=early,
    )


@cache
def _text(model: str, text: str) -> str:
    return thinkingml(demo_parts(model, text))


def _hex(rng: Random) -> str:
    return f"{rng.getrandbits(128):032x}"
