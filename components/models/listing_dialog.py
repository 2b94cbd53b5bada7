"""Listing dialog: how an endpoint's own list differs from the stored one, before anything changes."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from components.primitives.button import button
from components.status.impacts import impact_list
from components.words import tr, trn
from services.mapping.types import Impact
from services.models.types import Endpoint, ListingChange

SHOWN = 200


class ListingDialog:
    """Added, gone, embedding models apart, and which mappings taking it over would break."""

    def __init__(
        self,
        endpoint: Endpoint,
        change: ListingChange,
        impact: Impact,
        apply: Callable[[], Awaitable[bool]],
    ) -> None:
        """Open it; `apply` returns whether the list was stored."""
        self._apply = apply
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("Models of {name}", name=endpoint.name))
            self._draw(endpoint, change, impact)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    def _draw(self, endpoint: Endpoint, change: ListingChange, impact: Impact) -> None:
        if change.is_empty:
            text = trn(
                "Its list is the stored one: {n} model.",
                "Its list is the stored one: {n} models.",
                len(change.models),
            )
            ui.label(text).classes("c-muted")
        with ui.element("div").classes("gb-col gap-12 mo-found"):
            _names(tr("Added ({n})", n=len(change.added)), change.added, "+", "ok")
            _names(tr("Gone ({n})", n=len(change.gone)), change.gone, "−", "failed")
            if change.model != endpoint.model:
                text = tr("The default model becomes {model}.", model=change.model)
                ui.label(text).classes("t-wrap")
            embedding = change.embedding_models
            _names(tr("Embedding, not routed ({n})", n=len(embedding)), embedding, "·", "")
        if not change.is_empty:
            ui.label(tr("What this does")).classes("t-table t-strong")
            impact_list(impact)
        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Close") if change.is_empty else tr("Leave it"), self._dialog.close)
            if not change.is_empty:
                kind = "danger" if impact.lost else "primary"
                self._take = button(tr("Take the list over"), self._take_over, kind=kind, acts=True)

    async def _take_over(self) -> None:
        self._take.props("loading")
        is_stored = await self._apply()
        self._take.props(remove="loading")
        if is_stored:
            self._dialog.close()


def _names(title: str, names: Sequence[str], sign: str, tone: str) -> None:
    if not names:
        return
    with ui.element("div").classes("gb-col gap-4"):
        ui.label(title).classes("t-table t-strong")
        with ui.element("ul").classes("mo-list"):
            for name in names[:SHOWN]:
                with ui.element("li"):
                    mark = ui.label(sign).classes("mo-sign")
                    if tone:
                        mark.props["data-tone"] = tone
                    ui.label(name).classes("t-mono")
            if len(names) > SHOWN:
                with ui.element("li"):
                    ui.label(tr("and {n} more", n=len(names) - SHOWN)).classes("c-faint")
