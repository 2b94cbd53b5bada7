"""Verdict: what a run shows, in one sentence, and whether its figures can be trusted."""

from collections.abc import Callable

from components.loadtest.words import ms_text
from components.primitives.formats import count_text
from components.words import sentence, tr
from services.foundation.messages import Message
from services.loadtest.types import LoadRun, RunState, SampleClass, Summary

LAG_SOUND_MS = 5.0  # a test holds it equal to that of the engine


def verdict(run: LoadRun, reason: Message) -> tuple[str, str]:
    """Return tone and sentence; `reason` is why its execution ended badly."""
    said: dict[RunState, tuple[str, Callable[[], str]]] = {
        RunState.PENDING: ("pending", lambda: tr("It waits for its turn.")),
        RunState.RUNNING: ("running", lambda: _running(run)),
        RunState.SUCCEEDED: ("ok", lambda: _held(run.summary)),
        RunState.FAILED: ("failed", lambda: _failed(run, reason)),
        RunState.CANCELLED: ("ended", lambda: _cut(tr("Cancelled"), run.summary)),
        RunState.INTERRUPTED: ("ended", lambda: _cut(tr("Interrupted"), run.summary)),
        RunState.TIMED_OUT: ("ended", lambda: _cut(tr("Timed out"), run.summary)),
    }
    tone, text = said[run.state]
    return tone, text()


def _running(run: LoadRun) -> str:
    summary = run.summary
    if summary is None or not summary.ended:
        return tr("Users sign in, then the first calls are sent.")
    done = count_text(summary.ended)
    if run.plan.requests is not None and summary.ended >= run.plan.requests:
        return tr(
            "All {done} calls have ended; the last of them are stored, and the users that were made are deleted.",
            done=done,
        )
    return tr("{done} calls have ended so far; {good} of them succeeded.", done=done,
              good=count_text(_good(summary)))  # fmt: skip


def _held(summary: Summary | None) -> str:
    if summary is None:
        return tr("Every limit held.")
    return tr("Every limit held: {facts}.", facts=_facts(summary))


def _facts(summary: Summary) -> str:
    parts = [
        tr("{good} of {all} calls succeeded", good=count_text(_good(summary)),
           all=count_text(summary.requested)),
    ]  # fmt: skip
    if summary.ttft.p95 is not None:
        parts.append(tr("first text after {time} (p95)", time=ms_text(summary.ttft.p95)))
    if summary.total.p95 is not None:
        parts.append(tr("whole answer after {time} (p95)", time=ms_text(summary.total.p95)))
    return tr(", ").join(parts)


def _failed(run: LoadRun, reason: Message) -> str:
    broken = [one for one in (run.summary.thresholds if run.summary else ()) if not one.is_held]
    told = tr(", ").join(sentence(one.words) for one in broken if one.words.text)
    why = sentence(reason) or told or run.error
    if run.summary is None or not run.summary.ended:
        return tr("It could not begin: {reason}.", reason=why.rstrip(".。"))
    return tr("A limit broke: {reason}. In all {facts}.", reason=why.rstrip(".。"),
              facts=_facts(run.summary))  # fmt: skip


def _cut(what: str, summary: Summary | None) -> str:
    if summary is None:
        return tr("{what} before anything was measured.", what=what)
    return tr("{what} after {done} of {all} calls; what was measured until then is kept.",
              what=what, done=count_text(summary.ended), all=count_text(summary.requested))  # fmt: skip


def _good(summary: Summary) -> int:
    return summary.counts.get(SampleClass.SUCCESS, 0)


def lag_verdict(summary: Summary) -> tuple[str, str]:
    """Return tone and sentence about the console's own lateness."""
    lag = summary.loop_lag.p99
    if lag is None:
        return "none", tr("The console's own lateness is not measured yet.")
    if summary.is_lag_sound:
        return "ok", tr("Sound: the console itself was late by {lag} (p99; sound up to {limit}).",
                        lag=ms_text(lag), limit=ms_text(LAG_SOUND_MS))  # fmt: skip
    return "slow", tr(
        "Doubtful: the console itself was late by {lag} (p99; sound up to {limit}), so the times may be too long.",
        lag=ms_text(lag),
        limit=ms_text(LAG_SOUND_MS),
    )
