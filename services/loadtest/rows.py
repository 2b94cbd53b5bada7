"""Pure: plans, figures and timelines as JSON keeps them, and runs as their rows say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from services.accounts.types import UserType
from services.foundation.messages import Message
from services.loadtest.types import (
    Arrangement,
    ErrorDetail,
    LoadPlan,
    LoadRun,
    Percentiles,
    Point,
    RunState,
    SampleClass,
    Stage,
    Summary,
    Threshold,
    ThresholdResult,
)

if TYPE_CHECKING:  # the worker process reads plans and loads no tables for it
    from db.tables.load_runs import LoadRunRow

_PERCENTILES = ("ttft", "total", "late", "loop_lag", "gaps")


def plan_values(plan: LoadPlan) -> dict[str, Any]:
    """Return a plan as JSON keeps it."""
    return asdict(plan) | {
        "models": list(plan.models),
        "user_type": str(plan.user_type),
        "stages": [asdict(stage) for stage in plan.stages],
        "thresholds": [asdict(threshold) for threshold in plan.thresholds],
    }


def to_plan(values: Mapping[str, Any]) -> LoadPlan:
    """Return the plan that plan_values made."""
    known = {name: values[name] for name in LoadPlan.__dataclass_fields__ if name in values}
    known["models"] = tuple(known.get("models") or ())
    known["user_type"] = UserType(known.get("user_type") or "anonymous")
    known["stages"] = tuple(Stage(**stage) for stage in known.get("stages") or ())
    known["thresholds"] = tuple(Threshold(**one) for one in known.get("thresholds") or ())
    return LoadPlan(**known)


def summary_values(summary: Summary) -> dict[str, Any]:
    """Return figures as JSON keeps them."""
    return asdict(summary)


def to_summary(values: Mapping[str, Any]) -> Summary:
    """Return the figures that summary_values made."""
    parts: dict[str, Any] = {
        name: Percentiles(**values[name]) for name in _PERCENTILES if name in values
    }
    parts["first_errors"] = tuple(_detail(one) for one in values.get("first_errors") or ())
    parts["thresholds"] = tuple(_result(one) for one in values.get("thresholds") or ())
    return Summary(**{**values, **parts})


def _detail(values: Mapping[str, Any]) -> ErrorDetail:
    known: dict[str, Any] = {**values, "sample_class": SampleClass(values["sample_class"])}
    return ErrorDetail(**known)


def _result(values: Mapping[str, Any]) -> ThresholdResult:
    known: dict[str, Any] = {**values, "words": Message(**values["words"])}
    return ThresholdResult(**known)


def timeline_values(points: Sequence[Point]) -> list[Any]:
    """Return a timeline as JSON keeps it: one list a point, in the order of its fields."""
    return [list(astuple(point)) for point in points]


def to_timeline(values: Sequence[Sequence[Any]] | None) -> tuple[Point, ...]:
    """Return the timeline that timeline_values made."""
    return tuple(Point(*one) for one in values or ())


def to_run(row: "LoadRunRow", *, with_timeline: bool = True) -> LoadRun:
    """Return a run as its row says; lists of runs leave the timeline where it is."""
    return LoadRun(
        id=row.id or 0,
        run_id=row.run_id,
        state=RunState(row.status),
        target_id=row.target_id,
        target=row.target,
        plan=to_plan(row.plan),
        summary=None if row.summary is None else to_summary(row.summary),
        stored=row.stored,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        arrangement=Arrangement(row.arrangement or Arrangement.IN_PROCESS),
        baseline=row.baseline,
        parent_id=row.parent_id,
        timeline=to_timeline(row.timeline) if with_timeline else (),
    )
