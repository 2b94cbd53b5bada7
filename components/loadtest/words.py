"""Words of load tests: classes, figures, limits, models of load, and how each is written."""

from collections.abc import Mapping

from components.primitives.formats import NOTHING, count_text, duration_text
from components.status.looks import CELL_LOOKS, EXECUTION_LOOKS, Look
from components.words import tr, trn, word
from services.e2e.types import CellStatus
from services.executions.types import ExecutionState
from services.load_history.types import Change, Trend, Unit
from services.loadtest.types import LoadPlan, LoadRun, RunState, SampleClass

CLASS_LOOKS: Mapping[SampleClass, Look] = {
    SampleClass.SUCCESS: Look("ok", "tick", "tint", word("Succeeded")),
    SampleClass.INCOMPLETE: Look("structure", "broken", "outline", word("Incomplete")),
    SampleClass.ERRORED: Look("failed", "cross", "solid", word("Errored")),
    SampleClass.RATE_LIMITED: Look("limited", "gauge", "outline", word("Rate limited")),
    SampleClass.CANCELLED: CELL_LOOKS[CellStatus.CANCELLED],
    SampleClass.NOT_STARTED: Look("none", "hollow", "plain", word("Not started")),
}
CLASS_NOTES: Mapping[SampleClass, str] = {
    SampleClass.SUCCESS: word("The event completed came"),
    SampleClass.INCOMPLETE: word("Events came, the end did not"),
    SampleClass.ERRORED: word("Refused, unreachable, or the event error"),
    SampleClass.RATE_LIMITED: word("429 by the server or its provider; no failure"),
    SampleClass.CANCELLED: word("Sent, then cut by a cancel"),
    SampleClass.NOT_STARTED: word("Never sent"),
}
HELD = Look("ok", "tick", "tint", word("Held"))
BROKEN = Look("failed", "cross", "solid", word("Broken"))
OPEN_YET = Look("pending", "clock", "plain", word("So far"))
TREND_LOOKS: Mapping[Trend, Look] = {
    Trend.BETTER: Look("ok", "tick", "tint", word("Better")),
    Trend.WORSE: Look("failed", "bang", "outline", word("Worse")),
    Trend.SAME: Look("none", "dash", "plain", word("Same within noise")),
    Trend.UNKNOWN: Look("none", "hollow", "plain", word("Too little measured")),
}
METRIC_WORDS: Mapping[str, str] = {
    "success_share": word("Success"),
    "error_share": word("Failed calls"),
    "limited_share": word("Rate limited"),
    "rate": word("Calls a second"),
    "goodput": word("Good calls a second"),
    "ttft_p50": word("First text p50"),
    "ttft_p95": word("First text p95"),
    "ttft_p99": word("First text p99"),
    "total_p50": word("Whole answer p50"),
    "total_p95": word("Whole answer p95"),
    "total_p99": word("Whole answer p99"),
    "gaps_p50": word("Gap between events p50"),
    "gaps_p95": word("Gap between events p95"),
    "gaps_p99": word("Gap between events p99"),
}
FIELD_WORDS: Mapping[str, str] = {
    "target": word("Service under test"),
    "users": word("Users"),
    "cap": word("Calls in flight at most"),
    "requests": word("Calls"),
    "seconds": word("Seconds"),
    "rate": word("Arrivals a second"),
    "ramp_s": word("Ramp"),
    "models": word("Models"),
    "message": word("Message"),
    "user_type": word("Identity"),
    "result_mode": word("Result mode"),
    "stages": word("Stages"),
}
MODE_WORDS: Mapping[str, str] = {
    "raw_passthrough": word("As it is"),
    "xml_plaintext": word("Repaired while passing"),
    "auto": word("Automatic"),
}


def is_open(run: LoadRun) -> bool:
    """Whether the run has not ended."""
    return run.state in (RunState.PENDING, RunState.RUNNING)


def state_look(state: RunState) -> Look:
    """Return how the state of a run is shown."""
    return EXECUTION_LOOKS[ExecutionState(str(state))]


def models_text(plan: LoadPlan) -> str:
    """Return the models a run asks."""
    return ", ".join(plan.models) or tr("all mapped models")


def load_text(plan: LoadPlan) -> str:
    """Return the load in a few words: 200 users, or 50 arrivals a second."""
    if plan.stages:
        text = trn("{n} stage", "{n} stages", len(plan.stages))
    elif plan.rate is not None:
        text = tr("{rate} arrivals a second", rate=f"{plan.rate:g}")
    else:
        text = trn("{n} user", "{n} users", plan.users)
    return f"{text} · {amount_text(plan)}"


def amount_text(plan: LoadPlan) -> str:
    """Return how much is asked: 1,000 calls, for 60 s, or both."""
    parts: list[str] = []
    seconds = sum(stage.seconds for stage in plan.stages) or plan.seconds
    if plan.requests is not None:
        parts.append(trn("{n} call", "{n} calls", plan.requests))
    if seconds is not None:
        parts.append(tr("for {n} s", n=f"{seconds:,.0f}"))
    return " · ".join(parts)


def run_title(run: LoadRun) -> str:
    """Return what a run is about, in one line."""
    return f"{load_text(run.plan)} · {models_text(run.plan)}"


def percent_text(share: float | None, digits: int = 1) -> str:
    """Return 0.0123 as 1.2 %, and a dash for nothing."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}%"


def value_text(value: float | None, unit: Unit) -> str:
    """Return a figure with its unit."""
    if value is None:
        return NOTHING
    match unit:
        case Unit.SHARE:
            return percent_text(value, 2)
        case Unit.MS:
            return ms_text(value)
        case Unit.RATE:
            return rate_text(value)
        case Unit.COUNT:
            return count_text(value)


def ms_text(value: float | None) -> str:
    """Return 4.2 ms, 840 ms or 1.24 s."""
    if value is None:
        return NOTHING
    return (
        f"{value:.1f} ms" if value < 10 else duration_text(value)
    )  # a digit more for what is small


def rate_text(value: float | None) -> str:
    """Return a rate a second with as many digits as it needs."""
    return NOTHING if value is None else tr("{n}/s", n=f"{value:,.1f}")


def change_text(change: Change) -> str:
    """Return +12 % and its word."""
    look = TREND_LOOKS[change.trend]
    percent = "" if change.share is None else f"{change.share * 100:+.0f}%"
    return look.label if percent in ("", "+0%", "-0%") else f"{percent} · {look.label}"
