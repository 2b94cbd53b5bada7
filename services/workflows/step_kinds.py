"""Pure: which kinds of execution can be steps, and what each must be told."""

from collections.abc import Iterable, Mapping

from services.executions.types import ExecutionKind
from services.foundation.messages import say
from services.workflows.types import KIND, FieldKind, StepField, StepKind

WAIT, REPORT, AGENT_TEST, E2E, LOAD = "wait", "report", "agent_test", "e2e", "load_test"
DIALOG = "dialog"
REPORT_TEXT = "# {{workflow.name}}\n\n{{steps}}"
DEFAULT_TIMEOUT_S = 600
_NEVER = frozenset({KIND, "import"})  # a workflow inside a workflow could go in circles
_TIMEOUTS_S: Mapping[str, int] = {
    E2E: 2_100,
    WAIT: 3_700,
    REPORT: 60,
    "probe": 300,
    "backup": 1_800,
    "retention": 3_600,
}
_BOTH = ["anonymous", "permanent"]
_HELLO = {"model": "global", "message": "hello"}
_FIELDS: Mapping[str, tuple[StepField, ...]] = {
    AGENT_TEST: (
        StepField("agent_id", FieldKind.AGENT, say("Agent").text),
        StepField("test_input", FieldKind.TEXT, say("Input").text, ""),
        StepField("user_type", FieldKind.IDENTITY, say("Identity").text, "anonymous"),
    ),
    E2E: (
        StepField("models", FieldKind.MODELS, say("Models").text, []),
        StepField("user_types", FieldKind.IDENTITIES, say("Identities").text, _BOTH),
    ),
    WAIT: (StepField("seconds", FieldKind.SECONDS, say("Seconds").text, 30),),
    REPORT: (StepField("text", FieldKind.TEXT, say("Text").text, REPORT_TEXT),),
    LOAD: (StepField("params", FieldKind.OBJECT, say("Parameters (JSON)").text, {"users": 10}),),
    DIALOG: (StepField("params", FieldKind.OBJECT, say("Parameters (JSON)").text, _HELLO),),
    "probe": (),
    "sync": (),
    "backup": (),
    "retention": (),
}
_ANY = (StepField("params", FieldKind.OBJECT, say("Parameters (JSON)").text, {}),)
_ORDER = (AGENT_TEST, E2E, DIALOG, "probe", LOAD, "sync", "backup", "retention", WAIT, REPORT)


def step_kinds(kinds: Iterable[ExecutionKind]) -> dict[str, StepKind]:
    """Return what can be a step of the registered kinds, by name, in a stable order."""
    known = {kind.name: kind for kind in kinds if _may_be_step(kind)}
    names = [name for name in _ORDER if name in known]
    names += sorted(known.keys() - set(names))
    return {name: _to_step_kind(known[name]) for name in names}


def _may_be_step(kind: ExecutionKind) -> bool:
    return kind.name not in _NEVER and (kind.name in _FIELDS or kind.is_startable)


def _to_step_kind(kind: ExecutionKind) -> StepKind:
    return StepKind(
        name=kind.name,
        label=kind.label,
        icon=kind.icon,
        fields=_FIELDS.get(kind.name, _ANY),
        timeout_s=_TIMEOUTS_S.get(kind.name, DEFAULT_TIMEOUT_S),
    )
