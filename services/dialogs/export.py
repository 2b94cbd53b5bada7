"""Pure: the turns of a filter as CSV or JSON, and one of them as curl; no token is in any of it."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from services.dialogs import message
from services.dialogs.message import SystemPart
from services.dialogs.rules import again, as_params
from services.dialogs.types import Dialog, DialogExport, PromptSource
from services.foundation.csv_file import MEDIA_TYPE, csv_file
from services.foundation.errors import InputError

FORMATS = ("csv", "json")
TOKEN = "$TOKEN"  # stands where the token goes
_COLUMNS = (
    "dialog_id", "created_at", "turn", "after", "conversation_id", "model", "identity", "user_id",
    "target", "verdict", "kind", "cause", "success", "http_status", "error", "error_text",
    "signin_ms", "accepted_ms", "first_event_ms", "ttft_ms", "gap_p50_ms", "gap_max_ms",
    "total_ms", "event_count", "byte_count", "provider", "resolved_model", "endpoint_id",
    "prompt_id", "request_id", "message_id", "message", "reply",
)  # fmt: skip


def export(dialogs: Iterable[Dialog], kind: str, stamp: str) -> DialogExport:
    """Return the file; raise InputError for a format that is none of ours."""
    if kind == "csv":
        content = csv_file(_COLUMNS, map(_cells, dialogs))
        return DialogExport(f"conversations-{stamp}.csv", MEDIA_TYPE, content)
    if kind == "json":
        whole = json.dumps([record(one) for one in dialogs], ensure_ascii=False, indent=1)
        return DialogExport(f"conversations-{stamp}.json", "application/json", whole.encode())
    raise InputError("Choose one of {names}", field="format", names=", ".join(FORMATS))


def _cells(one: Dialog) -> list[Any]:
    values = summary(one)
    return [values[name] for name in _COLUMNS]


def summary(one: Dialog) -> dict[str, Any]:
    """Return the flat facts of a turn as programs read them."""
    timings = one.timings
    return {
        "dialog_id": one.dialog_id,
        "is_demo": one.is_demo,
        "run_id": one.dialog_id,
        "created_at": None if one.created_at is None else one.created_at.isoformat(),
        "turn": one.turn,
        "after": one.request.after or None,
        "conversation_id": one.conversation_id,
        "model": one.request.model,
        "identity": str(one.request.identity),
        "user_id": one.user_id,
        "target": one.target,
        "verdict": str(one.status),
        "kind": str(one.kind),
        "cause": str(one.cause),
        "success": one.kind == "ok",
        "http_status": one.http_status,
        "error": one.error,
        "error_text": one.error_text,
        **{name: getattr(timings, name) for name in timings.__dataclass_fields__},
        "event_count": one.event_count,
        "byte_count": one.byte_count,
        "provider": one.provider,
        "resolved_model": one.resolved_model,
        "endpoint_id": one.endpoint_id,
        "prompt_id": one.prompt_block.get("system_prompt_id"),
        "request_id": one.request_id,
        "message_id": one.message_id,
        "message": one.request.message,
        "reply": one.reply,
    }


def record(one: Dialog) -> dict[str, Any]:
    """Return the whole turn as programs read it, events and checks too."""
    return summary(one) | {
        "settings": as_params(again(one.request)),
        "claims": dict(one.claims),
        "checks": [
            {
                "name": check.name,
                "ok": check.ok,
                "reason": check.reason,
                "expected": check.expected,
                "actual": check.actual,
            }
            for check in one.checks
        ],
        "flags": list(one.flags),
        "retries": list(one.retries),
        "repairs": list(one.repairs),
        "prompt": dict(one.prompt_block),
        "events": [
            {"no": e.no, "event": e.name, "at_ms": e.at_ms, "size": e.size, "data": e.data}
            for e in one.events
        ],
    }


def as_curl(one: Dialog) -> str:
    """Return both calls as shell lines; `$TOKEN` stands for the user's token.

    A stored prompt is named, not written out: its text belongs to the prompts page.
    """
    request = one.request
    body: dict[str, Any] = {"model": request.model, "result_mode": request.result_mode}
    system = SystemPart(request.system_prompt)
    if request.prompt is PromptSource.STORED:
        system = SystemPart(f"<prompt {request.prompt_id}>")
    more = message.parameters(request, (), system, None)
    if "payload" not in more:
        body["text"] = request.message
    if (choice := message.tool_choice(request)) is not None:
        body["tool_choice"] = choice
    if one.conversation_id and one.turn > 1:
        body["conversation_id"] = one.conversation_id
    return _lines(one.target, {**body, **more})


def _lines(base: str, body: Mapping[str, Any]) -> str:
    text = shlex.quote(json.dumps(body, ensure_ascii=False))
    head = f"""-H "Authorization: Bearer {TOKEN}\""""
    posted = shlex.quote(f"{base}/messages")
    events = shlex.quote(f"{base}/messages/")
    read = "import json,sys; print(json.load(sys.stdin)['message_id'])"
    return "\n".join(
        (
            "TOKEN='paste an access token here'",
            f"ID=$(curl -sS {posted} {head} -H 'Content-Type: application/json' \\",
            f"  --data-raw {text} | python3 -c {shlex.quote(read)})",
            f'curl -sSN {events}"$ID/events" {head}',
        )
    )
