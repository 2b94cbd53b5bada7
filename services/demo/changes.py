"""Demo changes: what the made-up operators edited, and when the made-up console ran."""

from datetime import datetime, timedelta
from typing import Any

from services.demo.rows import Rows
from services.demo.story import DAY, Story
from services.foundation.ids import demo_id

_BOOT = "demo"
_MEI, _JONAS, _OPERATOR = "account:mei (demo)", "account:jonas (demo)", "console"
Sides = dict[str, Any] | None
# Days ago, who, kind, id, name, action, before, after.
_EDITS: tuple[tuple[float, str, str, str, str, str, Sides, Sides], ...] = (
    (29.6, _OPERATOR, "model", "901", "Aster", "created", None,
     {"name": "Aster", "base_url": "https://api.aster.example", "provider_protocol": "openai"}),
    (29.5, _OPERATOR, "model", "902", "Borealis", "created", None,
     {"name": "Borealis", "base_url": "https://borealis.example/v1", "provider_protocol": "openai"}),
    (29.4, _MEI, "mapping", "mapping:coach", "mapping:coach", "created", None,
     {"scope_key": "coach", "default_model": "aster-2-large", "is_active": True}),
    (27.3, _MEI, "settings", "dashboard_config", "settings", "changed",
     {"e2e_interval_hours": 12}, {"e2e_interval_hours": 6}),
    (21.2, _JONAS, "mapping", "mapping:meal-planner", "mapping:meal-planner", "changed",
     {"default_model": "borealis-lite"}, {"default_model": "borealis-pro"}),
    (20.9, _JONAS, "model", "902", "Borealis", "changed", {"timeout": 60}, {"timeout": 30}),
    (16.2, _MEI, "model", "901", "Aster", "changed", {"timeout": 60}, {"timeout": 90}),
    (13.2, _MEI, "settings", "dashboard_config", "settings", "changed",
     {"e2e_anon_method": "native"}, {"e2e_anon_method": "auto"}),
    (10.0, _JONAS, "model", "903", "Cirrus", "changed",
     {"allows_local": True}, {"allows_local": False}),
    (8.6, _JONAS, "prompt", "911", "Coach (short answers)", "changed",
     {"newest_no": 3}, {"newest_no": 4}),
    (7.2, _MEI, "prompt", "911", "Coach (short answers)", "changed",
     {"newest_no": 4}, {"newest_no": 5}),
    (4.4, _MEI, "mapping", "mapping:fallback", "mapping:fallback", "changed",
     {"is_active": True}, {"is_active": False}),
    (4.1, _MEI, "mapping", "mapping:fallback", "mapping:fallback", "changed",
     {"is_active": False}, {"is_active": True}),
    (0.6, _JONAS, "prompt", "912", "Translate", "changed", {"newest_no": 1}, {"newest_no": 2}),
)  # fmt: skip


def add_changes(story: Story, rows: Rows) -> None:
    """Add the lines of the log of changes."""
    for place, (ago, who, kind, subject_id, subject, action, before, after) in enumerate(_EDITS):
        at = story.end - ago * DAY
        if at < story.start:
            continue
        rows.add(
            "audit_log",
            {
                "at": at,
                "actor": who,
                "request_id": "",
                "kind": kind,
                "subject_id": subject_id,
                "subject": subject,
                "action": action,
                "before_json": before,
                "after_json": after,
                "group_id": demo_id("act", at, place),
            },
        )


def add_uptime(story: Story, rows: Rows) -> None:
    """Add the stretches in which the console ran: all of the time but where the story says no."""
    begin = story.start
    ends: list[tuple[datetime, datetime]] = [*story.off, (story.end, story.end)]
    for off, on in ends:
        if begin < off:
            rows.add(
                "console_uptime",
                {"boot_id": _BOOT, "started_at": begin, "last_seen_at": off - timedelta(seconds=1)},
            )
        begin = on
