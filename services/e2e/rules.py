"""Pure: from a reply and its findings to a cell's verdict, its kind and its error word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.chat.types import Outcome, Reply, http_failure_in
from services.checks.types import Finding
from services.e2e.types import Cell, CellStatus, CheckResult, Kind

ERROR_MAX = 200
REPLY_MAX_BYTES = 65_536
WAIT_MAX_S = 60
LAUNCH_TIMEOUT = "launch_timeout"
EMPTY = "upstream_empty_content"
_STRUCTURES = ("thinkingml", "jsonseq")
_PROMPT_FIELDS = (
    "mode",
    "system_prompt_id",
    "system_version_no",
    "tools_prompt_id",
    "tools_version_no",
    "tools_count",
    "system_sha256",
)
_NOT_SUPPLIER = ("sse_stream_closed_without_terminal_event", "server_restarted")
_BAD_ENDS = {  # outcome to the kind of a failure that no status explains
    Outcome.INCOMPLETE: Kind.STREAM,
    Outcome.DEADLINE: Kind.STREAM,
    Outcome.LIMIT: Kind.STREAM,
    Outcome.UNREACHABLE: Kind.STREAM,
    Outcome.STREAM_REFUSED: Kind.STREAM,
    Outcome.REFUSED: Kind.CLIENT,
    Outcome.MALFORMED: Kind.CLIENT,
    Outcome.CANCELLED: Kind.CANCELLED,
}
STATUS_OF = {
    Kind.QUOTA: CellStatus.LIMITED,
    Kind.AUTH: CellStatus.SIGNIN_FAILED,
    Kind.STRUCTURE: CellStatus.BAD_STRUCTURE,
    Kind.CANCELLED: CellStatus.CANCELLED,
    Kind.INTERRUPTED: CellStatus.INTERRUPTED,
    Kind.NOT_RUN: CellStatus.NOT_RUN,
}


@dataclass(frozen=True, slots=True)
class Again:
    """A second try: its word for the page, how long to wait first, whether with a fresh token."""

    word: str
    wait_s: int = 0
    renew: bool = False


def try_again(reply: Reply, tried: Iterable[str], left_s: float) -> Again | None:
    """Return whether a reply is asked for once more: each reason once, nothing else ever.

    A 429 that asks for at most 60 s, a failure before a message id exists, a refused token.
    """
    again = _reason_to_try(reply)
    if again is None or again.wait_s >= left_s - 1:
        return None
    reason = again.word.split("_", 1)[0]
    return None if any(word.split("_", 1)[0] == reason for word in tried) else again


def _reason_to_try(reply: Reply) -> Again | None:
    if reply.status == 429:
        wait_s = reply.retry_after_s
        is_short = wait_s is not None and wait_s <= WAIT_MAX_S
        return Again(f"limited_waited_{wait_s}s", wait_s=wait_s or 0) if is_short else None
    if reply.status in (401, 403):
        return Again("token_renewed", renew=True)
    if reply.message_id:
        return None
    if reply.outcome is Outcome.UNREACHABLE:
        return Again(f"early_{reply.error}")
    is_server_fault = reply.outcome is Outcome.REFUSED and (reply.status or 0) >= 500
    return Again(f"early_http_{reply.status}") if is_server_fault else None


def judge(
    cell: Cell, reply: Reply, findings: Mapping[str, Finding], decisive: tuple[str, Finding]
) -> Cell:
    """Return the cell with every fact of the reply and its verdict, the cause still open.

    `decisive` is the name and finding of the check that decides.
    """
    name, finding = decisive
    status, kind, error = _verdict(reply, name, finding)
    structure = next((findings[s] for s in _STRUCTURES if s in findings), None)
    return replace(
        _with_facts(cell, reply),
        status=status,
        kind=kind,
        success=kind is Kind.OK,
        error=error[:ERROR_MAX],
        thinkingml_ok=structure.ok if structure else None,
        thinkingml_reason=structure.reason if structure and structure.ok is not None else "",
        strict_reasons=structure.notes if structure else (),
        checks=tuple(
            CheckResult(check, f.ok, f.reason, f.expected, f.actual, f.at)
            for check, f in findings.items()
        ),
    )


def _verdict(reply: Reply, name: str, finding: Finding) -> tuple[CellStatus, Kind, str]:
    if reply.outcome is Outcome.COMPLETED:
        return _completed(name, finding)
    error = error_of(reply)
    kind = kind_of(reply)
    return STATUS_OF.get(kind, CellStatus.FAILED), kind, error


def _completed(name: str, finding: Finding) -> tuple[CellStatus, Kind, str]:
    if finding.verdict == "ok":
        return CellStatus.OK, Kind.OK, ""
    if finding.verdict == "slow":
        return CellStatus.SLOW, Kind.OK, ""
    if finding.verdict == "bad_structure":
        word = f"{name}:{finding.reason}" if name in _STRUCTURES else finding.reason
        if finding.reason == "empty_reply":
            word = finding.reason
        return CellStatus.BAD_STRUCTURE, Kind.STRUCTURE, word
    return CellStatus.FAILED, Kind.STREAM, finding.reason or name


def kind_of(reply: Reply) -> Kind:
    """Return the kind of an end that is not `completed` (contract 14)."""
    if reply.status == 429 or reply.is_limited_upstream:
        return Kind.QUOTA
    if reply.status in (401, 403):
        return Kind.AUTH
    if reply.outcome is Outcome.ERROR_EVENT:
        return _kind_of_error_event(reply)
    if reply.error == "model_not_allowed":
        return Kind.CATALOGUE
    return _BAD_ENDS.get(reply.outcome, Kind.STREAM)


def _kind_of_error_event(reply: Reply) -> Kind:
    if EMPTY in (reply.error, reply.error_text):
        return Kind.STRUCTURE
    text = f"{reply.error} {reply.error_text}"
    if any(word in text for word in _NOT_SUPPLIER):
        return Kind.STREAM
    if reply.error == "internal_error" and not http_failure_in(text):
        return Kind.STREAM
    return Kind.SUPPLIER


def error_of(reply: Reply) -> str:
    """Return the word of a failure, never empty: contract 14's, else the server's own."""
    if reply.outcome is Outcome.ERROR_EVENT:
        return reply.error_text or reply.error or "error_event"
    return reply.error or reply.error_text or reply.outcome.value


def _with_facts(cell: Cell, reply: Reply) -> Cell:
    source = {**reply.routed, **{k: v for k, v in reply.terminal.items() if v is not None}}
    repairs = source.get("repairs")
    provider = text_of(source.get("provider"), 100)
    return replace(
        cell,
        accepted_ms=_ms(reply.timings.accepted_ms),
        first_event_ms=_ms(reply.timings.first_event_ms),
        ttft_ms=_ms(reply.timings.first_delta_ms),
        latency_ms=_ms(reply.timings.total_ms),
        reply_len=len(reply.text),
        result_mode_effective=text_of(source.get("result_mode_effective"), 40),
        provider=provider,
        resolved_model=text_of(source.get("resolved_model"), 300),
        endpoint_id=_whole(source.get("endpoint_id")),
        repaired=bool(source.get("repaired")),
        repairs=tuple(text_of(word, 40) for word in repairs[:20])  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if isinstance(repairs, list)
        else (),
        request_id=reply.request_id,
        message_id=reply.message_id,
        conversation_id=reply.conversation_id,
        upstream_status=_upstream_status(reply, source),
        prompt=_prompt(source.get("prompt")),
        is_demo=cell.is_demo or provider == "demo",
    )


def _upstream_status(reply: Reply, source: Mapping[str, Any]) -> int | None:
    stated = _whole(source.get("upstream_status"))
    if stated is not None or reply.outcome is not Outcome.ERROR_EVENT:
        return stated
    return http_failure_in(f"{reply.error} {reply.error_text}")


def _prompt(block: Any) -> dict[str, Any]:
    if not isinstance(block, dict):
        return {}
    fields: dict[str, Any] = block  # pyright: ignore[reportUnknownVariableType]
    return {
        name: text_of(value, 100) if isinstance(value, str) else value
        for name in _PROMPT_FIELDS
        if isinstance(value := fields.get(name), str | int | float | bool)
    }


def _ms(value: float | None) -> int | None:
    return None if value is None else max(0, round(value))


def _whole(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and abs(value) < 2**31 else None


def text_of(value: Any, limit: int) -> str:
    """Return foreign text fit for a column: printable, cut, empty when it is no text."""
    if not isinstance(value, str):
        return ""
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value[:limit])
    return text[:limit]


def keepable(text: str, limit_bytes: int = REPLY_MAX_BYTES) -> tuple[str, bool]:
    """Return the reply as every store can keep it and whether it was cut: 64 KB of UTF-8."""
    if "\x00" in text:
        text = text.replace("\x00", "\\x00")
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= limit_bytes:
        return data.decode(), False
    return data[:limit_bytes].decode("utf-8", "ignore"), True
