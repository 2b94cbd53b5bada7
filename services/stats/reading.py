"""Reading: figures of a window from the roll-ups; each function gets a session."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries import rollups
from db.queries.rollups import Stretch, Sums
from services.stats import histogram, windows
from services.stats.types import Calls, Figures, Origin, Point
from services.stats.windows import Grain, Piece, Span

_P50, _P95 = 0.50, 0.95


def figures(
    session: Session, window: str, origins: Sequence[str], now: datetime, as_of: datetime
) -> Figures:
    """Return every figure of the window that ends with the present minute; raise InputError."""
    span = windows.window(window, now)
    pieces = _stretches(windows.cover(span))
    by_origin = rollups.sums_by_origin(session, pieces)
    before = rollups.sums_by_origin(session, _stretches(windows.cover(windows.before(window, now))))
    seen = rollups.users_seen(session, span.start)
    latencies = histogram.merged(
        buckets for *_, buckets in rollups.buckets_of(session, pieces, origins)
    )
    models = rollups.sums_by_model(session, pieces, origins)
    return Figures(
        window=window,
        origins=tuple(origins),
        start=span.start,
        end=span.end,
        as_of=as_of,
        active_users=sum(seen.get(origin, 0) for origin in origins),
        active_left_out={name: count for name, count in seen.items() if _is_left(name, origins)},
        calls=calls_of(by_origin, origins),
        calls_left_out={o: s.total for o, s in by_origin.items() if _is_left(o, origins)},
        calls_before=calls_of(before, origins),
        p50_ms=histogram.percentile(latencies, _P50),
        p95_ms=histogram.percentile(latencies, _P95),
        by_model={model: _calls(sums, 0) for model, sums in models.items()},
    )


def _is_left(origin: str, origins: Sequence[str]) -> bool:
    """Whether figures of these origins leave out what real users of another one did."""
    return origin not in origins and Origin.DEMO not in (origin, *origins)


def points(
    session: Session, window: str, origins: Sequence[str], now: datetime, zone: ZoneInfo
) -> list[Point]:
    """Return the chart of the window: minutes, hours, or days of the zone; raise InputError."""
    spans = windows.bins(window, now, zone)
    pieces = [piece for span in spans for piece in windows.cover(span, Grain.HOUR)]
    found = rollups.buckets_of(session, _stretches(windows.joined(pieces)), origins)
    found.sort(key=lambda row: row[0])
    made: list[Point] = []
    at = 0
    for span in spans:
        begin = at
        while at < len(found) and found[at][0] < span.end:
            at += 1
        made.append(_point(span, found[begin:at]))
    return made


def calls_in(session: Session, span: Span, origins: Sequence[str]) -> Calls:
    """Return the calls of any stretch of whole minutes."""
    return calls_of(rollups.sums_by_origin(session, _stretches(windows.cover(span))), origins)


def calls_of(by_origin: Mapping[str, Sums], origins: Sequence[str]) -> Calls:
    """Return the calls of some origins together."""
    some = [by_origin[origin] for origin in origins if origin in by_origin]
    return Calls(
        total=sum(one.total for one in some),
        success=sum(one.success for one in some),
        latency_ms=sum(one.latency_ms for one in some),
        prompt_tokens=sum(one.prompt_tokens for one in some),
        completion_tokens=sum(one.completion_tokens for one in some),
        tokens=sum(one.tokens for one in some),
        reported=sum(one.reported for one in some),
    )


def calls_by_model(
    session: Session, window: str, models: Sequence[str], origins: Sequence[str], now: datetime
) -> dict[str, Calls]:
    """Return what was asked of each of these models, with how many users asked; raise InputError."""
    span = windows.window(window, now)
    sums = rollups.sums_by_model(session, _stretches(windows.cover(span)), origins)
    users = rollups.users_by_model(session, span.start, models, origins)
    return {m: _calls(sums[m], users.get(m, 0)) for m in models if m in sums}


def _calls(sums: Sums, users: int) -> Calls:
    return Calls(
        sums.total,
        sums.success,
        sums.latency_ms,
        sums.prompt_tokens,
        sums.completion_tokens,
        sums.tokens,
        sums.reported,
        users,
    )


def _point(span: Span, rows: Sequence[tuple[datetime, int, int, Mapping[str, int]]]) -> Point:
    latencies = histogram.merged(buckets for *_, buckets in rows)
    return Point(
        start=span.start,
        end=span.end,
        total=sum(count for _, count, _, _ in rows),
        success=sum(good for _, _, good, _ in rows),
        p50_ms=histogram.percentile(latencies, _P50),
        p95_ms=histogram.percentile(latencies, _P95),
    )


def _stretches(pieces: Sequence[Piece]) -> list[Stretch]:
    return [Stretch(str(one.grain), one.span.start, one.span.end) for one in pieces]
