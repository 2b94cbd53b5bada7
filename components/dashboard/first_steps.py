"""First steps: three lines on the Overview that lead from nothing to the first verdict and a key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.dashboard.supplier_form import SupplierCalls, SupplierDraft, SupplierForm
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.field import Field
from components.primitives.status_dot import StatusDot
from components.status.looks import CELL_LOOKS, Look
from components.words import tr, trn
from services.e2e.types import CellStatus

_DONE = CELL_LOOKS[CellStatus.OK]
_OPEN = CELL_LOOKS[CellStatus.NOT_RUN]
_RUNNING = CELL_LOOKS[CellStatus.RUNNING]
ABOUT_S = 5  # a conversation takes about so long while nothing is known


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is there already."""

    target_name: str
    real_models: int  # mapped ones that are not the demo
    demo_models: int
    conversations: int  # of the first E2E
    seconds: int | None  # what it will take; None: nothing is known
    is_running: bool = False  # an E2E is under way
    is_judged: bool = False  # the first E2E was made


@dataclass(frozen=True, slots=True)
class FirstCalls:
    """What the page does."""

    start: Callable[[], Any]
    dismiss: Callable[[], Any]
    supplier: SupplierCalls
    saved: Callable[[], Any]  # a supplier was stored and its form is empty again


class FirstSteps:
    """The card; what it says changes in place, and a form in which somebody types stays as it is."""

    def __init__(self, calls: FirstCalls) -> None:
        """Draw the three lines in the present slot; `show` fills them."""
        self._calls = calls
        self._shown: Beginning | None = None
        with (
            card(tr("First five minutes"), toolbar=self._away),
            ui.element("ol").classes("ov-steps"),
        ):
            self._target = _Step(1, tr("Service under test"))
            self._supplier = _Step(2, tr("Supplier key"))
            with self._supplier.body:
                self._opener = ui.element("div").classes("gb-row")
                self._holder = ui.element("div").classes("ov-wide gb-hide")
            self._first = _Step(3, tr("First E2E"))
        self._draw_form()

    @property
    def is_typed_in(self) -> bool:
        """Whether somebody began to fill in the form."""
        fields = (self._form.fields[name] for name in ("base_url", "api_key"))
        return any(field.control.value for field in fields)

    def show(self, begin: Beginning) -> None:
        """Say what each line needs, or that it is done."""
        if begin == self._shown:
            return
        self._shown = begin
        self._show_target(begin)
        self._show_supplier(begin)
        self._show_first(begin)

    def _away(self) -> None:
        ui.link(tr("Open the guide"), "/welcome").classes("gb-link t-table")
        made = button(tr("Dismiss"), self._calls.dismiss, small=True, acts=True)
        made.tooltip(tr("Ctrl+K, First steps brings it back"))

    def _show_target(self, begin: Beginning) -> None:
        with self._target.anew(_DONE):
            ui.label(begin.target_name).classes("c-muted t-clip")
            ui.link(tr("Change"), "/settings#targets").classes("gb-link t-table")

    def _show_supplier(self, begin: Beginning) -> None:
        is_done = begin.real_models > 0
        self._supplier.mark(_DONE if is_done else _OPEN)
        self._opener.clear()
        with self._opener:
            if is_done:
                ui.label(trn("{n} model mapped", "{n} models mapped", begin.real_models)).classes(
                    "c-muted"
                )
            name = tr("Add another") if is_done else tr("Paste and test")
            button(name, self._unfold, icon="key", small=is_done)
            ui.link(tr("Models & providers"), "/models").classes("gb-link t-table")

    def _show_first(self, begin: Beginning) -> None:
        look = _RUNNING if begin.is_running else _DONE if begin.is_judged else _OPEN
        with self._first.anew(look):
            if begin.is_running:
                ui.label(tr("It runs; the dots below follow it.")).classes("c-muted")
            elif begin.is_judged:
                ui.label(tr("Done; the dots below show the verdicts.")).classes("c-muted")
            elif begin.conversations:
                button(
                    start_text(begin.conversations, begin.seconds),
                    self._calls.start,
                    icon="play_arrow",
                    kind="primary",
                    acts=True,
                )
                if not begin.real_models and begin.demo_models:
                    ui.label(tr("with the built-in demo supplier, no key needed")).classes(
                        "c-faint"
                    )
            else:
                ui.label(tr("There is nothing to judge until a model is mapped.")).classes(
                    "c-muted"
                )

    def _unfold(self) -> None:
        self._holder.classes(remove="gb-hide")
        self._opener.classes(add="gb-hide")

    def _draw_form(self) -> None:
        """Fold away a new, empty form."""
        self._holder.clear()
        self._holder.classes(add="gb-hide")
        self._opener.classes(remove="gb-hide")
        with self._holder:
            self._form = SupplierForm(SupplierCalls(self._calls.supplier.probe, self._save))

    async def _save(self, draft: SupplierDraft, fields: dict[str, Field]) -> bool:
        is_saved = await self._calls.supplier.save(draft, fields)
        if is_saved and not self._holder.is_deleted:
            self._draw_form()
            self._calls.saved()
        return is_saved


def start_text(count: int, seconds: int | None) -> str:
    """Return `Run first E2E · 2 conversations · about 10 s`."""
    seconds = seconds or ABOUT_S * count
    about = (
        tr("about {n} s", n=seconds) if seconds < 90 else tr("about {n} min", n=round(seconds / 60))
    )
    calls = trn("{n} conversation", "{n} conversations", count)
    return tr("Run first E2E · {calls} · {about}", calls=calls, about=about)


class _Step:
    """One line: its number, its name, its state, and a body to fill."""

    def __init__(self, number: int, title: str) -> None:
        with ui.element("li").classes("ov-step"):
            ui.label(str(number)).classes("ov-step__no").props("aria-hidden=true")
            ui.label(title).classes("t-strong ov-step__title")
            self._state = ui.element("div")
            self.body = ui.element("div").classes("ov-step__body")

    def mark(self, look: Look) -> None:
        """Show the state."""
        self._state.clear()
        with self._state:
            StatusDot(look.tone, look.shape, look.weight, look.label, show_word=False)

    def anew(self, look: Look) -> ui.element:
        """Show the state and return the emptied body."""
        self.mark(look)
        self.body.clear()
        return self.body
