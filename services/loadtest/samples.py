"""Pure: a reply as a sample, a sample as a row, and back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from services.chat.types import Reply
from services.executions.rules import clean
from services.loadtest import rules
from services.loadtest.types import LoadRun, Sample, SampleClass, StoredSample

REPLY_KEPT = 2_000  # characters of a reply
_CUT = "it was cancelled"


def to_sample(no: int, user_no: int, model: str, at_ms: float, reply: Reply) -> Sample:
    """Return what is kept of a call."""
    timings, routed = reply.timings, reply.routed
    gaps = reply.gaps_ms
    block: Any = routed.get("prompt")
    prompt = cast("Mapping[str, Any]", block if isinstance(block, Mapping) else {})
    return Sample(
        no=no,
        user_no=user_no,
        model_key=model,
        sample_class=rules.classify(reply),
        at_ms=round(at_ms, 3),
        status=reply.status,
        error=reply.error[:200],
        error_text=reply.error_text[:500],
        accepted_ms=_rounded(timings.accepted_ms),
        first_event_ms=_rounded(timings.first_event_ms),
        ttft_ms=_rounded(timings.first_delta_ms),
        total_ms=round(timings.total_ms, 3),
        event_count=reply.event_count,
        byte_count=reply.bytes_received,
        reply_text=reply.text[:REPLY_KEPT],
        request_id=reply.request_id,
        message_id=reply.message_id[:200],
        prompt_id=_id(prompt.get("system_prompt_id")),
        endpoint_id=_id(routed.get("endpoint_id")),
        gap_p95_ms=_gap_p95(gaps),
        gap_max_ms=round(max(gaps), 3) if gaps else None,
    )


def cut_sample(no: int, user_no: int, model: str, at_ms: float, request_id: str) -> Sample:
    """Return the sample of a call that a cancel cut."""
    state = SampleClass.CANCELLED
    return Sample(no, user_no, model, state, round(at_ms, 3), error=_CUT, request_id=request_id)


def sample_values(sample: Sample, run: LoadRun, now: datetime) -> dict[str, Any]:
    """Return the row of a call; the columns of contract 16 and what we add."""
    values = asdict(sample)
    model, text = values.pop("model_key"), values.pop("reply_text")
    return values | {
        "run_no": run.id,
        "model": clean(model)[:300],
        "sample_class": str(sample.sample_class),
        "success": sample.sample_class is SampleClass.SUCCESS,
        "latency_ms": round(sample.total_ms),
        "request_message": f"{run.plan.message} [run_id={run.run_id} index={sample.no}]",
        "response_message": text,
        "created_at": now,
    }


def to_stored(values: Mapping[str, Any], run_id: str) -> StoredSample:
    """Return a call as it was kept."""
    taken = {name: values[name] for name in _SAMPLE_COLUMNS}
    sample = Sample(
        **taken,
        model_key=values["model"],
        sample_class=SampleClass(values["sample_class"]),
        reply_text=values["response_message"] or "",
    )
    message = str(values["request_message"]).rsplit(" [run_id=", 1)[0]
    return StoredSample(values["id"], run_id, message, values["created_at"], sample)


def _gap_p95(gaps: Sequence[float]) -> float | None:
    if not gaps:
        return None
    return round(sorted(gaps)[math.ceil(0.95 * len(gaps)) - 1], 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _id(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return 0
    return number if 0 < number < 1 << 31 else 0


_OTHER_COLUMNS = ("model_key", "sample_class", "reply_text")
_SAMPLE_COLUMNS = tuple(n for n in Sample.__dataclass_fields__ if n not in _OTHER_COLUMNS)
