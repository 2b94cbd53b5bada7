"""Pure: the figures of a run as lines of text, for the output of its execution."""

from services.loadtest.tally import Gauge
from services.loadtest.types import LoadPlan, Percentiles, SampleClass, Summary


def line(summary: Summary, gauge: Gauge) -> str:
    """Return one line about now."""
    counts = summary.counts
    return (
        f"{summary.elapsed_s:7.1f} s  {summary.ended} ended, {gauge.in_flight} in flight, "
        f"{gauge.waiting} waiting, {counts[SampleClass.SUCCESS]} good, "
        f"{counts[SampleClass.ERRORED] + counts[SampleClass.INCOMPLETE]} failed, "
        f"{counts[SampleClass.RATE_LIMITED]} limited, {summary.rate_per_s:g}/s, "
        f"TTFT p95 {_ms(summary.ttft.p95)}"
    )


def report(plan: LoadPlan, summary: Summary) -> str:
    """Return the whole summary."""
    lines = [
        f"{_model(plan)}: {summary.requested} requested in {summary.elapsed_s:g} s, "
        f"at most {summary.peak_in_flight} in flight, {summary.rate_per_s:g} calls/s, "
        f"{summary.events_per_s:g} events/s",
        "  ".join(f"{name} {count}" for name, count in summary.counts.items()),
        f"error share {summary.error_share:.2%} (429s apart)",
        _row("TTFT", summary.ttft),
        _row("total", summary.total),
        _row("gaps", summary.gaps),
    ]
    if plan.has_goodput:
        lines.append(
            f"good {summary.good} ({summary.goodput_share:.1%}), {summary.goodput_per_s:g}/s"
        )
    if plan.is_open:
        lines.append(_row("late start", summary.late))
        lines.append(f"dropped starts {summary.dropped_starts}")
    lines.append(_row("own loop lag", summary.loop_lag))
    if not summary.is_lag_sound:
        lines.append("! this process was late itself: the times may be too long")
    lines.append(f"sign-ins {summary.sign_ins}, token refreshes {summary.refreshes}")
    lines += [f"{'held' if one.is_held else 'BROKEN'}  {one.words}" for one in summary.thresholds]
    lines += [f"  {count} x {word}" for word, count in summary.errors.items()]
    return "\n".join(lines)


def _model(plan: LoadPlan) -> str:
    what = f"{plan.users} users" if not plan.is_open else f"{plan.rate:g} starts/s"
    return f"{what}, cap {plan.cap}"


def _row(name: str, values: Percentiles) -> str:
    return (
        f"{name:<13} mean {_ms(values.mean)}  p50 {_ms(values.p50)}  p90 {_ms(values.p90)}  "
        f"p95 {_ms(values.p95)}  "
        f"p99 {_ms(values.p99)}  max {_ms(values.max)}  mean {_ms(values.mean)}"
    )


def digest(run_id: str, state: str, summary: Summary) -> str:
    """Return a run in one line for the log: success share, mean time, errors by kind."""
    good = summary.counts.get(SampleClass.SUCCESS, 0)
    judged = max(1, summary.ended)
    errors = ", ".join(f"{count} x {word}" for word, count in summary.errors.items()) or "none"
    return (
        f"load test {run_id} {state}: {good} of {summary.ended} calls succeeded"
        f" ({good / judged:.1%}), mean {_ms(summary.total.mean)}, p95 {_ms(summary.total.p95)},"
        f" errors: {errors}"
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"
