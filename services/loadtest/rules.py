"""Pure: put a reply in its class, say how many may sign in, and when a run shall stop."""

import math
from collections.abc import Mapping

from services.chat.types import Outcome, Reply
from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.loadtest import thresholds
from services.loadtest.types import Arrangement, LoadPlan, SampleClass, Summary
from services.targets.types import Target

JUDGED_LEAST = 20  # before a share or a percentile may stop a run
FOREIGN_SIGN_INS = 10
BAD = (SampleClass.INCOMPLETE, SampleClass.ERRORED)  # failed; a limited call is of its own class
WORKER_ABOVE = 200  # streams: measured, one loop carries these beside the pages (p99 1.5 ms late)
OWN_WORKER_ABOVE = 50  # where the same loop serves them too: pages answered twice as fast beside it


def check_target(plan: LoadPlan, target: Target) -> None:
    """Raise InputError when the target is marked production and its name was not typed."""
    if target.is_production and plan.confirm.strip() != target.name:
        raise InputError(
            "{name} is marked as production: give its name to confirm", field="confirm",
            name=target.name,
        )  # fmt: skip


def sign_in_budget(plan: LoadPlan, *, is_self: bool) -> int:
    """Return how many users may be signed in: a token carries two streams here, more elsewhere."""
    at_once = min(plan.users, plan.cap)
    if plan.sign_ins is not None:
        return min(plan.sign_ins, at_once)
    return math.ceil(at_once / 2) if is_self else min(at_once, FOREIGN_SIGN_INS)


def arrangement(plan: LoadPlan, *, is_self: bool = False) -> Arrangement:
    """Return where the engine of a plan works."""
    if plan.is_locust:
        return Arrangement.LOCUST
    is_apart = plan.worker
    if is_apart is None:
        is_apart = min(plan.users, plan.cap) > (OWN_WORKER_ABOVE if is_self else WORKER_ABOVE)
    return Arrangement.WORKER if is_apart else Arrangement.IN_PROCESS


def classify(reply: Reply) -> SampleClass:
    """Return the class of a call that was sent."""
    if reply.outcome is Outcome.COMPLETED:
        return SampleClass.SUCCESS
    if reply.status == 429 or reply.is_limited_upstream:
        return SampleClass.RATE_LIMITED
    if reply.outcome is Outcome.CANCELLED:
        return SampleClass.CANCELLED
    has_begun = reply.timings.first_event_ms is not None
    if reply.outcome is Outcome.INCOMPLETE or (reply.outcome is Outcome.DEADLINE and has_begun):
        return SampleClass.INCOMPLETE
    return SampleClass.ERRORED


def bad_count(counts: Mapping[str, int]) -> int:
    """Return the calls that failed: incomplete and errored, not those the server limited."""
    return sum(counts.get(name, 0) for name in BAD)


def error_share(counts: Mapping[str, int]) -> float:
    """Return the bad calls of those that were judged good or bad, 0..1."""
    bad = bad_count(counts)
    judged = bad + counts.get(SampleClass.SUCCESS, 0)
    return bad / judged if judged else 0.0


def errors_reason(plan: LoadPlan, summary: Summary) -> Message | None:
    """Return that so many calls failed as the plan stops at, or None."""
    bad = bad_count(summary.counts)
    if plan.stop_errors is None or bad < plan.stop_errors:
        return None
    return say("{count} calls failed; the rule stops at {limit}", count=bad, limit=plan.stop_errors)


def stop_reason(plan: LoadPlan, summary: Summary) -> Message | None:
    """Return why the run shall stop now, or None."""
    if (reason := errors_reason(plan, summary)) is not None:
        return reason
    bad = bad_count(summary.counts)
    if bad + summary.counts.get(SampleClass.SUCCESS, 0) < JUDGED_LEAST:
        return None
    for result in thresholds.stop_results(plan, summary):
        if not result.is_held:
            return result.words
    return None


def verdict(summary: Summary) -> Message | None:
    """Return which threshold did not hold over the whole run, or None when all held."""
    if not summary.counts.get(SampleClass.SUCCESS, 0):
        return say("No call succeeded")
    return next((one.words for one in summary.thresholds if not one.is_held), None)
