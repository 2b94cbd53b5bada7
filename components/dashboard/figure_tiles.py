"""Tiles: what the strip of figures says, from figures, looks and the health of E2E."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.primitives.formats import (
    NOTHING,
    clock_text,
    count_text,
    duration_text,
    moment_text,
    share_text,
)
from components.status.reasons import reason_text
from components.words import tr
from services.accounts.types import KeySetState
from services.e2e.types import Health
from services.stats.types import Calls, DayFigures, Figures, Point

_OK = ("ok", "tick", "tint")
_SLOW = ("slow", "half", "outline")
_FAILED = ("failed", "cross", "solid")
_NONE = ("none", "hollow", "plain")
_NEARLY = 99.9  # percent; from here on two decimals tell more
_PENDING = ("pending", "clock", "plain")


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything the strip is drawn from."""

    figures: Figures
    points: Sequence[Point]
    days: Sequence[DayFigures]
    connectivity: Mapping[str, Any]  # the body of /stats/api-connectivity
    jwt: Mapping[str, Any] | None  # the body of /stats/jwt-availability; None while it is asked for
    health: Health
    zone: str
    now: datetime


def tiles_of(seen: Seen) -> list[dict[str, Any]]:
    """Return the tiles of the strip."""
    return [_actives(seen), _requests(seen), _connectivity(seen), _jwt(seen), _e2e(seen)]


def change_text(now: float, before: float) -> str:
    """Return the change in whole percent, empty when there was nothing before."""
    if not before:
        return ""
    change = round(100 * (now - before) / before)
    if abs(change) > 999:
        return f"×{now / before:.0f}" if change > 0 else "−100%"
    return "±0%" if not change else f"{'+' if change > 0 else '−'}{abs(change)}%"


def left_out_text(figures: Figures) -> str:
    """Return whose calls are not in the figures, or which are in it besides those of app users."""
    words = {
        "console": tr("console"),
        "e2e": tr("E2E and load tests"),
        "test": tr("test users"),
    }
    if len(figures.origins) > 1:
        return tr(
            "with {who}", who=", ".join(words[one] for one in figures.origins if one in words)
        )
    left = [
        f"{words[one]} {count_text(count)}"
        for one, count in figures.calls_left_out.items()
        if one in words and count
    ]
    return tr("not counted: {who}", who=" · ".join(left)) if left else ""


def rate_text(calls: Calls) -> str:
    """Return the share that succeeded; only a whole 100 is called that."""
    rate = calls.success_rate
    if rate is None:
        return NOTHING
    if not calls.error:
        return "100%"
    return f"{rate:.1f}%" if rate < _NEARLY else f"{min(rate, 99.99):.2f}%"


def _tile(key: str, name: str, value: str, note: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": name, "value": value, "note": note, "tone": "", "title": "", **more}


def _actives(seen: Seen) -> dict[str, Any]:
    figures = seen.figures
    by_day = [day.active_users for day in seen.days]
    today = seen.now.date()
    past = [day for day in seen.days if day.day < today]
    note = tr("yesterday {n}", n=count_text(past[-1].active_users)) if past else ""
    return _tile(
        "actives",
        tr("Daily active users") if figures.window == "24h" else tr("Active users"),
        count_text(figures.active_users),
        note,
        spark=by_day,
        title=tr(
            "App users that asked anything. The line shows the days of {zone}.", zone=seen.zone
        ),
    )


def _requests(seen: Seen) -> dict[str, Any]:
    figures = seen.figures
    calls = figures.calls
    parts = [tr("{rate} good", rate=rate_text(calls))] if calls.total else []
    if figures.p95_ms is not None:
        parts.append(f"p95 {duration_text(figures.p95_ms)}")
    about = [tr("{n} in the window before", n=count_text(figures.calls_before.total))]
    if calls.total:
        mean, p50 = duration_text(calls.mean_ms), duration_text(figures.p50_ms)
        about.append(tr("mean {mean}, p50 {p50} (percentiles within 2%)", mean=mean, p50=p50))
    return _tile(
        "requests",
        tr("AI requests"),
        count_text(calls.total),
        " · ".join(parts) or tr("none in this window"),
        change=change_text(calls.total, figures.calls_before.total),
        spark=[point.total for point in seen.points],
        title="\n".join(about),
    )


def _connectivity(seen: Seen) -> dict[str, Any]:
    body = seen.connectivity
    online, total = int(body["healthy_endpoints"]), int(body["total_endpoints"])
    last = datetime.fromisoformat(body["last_check"]) if body["last_check"] else None
    tone = "" if not total else "ok" if online == total else "failed" if not online else "slow"
    note = tr("looked at {at}", at=clock_text(last, seen.zone, seen.now)) if last else ""
    if not body["is_running"]:
        note = " · ".join(part for part in (note, tr("monitor off")) if part)
    elif not last and total:
        note = tr("not looked yet")
    rates = [day.connectivity_rate for day in seen.days]
    return _tile(
        "connectivity",
        tr("API connectivity"),
        f"{online}/{total}" if total and last else NOTHING,
        note if total else tr("no endpoint is active"),
        tone=tone if last else "none",
        spark=rates,
        title=moment_text(last, seen.zone) if last else "",
    )


def _jwt(seen: Seen) -> dict[str, Any]:
    if seen.jwt is None:
        waits = [_pair(name, tr("looking"), _PENDING, "") for name in (tr("Key set"), tr("Token"))]
        return _tile("jwt", tr("JWT availability"), "", "", pairs=waits)
    counts = seen.jwt["verification"]
    verified = tr(
        "{good} of {all} tokens verified",
        good=count_text(counts["successful_requests"]),
        all=count_text(counts["total_requests"]),
    )
    note = verified if counts["total_requests"] else tr("no token seen since the start")
    pairs = [_key_set(seen.jwt["jwks_probe"]), _obtained(seen, seen.jwt["obtainability"])]
    return _tile("jwt", tr("JWT availability"), "", note, pairs=pairs)


def _key_set(probe: Mapping[str, Any]) -> dict[str, str]:
    state = KeySetState(probe["state"])
    looks = {
        KeySetState.LIVE: (_OK, tr("live")),
        KeySetState.ROTATING: (_SLOW, tr("rotating")),
        KeySetState.CACHED: (_SLOW, tr("cached")),
        KeySetState.UNKNOWN: (_FAILED, tr("unknown")),
    }
    look, said = looks[state] if probe["configured"] else (_NONE, tr("not set"))
    return _pair(tr("Key set"), said, look, str(probe["error"] or probe["jwks_url"] or ""))


def _obtained(seen: Seen, body: Mapping[str, Any]) -> dict[str, str]:
    states = (body["anonymous_ok"], body["ordinary_ok"])
    at = datetime.fromisoformat(body["checked_at"]) if body["checked_at"] else None
    if at is None or states == (None, None):
        return _pair(tr("Token"), tr("not tried yet"), _NONE, "")
    when = clock_text(at, seen.zone, seen.now)
    if False not in states:
        return _pair(tr("Token"), tr("had at {at}", at=when), _OK, moment_text(at, seen.zone))
    look = _FAILED if True not in states else _SLOW
    why = reason_text(str(body["error"] or ""))
    return _pair(tr("Token"), tr("refused at {at}", at=when), look, why)


def _pair(name: str, said: str, look: tuple[str, str, str], title: str) -> dict[str, str]:
    tone, shape, weight = look
    return {
        "name": name, "word": said, "tone": tone, "shape": shape, "weight": weight, "title": title,
    }  # fmt: skip


def _e2e(seen: Seen) -> dict[str, Any]:
    health = seen.health
    note = tr("{good} of {judged} judged", good=health.good, judged=health.judged)
    if health.not_judged:
        note += " · " + tr("{n} not judged", n=health.not_judged)
    is_good = health.good == health.judged and not health.sign_in_down
    value = share_text(health.good, health.judged)
    if value == NOTHING and health.judged:
        value = f"{health.good}/{health.judged}"
    return _tile(
        "e2e",
        tr("E2E health"),
        value,
        note if health.judged else tr("nothing was judged"),
        tone="none" if not health.judged else "ok" if is_good else "failed",
        title=moment_text(health.judged_at, seen.zone) if health.judged_at else "",
    )
