"""Broke: what is broken and whose fault, and what changed since the operator looked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from nicegui import ui

from components.dashboard.troubles import Trouble, fold
from components.primitives.button import button
from components.primitives.formats import clock_text
from components.primitives.status_dot import StatusDot
from components.status.looks import cause_word, cell_look, user_type_word
from components.status.providers import provider_word
from components.status.reasons import reason_text, short_reason
from components.words import tr, trn
from services.e2e.types import GOOD, CellStatus, ChangeSinceSeen, Health

MOST = 4
CHANGES_MOST = 6


def broke_list(health: Health, zone: str, now: datetime, on_open: Callable[[int], Any]) -> None:
    """Draw one line a cause; what the banner says, a sign-in that is down, is not said again."""
    troubles = fold(health)
    for trouble in troubles[:MOST]:
        _line(trouble, zone, now, on_open)
    if len(troubles) > MOST:
        ui.label(tr("and {n} more", n=len(troubles) - MOST)).classes("t-meta c-faint")
    if not troubles:
        is_folded = health.sign_in_down or health.offline_since
        words = tr("Nothing else is broken.") if is_folded else tr("Nothing is broken.")
        ui.label(words if health.judged else tr("Nothing was judged yet.")).classes("c-muted")


def trouble_text(trouble: Trouble, zone: str, now: datetime) -> str:
    """Return `Provider DeepSeek · 4 models · HTTP 503 · since 09:12 (3rd in a row)`."""
    side = cause_word(trouble.cause)
    provider = provider_word(trouble.provider)
    whose = [f"{side} {provider}".strip()]
    if not side:
        whose = [cell_look(trouble.status).label, provider]
    count = len(trouble.models)
    who = trouble.models[0] if count == 1 else trn("{n} model", "{n} models", count)
    parts = [*whose, who, short_reason(trouble.error)]
    if not trouble.error and trouble.status is not CellStatus.SLOW:
        parts.append(tr("several reasons"))
    if trouble.since is not None:
        since = clock_text(trouble.since, zone, now)
        parts.append(
            tr("since {at} ({n} in a row)", at=since, n=trouble.streak)
            if trouble.streak > 1
            else tr("since {at}", at=since)
        )
    return " · ".join(part for part in parts if part)


def _line(trouble: Trouble, zone: str, now: datetime, on_open: Callable[[int], Any]) -> None:
    look = cell_look(trouble.status)
    row = ui.element("button").classes("ov-line").props("type=button")
    row.on("click", lambda: on_open(trouble.cell_id))
    with row:
        StatusDot(look.tone, look.shape, look.weight, look.label, show_word=False)
        ui.label(trouble_text(trouble, zone, now)).classes("t-clip")
    detail = [", ".join(trouble.models[:12]), reason_text(trouble.error) if trouble.error else ""]
    row.props["title"] = "\n".join(part for part in detail if part)
    row.props["aria-label"] = f"{look.label}: {trouble_text(trouble, zone, now)}"


def since_strip(
    changes: Sequence[ChangeSinceSeen], zone: str, now: datetime, acknowledge: Callable[[], Any]
) -> None:
    """Draw what broke and recovered since the operator looked, broken first, until it is seen."""
    broke = [one for one in changes if one.now not in GOOD]
    recovered = [one for one in changes if one.now in GOOD]
    with ui.element("div").classes("ov-since").props("role=status"):
        ui.label(
            tr(
                "Since you looked: {broke} broke, {recovered} recovered",
                broke=len(broke),
                recovered=len(recovered),
            )
        ).classes("t-strong")
        for one in [*broke, *recovered][:CHANGES_MOST]:
            _change(one, zone, now)
        if len(changes) > CHANGES_MOST:
            ui.label(tr("and {n} more", n=len(changes) - CHANGES_MOST)).classes("c-faint")
        ui.element("div").classes("gb-grow")
        button(tr("Seen"), acknowledge, small=True, icon="done_all", acts=True)


def _change(one: ChangeSinceSeen, zone: str, now: datetime) -> None:
    look = cell_look(one.now)
    with ui.element("span").classes("ov-since__one"):
        StatusDot(look.tone, look.shape, look.weight, look.label, show_word=False)
        ui.label(one.model_key)
        at = clock_text(one.at, zone, now)
        ui.label(f"{user_type_word(one.user_type)} {at}").classes("c-faint")
        ui.tooltip(f"{cell_look(one.was).label} → {look.label} · {at}")
