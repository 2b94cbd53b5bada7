"""Lines of the log as the view draws them."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from components.primitives.formats import epoch_ms, offset_text, zone_of
from services.logs.types import LogEntry

_SHAPES: Mapping[str, tuple[str, str, str]] = {  # tone, shape, weight; the word is the level itself
    "CRITICAL": ("failed", "cross", "solid"),
    "ERROR": ("failed", "cross", "solid"),
    "WARNING": ("slow", "bang", "solid"),
}
_PLAIN = ("none", "dash", "plain")
_GROUPS = {"CRITICAL": "error", "ERROR": "error", "WARNING": "warning"}
FIRST_MAX = 400  # characters of the folded line
_keys = itertools.count(1)


def line_rows(entries: Iterable[LogEntry], zone: str) -> list[dict[str, Any]]:
    """Return one row a line in the order given."""
    place = zone_of(zone)
    return [_row(entry, entry.at.astimezone(place), zone) for entry in entries]


def _row(entry: LogEntry, local: Any, zone: str) -> dict[str, Any]:
    tone, shape, weight = _SHAPES.get(entry.level, _PLAIN)
    first, _, rest = entry.text.partition("\n")
    offset = offset_text(local)
    stamp = f"{local:%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"
    return {
        "key": next(_keys),
        "at": epoch_ms(entry.at),
        "iso": local.isoformat(timespec="milliseconds"),
        "time": stamp,
        "zone": offset,
        "title": f"{local:%Y}-{stamp} {zone} (UTC{offset})",
        "level": entry.level,
        "tone": tone,
        "shape": shape,
        "weight": weight,
        "group": _GROUPS.get(entry.level, "info"),
        "first": first[:FIRST_MAX],
        "more": rest.count("\n") + 1 if rest else 0,
        "text": entry.text,
        "logger": entry.logger,
        "user": entry.user_id,
        "request": entry.request_id,
    }
