"""Pure: a reply as a sample, a sample as a row, and back."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, cast

from services.chat.types import Outcome, Reply
from services.executions.rules import clean
from services.loadtest import rules
from services.loadtest.types import LoadRun, Sample, SampleClass, StoredSample

REPLY_KEPT = 2_000  # characters of a reply
_CUT = "it was cancelled"
_SAMPLE_FIELDS = tuple(Sample.__dataclass_fields__)
_sample_values = attrgetter(*_SAMPLE_FIELDS)


def to_sample(
    no: int, user_no: int, model: str, at_ms: float, reply: Reply, late_ms: float = 0.0
) -> Sample:
    """Return what is kept of a call."""
    timings, routed, gaps = reply.timings, reply.routed, reply.gaps_ms
    prompt_id = endpoint_id = 0
    if routed:
        block: Any = routed.get("prompt")
        if isinstance(block, Mapping):
            prompt_id = _id(cast("Mapping[str, Any]", block).get("system_prompt_id"))
        endpoint_id = _id(routed.get("endpoint_id"))
    return Sample(  # in the order of its fields
        no, user_no, model,
        SampleClass.SUCCESS if reply.outcome is Outcome.COMPLETED else rules.classify(reply),
        round(at_ms, 3),
        round(late_ms, 3),
        reply.status,
        reply.error[:200],
        reply.error_text[:500],
        _rounded(timings.accepted_ms),
        _rounded(timings.first_event_ms),
        _rounded(timings.first_delta_ms),
        round(timings.total_ms, 3),
        reply.event_count,
        reply.bytes_received,
        reply.text[:REPLY_KEPT],
        reply.request_id,
        reply.message_id[:200],
        prompt_id,
        endpoint_id,
        _gap_p95(gaps) if gaps else None,
        round(max(gaps), 3) if gaps else None,
    )  # fmt: skip


def cut_sample(no: int, user_no: int, model: str, at_ms: float, request_id: str) -> Sample:
    """Return the sample of a call that a cancel cut."""
    state = SampleClass.CANCELLED
    return Sample(no, user_no, model, state, round(at_ms, 3), error=_CUT, request_id=request_id)


def sample_values(sample: Sample, run: LoadRun, now: datetime) -> dict[str, Any]:
    """Return the row of a call; the columns of contract 16 and what we add."""
    values = dict(zip(_SAMPLE_FIELDS, _sample_values(sample), strict=True))
    del values["model_key"], values["reply_text"]
    values["run_no"] = run.id
    values["model"] = clean(sample.model_key)[:300]
    values["sample_class"] = str(sample.sample_class)
    values["success"] = sample.sample_class is SampleClass.SUCCESS
    values["latency_ms"] = round(sample.total_ms)
    values["request_message"] = f"{run.plan.message} [run_id={run.run_id} index={sample.no}]"
    values["response_message"] = sample.reply_text
    values["created_at"] = now
    return values


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


def _gap_p95(gaps: Sequence[float]) -> float:
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
