"""Kept load tests, written as the engine writes them, without running one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.tables.load_runs import LoadRunRow, PromptTestRow
from services.loadtest.rows import plan_values, summary_values, timeline_values
from services.loadtest.types import (
    LoadPlan,
    LoadRun,
    Percentiles,
    Point,
    RunState,
    SampleClass,
    Summary,
)

PLAN = LoadPlan(users=10, cap=200, requests=100, models=("m-a",), message="hello")


def times(scale: float, count: int = 100) -> Percentiles:
    """Return percentiles of so many values around that many milliseconds."""
    return Percentiles(count, scale, scale * 1.5, scale * 1.7, scale * 2, scale * 2.5)


def a_summary(*, good: int = 100, bad: int = 0, limited: int = 0, ttft: float = 100) -> Summary:
    """Return the figures of a run with so many calls of each class."""
    counts = dict.fromkeys(map(str, SampleClass), 0)
    counts |= {"success": good, "errored": bad, "rate_limited": limited}
    judged = good + bad
    return Summary(
        requested=sum(counts.values()),
        counts=counts,
        elapsed_s=10.0,
        peak_in_flight=10,
        rate_per_s=(good + bad + limited) / 10,
        error_share=bad / judged if judged else 0.0,
        ttft=times(ttft, good),
        total=times(ttft * 10, good),
        gaps=times(ttft / 10, good),
        loop_lag=Percentiles(100, 1.0, 2.0, 2.0, 3.0, 4.0),
        errors={"upstream_timeout": bad} if bad else {},
        good=good,
        goodput_per_s=good / 10,
        goodput_share=good / max(1, judged),
    )


def a_run(no: int = 1, **changes: Any) -> LoadRun:
    """Return a run that was not written."""
    run = LoadRun(
        no, f"exe_{no:018d}", RunState.SUCCEEDED, 1, "http://127.0.0.1:1/api/v1", PLAN, a_summary()
    )
    return replace(run, **changes)


def points(count: int = 5) -> tuple[Point, ...]:
    """Return a timeline of so many seconds."""
    return tuple(
        Point(
            float(second), 1.0, 10, 2, 20, 20, {"success": 18, "errored": 2},
            100.0 + second, 150.0, 200.0, 900.0, 1500.0, 20.0, 3.0,
        )
        for second in range(count)
    )  # fmt: skip


def write_run(database: Database, at: datetime, run: LoadRun, calls: Sequence[Any] = ()) -> int:
    """Write a run and its calls (values of PromptTestRow by name); return its number."""

    def write(session: Session) -> int:
        row = LoadRunRow(
            run_id=run.run_id,
            status=str(run.state),
            target_id=run.target_id,
            target=run.target,
            plan=plan_values(run.plan),
            summary=None if run.summary is None else summary_values(run.summary),
            stored=len(calls),
            error=run.error,
            created_at=at,
            finished_at=at + timedelta(seconds=10),
            baseline=run.baseline,
            timeline=timeline_values(run.timeline or points()),
        )
        session.add(row)
        session.flush()
        for no, values in enumerate(calls, 1):
            session.add(PromptTestRow(run_no=row.id, no=no, created_at=at, **_call(no, values)))
        return row.id or 0

    return database.write_now(write)


def _call(no: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": "m-a",
        "request_message": f"hello [run_id=x index={no}]",
        "response_message": "hi there",
        "sample_class": "success",
        "success": True,
        "total_ms": 1000.0 + no,
        "ttft_ms": 100.0 + no,
        "user_no": 1,
        "request_id": f"req-{no}",
        **values,
    }
