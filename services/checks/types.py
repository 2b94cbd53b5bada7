"""Reply checks: one question about a reply, answered with a finding."""

from collections.abc import Callable
from dataclasses import dataclass

from services.chat.types import Reply


@dataclass(frozen=True, slots=True)
class Limits:
    """What a good reply may take."""

    slow_total_ms: int = 30_000
    slow_ttft_ms: int = 10_000
    strict: bool = False  # strict structure reasons refute too


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check."""

    ok: bool | None  # None: not judged
    verdict: str  # ok, slow, bad_structure, failed or not_judged
    reason: str  # machine word, e.g. phase_id_not_start_from_1; "ok" when good
    expected: str  # for people; never empty
    actual: str  # for people; never empty
    at: int | None = None  # offset in the reply's text where it went wrong
    notes: tuple[str, ...] = ()  # further reasons that do not refute (strict_…)


@dataclass(frozen=True, slots=True)
class ReplyCheck:
    """A named check; `label` is an English template for the catalogues."""

    name: str
    label: str
    look: Callable[[Reply, Limits], Finding]
