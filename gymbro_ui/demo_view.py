"""Demo view: whether this browser looks at the demo data, and what one can do about it."""

from typing import TYPE_CHECKING, Any, cast

from nicegui import app, context, ui

from components.dashboard.guide import fact
from components.primitives.button import button
from components.primitives.formats import count_text, moment_text
from components.words import tr, trn
from gymbro_ui.actions import act
from services.demo.types import DAYS_USUAL, KIND, DemoData
from services.executions.types import Execution

if TYPE_CHECKING:
    from services.console import Console

_KEY = "demo_view"
_BOTH = ("/", "/e2e")  # pages that show one or the other


def is_shown(console: "Console") -> bool:
    """Return whether the pages of this browser show the demo data in place of what is real."""
    return console.first_run.demo.data is not None and _user().get(_KEY) is True


def show(*, on: bool) -> None:
    """Look at the demo data from now on, or at what is real; the page must be drawn anew."""
    _user()[_KEY] = on


def _user() -> dict[str, Any]:
    return cast("dict[str, Any]", app.storage.user)


class DemoActs:
    """The demo data's state with what can be done, drawn where it is asked for."""

    def __init__(self, console: "Console") -> None:
        """Keep what it is about."""
        self._console = console

    @property
    def running(self) -> Execution | None:
        """The fill or removal that is under way."""
        found = self._console.executions.running()
        return next((one for one in found if one.execution_type == KIND), None)

    @property
    def seen(self) -> object:
        """What `draw` shows, to be compared: it need not be drawn again while this is the same."""
        going = self.running
        share = None if going is None else (going.execution_id, going.done, going.total)
        return (share, self._console.first_run.demo.data, is_shown(self._console))

    def draw(self) -> None:
        """Draw it in the present slot."""
        data, going = self._console.first_run.demo.data, self.running
        if going is not None:
            self._draw_running(going)
        elif data is None:
            with ui.element("div").classes("gd-acts"):
                name = tr("Fill with {n} days of demo data", n=DAYS_USUAL)
                button(name, self.fill, icon="auto_awesome", acts=True).mark("demo-fill")
        else:
            self._draw_data(data)

    @staticmethod
    def _draw_running(going: Execution) -> None:
        with ui.element("div").classes("gd-acts"):
            share = tr("{done} of {total}", done=going.done, total=going.total)
            ui.label(share if going.total else tr("Starting"))
            ui.link(tr("Its run"), f"/executions/{going.execution_id}").classes("gb-link t-table")

    def _draw_data(self, data: DemoData) -> None:
        zone = self._console.settings.preferences.e2e_timezone
        rows = trn("{n} day", "{n} days", data.days)
        made = moment_text(data.made_at, zone)
        count = count_text(sum(data.counts.values()))
        text = tr("{days}, {count} rows, made {at}", days=rows, count=count, at=made)
        fact("science", text if data.is_whole else tr("It was stopped half way"))
        with ui.element("div").classes("gd-acts"):
            if data.is_whole:
                self.draw_switch()
            button(tr("Make it anew"), self.fill, small=True, acts=True)
            self.draw_remove()

    def draw_switch(self) -> None:
        """Draw the button that turns this browser's pages to the demo data, or back."""
        is_on = is_shown(self._console)
        text = tr("Back to what is real") if is_on else tr("Look at it")
        button(text, lambda: _turn(on=not is_on), icon="visibility", small=True).mark("demo-turn")

    def draw_remove(self) -> None:
        """Draw the button that takes it all out."""
        name = tr("Remove demo data")
        button(name, self.remove, icon="delete", small=True, acts=True).mark("demo-remove")

    async def fill(self) -> None:
        """Start a fill; it goes on without this page."""
        await act(self._console.first_run.demo.fill)

    async def remove(self) -> None:
        """Start the removal: nothing of anybody's own is lost, so nothing is asked."""
        show(on=False)
        await act(self._console.first_run.demo.remove, done=tr("The demo data is being removed"))


def _turn(*, on: bool) -> None:
    show(on=on)
    path = context.client.sub_pages_router.current_path.partition("?")[0]
    if on and path not in _BOTH:
        ui.navigate.to("/")
    else:
        ui.navigate.reload()
