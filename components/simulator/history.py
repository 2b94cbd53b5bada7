"""History of conversations: filters, and turns as rows of the big table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nicegui import ui

from components.primitives.big_table import BigColumn
from components.primitives.field import choice_field, text_field
from components.primitives.formats import duration_text, epoch_ms, moment_text
from components.simulator.words import look_of, short_identity
from components.status.demo import demo_tag
from components.status.looks import CELL_LOOKS, look_props
from components.status.reasons import short_reason
from components.words import tr, word
from services.dialogs.types import Dialog, DialogFilter
from services.e2e.types import CellStatus

ALL = ""
WINDOWS = {"1": word("24 h"), "7": word("7 d"), "30": word("30 d")}
STATUSES = (
    CellStatus.OK,
    CellStatus.SLOW,
    CellStatus.BAD_STRUCTURE,
    CellStatus.FAILED,
    CellStatus.SIGNIN_FAILED,
    CellStatus.LIMITED,
    CellStatus.CANCELLED,
    CellStatus.INTERRUPTED,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters as the address keeps them."""

    text: str = ""
    model: str = ""
    verdict: str = ""
    days: str = ""

    def to_filter(self, now: datetime) -> DialogFilter:
        """Return what the service looks for."""
        since = now - timedelta(days=int(self.days)) if self.days in WINDOWS else None
        known = {str(status): status for status in STATUSES}
        found = known.get(self.verdict)
        return DialogFilter(
            text=self.text,
            model=self.model,
            statuses=() if found is None else (found,),
            created_from=since,
        )

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address, without the empty ones."""
        given = {"q": self.text, "model": self.model, "verdict": self.verdict, "days": self.days}
        return {name: value for name, value in given.items() if value}


class HistoryFilters(ui.element):
    """Four fields; each change asks anew."""

    def __init__(
        self, wanted: Wanted, models: Sequence[str], changed: Callable[[Wanted], Any]
    ) -> None:
        """Show what is wanted now."""
        super().__init__("div")
        self.classes("si-filters gb-filters").props("role=search")
        self._changed = changed
        names = {ALL: tr("All models"), **{name: name for name in models}}
        verdicts = {ALL: tr("Every verdict")}
        verdicts |= {str(status): CELL_LOOKS[status].label for status in STATUSES}
        windows = {ALL: tr("Any time"), **{days: tr(name) for days, name in WINDOWS.items()}}
        with self:
            self._sought = text_field(
                tr("Text"), wanted.text, placeholder=tr("Search question, reply, error or id")
            )
            model = wanted.model if wanted.model in names else ALL
            self._model = choice_field(tr("Model"), names, model, filtered=True)
            verdict = wanted.verdict if wanted.verdict in verdicts else ALL
            self._verdict = choice_field(tr("Verdict"), verdicts, verdict)
            self._days = choice_field(
                tr("Time"), windows, wanted.days if wanted.days in windows else ALL
            )
        for one in (self._model, self._verdict, self._days):
            one.control.on_value_change(self._tell)
        self._sought.control.props("debounce=300 clearable").on_value_change(self._tell)
        self._sought.control.mark("history-text")

    @property
    def wanted(self) -> Wanted:
        """What is chosen now."""
        return Wanted(
            text=str(self._sought.control.value or "").strip()[:200],
            model=str(self._model.control.value or ALL),
            verdict=str(self._verdict.control.value or ALL),
            days=str(self._days.control.value or ALL),
        )

    async def _tell(self) -> None:
        result = self._changed(self.wanted)
        if hasattr(result, "__await__"):
            await result


def columns() -> list[BigColumn]:
    """Return the columns of the history."""
    return [
        BigColumn("verdict", tr("Verdict"), "look", "120px"),
        BigColumn("message", tr("Question"), "name"),
        BigColumn("model", tr("Model"), width="18%", from_px=620),
        BigColumn("reason", tr("Reason"), width="16%", from_px=1180),
        BigColumn("who", tr("As"), width="104px", from_px=860),
        BigColumn("ttft", tr("First text"), width="84px", end=True, from_px=620),
        BigColumn("total", tr("Total"), width="84px", end=True, from_px=520),
        BigColumn("at", tr("When"), "age", "104px"),
    ]


def rows(dialogs: Sequence[Dialog], zone: str) -> list[dict[str, Any]]:
    """Return one row a turn, newest first."""
    return [_row(one, zone) for one in dialogs]


def _row(one: Dialog, zone: str) -> dict[str, Any]:
    tags = [[tr("turn {n}", n=one.turn), ""]] if one.turn > 1 else []
    if one.is_demo:
        tags.append(demo_tag())
    reason = short_reason(one.error) if one.error else ""
    return {
        "id": one.dialog_id,
        "verdict": look_props(look_of(one)),
        "message": " ".join(one.request.message[:160].split()),
        "message_tags": tags,
        "verdict_title": reason,
        "model": one.request.model,
        "model_title": one.resolved_model,
        "reason": reason,
        "who": short_identity(one.request.identity),
        "ttft": duration_text(one.timings.ttft_ms),
        "total": duration_text(one.timings.total_ms),
        "at": epoch_ms(one.created_at),
        "at_title": moment_text(one.created_at, zone),
        "find": f"{one.dialog_id} {one.request_id}",
    }
