"""History: the newest runs of every kind on the Overview, running ones lit, kept live."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from components.executions.list import ListCalls, RunList
from components.executions.rows import row_texts
from components.live import on_batch, on_return
from components.primitives.toast import toast
from components.words import sentence, tr
from gymbro_ui.run_actions import cancel_runs, run_again
from services.executions.types import Execution
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

SHOWN = 8


class History:
    """The card's list: newest first by creation, every change at once."""

    def __init__(self, console: "Console") -> None:
        """Draw it as a skeleton in the present slot and follow every change."""
        self._console = console
        calls = ListCalls(
            older=_nothing,
            fresh=_nothing,
            cancel=partial(cancel_runs, console),
            again=partial(run_again, console),
            check=_nothing,
            widen=_nothing,
        )
        with ui.element("div") as self._root:
            self._list = RunList(calls, name=tr("Execution history"), compact=True, most=SHOWN)
        on_batch(console.executions.changed, self._changed)
        on_return(self.load)

    async def load(self) -> None:
        """Read the newest runs and show them."""
        with self._root:
            try:
                found = await self._console.executions.newest(SHOWN)
            except ConsoleError as error:
                toast(sentence(error.message), tone="failed")
                return
            if not self._root.is_deleted:
                self._list.show(self._rows(found), None)

    def _changed(self, batch: Sequence[Execution]) -> None:
        newest = {one.id: one for one in batch}
        self._list.patch(self._rows(newest.values()))

    def _rows(self, found: Iterable[Execution]) -> list[str]:
        console = self._console
        zone = console.settings.preferences.e2e_timezone
        return row_texts(found, console.executions.kinds, zone, console.clock.now())


def _nothing(*_: object) -> None:
    return None
