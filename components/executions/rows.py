"""Rows: an execution as one row of a list, in the page's language and the operator's zone."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from components.primitives.formats import (
    NOTHING,
    clock_text,
    duration_text,
    epoch_ms,
    moment_text,
    zone_of,
)
from components.status.looks import EXECUTION_LOOKS, look_props, trigger_word
from components.words import language, sentence, tr
from services.executions.types import (
    CancelStage,
    Execution,
    ExecutionFilter,
    ExecutionKind,
    ExecutionState,
)

UNKNOWN_ICON = "bolt"
RESULT_MAX = 160
_CACHED_MOST = 2_000
_ALL = ExecutionFilter()
Kinds = Mapping[str, ExecutionKind]

# Twenty pages that show the same change share its text; it is known by the very object it shows.
_cached: "OrderedDict[tuple[str, str], tuple[Execution, str]]" = OrderedDict()


# Kinds whose runs have a page of their own that says more than the execution's.
_PAGES: Mapping[str, str] = {
    "load_test": "/simulator/load/",
    "load_finder": "/simulator/load/",
    "dialog": "/simulator/chat/",
}
_PAGE = "/executions/"


def address_of(one: Execution) -> str:
    """Return the page that shows what the run is about."""
    return _PAGES.get(one.execution_type, _PAGE) + one.execution_id


def run_of(path: str) -> str:
    """Return the id (or number) of the run whose page an address is, empty for another page."""
    plain = path.partition("?")[0].partition("#")[0].rstrip("/")
    start, _, key = plain.rpartition("/")
    return key if f"{start}/" in (_PAGE, *_PAGES.values()) else ""


def kind_label(one: Execution, kinds: Kinds) -> str:
    """Return what kind of work it is; a kind of an earlier version has the label of its row."""
    kind = kinds.get(one.execution_type)
    return tr(kind.label if kind is not None else one.label)


def kind_icon(one: Execution, kinds: Kinds) -> str:
    """Return the Material Symbols name of its kind."""
    kind = kinds.get(one.execution_type)
    return kind.icon if kind is not None else UNKNOWN_ICON


def row_texts(found: Iterable[Execution], kinds: Kinds, zone: str, now: datetime) -> list[str]:
    """Return each row as the JSON text the browser takes it in, in the order given."""
    # What a row depends on beside its execution: the words, the zone, and which day is today.
    place = f"{language()} {zone} {now.astimezone(zone_of(zone)):%Y%j}"
    texts: list[str] = []
    for one in found:
        key = (one.execution_id, place)
        known = _cached.get(key)
        if known is None or known[0] is not one:
            text = json.dumps(list_row(one, kinds, zone, now), ensure_ascii=False)
            known = _cached[key] = (one, text)
            _cached.move_to_end(key)
        texts.append(known[1])
    while len(_cached) > _CACHED_MOST:
        _cached.popitem(last=False)
    return texts


def list_row(one: Execution, kinds: Kinds, zone: str, now: datetime) -> dict[str, Any]:
    """Return what one row of a list shows."""
    is_open = not one.status.is_final
    kind = kinds.get(one.execution_type)
    return {
        "id": one.id,
        "key": one.execution_id,
        "to": address_of(one),
        "state": str(one.status),
        "icon": kind_icon(one, kinds),
        "kind": kind_label(one, kinds),
        "subject": one.subject,
        "part": one.parent_id is not None,
        "demo": one.is_demo,
        "stopping": one.is_cancelling,
        "again": kind is not None
        and kind.is_startable
        and one.parent_id is None
        and not one.is_demo,
        "note": note_text(one) if is_open else "",
        "done": one.done,
        "total": one.total,
        "result": "" if is_open else result_text(one),
        "by": trigger_word(one.trigger),
        "by_title": started_by_text(one),
        "at": clock_text(one.created_at, zone, now),
        "at_title": moment_text(one.created_at, zone),
        "started": epoch_ms(one.started_at) or 0,
        "took": took_text(one, now),
    }


def state_looks() -> dict[str, dict[str, Any]]:
    """Return, for the browser, what each state of a row looks like and whether it is over."""
    return {
        str(state): {
            **look_props(look),
            "open": not state.is_final,
            "running": state is ExecutionState.RUNNING,
        }
        for state, look in EXECUTION_LOOKS.items()
    }


def note_text(one: Execution) -> str:
    """Return what an open run is waiting for, empty when it simply runs."""
    if one.cancel_stage is CancelStage.FORCED:
        return tr("Ending it by force")
    if one.cancel_stage is CancelStage.ABANDONED:
        return tr("It does not end and is left to itself")
    if one.is_cancelling:
        return tr("Asked to end")
    if one.queue_place:
        return tr("No. {n} in the queue", n=one.queue_place)
    return ""


def progress_text(one: Execution) -> str:
    """Return `40 of 40 · 3 ✕`, empty when nobody counts."""
    parts = [tr("{done} of {total}", done=one.done, total=one.total)] if one.total else []
    if bad := bad_count(one):
        parts.append(f"{bad} ✕")
    return " · ".join(parts)


def result_text(one: Execution) -> str:
    """Return the progress, the reason it ended badly, or a dash."""
    parts = [text for text in (progress_text(one),) if text]
    if one.error:
        parts.append(error_text(one).split("\n", 1)[0][:RESULT_MAX])
    return " · ".join(parts) or NOTHING


def error_text(one: Execution) -> str:
    """Return why it ended badly; a sentence of ours in the page's language, foreign text as it is."""
    return sentence(one.reason)


def error_kind_text(one: Execution) -> str:
    """Return the kind of its error; the kinds that are states have the state's word."""
    known = {str(state): look for state, look in EXECUTION_LOOKS.items()}
    return known[one.error_kind].label if one.error_kind in known else one.error_kind


def bad_count(one: Execution) -> int:
    """Return how many of its parts it judged as bad, 0 when it does not judge."""
    good, judged, failed = (one.meta.get(name) for name in ("good", "judged", "failed"))
    if isinstance(good, int) and isinstance(judged, int):
        return max(0, judged - good)
    return failed if isinstance(failed, int) else 0


def started_by_text(one: Execution) -> str:
    """Return how it was started and by whom."""
    word = trigger_word(one.trigger)
    return f"{word} · {one.started_by}" if one.started_by else word


def took_text(one: Execution, now: datetime) -> str:
    """Return how long it ran, or has run so far."""
    if one.started_at is None:
        return NOTHING
    end = one.finished_at or (None if one.status.is_final else now)
    if end is None:
        return NOTHING
    return duration_text(max(0.0, (end - one.started_at).total_seconds() * 1000))


def is_wanted(one: Execution, wanted: ExecutionFilter) -> bool:
    """Whether a list with this filter shows the execution, by the rules the store searches by."""
    if wanted == _ALL:
        return True
    made = one.created_at
    return (
        (not wanted.kinds or one.execution_type in wanted.kinds)
        and (not wanted.states or one.status in wanted.states)
        and (wanted.created_from is None or (made is not None and made >= wanted.created_from))
        and (wanted.created_to is None or (made is not None and made <= wanted.created_to))
        and wanted.agent_id in (None, one.agent_id)
        and wanted.workflow_id in (None, one.workflow_id)
        and wanted.parent_id in (None, one.parent_id)
        and has_text(one, wanted.text)
    )


def has_text(one: Execution, text: str) -> bool:
    """Whether the text is in what a search looks at; case does not matter."""
    sought = text.strip().lower()
    if not sought:
        return True
    places = (one.execution_id, one.label, one.subject, one.started_by, one.error, one.input)
    return any(sought in place.lower() for place in places)
