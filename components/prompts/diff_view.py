"""Diff view: what differs between two versions, text first, then tools."""

from nicegui import ui

from components.prompts import choice_list
from components.words import tr, trn
from services.prompts.types import Comparison, Diff

assert choice_list  # its import brings the stylesheet


class DiffView(ui.element, component="diff_view.js"):
    """The pieces of two texts in one flow."""

    def __init__(self, found: Diff, name: str) -> None:
        """Show them; `name` is what a screen reader says."""
        super().__init__()
        self._props["parts"] = [{"kind": str(p.kind), "text": p.text} for p in found.parts]
        self._props["words"] = {
            "name": name,
            "same": tr("No difference"),
            "fold": tr("{n} equal lines", n="{n}"),
        }


def comparison(found: Comparison) -> None:
    """Draw both differences, tools only where they differ, in the present slot."""
    if found.is_same:
        ui.label(tr("No difference")).classes("c-muted")
        return
    if not found.text.is_same:
        DiffView(found.text, tr("Changes of the text"))
        if found.text.is_coarse:
            ui.label(
                tr("Some passages are too long to compare word by word; they are shown whole.")
            ).classes("t-meta c-faint")
    if not found.tools.is_same:
        ui.label(tools_line(found)).classes("t-table t-strong")
        DiffView(found.tools, tr("Changes of the tools"))


def tools_line(found: Comparison) -> str:
    """Return which tools were added, removed and changed, in one line."""
    comma = tr(", ")
    parts = [
        text
        for names, text in (
            (found.tools_added, tr("added {names}", names=comma.join(found.tools_added))),
            (found.tools_removed, tr("removed {names}", names=comma.join(found.tools_removed))),
            (found.tools_changed, tr("changed {names}", names=comma.join(found.tools_changed))),
        )
        if names
    ]
    told = tr(" · ").join(parts) or tr("only their order or layout")
    return tr("Tools: {what}", what=told)


def size_text(text: str) -> str:
    """Return characters and estimated tokens of a text."""
    return tr(
        "{characters} · ≈ {tokens} tokens",
        characters=trn("{n} character", "{n} characters", len(text)),
        tokens=f"{estimated_tokens(text):,}",
    )


def estimated_tokens(text: str) -> int:
    """Return a rough count: CJK characters count one each, four other characters make one."""
    wide = sum(ch >= "\u2e80" for ch in text)
    return wide + -(-(len(text) - wide) // 4)
