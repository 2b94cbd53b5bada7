"""Run actions: cancel one or many runs, run one again, each after a question that names its cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from nicegui import ui

from components.executions.rows import kind_label, result_text, took_text
from components.primitives.confirm import confirm
from components.primitives.formats import NOTHING
from components.primitives.toast import toast
from components.words import sentence, tr, trn
from gymbro_ui.actions import act
from services.accounts.types import UserType
from services.e2e.types import LaunchRequest
from services.executions.types import CancelReport, Execution
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

BY = "operator"


async def cancel_runs(console: "Console", keys: Sequence[str]) -> bool:
    """Ask, then cancel; return whether anything was asked to end."""
    open_ones = {one.execution_id: one for one in console.executions.running()}
    chosen = [open_ones[key] for key in keys if key in open_ones]
    if not chosen:
        toast(tr("This has ended already"))
        return False
    title, text, accept = _cancel_question(console, chosen)
    if not await confirm(title, text, accept=accept, danger=True):
        return False
    found = [one.execution_id for one in chosen]
    report = await act(lambda: console.executions.cancel_many(found))
    if report is not None:
        _tell(report)
    return report is not None and bool(report.asked)


def _tell(report: CancelReport) -> None:
    text = trn("{n} run was asked to end", "{n} runs were asked to end", len(report.asked))
    if report.refused:
        refused = trn("{n} had ended already", "{n} had ended already", len(report.refused))
        text = f"{text} · {refused}" if report.asked else refused
    toast(text)


def _cancel_question(console: "Console", chosen: Sequence[Execution]) -> tuple[str, str, str]:
    kept = tr("What they have done so far is kept. Their calls and their parts are ended too.")
    if len(chosen) > 1:
        accept = trn("Cancel {n} run", "Cancel {n} runs", len(chosen))
        return tr("Cancel {n} runs?", n=len(chosen)), kept, accept
    one = chosen[0]
    name = name_of(console, one)
    text = tr("What it has done so far is kept. Its calls and its parts are ended too.")
    if one.total:
        text = f"{tr('{done} of {total}', done=one.done, total=one.total)} · {text}"
    return tr("Cancel {name}?", name=name), text, tr("Cancel the run")


async def run_again(console: "Console", key: str) -> Execution | None:
    """Ask, naming the cost, then start the same again and go to it; None when it did not start."""
    try:
        old = await console.executions.get(key)
    except ConsoleError as error:
        toast(sentence(error.message), tone="failed")
        return None
    title = tr("Run {name} again?", name=name_of(console, old))
    if not await confirm(title, cost_text(console, old), accept=tr("Run again")):
        return None
    started = await act(lambda: console.executions.run_again(old.execution_id))
    if started is not None:
        address = f"/executions/{started.execution_id}"
        toast(
            tr("The run was started"), action=tr("Open"), on_action=lambda: ui.navigate.to(address)
        )
    return started


def name_of(console: "Console", one: Execution) -> str:
    """Return its kind and what it is about."""
    label = kind_label(one, console.executions.kinds)
    return f"{label} · {one.subject}" if one.subject else label


def cost_text(console: "Console", old: Execution) -> str:
    """Return what running it again costs: conversations where they are known, else the last time's."""
    if old.execution_type == "e2e":
        count = console.e2e.forecast(_launch_request(old)).conversations
        return trn("It makes {n} conversation.", "It makes {n} conversations.", count)
    if old.execution_type in ("agent_test", "dialog"):
        return tr("It makes 1 conversation.")
    facts = [fact for fact in (result_text(old), _took(console, old)) if fact != NOTHING]
    text = tr("It does the same work with the same parameters and makes the same calls.")
    return text if not facts else f"{text} {tr('Last time: {facts}', facts=' · '.join(facts))}"


def _took(console: "Console", old: Execution) -> str:
    return took_text(old, console.clock.now())


def _launch_request(old: Execution) -> LaunchRequest:
    stored: Any = old.meta.get("params")
    params = cast("dict[str, Any]", stored) if isinstance(stored, dict) else {}
    models = [str(key) for key in params.get("models") or ()]
    known = {str(kind) for kind in UserType}
    kinds = [UserType(k) for k in params.get("user_types") or () if k in known]
    plain = LaunchRequest()
    return LaunchRequest(models=tuple(models), user_types=tuple(kinds) or plain.user_types)
