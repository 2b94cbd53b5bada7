"""Card: a titled surface, used only where it groups."""

from collections.abc import Callable

from nicegui import ui


def card(
    title: str = "",
    *,
    toolbar: Callable[[], object] | None = None,
    note: str = "",
    tight: bool = False,
) -> ui.element:
    """Return the card's body to fill with `with`; `toolbar` draws into the head's right end."""
    with ui.element("section").classes("gb-card") as surface:
        if tight:
            surface.classes("gb-card--tight")
        if title or toolbar is not None:
            if title:
                surface.props["aria-label"] = title
            with ui.element("header").classes("gb-card__head"):
                heading(title)
                if note:
                    ui.label(note).classes("t-meta c-faint t-clip")
                ui.element("div").classes("gb-grow")
                if toolbar is not None:
                    toolbar()
        return ui.element("div").classes("gb-card__body")


def heading(text: str, level: int = 2) -> ui.element:
    """Return a heading in the section size."""
    tag = ui.element(f"h{level}").classes("t-section t-clip" if level == 2 else "t-table t-strong")
    with tag:
        ui.label(text)
    return tag


def page_head(title: str) -> ui.element:
    """Return the page's head row: the title, then what is put inside with `with`."""
    with ui.element("div").classes("gb-page__head") as row:
        head = ui.element("h1").classes("t-page")
        with head:
            ui.label(title)
    return row
