"""Pure: what a plan will cost and which limits of its target it will meet, before it is sent."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.foundation.messages import Message, say
from services.gateway.rules import QUOTA_DEFAULTS, family_of
from services.loadtest import rules
from services.loadtest.schedule import Schedule
from services.loadtest.types import Forecast, LoadPlan, QuotaNeed
from services.settings.types import RateLimits

REQUESTS_A_CALL = 2  # the POST and its events
OWN_FILES = 128  # the console's own: pages, store, logs
_SELF_SOCKETS = 3  # ours, the gateway's end of it, and its supplier's


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the target and of this process."""

    name: str
    is_self: bool
    is_production: bool
    is_loopback: bool
    models: tuple[str, ...]  # those the plan names, or all that are mapped; empty: not known
    unlimited: frozenset[str] = frozenset()  # keys without a quota, e.g. of a demo supplier
    quotas: Mapping[str, int | None] = field(default_factory=lambda: dict(QUOTA_DEFAULTS))
    limits: RateLimits = field(default_factory=RateLimits)
    call_s: float | None = None  # median of a whole call in the newest run against it
    descriptor_limit: int = 0


def foresee(plan: LoadPlan, facts: Facts) -> Forecast:
    """Return the forecast of one plan."""
    calls, duration_s, is_exact = _extent(plan, facts)
    streams = min(plan.users, plan.cap)
    sign_ins = rules.sign_in_budget(plan, is_self=facts.is_self)
    quotas = _quotas(calls, sign_ins, facts)
    sockets = streams * (_SELF_SOCKETS if facts.is_self else 1)
    forecast = Forecast(
        calls=calls,
        sign_ins=sign_ins,
        users=plan.users,
        streams=streams,
        models=facts.models,
        quotas=quotas,
        duration_s=duration_s,
        descriptors=sockets + OWN_FILES,
        descriptor_limit=facts.descriptor_limit,
        arrangement=rules.arrangement(plan, is_self=facts.is_self),
        is_self=facts.is_self,
        needs_confirm=facts.name if facts.is_production else "",
        is_exact=is_exact and facts.is_self,
    )
    limits = _met(plan, forecast, facts)
    refused = max([_over_quota(quotas), *(count for count, _ in limits)], default=0)
    warnings = [*(words for _, words in limits), *_quota_words(quotas), *_words(plan, forecast)]
    return replace(forecast, expected_429=min(calls, refused), warnings=tuple(warnings))


def _extent(plan: LoadPlan, facts: Facts) -> tuple[int, float | None, bool]:
    """Return the calls, the seconds, and whether both are known rather than estimated."""
    if plan.is_open:
        return _open_extent(plan)
    if plan.requests is not None:
        if facts.call_s is None:
            return plan.requests, plan.seconds, plan.seconds is None
        each = min(plan.users, plan.cap)
        seconds = plan.ramp_s + math.ceil(plan.requests / each) * facts.call_s
        seconds = seconds if plan.seconds is None else min(seconds, plan.seconds)
        return plan.requests, seconds, plan.seconds is None
    seconds = plan.seconds or 0.0
    level = min(plan.cap, _mean_level(plan))
    calls = level * seconds / facts.call_s if facts.call_s else float(plan.users)
    return max(plan.users, round(calls)), seconds, False


def _open_extent(plan: LoadPlan) -> tuple[int, float | None, bool]:
    schedule = Schedule(plan)
    if plan.requests is not None:
        last_s = schedule.due_s(plan.requests - 1)
        if last_s is not None and (plan.seconds is None or last_s < plan.seconds):
            return plan.requests, last_s, True
    seconds = plan.seconds or 0.0
    calls = schedule.arrivals if schedule.arrivals < math.inf else _arrivals_until(plan, seconds)
    return math.ceil(calls), seconds, True


def _arrivals_until(plan: LoadPlan, seconds: float) -> float:
    rate, ramp_s = plan.rate or 0.0, plan.ramp_s
    if seconds <= ramp_s:
        return rate * seconds * seconds / (2 * ramp_s) if ramp_s else 0.0
    return rate * (seconds - ramp_s / 2)


def _mean_level(plan: LoadPlan) -> float:
    if not plan.stages:
        return float(plan.users)
    before, area = 0.0, 0.0
    for stage in plan.stages:
        level = float(stage.users or 0)
        area += (before + level) / 2 * stage.seconds
        before = level
    return area / sum(stage.seconds for stage in plan.stages)


def _quotas(calls: int, sign_ins: int, facts: Facts) -> tuple[QuotaNeed, ...]:
    """Return the units of each key family; the models are asked in turn."""
    if not facts.models:
        return ()
    counted: Counter[str] = Counter()
    each, more = divmod(calls, len(facts.models))
    for number, key in enumerate(facts.models):
        if key not in facts.unlimited:
            counted[family_of(key)] += each + (number < more)
    return tuple(
        QuotaNeed(family, needed, limit, None if limit is None else limit * sign_ins)
        for family, needed in sorted(counted.items())
        for limit in (facts.quotas.get(family),)
    )


def _over_quota(quotas: tuple[QuotaNeed, ...]) -> int:
    return sum(max(0, one.needed - one.room) for one in quotas if one.room is not None)


def _met(plan: LoadPlan, forecast: Forecast, facts: Facts) -> list[tuple[int, Message]]:
    """Return the guards a plan will meet: calls refused by it at least, and the sentence."""
    limits, is_permanent = facts.limits, plan.user_type == "permanent"
    if not limits.enabled and facts.is_self:
        return []
    per_user = limits.streams_per_user if is_permanent else limits.streams_per_anonymous
    daily = limits.user_daily if is_permanent else limits.anonymous_daily
    found: list[tuple[int, Message]] = []
    room = forecast.sign_ins * per_user
    if 0 < room < forecast.streams:
        refused = round(forecast.calls * (1 - room / forecast.streams))
        found.append((refused, say(
            "{users} signed-in users may have {room} streams open ({limit} each) and {streams} are "
            "wanted: the rest is answered 429",
            users=forecast.sign_ins, room=room, limit=per_user, streams=forecast.streams,
        )))  # fmt: skip
    found += _daily(forecast, forecast.sign_ins * daily, say(
        "One user may make {limit} requests a day; {users} users need {needed}",
        limit=daily, users=forecast.sign_ins, needed=forecast.calls * REQUESTS_A_CALL,
    ))  # fmt: skip
    if not facts.is_loopback:
        found += _daily(forecast, limits.ip_daily, say(
            "One address may make {limit} requests a day; this plan makes {needed}",
            limit=limits.ip_daily, needed=forecast.calls * REQUESTS_A_CALL,
        ))  # fmt: skip
    return found + _paces(plan, forecast, facts)


def _daily(forecast: Forecast, limit: int, words: Message) -> list[tuple[int, Message]]:
    over = forecast.calls * REQUESTS_A_CALL - limit
    return [(math.ceil(over / REQUESTS_A_CALL), words)] if limit > 0 and over > 0 else []


def _paces(plan: LoadPlan, forecast: Forecast, facts: Facts) -> list[tuple[int, Message]]:
    """Return the limits a second; with no duration nobody can tell."""
    if not forecast.duration_s:
        return []
    limits = facts.limits
    pace = REQUESTS_A_CALL * forecast.calls / forecast.duration_s
    qps = limits.user_qps if plan.user_type == "permanent" else limits.anonymous_qps
    found = [
        (qps * forecast.sign_ins, say(
            "{room} requests a second are allowed to all users together; this plan makes {pace}",
            room=qps * forecast.sign_ins, pace=round(pace),
        ))
    ]  # fmt: skip
    if not facts.is_loopback:
        found.append((limits.ip_qps, say(
            "{room} requests a second are allowed to one address; this plan makes {pace}",
            room=limits.ip_qps, pace=round(pace),
        )))  # fmt: skip
    return [
        (round(forecast.calls * (1 - limit / pace)), words)
        for limit, words in found
        if 0 < limit < pace
    ]


def _quota_words(quotas: tuple[QuotaNeed, ...]) -> list[Message]:
    return [
        say(
            "{needed} calls of the family {family} are planned; the daily quota lets {room} through",
            needed=one.needed, family=one.family, room=one.room,
        )
        for one in quotas
        if one.room is not None and one.needed > one.room
    ]  # fmt: skip


def _words(plan: LoadPlan, forecast: Forecast) -> list[Message]:
    found: list[Message] = []
    if plan.users > plan.cap and not plan.is_open:
        found.append(say(
            "At most {cap} calls are in flight; {count} users wait for a place",
            cap=plan.cap, count=plan.users - plan.cap,
        ))  # fmt: skip
    if 0 < forecast.descriptor_limit < forecast.descriptors:
        found.append(say(
            "{needed} files and sockets are needed and this process may open {limit}: raise the "
            "limit (ulimit -n)",
            needed=forecast.descriptors, limit=forecast.descriptor_limit,
        ))  # fmt: skip
    if forecast.is_self:
        found.append(say(
            "The target is this console: it answers and measures on one machine, so its own load is "
            "part of the times",
        ))  # fmt: skip
    else:
        found.append(say(
            "The limits of another server are not known; those of the contract are taken"
        ))  # fmt: skip
    if forecast.needs_confirm:
        found.append(say(
            "{name} is marked as production: its name must be typed before the start",
            name=forecast.needs_confirm,
        ))  # fmt: skip
    return found
