"""Facts: who started a run, when, how long it took, and what it belongs to."""

from datetime import datetime
from typing import Any

from nicegui import ui

from components.executions.rows import Kinds, address_of, started_by_text
from components.primitives.formats import NOTHING, clock_text, duration_text, moment_text
from components.words import tr
from services.executions.types import Execution

DIALOG = "dialog"  # the kind whose results are one conversation
E2E = "e2e"  # the kind whose runs are columns of the matrix


class Facts(ui.element, component="facts.js"):
    """One list of names and values; nothing is sent when nothing changed."""

    def __init__(self) -> None:
        """Stand empty."""
        super().__init__()
        self._props["facts"] = []

    def show(self, facts: list[dict[str, Any]]) -> None:
        """Show these."""
        if facts != self._props["facts"]:
            self._props["facts"] = facts
            self.update()


def run_facts(one: Execution, kinds: Kinds, zone: str, now: datetime) -> list[dict[str, Any]]:
    """Return what is known of the run, without what is empty."""
    facts = [
        _fact(tr("Id"), one.execution_id, mono=True, title=f"#{one.id}"),
        _fact(tr("Started by"), started_by_text(one)),
        *_times(one, zone, now),
        *_limits(one),
        *_relations(one, kinds),
    ]
    return [fact for fact in facts if fact["text"]]


def _times(one: Execution, zone: str, now: datetime) -> list[dict[str, Any]]:
    moments = (
        (tr("Created"), one.created_at),
        (tr("Started"), one.started_at),
        (tr("Ended"), one.finished_at),
    )
    found = [
        _fact(name, _seconds_text(at, zone, now), title=moment_text(at, zone))
        for name, at in moments
        if at is not None
    ]
    if one.created_at and one.started_at:
        waited_ms = (one.started_at - one.created_at).total_seconds() * 1000
        if waited_ms >= 1000:
            found.append(_fact(tr("Waited"), duration_text(waited_ms)))
    if one.started_at and one.finished_at:
        took_ms = (one.finished_at - one.started_at).total_seconds() * 1000
        found.append(_fact(tr("Took"), duration_text(max(0.0, took_ms))))
    return found


def _seconds_text(at: datetime, zone: str, now: datetime) -> str:
    text = clock_text(at, zone, now)
    return NOTHING if text == NOTHING else f"{text}:{at:%S}"


def _limits(one: Execution) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if one.queue_place:
        found.append(_fact(tr("Place in the queue"), str(one.queue_place)))
    if one.timeout_s is not None:
        found.append(_fact(tr("Time limit"), duration_text(one.timeout_s * 1000)))
    return found


def _relations(one: Execution, kinds: Kinds) -> list[dict[str, Any]]:
    kind = kinds.get(one.execution_type)
    found: list[dict[str, Any]] = []
    if one.parent_id is not None:
        found.append(_fact(tr("Part of"), f"#{one.parent_id}", href=f"/executions/{one.parent_id}"))
    if one.again_of is not None:
        found.append(_fact(tr("Repeats"), f"#{one.again_of}", href=f"/executions/{one.again_of}"))
    if launch := _launch_text(one):
        found.append(_fact(tr("Launch"), launch, href=f"/e2e?launch={one.execution_id}"))
    elif not (to := address_of(one)).startswith("/executions/"):
        is_dialog = one.execution_type == DIALOG
        text = tr("Conversation") if is_dialog else tr("Figures and calls")
        found.append(_fact(tr("Results"), text, href=to))
    elif kind is not None and kind.home:
        found.append(_fact(tr("Results"), tr(kind.label), href=kind.home))
    if one.agent_id is not None:
        found.append(
            _fact(
                tr("Agent"),
                one.subject or f"#{one.agent_id}",
                href=f"/agents?tab=agents&id={one.agent_id}",
            )
        )
    if one.workflow_id is not None:
        found.append(
            _fact(
                tr("Workflow"),
                one.subject or f"#{one.workflow_id}",
                href=f"/agents?tab=workflows&id={one.workflow_id}",
            )
        )
    return found


def _launch_text(one: Execution) -> str:
    """Return what leads to the run's column in the matrix, empty when it has none."""
    number = one.meta.get("launch_no")
    if isinstance(number, int):
        return tr("#{n} in the matrix", n=number)
    has_begun = one.execution_type == E2E and one.started_at is not None
    return tr("In the matrix") if has_begun and not one.status.is_final else ""


def _fact(
    name: str, text: str, *, title: str = "", href: str = "", mono: bool = False
) -> dict[str, Any]:
    return {"name": name, "text": text, "title": title, "href": href, "mono": mono}
