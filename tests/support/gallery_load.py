"""Gallery: load tests as they are kept, with curves that a service under load really draws."""

import math
import random
from collections.abc import Iterator
from datetime import timedelta

from db.engine import Database
from services.foundation.messages import Message, say
from services.loadtest.plan import LoadPlan, Threshold
from services.loadtest.types import (
    ErrorDetail,
    LoadRun,
    Percentiles,
    Point,
    RunState,
    SampleClass,
    Summary,
    ThresholdResult,
)
from tests.support.load_runs import write_run
from tests.support.preview_world import NOW

TARGET = "http://127.0.0.1:9999/api/v1"
NEWEST = "exe_00000000000000l005"
_MESSAGE = "每日测试连通性和tools工具可用性"


async def write_loads(store: Database) -> None:
    """Keep five runs: of rising load, one of them cancelled, the newest just past its limit."""
    cases = (
        (50, 20, RunState.SUCCEEDED, 1.0, 96.0, True),
        (50, 40, RunState.SUCCEEDED, 1.12, 71.0, False),
        (100, 100, RunState.CANCELLED, 1.3, 52.0, False),
        (200, 120, RunState.SUCCEEDED, 1.35, 25.0, False),
        (200, 200, RunState.SUCCEEDED, 1.62, 0.4, False),
    )
    for no, (users, cap, state, scale, hours, is_baseline) in enumerate(cases, 1):
        run = _run(no, users, cap, state, scale, is_baseline=is_baseline)
        write_run(store, NOW - timedelta(hours=hours), run, list(_calls(no, scale)))


def _times(scale: float, count: int) -> Percentiles:
    return Percentiles(
        count, 412 * scale, 655 * scale, 738 * scale, 1140 * scale, 1890 * scale, 447 * scale
    )


def _run(
    no: int, users: int, cap: int, state: RunState, scale: float, *, is_baseline: bool
) -> LoadRun:
    asked = 2000 if state is RunState.SUCCEEDED else 1140
    wrong = {SampleClass.ERRORED: 4 * no, SampleClass.RATE_LIMITED: 9 * no - 9}
    counts = {str(one): wrong.get(one, 0) for one in SampleClass}
    counts["success"] = asked - sum(counts.values())
    counts["not_started"] = 2000 - asked
    late = 738 * scale
    held = [
        ThresholdResult("ttft_p95_ms", 1000, late, late <= 1000, _limit(late)),
        ThresholdResult("error_share", 0.02, 4 * no / asked, True, _share(4 * no / asked)),
    ]
    summary = Summary(
        requested=2000,
        counts=counts,
        elapsed_s=92.4,
        peak_in_flight=cap,
        rate_per_s=asked / 92.4,
        events_per_s=asked * 38 / 92.4,
        error_share=4 * no / asked,
        ttft=_times(scale, asked),
        total=_times(scale * 5.2, asked),
        loop_lag=Percentiles(900, 0.6, 1.1, 1.4, 2.3, 4.0, 0.7),
        errors={"supplier_timeout": 3 * no, "stream_broken": no},
        sign_ins=users,
        gaps=_times(scale / 9, asked * 38),
        good=counts["success"] - 40 * no,
        goodput_per_s=(counts["success"] - 40 * no) / 92.4,
        goodput_share=(counts["success"] - 40 * no) / asked,
        first_errors=tuple(_errors()),
        thresholds=tuple(held),
    )
    plan = LoadPlan(
        users, cap, requests=2000, ramp_s=20, models=("gpt-4o", "qwen-max"), message=_MESSAGE,
        good_ttft_ms=1000, thresholds=(Threshold("ttft_p95_ms", 1000), Threshold("error_share", 0.02)),
    )  # fmt: skip
    run_id = f"exe_00000000000000l{no:03d}"
    return LoadRun(
        no, run_id, state, 1, TARGET, plan, summary,
        baseline=is_baseline, timeline=tuple(_timeline(cap, scale, no)),
    )  # fmt: skip


def _limit(value: float) -> Message:
    return say("First text p95 {value} ms, at most {limit} ms", value=round(value), limit=1000)


def _share(value: float) -> Message:
    return say("Errors {value} %, at most {limit} %", value=round(100 * value, 1), limit=2)


def _errors() -> Iterator[ErrorDetail]:
    for no in (212, 540, 877):
        yield ErrorDetail(
            no, no * 46.0, "qwen-max", SampleClass.ERRORED, f"req_{no:012x}", 504,
            "supplier_timeout", "the supplier sent nothing for 30 s",
        )  # fmt: skip


def _timeline(cap: int, scale: float, seed: int) -> Iterator[Point]:
    dice = random.Random(seed)
    for second in range(92):
        load = min(1.0, second / 20) * (1.0 if second < 86 else (92 - second) / 6)
        swing = 1 + 0.05 * math.sin(second / 5) + dice.uniform(-0.03, 0.03)
        ended = max(0, round(21.6 * load * swing))
        bad = 1 if dice.random() < 0.03 * seed * load else 0
        ttft = 412 * scale * (0.55 + 0.45 * load) * swing
        yield Point(
            float(second), 1.0, round(cap * load), 0, ended, ended,
            {"success": ended - bad, "errored": bad},
            ttft, ttft * 1.78, ttft * 2.6, ttft * 5, ttft * 8.6, ttft / 9, 2.1,
        )  # fmt: skip


def _calls(seed: int, scale: float) -> Iterator[dict[str, object]]:
    dice = random.Random(100 + seed)
    for no in range(1, 61):
        ttft = scale * dice.lognormvariate(6.0, 0.3)
        yield {
            "model": dice.choice(("gpt-4o", "qwen-max")),
            "ttft_ms": ttft,
            "total_ms": ttft * dice.uniform(4, 6.5),
            "request_id": f"req_{no:012x}",
            "user_no": no,
            "response_message": '<thinkingml><phase id="1">…',
        }
