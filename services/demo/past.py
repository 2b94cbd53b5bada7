"""The whole demo past: every table's rows out of one story, executions in the order of time."""

from datetime import datetime, timedelta
from typing import Any

from services.demo.changes import add_changes, add_uptime
from services.demo.launches import add_launches
from services.demo.loads import add_load_tests
from services.demo.rows import Ran, Rows
from services.demo.story import HOUR, PROVIDERS, Story, Wrong, floor
from services.demo.talks import add_talks

BOOT = "demo"
_PROBE_EVERY = 4 * HOUR


def add_past(story: Story, rows: Rows) -> None:
    """Add everything but the usage, which comes day by day."""
    ran = [*add_launches(story, rows), *add_load_tests(story, rows), *add_talks(story, rows)]
    ran += probes(story)
    for one in sorted(ran, key=lambda one: one.at):
        _add_execution(rows, one)
    add_changes(story, rows)
    add_uptime(story, rows)


def probes(story: Story) -> list[Ran]:
    """Return the looks at the providers: which of them answered, and how fast."""
    found: list[Ran] = []
    at = floor(story.start, _PROBE_EVERY) + _PROBE_EVERY
    while at + timedelta(minutes=10) < story.end:
        if not story.is_off(at):
            found.append(_probe(story, at + timedelta(minutes=7), len(found)))
        at += _PROBE_EVERY
    return found


def _probe(story: Story, at: datetime, place: int) -> Ran:
    rng = story.rng("probe", place)
    down = {
        trouble.who
        for trouble in story.troubles
        if trouble.what is Wrong.OUTAGE and trouble.start <= at < trouble.end
    }
    seen: list[dict[str, Any]] = []
    for number, name in enumerate(PROVIDERS, 901):
        state = "offline" if name in down else "online"
        latency_ms = None if name in down else round(rng.uniform(90, 420))
        seen.append({"id": number, "name": name, "state": state, "latency_ms": latency_ms})
    online = len(PROVIDERS) - sum(one["state"] == "offline" for one in seen)
    lines = [
        f"{one['name']}: {one['state']}"
        + (f", {one['latency_ms']} ms" if one["latency_ms"] else ", HTTP 503")
        for one in seen
    ]
    return Ran(
        kind="probe",
        label="Probe of providers",
        at=at,
        took_s=rng.uniform(0.4, 1.6),
        place=place,
        done=len(seen),
        total=len(seen),
        output="\n".join(lines),
        meta={"online": online, "failed": len(seen) - online, "endpoints": seen},
    )


def _add_execution(rows: Rows, ran: Ran) -> None:
    ended = ran.at + timedelta(seconds=ran.took_s)
    number = rows.add(
        "executions",
        {
            "execution_id": ran.execution_id,
            "execution_type": ran.kind,
            "label": ran.label,
            "subject": ran.subject,
            "status": ran.status,
            "trigger": ran.trigger,
            "started_by": ran.started_by,
            "error_kind": ran.error_kind,
            "error_message": ran.error,
            "done": ran.done,
            "total": ran.total,
            "boot_id": BOOT,
            "created_at": ran.at,
            "started_at": ran.at,
            "updated_at": ended,
            "finished_at": ended,
            "output_size": len(ran.output),
            "meta": dict(ran.meta),
            "test_output": ran.output,
        },
    )
    events: tuple[tuple[datetime, str, dict[str, str]], ...] = (
        (ran.at, "created", {}),
        (ran.at, "started", {}),
        (ended, "ended", {"status": ran.status, "error_kind": ran.error_kind}),
    )
    for seq, (at, kind, data) in enumerate(events, 1):
        rows.put(
            "execution_events",
            {"execution_id": number, "seq": seq, "at": at, "kind": kind, "data": data},
        )
