"""Impacts: what a change would do to the keys clients ask for, as lines for people."""

from collections.abc import Iterator, Sequence

from nicegui import ui

from components.words import tr, trn
from services.mapping.types import Flaw, Impact, Moved

SHOWN = 12  # names in one line


def flaw_word(flaw: Flaw) -> str:
    """Return why a model is not routed to, in the page's language."""
    words = {
        Flaw.DANGLING: tr("nobody offers it"),
        Flaw.UNUSABLE: tr("no usable endpoint"),
        Flaw.BLOCKED: tr("blocked"),
        Flaw.EMBEDDING: tr("embedding model"),
    }
    return words[flaw]


def names_text(names: Sequence[str], most: int = SHOWN) -> str:
    """Return the first names and how many more there are."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    return f"{shown} {tr('and {n} more', n=more)}" if more > 0 else shown


def impact_lines(impact: Impact) -> Iterator[tuple[str, str]]:
    """Yield tone and sentence of each thing that would change, worst first."""
    if impact.lost:
        head = trn("{n} key would get no model:", "{n} keys would get no model:", len(impact.lost))
        yield "failed", f"{head} {names_text(impact.lost)}"
    if impact.moved:
        head = trn("{n} key changes its model:", "{n} keys change their model:", len(impact.moved))
        yield "slow", f"{head} {names_text([_moved_text(one) for one in impact.moved], 6)}"
    broken = [f"{problem.mapping_id} → {problem.model}" for problem in impact.broken]
    if broken:
        head = trn("{n} reference would dangle:", "{n} references would dangle:", len(broken))
        yield "slow", f"{head} {names_text(broken, 6)}"
    if impact.gained:
        head = trn("{n} key gets a model:", "{n} keys get a model:", len(impact.gained))
        yield "ok", f"{head} {names_text(impact.gained)}"


def impact_text(impact: Impact) -> str:
    """Return all of it as lines of text, for a question."""
    lines = [text for _, text in impact_lines(impact)]
    return "\n".join(lines) or tr("No key changes its model.")


def impact_list(impact: Impact) -> None:
    """Draw the lines, or that nothing changes."""
    with ui.element("ul").classes("mo-list").props("role=list"):
        for tone, text in impact_lines(impact):
            with ui.element("li"):
                sign = ui.label("!" if tone != "ok" else "+").classes("mo-sign")
                sign.props["data-tone"] = tone
                ui.label(text).classes("t-wrap")
        if impact.is_empty:
            with ui.element("li"):
                ui.label(tr("No key changes its model.")).classes("c-muted")


def _moved_text(moved: Moved) -> str:
    if moved.model_before != moved.model_after:
        return f"{moved.key}: {moved.model_before} → {moved.model_after}"
    return f"{moved.key}: {moved.endpoint_before} → {moved.endpoint_after}"
