"""Looks: one table from every status, state and cause to its tone, shape and word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.words import tr, word
from services.accounts.types import UserType
from services.e2e.types import STATUS_CODES, Cause, CellStatus, RunStatus
from services.executions.types import ExecutionState, Trigger
from services.schedules.types import SlotState


@dataclass(frozen=True, slots=True)
class Look:
    """How one status is shown: colour tone, glyph of the sprite, weight, and its English word."""

    tone: str  # ok slow structure failed signin limited running pending ended none
    shape: str  # symbol gb-<shape> of theme/shapes.js
    weight: str  # tint, outline, solid, ring, plain
    word: str  # msgid

    @property
    def label(self) -> str:
        """The word in the page's language."""
        return tr(self.word)


CELL_LOOKS: Mapping[CellStatus, Look] = {
    CellStatus.OK: Look("ok", "tick", "tint", word("OK")),
    CellStatus.SLOW: Look("slow", "half", "outline", word("Slow")),
    CellStatus.BAD_STRUCTURE: Look("structure", "bang", "solid", word("Bad structure")),
    CellStatus.FAILED: Look("failed", "cross", "solid", word("Failed")),
    CellStatus.SIGNIN_FAILED: Look("signin", "key", "solid", word("Sign-in failed")),
    CellStatus.LIMITED: Look("limited", "gauge", "outline", word("Limited")),
    CellStatus.RUNNING: Look("running", "ring", "ring", word("Running")),
    CellStatus.PENDING: Look("pending", "clock", "plain", word("Pending")),
    CellStatus.CANCELLED: Look("ended", "slash", "plain", word("Cancelled")),
    CellStatus.INTERRUPTED: Look("ended", "broken", "plain", word("Interrupted")),
    CellStatus.NOT_RUN: Look("none", "hollow", "plain", word("Not run")),
}
NO_CELL = Look("none", "dash", "plain", word("No data"))

EXECUTION_LOOKS: Mapping[ExecutionState, Look] = {
    ExecutionState.PENDING: CELL_LOOKS[CellStatus.PENDING],
    ExecutionState.RUNNING: CELL_LOOKS[CellStatus.RUNNING],
    ExecutionState.SUCCEEDED: Look("ok", "tick", "tint", word("Finished")),
    ExecutionState.FAILED: CELL_LOOKS[CellStatus.FAILED],
    ExecutionState.CANCELLED: CELL_LOOKS[CellStatus.CANCELLED],
    ExecutionState.INTERRUPTED: CELL_LOOKS[CellStatus.INTERRUPTED],
    ExecutionState.TIMED_OUT: Look("ended", "hourglass", "plain", word("Timed out")),
}

RUN_LOOKS: Mapping[RunStatus, Look] = {
    RunStatus.RUNNING: CELL_LOOKS[CellStatus.RUNNING],
    RunStatus.SUCCESS: EXECUTION_LOOKS[ExecutionState.SUCCEEDED],
    RunStatus.FAILED: CELL_LOOKS[CellStatus.FAILED],
    RunStatus.CANCELLED: CELL_LOOKS[CellStatus.CANCELLED],
    RunStatus.INTERRUPTED: CELL_LOOKS[CellStatus.INTERRUPTED],
}

ENDPOINT_LOOKS: Mapping[str, Look] = {
    "online": Look("ok", "tick", "tint", word("Online")),
    "sign_in_failed": CELL_LOOKS[CellStatus.SIGNIN_FAILED],
    "models_not_listed": Look("slow", "half", "outline", word("Models not listed")),
    "offline": Look("failed", "cross", "solid", word("Offline")),
    "checking": Look("running", "ring", "ring", word("Checking")),
    "unknown": Look("none", "hollow", "plain", word("Not checked yet")),
}

CAUSE_WORDS: Mapping[Cause, str] = {
    Cause.NONE: "",
    Cause.CONSOLE: word("This console or network"),
    Cause.SIGNIN: word("Sign-in"),
    Cause.GATEWAY: word("Gateway"),
    Cause.CONFIG: word("Configuration"),
    Cause.PROVIDER: word("Provider"),
    Cause.MODEL: word("Model"),
    Cause.UNKNOWN: word("Unknown"),
}

USER_TYPE_WORDS: Mapping[UserType, str] = {
    UserType.ANONYMOUS: word("Anonymous"),
    UserType.PERMANENT: word("Registered"),
}

TRIGGER_WORDS: Mapping[str, str] = {
    Trigger.MANUAL: word("By hand"),
    Trigger.SCHEDULE: word("Schedule"),
    Trigger.API: word("API"),
    Trigger.COMMAND: word("Command"),
    "import": word("Imported"),
}

SLOT_WORDS: Mapping[SlotState, str] = {
    SlotState.FIRED: word("On time"),
    SlotState.MADE_UP: word("Made up later"),
    SlotState.MISSED: word("Missed"),
    SlotState.SKIPPED: word("Skipped, one was running"),
}

# Worst first: what a merged row, a sort and a fold go by.
_SEVERITY: tuple[CellStatus, ...] = (
    CellStatus.FAILED,
    CellStatus.BAD_STRUCTURE,
    CellStatus.SIGNIN_FAILED,
    CellStatus.LIMITED,
    CellStatus.SLOW,
    CellStatus.RUNNING,
    CellStatus.PENDING,
    CellStatus.INTERRUPTED,
    CellStatus.CANCELLED,
    CellStatus.NOT_RUN,
    CellStatus.OK,
)
SEVERITY: Mapping[CellStatus, int] = {status: rank for rank, status in enumerate(_SEVERITY)}
RED = frozenset({CellStatus.FAILED, CellStatus.BAD_STRUCTURE, CellStatus.SIGNIN_FAILED})


def cell_look(status: CellStatus | None) -> Look:
    """Return how a cell's verdict is shown; None is a cell that does not exist."""
    return NO_CELL if status is None else CELL_LOOKS[status]


def worse(first: CellStatus, second: CellStatus) -> CellStatus:
    """Return the worse of two verdicts."""
    return min(first, second, key=SEVERITY.__getitem__)


def cause_word(cause: Cause) -> str:
    """Return whose side it is on, in the page's language; empty for none."""
    return tr(CAUSE_WORDS[cause])


def user_type_word(kind: UserType) -> str:
    """Return Anonymous or Registered in the page's language."""
    return tr(USER_TYPE_WORDS[kind])


def trigger_word(trigger: str) -> str:
    """Return what started it, in the page's language; an unknown word stays as it is."""
    return tr(TRIGGER_WORDS.get(trigger, trigger))


def launch_text(number: int, trigger: str) -> str:
    """Return a launch's number and what started it; an imported one has no number of ours."""
    word = trigger_word(trigger)
    return f"#{number} · {word}" if number > 0 else word


def code_looks() -> dict[str, dict[str, str]]:
    """Return, for a JavaScript widget, each matrix character's tone, shape, weight and word."""
    looks: dict[str, Look] = {STATUS_CODES[status]: look for status, look in CELL_LOOKS.items()}
    return {code: look_props(look) for code, look in {**looks, ".": NO_CELL}.items()}


def look_props(look: Look) -> dict[str, Any]:
    """Return the look as props of a widget, its word translated."""
    return {"tone": look.tone, "shape": look.shape, "weight": look.weight, "word": look.label}
