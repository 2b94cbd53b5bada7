"""Figures: calls by class, percentiles, limits and errors of a run, each changed in place."""

from typing import Any

from nicegui import ui

from components.loadtest.advice import advice
from components.loadtest.metrics import METRIC_SPECS, threshold_text
from components.loadtest.verdict import lag_verdict
from components.loadtest.words import (
    BROKEN,
    CLASS_LOOKS,
    CLASS_NOTES,
    HELD,
    OPEN_YET,
    is_open,
    ms_text,
    percent_text,
    rate_text,
)
from components.primitives.data_table import Column, DataTable
from components.primitives.formats import NOTHING, count_text
from components.primitives.stat_tile import StatTile
from components.status.looks import look_props
from components.words import sentence, tr, trn
from services.loadtest.types import (
    LoadRun,
    Percentiles,
    SampleClass,
    Summary,
    ThresholdResult,
)

_NONE = Summary(requested=0, counts={})


class ClassBar(ui.element):
    """One bar of all requested calls, a piece for each class, and a row for each beneath."""

    def __init__(self) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self.classes("gb-col gap-12")
        self._pieces: dict[SampleClass, ui.element] = {}
        with self:
            with ui.element("div").classes("lt-stack").props("aria-hidden=true"):
                for name, look in CLASS_LOOKS.items():
                    piece = ui.element("i")
                    piece.props["data-tone"] = look.tone
                    piece.props["data-class"] = str(name)
                    self._pieces[name] = piece
            columns = [
                Column("class", tr("Class"), kind="look"),
                Column("count", tr("Calls"), end=True, width="60px"),
                Column("share", tr("Share"), end=True, width="60px"),
                Column("note", tr("Meaning"), wraps=True),
            ]
            self._table = DataTable(columns, [], name=tr("Calls by class"), none="", compact=True)
            self._sum = ui.label("").classes("t-meta c-muted").mark("load-sum")

    def show(self, run: LoadRun) -> None:
        """Show the counts of now."""
        summary = run.summary or _NONE
        whole = max(1, summary.requested)
        for name, piece in self._pieces.items():
            piece.style(f"flex-grow:{summary.counts.get(name, 0) / whole:.5f}")
        self._table.show([_class_row(name, summary, run) for name in SampleClass])
        counted = sum(summary.counts.values())
        self._sum.props["data-tone"] = "ok" if counted == summary.requested else "failed"
        self._sum.set_text(
            tr("Sum {sum} = {requested} requested · {stored} stored", sum=count_text(counted),
               requested=count_text(summary.requested), stored=count_text(run.stored))
            if counted == summary.requested
            else tr("Sum {sum} is not the {requested} requested", sum=counted,
                    requested=summary.requested)
        )  # fmt: skip


def _class_row(name: SampleClass, summary: Summary, run: LoadRun) -> dict[str, Any]:
    count = summary.counts.get(name, 0)
    return {
        "id": str(name),
        "class": look_props(CLASS_LOOKS[name]),
        "count": count_text(count),
        "share": percent_text(count / summary.requested) if summary.requested else NOTHING,
        "note": _class_note(name, summary, run),
        "note_title": _class_note(name, summary, run),
    }


def _class_note(name: SampleClass, summary: Summary, run: LoadRun) -> str:
    if name is SampleClass.NOT_STARTED and is_open(run):
        return tr("In flight, waiting or not sent yet")
    if name is SampleClass.NOT_STARTED and summary.dropped_starts:
        return trn(
            "Never sent; {n} was due with no room",
            "Never sent; {n} were due with no room",
            summary.dropped_starts,
        )
    return tr(CLASS_NOTES[name])


class PercentileTable(ui.element):
    """Times of the successes as percentiles, and the verdict on our own lateness."""

    def __init__(self) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self.classes("gb-col gap-12")
        columns = [
            Column("name", tr("Time")),
            *(Column(key, key, end=True) for key in ("p50", "p90", "p95", "p99")),
            Column("max", tr("max"), end=True),
            Column("mean", tr("mean"), end=True),
        ]
        with self:
            self._table = DataTable(columns, [], name=tr("Percentiles"), none="", compact=True)
            self._lag = ui.label("").classes("lt-lag t-table t-wrap").mark("load-lag")

    def show(self, summary: Summary | None, *, is_open_model: bool) -> None:
        """Show the times of now."""
        found = summary or _NONE
        parts = [
            ("ttft", tr("First text"), found.ttft),
            ("total", tr("Whole answer"), found.total),
            ("gaps", tr("Gap between events"), found.gaps),
            *([("late", tr("Late start"), found.late)] if is_open_model else []),
            ("lag", tr("Console's own lateness"), found.loop_lag),
        ]
        self._table.show([_times(*part) for part in parts])
        tone, text = lag_verdict(found)
        self._lag.props["data-tone"] = tone
        self._lag.set_text(text)
        self._lag.update()


def _times(key: str, name: str, values: Percentiles) -> dict[str, Any]:
    shown = {
        part: ms_text(getattr(values, part)) for part in ("p50", "p90", "p95", "p99", "max", "mean")
    }
    return {"id": key, "name": name, **shown}


class Tiles(ui.element):
    """The rates of a run, now or in all."""

    def __init__(self) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self.classes("gb-card lt-tiles")
        with self:
            self._rate = StatTile(tr("Calls a second"), NOTHING)
            self._good = StatTile(tr("Good calls a second"), NOTHING)
            self._events = StatTile(tr("Events a second"), NOTHING)
            self._errors = StatTile(tr("Failed calls"), NOTHING)
            self._peak = StatTile(tr("In flight at most"), NOTHING)
            self._sign_ins = StatTile(tr("Users signed in"), NOTHING)

    def show(self, run: LoadRun) -> None:
        """Show the figures of now."""
        found = run.summary or _NONE
        self._rate.show(rate_text(found.rate_per_s), tr("ended, over the whole run"))
        limits = (
            tr("inside the limits of good") if run.plan.has_goodput else tr("every success is good")
        )
        self._good.show(rate_text(found.goodput_per_s), limits)
        self._events.show(rate_text(found.events_per_s), tr("events, not tokens"))
        tone = "failed" if found.error_share else ""
        self._errors.show(percent_text(found.error_share), tr("429s are left out"), tone=tone)
        self._peak.show(count_text(found.peak_in_flight), tr("of {cap} allowed", cap=run.plan.cap))
        self._sign_ins.show(
            count_text(found.sign_ins), trn("{n} refresh", "{n} refreshes", found.refreshes)
        )


def threshold_table() -> DataTable:
    """Return the empty table of limits; fill it with `threshold_rows`."""
    columns = [
        Column("what", tr("Threshold")),
        Column("value", tr("Measured"), end=True, width="104px"),
        Column("state", tr("Result"), kind="look", width="104px"),
    ]
    return DataTable(columns, [], name=tr("Thresholds"), none=tr("Judged at the end"), compact=True)


def threshold_rows(results: tuple[ThresholdResult, ...], *, is_over: bool) -> list[dict[str, Any]]:
    """Return one row a limit; before the end a held one holds so far."""
    return [_threshold_row(no, one, is_over=is_over) for no, one in enumerate(results)]


def _threshold_row(no: int, one: ThresholdResult, *, is_over: bool) -> dict[str, Any]:
    look = BROKEN if not one.is_held else HELD if is_over else OPEN_YET
    spec = METRIC_SPECS.get(one.metric)
    unit = spec.unit if spec is not None else ""
    return {
        "id": str(no),
        "what": threshold_text(one.metric, one.limit),
        "what_title": sentence(one.words),
        "value": _value(one.value, unit),
        "state": look_props(look),
    }


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return NOTHING
    known = {"%": percent_text, "ms": ms_text, "/s": rate_text}
    return known[unit](value) if unit in known else f"{value:g}"


def error_columns() -> list[Column]:
    """Return the columns of the errors by kind."""
    return [
        Column("count", tr("Calls"), end=True, width="64px"),
        Column("kind", tr("Kind"), mono=True, width="24%"),
        Column("advice", tr("What it means"), width="44%"),
        Column("example", tr("In its words")),
    ]


def error_rows(summary: Summary | None) -> list[dict[str, Any]]:
    """Return one row a kind of error, the most frequent first; its id is that of an example."""
    found = summary or _NONE
    ordered = sorted(found.errors.items(), key=lambda one: -one[1])
    return [_error_row(kind, count, found) for kind, count in ordered]


def _error_row(kind: str, count: int, summary: Summary) -> dict[str, Any]:
    first = next((one for one in summary.first_errors if one.error == kind), None)
    example = first.text if first is not None and first.text else NOTHING
    return {
        "id": f"{first.no if first is not None else 0}:{kind}",
        "count": count_text(count),
        "kind": kind,
        "kind_title": kind,
        "advice": advice(kind),
        "advice_title": advice(kind),
        "example": example,
        "example_title": example,
    }
