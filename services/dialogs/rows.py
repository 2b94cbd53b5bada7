"""A turn as the values of a row of ai_prompt_tests, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

from services.dialogs import rules
from services.dialogs.advice import advise
from services.dialogs.types import Dialog, EventLine, Saved, TurnTimings
from services.e2e.types import Cause, CellStatus, CheckResult, Kind
from services.executions.rules import clean

EVENTS_BYTES = 524_288  # of events in one row
_TIMINGS = ("signin_ms", "gap_p50_ms", "gap_max_ms")
_FACTS = (
    "root", "is_reply_cut", "claims", "retry_after_s", "flags", "protocol", "result_mode_effective",
    "provider", "resolved_model", "repairs", "prompt_block", "retries",
)  # fmt: skip


def row_values(dialog: Dialog) -> dict[str, Any]:
    """Return the columns of the turn; the same for the store and for the journal."""
    timings = dialog.timings
    return {
        "dialog_id": dialog.dialog_id,
        "after_id": dialog.request.after or None,
        "turn": dialog.turn,
        "conversation_id": clean(dialog.conversation_id)[:200],
        "identity": str(dialog.request.identity),
        "user_id": clean(dialog.user_id)[:200],
        "target_id": dialog.target_id,
        "target": clean(dialog.target)[:500],
        "verdict": str(dialog.status),
        "kind": str(dialog.kind),
        "cause": str(dialog.cause),
        "prompt_id": _id(dialog.prompt_block.get("system_prompt_id")),
        "endpoint_id": dialog.endpoint_id,
        "model": clean(dialog.request.model)[:300],
        "request_message": dialog.request.message,
        "response_message": dialog.reply,
        "success": dialog.status in (CellStatus.OK, CellStatus.SLOW),
        "latency_ms": None if timings.total_ms is None else round(timings.total_ms),
        "error": dialog.error,
        "error_text": dialog.error_text,
        "status": dialog.http_status,
        "accepted_ms": timings.accepted_ms,
        "first_event_ms": timings.first_event_ms,
        "ttft_ms": timings.ttft_ms,
        "total_ms": timings.total_ms or 0.0,
        "event_count": dialog.event_count,
        "byte_count": dialog.byte_count,
        "request_id": dialog.request_id,
        "message_id": dialog.message_id,
        "created_at": dialog.created_at,
        "settings": _kept(_settings(dialog)),
        "verdicts": _kept([asdict(check) for check in dialog.checks]),
        "events": _events(dialog.events),
        "facts": _kept(_facts(dialog)),
    }


def to_dialog(values: Mapping[str, Any]) -> Dialog:
    """Return the turn of a row; one that was listed has no events."""
    facts: dict[str, Any] = values["facts"] or {}
    stored = rules.from_settings(values["settings"] or {}, values["request_message"])
    request = replace(stored, message=values["request_message"], after=values["after_id"] or "")
    found = Dialog(
        dialog_id=values["dialog_id"] or "",
        request=request,
        status=_word(CellStatus, values["verdict"], CellStatus.NOT_RUN),
        kind=_word(Kind, values["kind"], Kind.NOT_RUN),
        cause=_word(Cause, values["cause"], Cause.UNKNOWN),
        error=values["error"],
        error_text=values["error_text"],
        reply=values["response_message"] or "",
        turn=values["turn"] or 1,
        conversation_id=values["conversation_id"] or "",
        request_id=values["request_id"],
        message_id=values["message_id"],
        user_id=values["user_id"] or "",
        target_id=values["target_id"] or 0,
        target=values["target"] or "",
        http_status=values["status"],
        timings=_to_timings(values, facts),
        event_count=values["event_count"],
        byte_count=values["byte_count"],
        events=tuple(_to_event(item) for item in values.get("events") or ()),
        checks=tuple(_to_check(item) for item in values.get("verdicts") or ()),
        endpoint_id=values["endpoint_id"],
        created_at=values["created_at"],
        saved=Saved.STORED,
        **_to_facts(facts),
    )
    return replace(found, advice=advise(found))


def _settings(dialog: Dialog) -> dict[str, Any]:
    values = rules.as_params(rules.again(dialog.request))
    values.pop("message", None)  # it has its own column
    values.pop("after", None)
    return values


def _facts(dialog: Dialog) -> dict[str, Any]:
    facts = {name: getattr(dialog, name) for name in _FACTS}
    return facts | {name: getattr(dialog.timings, name) for name in _TIMINGS}


def _to_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: facts[name] for name in _FACTS if name in facts}
    for name in ("flags", "repairs", "retries"):
        found[name] = tuple(found.get(name) or ())
    return found


def _to_timings(values: Mapping[str, Any], facts: Mapping[str, Any]) -> TurnTimings:
    return TurnTimings(
        accepted_ms=values["accepted_ms"],
        first_event_ms=values["first_event_ms"],
        ttft_ms=values["ttft_ms"],
        total_ms=None if values["latency_ms"] is None else values["total_ms"],
        **{name: facts.get(name) for name in _TIMINGS},
    )


def _events(events: Sequence[EventLine]) -> list[Any]:
    """Return the events as short lists; data is left out once there is too much of it."""
    found: list[Any] = []
    left = EVENTS_BYTES
    for line in events:
        data = clean(line.data)
        left -= len(data.encode())
        found.append([line.no, clean(line.name), line.at_ms, line.size, data if left >= 0 else ""])
    return found


def _to_event(item: Any) -> EventLine:
    no, name, at_ms, size, data = item
    return EventLine(no, name, at_ms, size, data)


def _to_check(item: Any) -> CheckResult:
    known = {name: item.get(name) for name in CheckResult.__dataclass_fields__}
    return CheckResult(**known)


def _kept(value: Any) -> Any:
    """Return JSON values that every database takes."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        return {clean(str(name)): _kept(item) for name, item in fields.items()}
    if isinstance(value, list | tuple):
        return [_kept(item) for item in cast("Sequence[Any]", value)]
    return value


def _word(words: Any, value: Any, otherwise: Any) -> Any:
    try:
        return words(value)
    except ValueError:
        return otherwise


def _id(value: Any) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 < value < 1 << 31 else 0
