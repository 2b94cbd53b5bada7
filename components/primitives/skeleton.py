"""Skeleton: grey shapes where content will be, instead of a spinner."""

from nicegui import ui


def skeleton(width: str = "100%", height: str = "16px") -> ui.element:
    """Return one grey shape."""
    return ui.element("div").classes("gb-skeleton").style(f"width:{width};height:{height}")


def skeleton_rows(count: int, height: str = "28px") -> ui.element:
    """Return a column of equal rows, its last one shorter."""
    with ui.element("div").classes("gb-col").props("aria-busy=true") as column:
        for index in range(count):
            skeleton("62%" if index == count - 1 else "100%", height)
    return column
