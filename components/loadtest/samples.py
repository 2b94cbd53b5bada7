"""Samples: the calls of a run as one page of a table, with the filters the store is asked by."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from components.loadtest.words import CLASS_LOOKS, ms_text
from components.primitives.button import download_button, icon_button
from components.primitives.data_table import Column, DataTable
from components.primitives.formats import NOTHING, count_text, duration_text
from components.primitives.toolbar import Segment, spacer
from components.status.looks import look_props
from components.status.reasons import short_reason
from components.words import tr
from services.load_history.types import SampleFilter, SampleOrder
from services.loadtest.types import Sample, SampleClass, SamplePage

PAGE = 50
_ANY = ""


class Samples(ui.element):
    """Filters, one page of calls, and the way to the pages around it."""

    def __init__(
        self,
        address: str,
        changed: Callable[[SampleFilter, int], Any],
        opened: Callable[[int], Any],
    ) -> None:
        """Show the first calls; `changed` is told filter and offset, `opened` a call's number.

        `address` and .csv or .json lead to a file of what is shown.
        """
        super().__init__("div")
        self.wanted = SampleFilter()
        self.offset = 0
        self._total = 0
        self._changed = changed
        self._opened = opened
        self._address = address
        self._files: dict[str, ui.button] = {}
        with self:
            with ui.element("div").classes("lt-bar").props("role=search"):
                self._draw_filters()
            self._table = DataTable(
                _columns(),
                [],
                name=tr("Calls"),
                none=tr("No call is like that"),
                on_open=self._open,
                compact=True,
            )
            with ui.element("div").classes("lt-pager"):
                self._count = ui.label("").classes("t-meta c-muted").mark("load-count")
                spacer()
                for kind in ("csv", "json"):
                    name = tr("Download the calls found as {kind}", kind=kind.upper())
                    self._files[kind] = download_button("", name)
                    self._files[kind].set_text(kind.upper())
                self._back = icon_button(
                    "chevron_left", tr("Page before"), self._before, small=True
                )
                self._on = icon_button("chevron_right", tr("Next page"), self._after, small=True)

    def _draw_filters(self) -> None:
        search = ui.input(
            placeholder=tr("Search id, reply, error"),
            on_change=lambda event: self._want(text=str(event.value or "").strip()),
        )
        search.props("debounce=300 clearable type=search maxlength=200").classes("lt-bar__text")
        search.props["aria-label"] = tr("Search calls")
        with search.add_slot("prepend"):
            ui.icon("sym_o_search")
        classes = {_ANY: tr("All classes")} | {
            str(name): look.label for name, look in CLASS_LOOKS.items()
        }
        classes.pop(str(SampleClass.NOT_STARTED))
        kind = ui.select(classes, value=_ANY, on_change=lambda e: self._want_class(e.value))
        kind.classes("lt-bar__one").props["aria-label"] = tr("Class")
        self._models = ui.select(
            {_ANY: tr("All models")},
            value=_ANY,
            on_change=lambda event: self._want(model=str(event.value or "")),
        )
        self._models.classes("lt-bar__one").props["aria-label"] = tr("Model")
        orders = {
            str(SampleOrder.STARTED): tr("In order"),
            str(SampleOrder.SLOWEST): tr("Slowest"),
            str(SampleOrder.FIRST_TEXT): tr("Latest first text"),
            str(SampleOrder.LATEST): tr("Latest start"),
        }
        Segment(
            orders, str(SampleOrder.STARTED), lambda v: self._want(order=SampleOrder(v)),
            name=tr("Order"),
        )  # fmt: skip

    def offer(self, models: Sequence[str]) -> None:
        """Offer the models the run has asked."""
        options = {_ANY: tr("All models")} | {key: key for key in models}
        if options != self._models.options:
            self._models.set_options(options, value=self._models.value)

    def show(self, page: SamplePage) -> None:
        """Show a page of calls."""
        self._total = page.total
        self._table.show([_row(one.sample) for one in page.rows])
        last = self.offset + len(page.rows)
        text = tr("{first}–{last} of {total}", first=count_text(self.offset + 1),
                  last=count_text(last), total=count_text(page.total))  # fmt: skip
        self._count.set_text(text if page.rows else tr("none of {n}", n=count_text(page.total)))
        for kind, made in self._files.items():
            made.props["href"] = f"{self._address}.{kind}{_query(self.wanted)}"
            made.update()
        self._back.set_enabled(self.offset > 0)
        self._on.set_enabled(last < page.total)

    # -- what is wanted

    def _want_class(self, value: object) -> Any:
        chosen = str(value or "")
        return self._want(sample_class=SampleClass(chosen) if chosen else None)

    def _want(self, **changes: Any) -> Any:
        before = self.wanted
        self.wanted = replace(before, **changes)
        if self.wanted == before:
            return None
        self.offset = 0
        return self._changed(self.wanted, 0)

    def _before(self) -> Any:
        self.offset = max(0, self.offset - PAGE)
        return self._changed(self.wanted, self.offset)

    def _after(self) -> Any:
        if self.offset + PAGE < self._total:
            self.offset += PAGE
        return self._changed(self.wanted, self.offset)

    def _open(self, row_id: str) -> Any:
        return self._opened(int(row_id)) if row_id.isdigit() else None


def _query(wanted: SampleFilter) -> str:
    pairs = {
        "model": wanted.model,
        "class": str(wanted.sample_class or ""),
        "q": wanted.text,
        "order": "" if wanted.order is SampleOrder.STARTED else str(wanted.order),
    }
    found = urlencode({name: value for name, value in pairs.items() if value})
    return f"?{found}" if found else ""


def _columns() -> list[Column]:
    return [
        Column("no", tr("No."), end=True, width="64px"),
        Column("class", tr("Class"), kind="look", width="128px"),
        Column("model", tr("Model")),
        Column("at", tr("Begun after"), end=True, width="96px"),
        Column("late", tr("Late"), end=True, width="80px"),
        Column("ttft", tr("First text"), end=True, width="88px"),
        Column("total", tr("Total"), end=True, width="88px"),
        Column("events", tr("Events"), end=True, width="72px"),
        Column("error", tr("Error")),
    ]


def _row(sample: Sample) -> dict[str, Any]:
    return {
        "id": str(sample.no),
        "no": count_text(sample.no),
        "class": look_props(CLASS_LOOKS[sample.sample_class]),
        "model": sample.model_key,
        "model_title": sample.model_key,
        "at": duration_text(sample.at_ms),
        "late": ms_text(sample.late_ms) if sample.late_ms else NOTHING,
        "ttft": ms_text(sample.ttft_ms),
        "total": ms_text(sample.total_ms),
        "events": count_text(sample.event_count),
        "error": short_reason(sample.error) if sample.error else NOTHING,
        "error_title": " · ".join(t for t in (sample.error, sample.error_text) if t),
    }
