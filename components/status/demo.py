"""Demo mark: how a row, a page or a run says that it is made up."""

from nicegui import ui

from components.words import tr


def demo_tag() -> list[str]:
    """Return the mark as a tag of a big table's row: text, tone, title."""
    return [tr("Demo"), "", tr("Made-up demo data: it never ran")]


def demo_badge() -> ui.label:
    """Return the mark as a badge, drawn in the present slot."""
    made = ui.label(tr("Demo")).classes("gb-badge gb-badge--line gb-demo")
    made.props["title"] = tr("Made-up demo data: it never ran")
    return made
