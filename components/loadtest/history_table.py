"""History table: kept load tests as rows; some can be chosen to be compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.loadtest.words import (
    BROKEN,
    CLASS_LOOKS,
    HELD,
    TREND_LOOKS,
    is_open,
    load_text,
    models_text,
    ms_text,
    percent_text,
    state_look,
)
from components.primitives.big_table import (
    BigColumn,
    BigTable,
    RowAct,
    TableCalls,
    TableShape,
    TableWords,
)
from components.primitives.formats import NOTHING, count_text, epoch_ms, moment_text
from components.rights import may_change
from components.status.demo import demo_tag
from components.status.looks import look_props
from components.theme.apply import add_sheet
from components.words import tr
from services.load_history.types import HistoryRun
from services.loadtest.types import LoadRun, RunState, SampleClass, Summary

add_sheet(Path(__file__).with_name("loadtest.css"))

HEIGHT = "max(280px, calc(100dvh - var(--top) - var(--foot) - 320px))"
_FAILED = (SampleClass.INCOMPLETE, SampleClass.ERRORED)


def history_table(calls: TableCalls) -> BigTable:
    """Return the empty table; fill it with `history_rows`."""
    words = TableWords(
        name=tr("Load tests"),
        search="",
        none=tr("No load test is kept, or none is like that"),
        facets={},
    )
    acts = (
        RowAct("mark", "flag", tr("Baseline on or off"), only=True),
        RowAct("delete", "delete", tr("Delete"), only=True),
    )
    return BigTable(TableShape(_columns(), acts if may_change() else (), HEIGHT), words, calls)


def _columns() -> list[BigColumn]:
    return [
        BigColumn("state", tr("State"), "look", "112px"),
        BigColumn("load", tr("Load"), "name"),
        BigColumn("models", tr("Models"), width="14%", from_px=900),
        BigColumn("target", tr("Service under test"), width="13%", from_px=1200),
        BigColumn("done", tr("Succeeded"), width="104px", end=True, from_px=560),
        BigColumn("bad", tr("Failed calls"), width="104px", end=True, from_px=1100),
        BigColumn("ttft", tr("First text p95"), width="112px", end=True, from_px=760),
        BigColumn("limits", tr("Thresholds"), "look", "104px", from_px=480),
        BigColumn("at", tr("Begun"), "age", "100px"),
    ]


def history_rows(
    runs: Sequence[HistoryRun], targets: dict[int, str], zone: str
) -> list[dict[str, Any]]:
    """Return one row a run; `targets` are the names of services by number."""
    return [_row(one, targets, zone) for one in runs]


def _row(one: HistoryRun, targets: dict[int, str], zone: str) -> dict[str, Any]:
    run = one.run
    return {
        "id": run.run_id,
        "state": look_props(state_look(run.state)),
        "state_title": run.error,
        "load": load_text(run.plan),
        "load_tags": _tags(one),
        "models": models_text(run.plan),
        "target": targets.get(run.target_id) or run.target,
        "target_title": run.target,
        **_figures(run.summary),
        "limits": look_props(limits_look(run)) if limits_look(run) else _NO_LIMITS,
        "at": epoch_ms(run.created_at),
        "at_title": moment_text(run.created_at, zone),
        "can": _acts(run),
        "find": f"{run.run_id} {run.error} {run.plan.message}",
    }


def _acts(run: LoadRun) -> list[str]:
    if is_open(run):
        return []
    if run.is_demo:
        return ["delete"]
    has_success = run.summary is not None and bool(run.summary.counts.get(SampleClass.SUCCESS))
    return ["mark", "delete"] if has_success or run.baseline else ["delete"]


_NO_LIMITS = {"tone": "none", "shape": "dash", "weight": "plain", "word": NOTHING}


def _tags(one: HistoryRun) -> list[list[str]]:
    tags: list[list[str]] = [demo_tag()] if one.run.is_demo else []
    if one.run.baseline:
        tags.append([tr("Baseline"), "running"])
    if one.run.parent_id is not None:
        tags.append([tr("Step"), "", tr("A step of a search or a workflow")])
    if one.run.summary is not None and not one.run.summary.is_lag_sound:
        tags.append([tr("Doubtful"), "slow", tr("The console itself was late")])
    if one.change is not None and one.change.share is not None:
        look = TREND_LOOKS[one.change.trend]
        text = f"{one.change.share * 100:+.0f}%"
        tone = look.tone if look.tone != "none" else ""
        tags.append(
            [text, tone, tr("First text p95 against the baseline: {word}", word=look.label)]
        )
    return tags


def _figures(summary: Summary | None) -> dict[str, Any]:
    if summary is None:
        return {"done": NOTHING, "bad": NOTHING, "ttft": NOTHING}
    counts = summary.counts
    good = counts.get(SampleClass.SUCCESS, 0)
    bad = sum(counts.get(name, 0) for name in _FAILED)
    parts = [
        f"{CLASS_LOOKS[name].label} {counts[name]}" for name in SampleClass if counts.get(name)
    ]
    return {
        "done": f"{count_text(good)}/{count_text(summary.requested)}",
        "done_title": " · ".join(parts),
        "bad": count_text(bad)
        if not bad
        else f"{count_text(bad)} · {percent_text(summary.error_share)}",
        "ttft": ms_text(summary.ttft.p95),
    }


def limits_look(run: LoadRun) -> Any:
    """Return Held or Broken for a run that came to its end, None otherwise."""
    if run.state is RunState.SUCCEEDED:
        return HELD
    has_judged = run.summary is not None and run.state is RunState.FAILED
    return BROKEN if has_judged else None
