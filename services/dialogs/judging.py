"""Pure: a reply becomes the judged turn, by the same rules as a cell of an E2E run."""

from dataclasses import dataclass, replace

from services.accounts.types import UserType
from services.chat.types import ChatRequest, Outcome, Reply
from services.checks import registry
from services.checks.findings import bad_structure, good
from services.checks.types import Finding, Limits
from services.dialogs.advice import advise
from services.dialogs.rules import NOT_JUDGED
from services.dialogs.types import Dialog, LiveDialog, TurnTimings
from services.dialogs.watch import Watch, hide
from services.e2e import causes, rules
from services.e2e.types import Cell, CellStatus, Kind
from services.foundation.messages import say

_PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Judge:
    """What good is, and whether it is our own gateway that is asked."""

    limits: Limits
    is_self: bool
    validates: bool = True


def judged(judge: Judge, dialog: Dialog, reply: Reply, watch: Watch, token: str) -> Dialog:
    """Return the turn with every fact of the reply, its verdict, whose side it is on, and advice."""
    findings, decisive = _findings(judge, dialog.request.protocol, reply)
    blank = Cell(UserType.ANONYMOUS, dialog.request.model, CellStatus.RUNNING, Kind.NOT_RUN)
    cell = rules.judge(blank, reply, findings, decisive)
    cause = causes.settle(causes.Facts(cell.kind, judge.is_self), reply, {})
    text, is_cut = rules.keepable(hide(reply.text, token))
    found = replace(
        dialog,
        status=cell.status,
        kind=cell.kind,
        cause=cause,
        error=cell.error,
        error_text=reply.error_text,
        reply=text,
        is_reply_cut=is_cut,
        conversation_id=reply.conversation_id,
        request_id=reply.request_id,
        message_id=reply.message_id,
        http_status=reply.status or cell.upstream_status,
        retry_after_s=reply.retry_after_s,
        timings=_timings(dialog.timings, reply, watch),
        event_count=reply.event_count,
        byte_count=reply.bytes_received,
        checks=tuple(replace(c, actual=hide(c.actual, token)) for c in cell.checks),
        flags=reply.was_flagged,
        protocol=reply.protocol if reply.event_count else "",
        result_mode_effective=cell.result_mode_effective,
        provider=cell.provider,
        resolved_model=cell.resolved_model,
        endpoint_id=max(0, cell.endpoint_id or 0),
        repairs=cell.repairs,
        prompt_block=cell.prompt,
    )
    return replace(found, advice=advise(found))


def cut_short(request: ChatRequest, live: LiveDialog, watch: Watch) -> Reply:
    """Return the reply of a conversation that a cancel cut: what had arrived."""
    last_ms = live.events[-1].at_ms if live.events else 0.0
    return Reply(
        Outcome.CANCELLED,
        request.request_id,
        text="".join(live.pieces),
        event_count=len(live.events),
        error="cancelled",
        timings=replace(
            Reply(Outcome.CANCELLED, "").timings,
            first_event_ms=live.events[0].at_ms if live.events else None,
            first_delta_ms=watch.first_text_ms,
            total_ms=last_ms,
        ),
    )


def _findings(
    judge: Judge, expected: str, reply: Reply
) -> tuple[dict[str, Finding], tuple[str, Finding]]:
    validates = judge.validates and expected != NOT_JUDGED
    findings = registry.evaluate(reply, judge.limits, validate_structure=validates)
    if expected not in ("", NOT_JUDGED) and reply.outcome is Outcome.COMPLETED:
        findings[_PROTOCOL] = _protocol(expected, reply.protocol)
    decisive = registry.overall(findings)
    name = next((n for n, finding in findings.items() if finding is decisive), "")
    return findings, (name, decisive)


def _protocol(expected: str, actual: str) -> Finding:
    wanted = say("events of {protocol}", protocol=expected)
    if expected == actual:
        return good(wanted, actual)
    return bad_structure("protocol_mismatch", wanted, actual)


def _timings(before: TurnTimings, reply: Reply, watch: Watch) -> TurnTimings:
    median_ms, largest_ms = watch.gaps()
    timings = reply.timings
    return replace(
        before,
        accepted_ms=_rounded(timings.accepted_ms),
        first_event_ms=_rounded(timings.first_event_ms),
        ttft_ms=_rounded(timings.first_delta_ms),
        gap_p50_ms=median_ms,
        gap_max_ms=largest_ms,
        total_ms=_rounded(timings.total_ms),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
