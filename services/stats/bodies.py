"""Pure: the bodies of /stats/* from sums and lists (contract 10.1, 10.2)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Any

from services.mapping.types import MappedModel
from services.models.types import Endpoint
from services.stats.histogram import ERROR
from services.stats.types import Calls, Figures


def percent(part: int, whole: int) -> float:
    """Return a percentage with 2 decimals, 0 when nothing was counted."""
    return round(100 * part / whole, 2) if whole else 0.0


def day_series(days: Mapping[str, int], last: date, count: int = 8) -> list[dict[str, Any]]:
    """Return a point a UTC day up to the last, days without users as 0."""
    wanted = (last - timedelta(days=back) for back in range(count - 1, -1, -1))
    return [{"date": day.isoformat(), "count": days.get(day.isoformat(), 0)} for day in wanted]


def active_users(figures: Figures, series: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the body of /stats/daily-active-users."""
    return {
        "time_window": figures.window,
        "count": figures.active_users,
        "granularity": "day" if series else None,
        "series": series,
        "test_users": sum(figures.active_left_out.values()),
        "left_out": dict(figures.active_left_out),
        "as_of": figures.as_of.isoformat(),
    }


def ai_requests(figures: Figures) -> dict[str, Any]:
    """Return the body of /stats/ai-requests."""
    calls = figures.calls
    return {
        "time_window": figures.window,
        "total": calls.total,
        "success": calls.success,
        "error": calls.error,
        "success_rate": calls.success_rate or 0.0,
        "avg_latency_ms": calls.mean_ms or 0.0,
        "p50_latency_ms": figures.p50_ms,
        "p95_latency_ms": figures.p95_ms,
        "percentile_error": round(ERROR, 4),
        "left_out": dict(figures.calls_left_out),
        "as_of": figures.as_of.isoformat(),
    }


def connectivity(endpoints: Sequence[Endpoint], *, is_running: bool) -> dict[str, Any]:
    """Return how many active endpoints are online, and whether they are looked at by themselves."""
    active = [endpoint for endpoint in endpoints if endpoint.is_active]
    healthy = sum(endpoint.status == "online" for endpoint in active)
    checked = [e.last_checked_at for e in active if e.last_checked_at is not None]
    return {
        "is_running": is_running,
        "healthy_endpoints": healthy,
        "total_endpoints": len(active),
        "connectivity_rate": percent(healthy, len(active)),
        "last_check": max(checked).astimezone(UTC).isoformat() if checked else None,
        "flagged_endpoints": sum(bool(e.last_error) for e in active),
    }


def mapped_models(
    window: str, mapped: Sequence[MappedModel], calls: Mapping[str, Calls]
) -> dict[str, Any]:
    """Return each mapped key with its availability and what was asked of it."""
    rows = [_mapped_row(model, calls.get(model.name)) for model in mapped]
    available = sum(row["availability"] for row in rows)
    return {
        "time_window": window,
        "total": len(rows),
        "available": available,
        "unavailable": len(rows) - available,
        "availability_rate": percent(available, len(rows)),
        "rows": rows,
    }


def _mapped_row(model: MappedModel, calls: Calls | None) -> dict[str, Any]:
    is_available = model.resolved_model is not None
    calls = calls or Calls()
    return {
        "model_key": model.name,
        "scope_type": str(model.scope_type),
        "availability": is_available,
        "availability_reason": "ok" if is_available else "no_endpoint_for_mapped_model",
        "provider": model.provider,
        "dialect": model.dialect,
        "resolved_model": model.resolved_model,
        "endpoint_id": model.endpoint_id,
        "endpoint_name": model.endpoint_name,
        "calls_total": calls.total,
        "unique_users": calls.users,
        "success_rate": calls.success_rate or 0.0,
        "avg_latency_ms": calls.mean_ms or 0.0,
    }
