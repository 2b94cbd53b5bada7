"""Forecast: what a plan will cost and which limits it will meet, beside the form."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from components.loadtest.limits import NUMBERS
from components.primitives.button import icon
from components.primitives.formats import NOTHING, count_text, duration_text
from components.primitives.skeleton import skeleton_rows
from components.words import sentence, tr, trn
from services.loadtest.types import Arrangement, Forecast, QuotaNeed


class ForecastPanel(ui.element):
    """A list of figures; drawn anew only when another forecast comes."""

    def __init__(self) -> None:
        """Stand empty until `show` or `refuse`."""
        super().__init__("div")
        self.classes("gb-col gap-12")
        self._shown: object = None
        with self:
            skeleton_rows(7, "20px")

    def show(self, forecast: Forecast, *, is_step: bool = False) -> None:
        """Show what it will cost; `is_step`: it is the greatest step of a search."""
        if (forecast, is_step) == self._shown:
            return
        self._shown = (forecast, is_step)
        self.clear()
        with self:
            if is_step:
                text = tr("The greatest step alone, if the search gets that far:")
                ui.label(text).classes("t-meta c-muted")
            self._figures(forecast)
            self._quotas(forecast.quotas)
            _notes(_notices(forecast))

    def refuse(self, text: str) -> None:
        """Say why there is no forecast."""
        if text == self._shown:
            return
        self._shown = text
        self.clear()
        with self:
            ui.label(text).classes("c-muted t-table t-wrap")

    def _figures(self, forecast: Forecast) -> None:
        about = "" if forecast.is_exact else "≈ "
        time = NOTHING if forecast.duration_s is None else duration_text(forecast.duration_s * 1000)
        facts = [
            (tr("Conversations"), f"{about}{count_text(forecast.calls)}", True),
            (tr("Users signed in"), count_text(forecast.sign_ins), False),
            (tr("At once, at most"), count_text(forecast.streams), False),
            (tr("Expected 429s"), f"{about}{count_text(forecast.expected_429)}", False),
            (tr("Expected time"), about + time if time != NOTHING else tr("not known yet"), False),
            (tr("Files and sockets"), _descriptors(forecast), False),
            (tr("Models"), _models(forecast), False),
        ]
        with ui.element("dl").classes("gb-facts lt-facts"):
            for name, text, is_strong in facts:
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(text).classes("t-strong" if is_strong else "")

    def _quotas(self, quotas: Sequence[QuotaNeed]) -> None:
        for one in quotas:
            has_room = one.room is None or one.needed <= one.room
            left = tr("no limit known") if one.room is None else count_text(one.room)
            text = tr("Quota of {family}: {needed} needed, {left} left today",
                      family=one.family, needed=count_text(one.needed), left=left)  # fmt: skip
            _note(text, "" if has_room else "limited", "speed")


def _descriptors(forecast: Forecast) -> str:
    if not forecast.descriptor_limit:
        return count_text(forecast.descriptors)
    return tr("{needed} of {limit} allowed", needed=count_text(forecast.descriptors),
              limit=count_text(forecast.descriptor_limit))  # fmt: skip


def _models(forecast: Forecast) -> str:
    most = 3
    names = ", ".join(forecast.models[:most])
    left = len(forecast.models) - most
    more = f" {tr('and {n} more', n=left)}" if left > 0 else ""
    return (names + more) or tr("all the target maps")


def _notices(forecast: Forecast) -> list[tuple[str, str, str]]:
    """Return text, tone and icon of what one should know before the start."""
    notices: list[tuple[str, str, str]] = []
    if forecast.arrangement is Arrangement.WORKER:
        text = tr("So many streams run in a worker process of low priority.")
        notices.append((text, "", "developer_board"))
    if forecast.needs_confirm:
        text = tr("{name} is production: real users feel this.", name=forecast.needs_confirm)
        notices.append((text, "failed", "warning"))
    notices += [(sentence(one), "slow", "info") for one in forecast.warnings]
    return notices


def _notes(notices: Sequence[tuple[str, str, str]]) -> None:
    for text, tone, symbol in notices:
        _note(text, tone, symbol)


def _note(text: str, tone: str, symbol: str) -> None:
    with ui.element("div").classes("lt-note") as row:
        row.props["data-tone"] = tone or "none"
        icon(symbol)
        ui.label(text).classes("t-table")


def limits_text() -> list[str]:
    """Return the limits every load test has, one sentence each."""
    users, calls, seconds = NUMBERS["users"], NUMBERS["requests"], NUMBERS["seconds"]
    return [
        trn("1 to {n} user", "1 to {n} users", int(users.high))
        + " · "
        + tr("at most {n} calls", n=count_text(calls.high))
        + " · "
        + tr("calls begin for at most {time}", time=duration_text(seconds.high * 1000)),
        tr("At most {n} arrivals a second", n=count_text(NUMBERS["rate"].high))
        + " · "
        + tr("one load test at a time"),
        tr("What is over the calls in flight waits, and is shown as waiting."),
        tr("429s have a class of their own and are no failures."),
    ]


def limits_list() -> Any:
    """Draw the limits as a list."""
    with ui.element("ul").classes("lt-limits t-meta c-faint") as made:
        for text in limits_text():
            with ui.element("li"):
                ui.label(text)
    return made
