"""Load page: what runs now, the form of a new load test, and those that were kept."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from nicegui import context, ui

from components.live import on_batch
from components.primitives.banner import banner
from components.words import tr
from gymbro_ui.chat_and_load import tabs
from gymbro_ui.pages.loadtest.filters import PATH
from gymbro_ui.pages.loadtest.history import History
from gymbro_ui.pages.loadtest.planning import Planning
from services.foundation.errors import ConsoleError
from services.loadtest.types import FINDER_KIND, KIND, LoadPlan

if TYPE_CHECKING:
    from services.console import Console


_KINDS = (KIND, FINDER_KIND)


class LoadPage:
    """One open page."""

    def __init__(self, console: "Console") -> None:
        """Read from the address which run's plan the form begins with."""
        self._console = console
        query = parse_qs(context.client.sub_pages_router.current_path.partition("?")[2])
        self._from = query.get("from", [""])[0][:40]

    def draw(self) -> None:
        """Draw the head, what runs, and the list; the form comes when its plan is read."""
        tabs("load")
        self._now = ui.element("div")
        self._plan = ui.element("div")
        self._history = History(self._console)
        self._history.draw()
        on_batch(
            self._console.executions.changed,
            lambda _: self._show_now(),
            0.5,
            keep=lambda one: one.execution_type in _KINDS,
        )
        self._shown: tuple[str, int, int] | None = ("", 0, 0)
        self._show_now()

    async def load(self) -> None:
        """Draw the form and read the list."""
        begin = await self._begin()
        with self._plan:
            Planning(self._console, begin).draw()
        await self._history.load()

    async def _begin(self) -> dict[str, Any]:
        if not self._from:
            return {}
        try:
            run = await self._console.loadtest.run(self._from)
        except ConsoleError:
            return {}
        if run.target_id != self._console.targets.current.id:
            with self._plan:
                name = self._console.targets.current.name
                banner(tr("That run was against another service; this one goes against {name}.",
                          name=name), symbol="info")  # fmt: skip
        return values_of(run.plan)

    def _show_now(self) -> None:
        running = [o for o in self._console.executions.running() if o.execution_type in _KINDS]
        running.sort(key=lambda one: one.execution_type != FINDER_KIND)  # the whole search first
        one = running[0] if running else None
        key = None if one is None else (one.execution_id, one.done, one.total)
        if key == self._shown:
            return
        self._shown = key
        self._now.clear()
        if one is not None:
            progress = tr("{done} of {total}", done=one.done, total=one.total) if one.total else ""
            is_search = one.execution_type == FINDER_KIND
            what = (
                tr("The safe number is being searched")
                if is_search
                else tr("A load test is running")
            )
            text = " · ".join(part for part in (what, progress) if part)
            with self._now, banner(text, tone="running", symbol="speed"):
                ui.link(tr("Open"), f"{PATH}/{one.execution_id}").classes("gb-link")


def values_of(plan: LoadPlan) -> dict[str, Any]:
    """Return a kept plan as the form begins with it; the typed name is asked for again."""
    names = (
        "users", "cap", "requests", "seconds", "rate", "ramp_s", "message", "result_mode",
        "sign_ins", "timeout_s", "stop_error_share", "stop_errors", "stop_p95_ttft_ms",
        "good_ttft_ms", "good_total_ms",
    )  # fmt: skip
    values: dict[str, Any] = {name: getattr(plan, name) for name in names}
    values["models"] = list(plan.models)
    values["user_type"] = str(plan.user_type)
    values["stages"] = [
        {"seconds": one.seconds, "users": one.users, "rate": one.rate} for one in plan.stages
    ]
    values["thresholds"] = [{"metric": one.metric, "limit": one.limit} for one in plan.thresholds]
    return values
