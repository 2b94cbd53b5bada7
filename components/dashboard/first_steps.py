"""First steps: what an empty Overview shows: three lines from nothing to the first verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.dashboard.supplier_form import SupplierCalls, SupplierForm
from components.primitives.button import button
from components.primitives.card import card
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
    is_running: bool = False  # the first E2E is under way


@dataclass(frozen=True, slots=True)
class FirstCalls:
    """What the page does."""

    start: Callable[[], Any]
    supplier: SupplierCalls


def first_steps(begin: Beginning, calls: FirstCalls) -> None:
    """Draw the three lines; each says what it needs or that it is done."""
    with card(tr("First five minutes")), ui.element("ol").classes("ov-steps"):
        with _step(1, tr("Service under test"), _DONE):
            ui.label(begin.target_name).classes("c-muted t-clip")
            ui.link(tr("Change"), "/settings#targets").classes("gb-link t-table")
        _supplier_step(begin, calls.supplier)
        with _step(3, tr("First E2E"), _RUNNING if begin.is_running else _OPEN):
            if begin.is_running:
                ui.label(tr("It runs; the dots below follow it.")).classes("c-muted")
            elif begin.conversations:
                button(
                    start_text(begin.conversations, begin.seconds),
                    calls.start,
                    icon="play_arrow",
                    kind="primary",
                )
                if not begin.real_models and begin.demo_models:
                    ui.label(tr("with the built-in demo supplier, no key needed")).classes(
                        "c-faint"
                    )
            else:
                ui.label(tr("There is nothing to judge until a model is mapped.")).classes(
                    "c-muted"
                )


def start_text(count: int, seconds: int | None) -> str:
    """Return `Run first E2E · 2 conversations · about 10 s`."""
    seconds = seconds or ABOUT_S * count
    about = (
        tr("about {n} s", n=seconds) if seconds < 90 else tr("about {n} min", n=round(seconds / 60))
    )
    calls = trn("{n} conversation", "{n} conversations", count)
    return tr("Run first E2E · {calls} · {about}", calls=calls, about=about)


def _supplier_step(begin: Beginning, calls: SupplierCalls) -> None:
    is_done = begin.real_models > 0
    with _step(2, tr("Supplier key"), _DONE if is_done else _OPEN) as body:
        if is_done:
            ui.label(trn("{n} model mapped", "{n} models mapped", begin.real_models)).classes(
                "c-muted"
            )
        holder = ui.element("div").classes("ov-wide gb-hide")

        def unfold() -> None:
            holder.classes(remove="gb-hide")
            opener.set_visibility(False)

        name = tr("Add another") if is_done else tr("Paste and test")
        opener = button(name, unfold, icon="key", small=is_done)
        with holder:
            SupplierForm(calls)
        holder.move(body)


def _step(number: int, title: str, look: Look) -> ui.element:
    with ui.element("li").classes("ov-step"):
        ui.label(str(number)).classes("ov-step__no").props("aria-hidden=true")
        ui.label(title).classes("t-strong ov-step__title")
        StatusDot(look.tone, look.shape, look.weight, look.label, show_word=False)
        return ui.element("div").classes("ov-step__body")
