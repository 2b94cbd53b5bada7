"""Repair dialog: each reference that leads nowhere gets a replacement, or goes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from difflib import get_close_matches

from nicegui import ui

from components.primitives.button import button
from components.primitives.empty import empty
from components.status.impacts import flaw_word
from components.words import tr, trn
from services.mapping.types import Problem

SHOWN = 100
Repair = Callable[[Sequence[str], str, str], Awaitable[bool]]  # mappings, old, new ("" removes)


class RepairDialog:
    """One line a model: the nearest name is offered, one click replaces or removes it."""

    def __init__(self, problems: Sequence[Problem], offered: Sequence[str], repair: Repair) -> None:
        """Open it; `repair` returns whether the change was stored."""
        self._offered = list(offered)
        self._repair = repair
        self._left = _by_model(problems)
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog ma-wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("References that lead nowhere"))
            self._list = ui.element("div").classes("gb-col")
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Close"), self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)
        self._draw()
        self._dialog.open()

    def _draw(self) -> None:
        self._list.clear()
        with self._list:
            if not self._left:
                empty(tr("Everything leads somewhere now"), symbol="check_circle")
                return
            with ui.element("div").classes("ma-rows"):
                for model in list(self._left)[:SHOWN]:
                    self._row(model, self._left[model])
            if len(self._left) > SHOWN:
                ui.label(tr("and {n} more", n=len(self._left) - SHOWN)).classes("c-faint")

    def _row(self, model: str, problems: Sequence[Problem]) -> None:
        ids = [problem.mapping_id for problem in problems]
        with ui.element("div"):
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                with ui.element("div").classes("gb-row"):
                    ui.label(model).classes("t-mono t-clip")
                    word = flaw_word(problems[0].flaw)
                    ui.label(word).classes("gb-badge").props["data-tone"] = "slow"
                where = ids[0] if len(ids) == 1 else trn("{n} mapping", "{n} mappings", len(ids))
                ui.label(where).classes("t-meta c-faint t-clip").props["title"] = "\n".join(
                    ids[:40]
                )
            choice = ui.select(self._offered, value=nearest(model, self._offered), with_input=True)
            choice.props["aria-label"] = tr("Replacement for {model}", model=model)

            async def replace() -> None:
                if choice.value:
                    await self._do(model, ids, str(choice.value))

            async def remove() -> None:
                await self._do(model, ids, "")

            button(tr("Replace"), replace, small=True, acts=True)
            button(tr("Remove"), remove, small=True, kind="danger", acts=True)

    async def _do(self, model: str, ids: Sequence[str], new: str) -> None:
        if await self._repair(ids, model, new):
            self._left.pop(model, None)
            self._draw()


def nearest(model: str, offered: Sequence[str]) -> str | None:
    """Return the offered name that is most like it, or None."""
    return next(iter(get_close_matches(model, offered, n=1, cutoff=0.4)), None)


def _by_model(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.model, []).append(problem)
    return found


def by_mapping(problems: Sequence[Problem]) -> Mapping[str, Sequence[Problem]]:
    """Return the problems of each mapping."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.mapping_id, []).append(problem)
    return found
