"""Pure: the bodies of /stats/* from sums and lists (contract 10.1, 10.2)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Any, Protocol

from services.foundation.errors import InputError
from services.mapping.types import MappedModel
from services.models.types import Endpoint

WINDOWS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}


class Sums(Protocol):
    """Sums over the calls of one model."""

    @property
    def total(self) -> int:
        """Calls."""
        ...

    @property
    def success(self) -> int:
        """Calls that succeeded."""
        ...

    @property
    def latency_ms(self) -> int:
        """Their milliseconds together."""
        ...

    @property
    def users(self) -> int:
        """Users that called."""
        ...


def window_of(word: str) -> timedelta:
    """Return the length of a window; raise InputError."""
    window = WINDOWS.get(word)
    if window is None:
        raise InputError(
            "Must be one of {choices}, not {value}",
            field="time_window",
            choices=", ".join(WINDOWS),
            value=word[:20],
        )
    return window


def percent(part: int, whole: int) -> float:
    """Return a percentage with 2 decimals, 0 when nothing was counted."""
    return round(100 * part / whole, 2) if whole else 0.0


def average(total: int, count: int) -> float:
    """Return a mean with 2 decimals, 0 when nothing was counted."""
    return round(total / count, 2) if count else 0.0


def day_series(days: Mapping[date, int], first: date, last: date) -> list[dict[str, Any]]:
    """Return a point a UTC day from first to last, days without users as 0."""
    count = (last - first).days + 1
    wanted = (first + timedelta(days=offset) for offset in range(count))
    return [{"date": day.isoformat(), "count": days.get(day, 0)} for day in wanted]


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
    window: str, mapped: Sequence[MappedModel], calls: Mapping[str, Sums]
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


def _mapped_row(model: MappedModel, sums: Sums | None) -> dict[str, Any]:
    is_available = model.resolved_model is not None
    total = sums.total if sums else 0
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
        "calls_total": total,
        "unique_users": sums.users if sums else 0,
        "success_rate": percent(sums.success, total) if sums else 0.0,
        "avg_latency_ms": average(sums.latency_ms, total) if sums else 0.0,
    }
