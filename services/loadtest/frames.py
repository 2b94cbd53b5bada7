"""Pure: what the console and the worker of a load test say to each other over two pipes.

Each frame is four bytes of length and one JSON object. The console says {"order": …} once, then
{"token": …}, {"stop": true} or {"cancel": true}; the worker says {"batch": …}, {"renew": seat},
and at its end {"done": true} or {"failed": text}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from operator import attrgetter
from typing import Any, cast

import orjson

from services.identities.types import Token
from services.loadtest.rows import plan_values, to_plan
from services.loadtest.tally import Gauge, Start
from services.loadtest.types import LoadPlan, Sample, SampleClass

FRAME_MAX = 64 * 1024 * 1024
_SAMPLE_FIELDS = tuple(Sample.__dataclass_fields__)
_CLASSES = {str(one): one for one in SampleClass}
_CLASS_AT = _SAMPLE_FIELDS.index("sample_class")
_sample_values = attrgetter(*_SAMPLE_FIELDS)
_start_values = attrgetter(*Start.__dataclass_fields__)
Pair = tuple[int, str, int]  # seat, access token, when it ends (unix seconds)


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told to do."""

    plan: LoadPlan
    api_base: str
    models: tuple[str, ...]
    run_id: str
    max_events: int
    seats: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What happened in the worker since the batch before."""

    starts: tuple[Start, ...]
    samples: tuple[Sample, ...]
    gauge: Gauge
    lags_ms: tuple[float, ...]
    gaps: Mapping[int, int]  # buckets of a Histogram
    gap_max_ms: float


def pack(frame: Mapping[str, Any]) -> bytes:
    """Return the bytes of one frame."""
    body = orjson.dumps(frame, option=orjson.OPT_NON_STR_KEYS)
    return len(body).to_bytes(4, "big") + body


def size_of(head: bytes) -> int:
    """Return the length a frame's head says; raise ValueError when that cannot be one."""
    size = int.from_bytes(head, "big")
    if not 2 <= size <= FRAME_MAX:
        raise ValueError(f"a frame of {size} bytes")
    return size


def unpack(body: bytes) -> dict[str, Any]:
    """Return a frame; raise ValueError when it is none."""
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise ValueError("a frame that is no object")  # noqa: TRY004  # as every bad frame
    return cast("dict[str, Any]", value)


def order_values(order: Order) -> dict[str, Any]:
    """Return the order as a frame carries it."""
    return {
        "plan": plan_values(order.plan),
        "api_base": order.api_base,
        "models": order.models,
        "run_id": order.run_id,
        "max_events": order.max_events,
        "seats": order.seats,
    }


def to_order(values: Mapping[str, Any]) -> Order:
    """Return the order that order_values made."""
    return Order(
        plan=to_plan(values["plan"]),
        api_base=values["api_base"],
        models=tuple(values["models"]),
        run_id=values["run_id"],
        max_events=values["max_events"],
        seats=tuple((no, token, at) for no, token, at in values["seats"]),
    )


def to_token(access_token: str, expires_at: int) -> Token:
    """Return a token as the worker holds it: without what renews it."""
    return Token(access_token, "", expires_at, "", is_anonymous=False)


def batch_values(batch: Batch) -> dict[str, Any]:
    """Return the batch as a frame carries it."""
    return {
        "starts": [_start_values(start) for start in batch.starts],
        "samples": [_sample_values(sample) for sample in batch.samples],
        "gauge": astuple(batch.gauge),
        "lags": batch.lags_ms,
        "gaps": batch.gaps,
        "gap_max": batch.gap_max_ms,
    }


def to_batch(values: Mapping[str, Any]) -> Batch:
    """Return the batch that batch_values made."""
    return Batch(
        starts=tuple(Start(*one) for one in values["starts"]),
        samples=tuple(_to_sample(one) for one in values["samples"]),
        gauge=Gauge(*values["gauge"]),
        lags_ms=tuple(values["lags"]),
        gaps={int(bucket): count for bucket, count in values["gaps"].items()},
        gap_max_ms=values["gap_max"],
    )


def _to_sample(values: Sequence[Any]) -> Sample:
    known = list(values)
    known[_CLASS_AT] = _CLASSES[known[_CLASS_AT]]
    return Sample(*known)
