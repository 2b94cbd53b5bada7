"""Timings of a turn as names and values, live and at its end."""

from collections.abc import Sequence
from typing import Any

from components.executions.facts import Facts
from components.primitives.formats import NOTHING, count_text, duration_text
from components.simulator.words import identity_word, prompt_word
from components.words import tr
from services.dialogs.types import Dialog, LiveDialog, PromptSource, TurnTimings

Row = dict[str, Any]


class TimingList(Facts):
    """One list; the same places while it runs and at its end."""

    def show_live(self, live: LiveDialog) -> None:
        """Show what is known so far."""
        first = live.events[0].at_ms if live.events else None
        last = live.events[-1].at_ms if live.events else None
        timings = TurnTimings(signin_ms=live.signin_ms, first_event_ms=first, total_ms=last)
        self.show(_rows(timings, len(live.events), sum(line.size for line in live.events)))

    def show_nothing(self) -> None:
        """Show the names alone."""
        self.show(_rows(TurnTimings(), 0, 0))

    def show_result(self, dialog: Dialog) -> None:
        """Show everything that was measured."""
        self.show(_rows(dialog.timings, dialog.event_count, dialog.byte_count))


def timing_pairs(timings: TurnTimings) -> Sequence[tuple[str, float | None]]:
    """Return the name and the milliseconds of every stage, in the order they pass."""
    return (
        (tr("Sign-in"), timings.signin_ms),
        (tr("POST accepted"), timings.accepted_ms),
        (tr("First event"), timings.first_event_ms),
        (tr("First text"), timings.ttft_ms),
        (tr("Gap p50"), timings.gap_p50_ms),
        (tr("Largest gap"), timings.gap_max_ms),
        (tr("Total"), timings.total_ms),
    )


def _rows(timings: TurnTimings, count: int, size: int) -> list[Row]:
    rows = [_row(name, duration_text(ms)) for name, ms in timing_pairs(timings)]
    events = f"{count_text(count)} · {size / 1000:.1f} kB" if count else NOTHING
    rows.append(_row(tr("Events"), events))
    return rows


def _row(name: str, text: str) -> Row:
    return {"name": name, "text": text, "title": "", "href": "", "mono": False}


def setting_pairs(dialog: Dialog) -> list[tuple[str, str]]:
    """Return how a turn was sent, as names and values."""
    request = dialog.request
    prompt = prompt_word(request.prompt)
    if request.prompt is PromptSource.STORED:
        version = f" v{request.prompt_version_no}" if request.prompt_version_no else ""
        prompt = f"{prompt} #{request.prompt_id}{version}"
    pairs = [
        (tr("Model key"), request.model),
        (tr("Resolved model"), dialog.resolved_model),
        (tr("Provider"), dialog.provider),
        (tr("As"), identity_word(request.identity)),
        (tr("User"), dialog.user_id),
        (tr("Service under test"), dialog.target),
        (tr("System message"), prompt),
        (tr("Result mode"), dialog.result_mode_effective or request.result_mode),
        (tr("Output protocol"), dialog.protocol or request.protocol),
        (tr("Temperature"), "" if request.temperature is None else f"{request.temperature:g}"),
        (tr("Tools"), tr("offered (auto)") if request.uses_tools else tr("not offered")),
        (tr("Turn"), str(dialog.turn)),
        (tr("Repairs"), ", ".join(dialog.repairs)),
        (tr("Retries"), ", ".join(dialog.retries)),
        (tr("Oddities of the stream"), ", ".join(dialog.flags)),
    ]
    return [(name, value) for name, value in pairs if value and value != NOTHING]


def id_pairs(dialog: Dialog) -> list[tuple[str, str]]:
    """Return the ids of a turn, those that are known."""
    pairs = [
        (tr("Request id"), dialog.request_id),
        (tr("Message id"), dialog.message_id),
        (tr("Conversation id"), dialog.conversation_id),
        (tr("Execution"), dialog.dialog_id),
    ]
    return [(name, value) for name, value in pairs if value]
