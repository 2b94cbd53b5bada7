"""Works: the one answer in the head: how many of the judged cells are good, and how old that is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui

from components.dashboard.freshness import fresh_until
from components.primitives.formats import age_words, epoch_ms, moment_text
from components.status.looks import SEVERITY, cell_look, look_props
from components.theme.apply import add_sheet
from components.words import tr, trn
from services.e2e.types import CellStatus, Health
from services.schedules.types import ScheduleView

add_sheet(Path(__file__).with_name("overview.css"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the head says."""

    tone: str
    shape: str
    weight: str
    figure: str
    word: str


class Works(ui.element, component="works.js"):
    """The card that answers `does it work`; ages and staleness count in the browser."""

    def __init__(self) -> None:
        """Stand empty until `show`."""
        super().__init__()
        self._props["words"] = {
            "title": tr("Does it work?"),
            "judged": tr("judged {age}"),
            "next": tr("next {age}"),
            "off": tr("the schedule is off"),
            "stale": tr("Stale"),
            "ages": age_words(),
        }
        self._props["facts"] = None

    def show(self, health: Health, view: ScheduleView) -> None:
        """Draw the present answer."""
        answer = answer_of(health)
        until = fresh_until(health.judged_at, view) if health.judged_at else None
        self._props["facts"] = {
            "tone": answer.tone,
            "shape": answer.shape,
            "weight": answer.weight,
            "figure": answer.figure,
            "word": answer.word,
            "left": _left_out(health),
            "at": epoch_ms(health.judged_at),
            "at_title": moment_text(health.judged_at, view.zone),
            "until": epoch_ms(until),
            "next": epoch_ms(view.next_at) if view.is_enabled else None,
            "next_title": moment_text(view.next_at, view.zone),
            "is_running": health.running is not None,
        }
        self.update()


def answer_of(health: Health) -> Answer:
    """Return the answer; nothing mapped or judged is never green."""
    if not health.mapped:
        return _answer(CellStatus.NOT_RUN, "–", tr("Nothing to judge"))
    if not health.judged:
        status = worst_of(health) if health.dots else CellStatus.NOT_RUN
        return _answer(status, "–", tr("Nothing was judged"))
    figure = f"{health.good}/{health.judged}"
    if health.good == health.judged and not health.sign_in_down:
        return _answer(CellStatus.OK, figure, tr("OK of judged"))
    return _answer(worst_of(health), figure, tr("OK of judged"))


def worst_of(health: Health) -> CellStatus:
    """Return the worst present status."""
    return min((dot.status for dot in health.dots), key=SEVERITY.__getitem__)


def _answer(status: CellStatus, figure: str, word: str) -> Answer:
    look: dict[str, Any] = look_props(cell_look(status))
    return Answer(look["tone"], look["shape"], look["weight"], figure, word)


def _left_out(health: Health) -> str:
    if not health.not_judged:
        return ""
    return trn("{n} not judged", "{n} not judged", health.not_judged)
