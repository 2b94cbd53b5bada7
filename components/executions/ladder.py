"""Ladder: how far a cancel is, seen while it happens."""

from nicegui import ui

from components.primitives.formats import epoch_ms
from components.words import tr
from services.executions.types import Execution

GRACE_S = 5  # of the cancel ladder, before force


class Ladder(ui.element, component="ladder.js"):
    """Asked, by force, ended; hidden until somebody asks."""

    def __init__(self) -> None:
        """Stand hidden."""
        super().__init__()
        self._drawn: tuple[object, ...] = ()
        self.set_visibility(False)
        self._props.update(
            {
                "stage": "",
                "asked": 0,
                "grace": GRACE_S,
                "ended": False,
                "words": {
                    "name": tr("Cancel"),
                    "asked": tr("Asked to end"),
                    "wait": tr("by force in {n} s"),
                    "forced": tr("By force"),
                    "ended": tr("Ended"),
                    "abandoned": tr("Left to itself"),
                },
            }
        )

    def show(self, one: Execution) -> None:
        """Show how far the cancel of this run is, if it is cancelled."""
        state = (one.cancel_stage, one.cancel_asked_at, one.status.is_final)
        if state == self._drawn or not (one.cancel_stage or self._drawn):
            return
        self._drawn = state
        if one.cancel_stage:
            self._props["stage"] = str(one.cancel_stage)
            self._props["asked"] = epoch_ms(one.cancel_asked_at) or 0
        self._props["ended"] = one.status.is_final
        self.set_visibility(True)
        self.update()
