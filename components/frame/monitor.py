"""Monitor: the corner that shows what runs, how far it is, and what failed unseen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.words import tr


@dataclass(frozen=True, slots=True)
class Job:
    """One execution as the monitor shows it; every text is in the page's language."""

    id: str
    label: str
    look: dict[str, Any]  # tone, shape, weight, word
    done: int = 0
    total: int = 0
    started_ms: int | None = None
    is_running: bool = True
    is_cancelling: bool = False
    note: str = ""
    is_flashing: bool = False  # ended just now; its verdict shows in the collapsed corner


class Monitor(ui.element, component="monitor.js"):
    """The last segment of the status bar; hidden while there is nothing to say."""

    def __init__(
        self,
        on_open: Callable[[str], Any],
        on_cancel: Callable[[str], Any],
        on_seen: Callable[[], Any],
    ) -> None:
        """The callbacks get an execution's id; `on_seen` hears that failed ones were looked at."""
        super().__init__()
        self._props.update(
            {
                "jobs": [],
                "failed": 0,
                "words": {
                    "name": tr("Running and failed executions"),
                    "running": tr("{n} running"),
                    "unseen": tr("unseen"),
                    "cancel": tr("Cancel"),
                    "cancelling": tr("Cancelling"),
                    "none": tr("Nothing runs"),
                },
            }
        )
        self.on("open", lambda event: on_open(_text(event)))
        self.on("cancel", lambda event: on_cancel(_text(event)))
        self.on("seen", lambda _: on_seen())

    def show(self, jobs: Sequence[Job], failed_unseen: int) -> None:
        """Replace what is shown."""
        self._props["failed"] = failed_unseen
        self._props["jobs"] = [
            {
                "id": job.id,
                "label": job.label,
                "look": job.look,
                "done": job.done,
                "total": job.total,
                "started": job.started_ms,
                "running": job.is_running,
                "cancelling": job.is_cancelling,
                "note": job.note,
                "flash": job.is_flashing,
            }
            for job in jobs
        ]
        self.update()


def _text(event: GenericEventArguments) -> str:
    return str(event.args)[:80]
