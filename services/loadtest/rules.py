"""Pure: read a plan, put a reply in its class, say when to start, to stop, and what broke."""

import math
from collections.abc import Mapping
from typing import Any, cast

from services.accounts.types import UserType
from services.chat.types import Outcome, Reply
from services.foundation.errors import InputError
from services.foundation.inputs import plain_text, whole_number
from services.foundation.messages import Message, say
from services.loadtest.types import LoadPlan, SampleClass, Summary
from services.targets.types import Target

USERS_MAX = 1_000
REQUESTS_MAX = 1_000_000
SECONDS_MAX = 3_600
RATE_MAX = 5_000
MODELS_MAX = 100
MESSAGE_MAX = 5_000
MESSAGE = "Say hello in one sentence."
ERROR_SHARE_HELD = 0.05  # where the plan says nothing else
JUDGED_LEAST = 20  # before a share or a percentile may stop a run
LAG_SOUND_MS = 5.0  # p99 of our own loop; above it the figures are told to be doubtful
FOREIGN_SIGN_INS = 10
_MODES = ("raw_passthrough", "xml_plaintext", "auto")


def read_plan(values: Mapping[str, Any], cap: int) -> LoadPlan:
    """Return the plan; raise InputError that names the field."""
    unknown = sorted(values.keys() - _KNOWN)
    if unknown:
        raise InputError("Not known here: {name}", field=unknown[0][:40], name=unknown[0][:40])
    users = whole_number(values.get("users"), "users", 1, USERS_MAX)
    rate = _number(values, "rate", 0.01, RATE_MAX)
    requests = _whole(values, "requests", REQUESTS_MAX)
    seconds = _number(values, "seconds", 1, SECONDS_MAX)
    if requests is None and seconds is None:
        requests = users
    return LoadPlan(
        users=users,
        cap=_whole(values, "cap", USERS_MAX) or cap,
        requests=requests,
        seconds=seconds,
        rate=rate,
        ramp_s=_number(values, "ramp_s", 0, SECONDS_MAX) or 0.0,
        models=_models(values.get("models")),
        message=plain_text(values.get("message") or MESSAGE, "message", MESSAGE_MAX, needed=True),
        user_type=_user_type(values.get("user_type")),
        target_id=_whole(values, "target_id", 2_147_483_647),
        confirm=plain_text(values.get("confirm") or "", "confirm", 200),
        result_mode=_mode(values.get("result_mode")),
        sign_ins=_whole(values, "sign_ins", USERS_MAX),
        timeout_s=_number(values, "timeout_s", 1, 600) or 120.0,
        stop_error_share=_number(values, "stop_error_share", 0, 1),
        stop_errors=_whole(values, "stop_errors", REQUESTS_MAX),
        stop_p95_ttft_ms=_number(values, "stop_p95_ttft_ms", 1, 600_000),
    )


_KNOWN = frozenset(LoadPlan.__dataclass_fields__)


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


def start_delay_s(plan: LoadPlan, user_no: int) -> float:
    """Return when a user of the closed model begins; user_no counts from 0."""
    return plan.ramp_s * user_no / plan.users


def due_s(plan: LoadPlan, arrival_no: int) -> float:
    """Return when an arrival of the open model is due; the rate grows evenly over the ramp."""
    assert plan.rate is not None
    in_ramp = plan.rate * plan.ramp_s / 2  # arrivals while the rate grows
    if arrival_no < in_ramp:
        return math.sqrt(2 * plan.ramp_s * arrival_no / plan.rate)
    return plan.ramp_s + (arrival_no - in_ramp) / plan.rate


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
    return counts.get(SampleClass.INCOMPLETE, 0) + counts.get(SampleClass.ERRORED, 0)


def error_share(counts: Mapping[str, int]) -> float:
    """Return the bad calls of those that were judged good or bad, 0..1."""
    bad = bad_count(counts)
    judged = bad + counts.get(SampleClass.SUCCESS, 0)
    return bad / judged if judged else 0.0


def stop_reason(plan: LoadPlan, summary: Summary) -> Message | None:
    """Return why the run shall stop now, or None."""
    bad = bad_count(summary.counts)
    if plan.stop_errors is not None and bad >= plan.stop_errors:
        return say("{count} calls failed; the rule stops at {limit}", count=bad,
                   limit=plan.stop_errors)  # fmt: skip
    if bad + summary.counts.get(SampleClass.SUCCESS, 0) < JUDGED_LEAST:
        return None
    return _share_broken(plan.stop_error_share, summary) or _ttft_broken(plan, summary)


def verdict(plan: LoadPlan, summary: Summary) -> Message | None:
    """Return which threshold did not hold over the whole run, or None when all held."""
    if not summary.counts.get(SampleClass.SUCCESS, 0):
        return say("No call succeeded")
    limit = ERROR_SHARE_HELD if plan.stop_error_share is None else plan.stop_error_share
    return _share_broken(limit, summary) or _ttft_broken(plan, summary)


def _share_broken(limit: float | None, summary: Summary) -> Message | None:
    if limit is None or summary.error_share <= limit:
        return None
    share, most = f"{summary.error_share:.1%}", f"{limit:.1%}"
    return say("{share} of the calls failed; at most {limit} may", share=share, limit=most)


def _ttft_broken(plan: LoadPlan, summary: Summary) -> Message | None:
    limit, p95 = plan.stop_p95_ttft_ms, summary.ttft.p95
    if limit is None or p95 is None or p95 <= limit:
        return None
    return say("The first text came after {value} ms (p95); at most {limit} ms may pass",
               value=round(p95), limit=round(limit))  # fmt: skip


# -- one value each


def _whole(values: Mapping[str, Any], field: str, high: int) -> int | None:
    value = values.get(field)
    return None if value is None else whole_number(value, field, 1, high)


def _number(values: Mapping[str, Any], field: str, low: float, high: float) -> float | None:
    value = values.get(field)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # NaN fails here too
        raise InputError("Must be a number from {low} to {high}", field=field, low=low, high=high)
    return float(value)


def _models(value: Any) -> tuple[str, ...]:
    names = cast("list[Any]", value if isinstance(value, list | tuple) else [])
    if (value is not None and not isinstance(value, list | tuple)) or len(names) > MODELS_MAX:
        raise InputError(
            "Must be a list of at most {limit} model keys", field="models", limit=MODELS_MAX
        )
    return tuple(dict.fromkeys(plain_text(name, "models", 300, needed=True) for name in names))


def _user_type(value: Any) -> UserType:
    if value is None:
        return UserType.ANONYMOUS
    if value not in ("anonymous", "permanent"):
        raise InputError("Choose anonymous or registered", field="user_type")
    return UserType(value)


def _mode(value: Any) -> str:
    if value is None:
        return _MODES[0]
    if value not in _MODES:
        raise InputError("Choose one of {names}", field="result_mode", names=", ".join(_MODES))
    return str(value)
