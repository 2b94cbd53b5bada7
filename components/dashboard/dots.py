"""Health dots: one entry a model, two dots, problems first; the newest real state only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.dashboard.freshness import fresh_until
from components.dashboard.root_cause import is_folded
from components.primitives.formats import age_words, duration_text, epoch_ms
from components.status.looks import (
    NO_CELL,
    SEVERITY,
    Look,
    cause_word,
    cell_look,
    look_props,
    user_type_word,
)
from components.status.reasons import reason_text
from components.words import tr, word
from services.accounts.types import UserType
from services.e2e.types import CellStatus, Dot, Health
from services.schedules.types import ScheduleView

TIP_MOST = 160
NOT_JUDGED = Look("none", "hollow", "plain", word("Not judged"))  # the banner says why


class HealthDots(ui.element, component="dots.js"):
    """Every mapped model with its present health, drawn by one element."""

    def __init__(self, on_open: Callable[[int], Any]) -> None:
        """Stand empty until `show`; `on_open` gets the id of the cell behind a dot."""
        super().__init__()
        self._on_open = on_open
        self._props["models"] = []
        self._props["words"] = {
            "title": tr("Health of every mapped model"),
            "stale": tr("Stale"),
            "demo": tr("Demo"),
            "never": tr("Never judged"),
            "ages": age_words(),
        }
        self.on("open", self._opened)

    def show(self, health: Health, view: ScheduleView, demo: Collection[str] = ()) -> None:
        """Draw the present health; `demo` holds the keys that the demo supplier serves."""
        self._props["models"] = entries(health, view, demo)
        self.update()

    def _opened(self, event: GenericEventArguments) -> Any:
        return self._on_open(event.args) if isinstance(event.args, int) else None


def entries(health: Health, view: ScheduleView, demo: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return one entry a model, problems first, then by name; unmapped ones are left out."""
    found: dict[str, dict[UserType, Dot]] = {key: {} for key in health.mapped}
    for dot in health.dots:
        if dot.model_key in found:
            found[dot.model_key][dot.user_type] = dot
    order = sorted(found.items(), key=lambda item: (_badness(health, item[1].values()), item[0]))
    return [_entry(key, dots, view, health, is_demo=key in demo) for key, dots in order]


def _badness(health: Health, dots: Any) -> int:
    told = (SEVERITY[dot.status] for dot in dots if not is_folded(health, dot))
    return min(told, default=SEVERITY[CellStatus.NOT_RUN])


def _entry(
    key: str, dots: Mapping[UserType, Dot], view: ScheduleView, health: Health, *, is_demo: bool
) -> dict[str, Any]:
    shown: Sequence[Dot | None] = [dots.get(kind) for kind in UserType]
    return {
        "key": key,
        "demo": is_demo or any(dot is not None and dot.is_demo for dot in shown),
        "dots": [_dot(kind, dot, view, health) for kind, dot in zip(UserType, shown, strict=True)],
    }


def _dot(kind: UserType, dot: Dot | None, view: ScheduleView, health: Health) -> dict[str, Any]:
    if dot is None:
        return {"user": user_type_word(kind), **look_props(NO_CELL), "id": 0, "why": ""}
    why = [part for part in (cause_word(dot.cause), reason_text(dot.error)[:TIP_MOST]) if part]
    if dot.latency_ms is not None:
        why.append(duration_text(dot.latency_ms))
    return {
        "user": user_type_word(kind),
        **look_props(NOT_JUDGED if is_folded(health, dot) else cell_look(dot.status)),
        "id": dot.cell_id,
        "at": epoch_ms(dot.at),
        "until": epoch_ms(fresh_until(dot.at, view)),
        "why": " · ".join(why),
    }
