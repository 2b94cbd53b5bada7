"""Limits of a plan as the form offers them; a test holds them equal to those of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.words import word

MESSAGE_MOST = 5_000
MESSAGE = "Say hello in one sentence."
MODES = ("raw_passthrough", "xml_plaintext", "auto")


@dataclass(frozen=True, slots=True)
class NumberSpec:
    """One number of a plan: its name, words, range, unit; `scale` is what one typed unit is."""

    name: str
    label: str  # msgid
    low: float
    high: float
    unit: str = ""  # msgid
    scale: float = 1.0
    hint: str = ""  # msgid; empty: the range


NUMBERS: Mapping[str, NumberSpec] = {
    spec.name: spec
    for spec in (
        NumberSpec("users", word("Users"), 1, 1_000),
        NumberSpec("requests", word("Calls in all"), 1, 1_000_000),
        NumberSpec("seconds", word("Begin calls for"), 1, 3_600, word("s")),
        NumberSpec("rate", word("Arrivals a second"), 0.01, 5_000),
        NumberSpec("ramp_s", word("Ramp"), 0, 3_600, word("s")),
        NumberSpec("cap", word("Calls in flight at most"), 1, 1_000),
        NumberSpec("timeout_s", word("Time limit of a call"), 1, 600, word("s")),
        NumberSpec(
            "sign_ins",
            word("Users signed in at most"),
            1,
            1_000,
            hint=word("Empty: as many as the target needs"),
        ),
        NumberSpec("stop_error_share", word("Stop over a failed share of"), 0, 100, "%", 0.01),
        NumberSpec("stop_errors", word("Stop after so many failed calls"), 1, 1_000_000),
        NumberSpec(
            "stop_p95_ttft_ms", word("Stop over a first text (p95) of"), 1, 600_000, word("ms")
        ),
        NumberSpec("good_ttft_ms", word("Good: first text within"), 1, 600_000, word("ms")),
        NumberSpec("good_total_ms", word("Good: whole answer within"), 1, 600_000, word("ms")),
    )
}
