"""Filters: which runs the page shows, kept in the address so that a link reproduces the view."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from services.executions.types import ExecutionFilter, ExecutionState

WINDOWS: dict[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
ALL = "all"
BETWEEN = "between"
TEXT_MAX = 200
KINDS_MAX = 50
_OWNERS = ("agent", "workflow", "parent")


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices of the toolbar; the defaults are left out of the address."""

    kinds: tuple[str, ...] = ()
    states: tuple[ExecutionState, ...] = ()
    text: str = ""
    window: str = ALL  # one of WINDOWS, all, or between
    start: datetime | None = None  # with between; aware, UTC
    end: datetime | None = None
    agent: int | None = None
    workflow: int | None = None
    parent: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether everything is shown."""
        return self == Filters()

    def wanted(self, now: datetime) -> ExecutionFilter:
        """Return what the store is asked for at that moment."""
        span = WINDOWS.get(self.window)
        between = self.window == BETWEEN
        return ExecutionFilter(
            kinds=self.kinds,
            states=self.states,
            text=self.text,
            created_from=now - span if span else self.start if between else None,
            created_to=self.end if between else None,
            agent_id=self.agent,
            workflow_id=self.workflow,
            parent_id=self.parent,
        )


def read_filters(query: str) -> Filters:
    """Return the filters of an address; anything unknown in it counts as not given."""
    try:
        given = parse_qs(query, max_num_fields=KINDS_MAX + 20)
    except ValueError:
        return Filters()

    def one(name: str) -> str:
        return given.get(name, [""])[0]

    start, end = _moment(one("from")), _moment(one("to"))
    window = one("window")
    if window not in WINDOWS:
        window = BETWEEN if start or end else ALL
    between = window == BETWEEN
    agent, workflow, parent = (_number(one(name)) for name in _OWNERS)
    return Filters(
        kinds=tuple(dict.fromkeys(kind[:40] for kind in given.get("kind", [])))[:KINDS_MAX],
        states=tuple(state for state in ExecutionState if state in given.get("status", [])),
        text=_text(one("q")),
        window=window,
        start=start if between else None,
        end=end if between else None,
        agent=agent,
        workflow=workflow,
        parent=parent,
    )


def changed(filters: Filters, changes: Mapping[str, Any]) -> Filters:
    """Return the filters after a choice in the toolbar."""
    chosen = replace(filters, **changes)
    if chosen.window != BETWEEN:
        chosen = replace(chosen, start=None, end=None)
    return replace(
        chosen,
        text=_text(chosen.text),
        states=tuple(state for state in ExecutionState if state in chosen.states),
    )


def address(filters: Filters, path: str = "/executions") -> str:
    """Return the address of the view."""
    pairs: list[tuple[str, str]] = [("kind", kind) for kind in filters.kinds]
    pairs += [("status", str(state)) for state in filters.states]
    if filters.text:
        pairs.append(("q", filters.text))
    if filters.window in WINDOWS:
        pairs.append(("window", filters.window))
    if filters.window == BETWEEN:
        moments = (("from", filters.start), ("to", filters.end))
        pairs += [(name, f"{at:%Y-%m-%dT%H:%M:%SZ}") for name, at in moments if at is not None]
    owners = zip(_OWNERS, (filters.agent, filters.workflow, filters.parent), strict=True)
    pairs += [(name, str(number)) for name, number in owners if number is not None]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def query_of(path: str) -> str:
    """Return the query of an address."""
    return path.partition("?")[2].partition("#")[0]


def _text(value: str) -> str:
    return value.replace("\x00", "").strip()[:TEXT_MAX]


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _moment(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None
