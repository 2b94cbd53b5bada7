"""Metric values: which families /metrics has, and where each value is read."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.e2e.types import CellStatus, Dot, Launch

if TYPE_CHECKING:
    from services.console import Console

MODELS_MOST = 200  # values of the label `model`; further ones are left out of gauges
ENDPOINTS_MOST = 200
LABEL_CHARS = 120
Series = Iterable[tuple[tuple[str, ...], Any]]
_GOOD = (CellStatus.OK, CellStatus.SLOW)
_BAD = (CellStatus.BAD_STRUCTURE, CellStatus.FAILED)
NOT_JUDGED, BAD, GOOD = -1, 0, 1


class Values:
    """The console's numbers; ends of launches are counted from here on."""

    def __init__(self, console: "Console") -> None:
        """Begin to count."""
        self.console = console
        self.launches: dict[str, int] = {}
        console.e2e.finished.subscribe(self._finished)

    def _finished(self, launch: Launch) -> None:
        word = str(launch.status)
        self.launches[word] = self.launches.get(word, 0) + 1

    def dots(self) -> Iterator[Dot]:
        """Yield the newest verdicts, of so many models at most."""
        models: set[str] = set()
        for dot in self.console.e2e.health().dots:
            if dot.model_key in models or len(models) < MODELS_MOST:
                models.add(dot.model_key)
                yield dot


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: counters without their _total."""

    name: str
    kind: str  # gauge, counter or histogram
    text: str
    labels: tuple[str, ...]
    read: Callable[[Values], Series]


def _one(value: float) -> Series:
    return [((), value)]


def _label(text: str) -> str:
    return text[:LABEL_CHARS]


def _who(dot: Dot) -> tuple[str, str]:
    return _label(dot.model_key), str(dot.user_type)


def _status(values: Values) -> Series:
    for dot in values.dots():
        is_judged = dot.status in (*_GOOD, *_BAD)
        yield _who(dot), (GOOD if dot.status in _GOOD else BAD) if is_judged else NOT_JUDGED


def _verdict(values: Values) -> Series:
    for dot in values.dots():
        yield (*_who(dot), str(dot.status), str(dot.cause)), 1


def _checked_at(values: Values) -> Series:
    for dot in values.dots():
        yield _who(dot), dot.at.timestamp()


def _check_seconds(values: Values) -> Series:
    for dot in values.dots():
        if dot.latency_ms is not None:
            yield _who(dot), dot.latency_ms / 1000


def _check_ttft(values: Values) -> Series:
    for dot in values.dots():
        if dot.ttft_ms is not None:
            yield _who(dot), dot.ttft_ms / 1000


def _runs(values: Values) -> Series:
    return [((status,), count) for status, count in sorted(values.launches.items())]


def _sign_in_ratio(values: Values) -> Series:
    known = values.console.e2e.obtaining.body()
    names = (("anonymous_ok", "anonymous"), ("ordinary_ok", "permanent"))
    return [((word,), float(known[key])) for key, word in names if known.get(key) is not None]


def _requests(values: Values) -> Series:
    for key, meter in values.console.gateway.meter.keys.items():
        yield (_label(key), "ok"), meter.ok
        yield (_label(key), "error"), meter.error


def _latency(values: Values) -> Series:
    for key, meter in values.console.gateway.meter.keys.items():
        yield (_label(key),), meter.latency.buckets()


def _ttft(values: Values) -> Series:
    for key, meter in values.console.gateway.meter.keys.items():
        yield (_label(key),), meter.ttft.buckets()


def _executions(values: Values) -> Series:
    counts = values.console.executions.counts()
    return [(("running",), counts.running), (("pending",), counts.pending)]


def _endpoints(values: Values) -> Series:
    active = [one for one in values.console.models.endpoints if one.is_active]
    for one in active[:ENDPOINTS_MOST]:
        if one.status in ("online", "offline"):
            yield (str(one.id), _label(one.name)), int(one.status == "online")


def _outbox_age(values: Values) -> Series:
    oldest = values.console.cloud.outbox.view.oldest_at
    return _one(0.0 if oldest is None else _age(values, oldest))


def _tick_age(values: Values) -> Series:
    at = values.console.schedules.view().last_tick_at
    return [] if at is None else _one(_age(values, at))


def _next_check(values: Values) -> Series:
    view = values.console.schedules.view()
    return [] if view.next_at is None else _one(view.next_at.timestamp())


def _probe_at(values: Values) -> Series:
    at = values.console.monitor.view().last_run_at
    return [] if at is None else _one(at.timestamp())


def _age(values: Values, at: datetime) -> float:
    return max(0.0, (values.console.clock.now() - at).total_seconds())


_WHO = ("model", "user_type")
FAMILIES: tuple[Family, ...] = (
    Family("gymbro_check_status", "gauge",
           "Newest E2E verdict of a mapped model: 1 good (ok, slow), 0 bad, -1 not judged",
           _WHO, _status),
    Family("gymbro_check_verdict", "gauge", "1 for the newest verdict and whose side it is on",
           (*_WHO, "verdict", "cause"), _verdict),
    Family("gymbro_check_timestamp_seconds", "gauge", "When the newest verdict was reached",
           _WHO, _checked_at),
    Family("gymbro_check_duration_seconds", "gauge", "Duration of the newest check",
           _WHO, _check_seconds),
    Family("gymbro_check_ttft_seconds", "gauge", "Time to the first text of the newest check",
           _WHO, _check_ttft),
    Family("gymbro_check_runs", "counter", "E2E launches that ended since the start, by status",
           ("status",), _runs),
    Family("gymbro_check_signin_success_ratio", "gauge",
           "1 when the last sign-in of a user type gave a token, else 0",
           ("user_type",), _sign_in_ratio),
    Family("gymbro_check_next_timestamp_seconds", "gauge", "When the next scheduled E2E is due",
           (), _next_check),
    Family("gymbro_scheduler_tick_age_seconds", "gauge", "Since the scheduler last looked",
           (), _tick_age),
    Family("gymbro_gateway_requests", "counter",
           "Finished calls to suppliers since the start; model keys past 200 are `other`",
           ("model", "status"), _requests),
    Family("gymbro_gateway_request_duration_seconds", "histogram", "Duration of good calls",
           ("model",), _latency),
    Family("gymbro_gateway_ttft_seconds", "histogram", "Time to the first text of a call",
           ("model",), _ttft),
    Family("gymbro_messages_running", "gauge", "Messages generated now",
           (), lambda v: _one(v.console.gateway.running)),
    Family("gymbro_streams_open", "gauge", "Event streams open now",
           (), lambda v: _one(v.console.gateway.guards.open_streams)),
    Family("gymbro_event_buffer_bytes", "gauge", "Events that wait to be sent",
           (), lambda v: _one(v.console.gateway.board.size)),
    Family("gymbro_executions", "gauge", "Executions that run or wait", ("state",), _executions),
    Family("gymbro_tasks", "gauge", "Tasks of the event loop",
           (), lambda _: _one(len(asyncio.all_tasks()))),
    Family("gymbro_writes_waiting", "gauge", "Changes that wait for a commit",
           (), lambda v: _one(v.console.database.waiting_writes)),
    Family("gymbro_store_writable", "gauge", "1 while the database takes changes",
           (), lambda v: _one(float(v.console.database.is_writer_alive and not v.console.is_read_only))),
    Family("gymbro_journal_rows_waiting", "gauge",
           "Results the database refused that wait to be written back",
           (), lambda v: _one(v.console.journal.waiting)),
    Family("gymbro_outbox_waiting", "gauge", "Pushes to Supabase that have not arrived",
           (), lambda v: _one(v.console.cloud.outbox.view.count)),
    Family("gymbro_outbox_dead", "gauge", "Of them, those that somebody has to look at",
           (), lambda v: _one(v.console.cloud.outbox.view.dead)),
    Family("gymbro_outbox_oldest_age_seconds", "gauge", "Age of the oldest push; 0 without one",
           (), _outbox_age),
    Family("gymbro_endpoint_up", "gauge", "1 when the last probe of an active endpoint got through",
           ("endpoint_id", "endpoint"), _endpoints),
    Family("gymbro_probe_enabled", "gauge", "1 while endpoints are probed by themselves",
           (), lambda v: _one(float(v.console.monitor.view().is_running))),
    Family("gymbro_probe_timestamp_seconds", "gauge", "When endpoints were last probed",
           (), _probe_at),
    Family("gymbro_access_sessions", "gauge", "Sign-ins of the pages that are good now",
           (), lambda v: _one(len(v.console.access.open_sessions()))),
    Family("gymbro_access_refused", "counter", "Sign-ins refused since the start",
           (), lambda v: _one(v.console.access.signing.refused)),
)  # fmt: skip
