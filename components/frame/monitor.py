"""Monitor: the corner that shows what runs and waits, how far it is, and what failed unseen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.executions.rows import state_looks
from components.words import tr


@dataclass(frozen=True, slots=True)
class MonitorCalls:
    """What the shell does; the first two get an execution's id."""

    open: Callable[[str], Any]
    cancel: Callable[[str], Any]
    seen: Callable[[], Any]  # all failed ones were looked at
    toggle: Callable[[bool], Any]  # whether it shall show its rows


@dataclass(frozen=True, slots=True)
class Scene:
    """What the monitor shows."""

    count: int = 0  # running and waiting
    waiting: int = 0
    share: str = ""  # progress, when only one runs
    jobs: Sequence[str] = ()  # the rows, while it is open: texts of components.executions.rows
    more: int = 0  # that are not among the rows
    ended: Sequence[Mapping[str, Any]] = ()  # just now; their verdict shows in the collapsed corner
    failed: int = 0  # not seen yet


class Monitor(ui.element, component="monitor.js"):
    """The last segment of the status bar; hidden while there is nothing to say."""

    def __init__(self, calls: MonitorCalls, *, is_open: bool) -> None:
        """Show nothing until `show`; `is_open` is how the operator left it."""
        super().__init__()
        self.is_open = is_open
        self._scene: Scene | None = None
        self._calls = calls
        self._props["open"] = is_open
        self._props["looks"] = state_looks()
        self._props["words"] = {
            "name": tr("Running and failed executions"),
            "count": tr("{n} under way"),
            "waiting": tr("({n} waiting)"),
            "unseen": tr("unseen"),
            "seen": tr("Mark all as seen"),
            "cancel": tr("Cancel"),
            "cancelling": tr("Cancelling"),
            "all": tr("All executions"),
            "more": tr("All executions ({n} more)"),
        }
        self.show(Scene())
        self.on("open", lambda event: calls.open(_text(event)))
        self.on("cancel", lambda event: calls.cancel(_text(event)))
        self.on("seen", lambda _: calls.seen())
        self.on("toggle", self._toggled)

    def show(self, scene: Scene) -> None:
        """Show this; nothing is sent when it is shown already."""
        if scene == self._scene:
            return
        self._scene = scene
        self._props.update(
            {
                "count": scene.count,
                "waiting": scene.waiting,
                "share": scene.share,
                "jobs": f"[{','.join(scene.jobs)}]",
                "more": scene.more,
                "ended": list(scene.ended),
                "failed": scene.failed,
            }
        )
        self.update()

    def _toggled(self, event: GenericEventArguments) -> None:
        self.is_open = event.args is True
        self._props["open"] = self.is_open
        self.update()
        self._calls.toggle(self.is_open)


def _text(event: GenericEventArguments) -> str:
    return str(event.args)[:40]
