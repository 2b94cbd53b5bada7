"""Demo load tests: calls of a closed model, counted by the tally that counts real ones."""

import heapq
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from services.demo.launches import PROMPT
from services.demo.rows import TARGET_NAME, Ran, Rows
from services.demo.story import DAY, HOUR, MODELS, DemoModel, Story
from services.executions.rules import said_of
from services.loadtest import rules, words
from services.loadtest.rows import plan_values, summary_values, timeline_values
from services.loadtest.samples import sample_values
from services.loadtest.tally import Gauge, Start, Tally
from services.loadtest.types import (
    Arrangement,
    LoadPlan,
    LoadRun,
    RunState,
    Sample,
    SampleClass,
    Summary,
    Threshold,
)
from services.suppliers.demo_text import demo_parts, thinkingml
from services.targets.types import DEMO_TARGET_ID

_KNEE = 24  # users from which on the made-up server gets slower
_FAILS = 0.004  # of the calls of one user
# Days ago, users, calls, key: the team looked for its limit, changed something, and looked again.
_RUNS: tuple[tuple[float, int, int, str], ...] = (
    (22.2, 5, 60, "coach"),
    (22.1, 20, 160, "coach"),
    (22.0, 40, 240, "coach"),
    (14.4, 20, 160, "coach-mini"),
    (7.3, 10, 100, "meal-planner"),
    (7.2, 30, 200, "meal-planner"),
    (1.4, 20, 160, "coach"),
)


def add_load_tests(story: Story, rows: Rows) -> list[Ran]:
    """Add every load test with its calls; return them as executions."""
    found: list[Ran] = []
    for ago, users, calls, key in _RUNS:
        at = story.end - ago * DAY
        if at > story.start + HOUR and not story.is_off(at):
            model = next(one for one in MODELS if one.key == key)
            found.append(_add(story, rows, at, _plan(users, calls, model), len(found)))
    return found


def _plan(users: int, calls: int, model: DemoModel) -> LoadPlan:
    limit = round(model.ttft_ms * 2.4)
    return LoadPlan(
        users=users,
        cap=users,
        requests=calls,
        ramp_s=5.0,
        models=(model.key,),
        message=PROMPT,
        thresholds=(Threshold("ttft_p95_ms", limit), Threshold("error_share", 0.05)),
    )


def _add(story: Story, rows: Rows, at: datetime, plan: LoadPlan, place: int) -> Ran:
    """Add one load test with its calls; return it as an execution."""
    number = rows.number("load_runs")
    model = next(one for one in MODELS if one.key == plan.models[0])
    draft = Ran("load_test", "Load test", at, 0.0, place, trigger="manual", started_by="operator")
    run = LoadRun(number, draft.execution_id, RunState.RUNNING, DEMO_TARGET_ID, TARGET_NAME, plan)
    tally, samples = Tally(plan), _samples(plan, model, story.rng("load", place))
    for sample in samples:
        tally.end(sample, ())
        ended = at + timedelta(milliseconds=sample.at_ms + sample.total_ms)
        rows.add("ai_prompt_tests", sample_values(sample, run, ended))
    elapsed_s = max(one.at_ms + one.total_ms for one in samples) / 1000
    _look(tally, samples, plan.users, elapsed_s)
    summary = tally.summary(elapsed_s, sign_ins=rules.sign_in_budget(plan, is_self=False))
    rows.put("load_runs", _run_values(run, at, summary, tally))
    return _ran(draft, plan, summary)


def _run_values(run: LoadRun, at: datetime, summary: Summary, tally: Tally) -> dict[str, Any]:
    error = rules.verdict(summary)
    return {
        "id": run.id,
        "run_id": run.run_id,
        "status": str(RunState.SUCCEEDED if error is None else RunState.FAILED),
        "target_id": DEMO_TARGET_ID,
        "target": TARGET_NAME,
        "plan": plan_values(run.plan),
        "summary": summary_values(summary),
        "stored": summary.ended,
        "error": "" if error is None else str(error),
        "created_at": at,
        "finished_at": at + timedelta(seconds=summary.elapsed_s),
        "arrangement": str(Arrangement.IN_PROCESS),
        "timeline": timeline_values(tally.timeline()),
    }


def _ran(draft: Ran, plan: LoadPlan, summary: Summary) -> Ran:
    error = rules.verdict(summary)
    params = {"users": plan.users, "requests": plan.requests}
    return replace(
        draft,
        took_s=summary.elapsed_s,
        status=str(RunState.SUCCEEDED if error is None else RunState.FAILED),
        done=summary.ended,
        total=summary.ended,
        output=words.report(plan, summary),
        error_kind="" if error is None else "thresholds_broken",
        error="" if error is None else str(error),
        meta={
            "run_id": draft.execution_id,
            "params": params,
            **({} if error is None else said_of(error)),
        },
    )


def _samples(plan: LoadPlan, model: DemoModel, rng: Random) -> list[Sample]:
    """Return the calls in the order of their end: each user asks again when it was answered."""
    seats = [(place * plan.ramp_s * 1000 / plan.users, place + 1) for place in range(plan.users)]
    heapq.heapify(seats)
    crowd = max(1.0, (plan.users / _KNEE) ** 1.5)
    text = thinkingml(demo_parts(model.resolved, plan.message))[:600]
    replies = _Replies(model, crowd, text)
    found: list[Sample] = []
    for no in range(1, (plan.requests or 0) + 1):
        at_ms, user_no = heapq.heappop(seats)
        sample = replies.sample(no, user_no, at_ms, rng)
        found.append(sample)
        heapq.heappush(seats, (at_ms + sample.total_ms, user_no))
    return sorted(found, key=lambda one: one.at_ms + one.total_ms)


@dataclass(frozen=True, slots=True)
class _Replies:
    """How the made-up server answers so many at once."""

    model: DemoModel
    crowd: float
    text: str

    def sample(self, no: int, user_no: int, at_ms: float, rng: Random) -> Sample:
        """Return the facts of one call."""
        model, pace = self.model, rng.lognormvariate(0, 0.22) * self.crowd
        ids = (f"{rng.getrandbits(128):032x}", f"{rng.getrandbits(128):032x}")
        common = Sample(
            no, user_no, model.key, SampleClass.SUCCESS, round(at_ms, 1), request_id=ids[0]
        )
        if rng.random() < _FAILS * self.crowd**2:
            return replace(
                common,
                sample_class=SampleClass.ERRORED,
                error="upstream_http_503",
                error_text="HTTP 503",
                total_ms=round(400 * pace, 1),
            )
        accepted = 25 * pace
        return replace(
            common,
            accepted_ms=round(accepted, 1),
            first_event_ms=round(accepted + 20, 1),
            ttft_ms=round(model.ttft_ms * pace, 1),
            total_ms=round(model.total_ms * pace, 1),
            event_count=24,
            byte_count=2_600,
            reply_text=self.text,
            message_id=ids[1],
        )


def _look(tally: Tally, samples: list[Sample], users: int, elapsed_s: float) -> None:
    """Tell the tally what was open at the end of each second, and what began in it."""
    for second in range(int(elapsed_s) + 1):
        end_ms = second * 1000 + 999
        in_flight = sum(one.at_ms <= end_ms < one.at_ms + one.total_ms for one in samples)
        tally.look(Gauge(elapsed_s=second + 0.99, in_flight=in_flight), (0.4, 0.6))
    for one in samples:
        tally.begin(Start(one.no, one.user_no, one.model_key, one.at_ms, one.request_id))
    tally.open.clear()
    tally.gauge = Gauge(elapsed_s=elapsed_s, begun=len(samples), peak=users)
