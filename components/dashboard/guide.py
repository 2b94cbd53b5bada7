"""Guide: the first steps as one page; each step ticks itself from what is true, and can be skipped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon
from components.primitives.status_dot import StatusDot
from components.status.looks import Look
from components.theme.apply import add_sheet
from components.words import tr, word
from services.guide.types import Step

add_sheet(Path(__file__).with_name("guide.css"))

DONE = Look("ok", "tick", "tint", word("Done"))
OPEN = Look("none", "hollow", "plain", word("To do"))
SKIPPED = Look("ended", "slash", "plain", word("Skipped"))
RUNNING = Look("running", "ring", "ring", word("Running"))
TITLES: Mapping[Step, str] = {
    Step.TARGET: word("What is tested"),
    Step.SIGN_IN: word("Sign-in"),
    Step.SUPPLIER: word("Supplier key"),
    Step.FIRST_E2E: word("First E2E"),
    Step.DEMO: word("A past to look at"),
}
_WHY: Mapping[Step, str] = {
    Step.TARGET: word(
        "This console has a gateway of its own, with a demo supplier that needs no key: enough to"
        " see everything work. Add a real service when you have one."
    ),
    Step.SIGN_IN: word(
        "Each check signs in as an anonymous and as a registered user, as the app does."
    ),
    Step.SUPPLIER: word(
        "Paste the address and key of a supplier; the test asks it for its models, and those you"
        " choose are mapped."
    ),
    Step.FIRST_E2E: word(
        "Every mapped model is asked once by each kind of user, and each reply is judged."
    ),
    Step.DEMO: word(
        "An empty console shows little. Fill it with made-up history: every row is marked Demo,"
        " counts nowhere as real, and goes again with one click."
    ),
}


@dataclass(frozen=True, slots=True)
class GuideActs:
    """What the page does."""

    skip: Callable[[Step], Any]
    take_up: Callable[[Step], Any]
    put_away: Callable[[], Any]
    bring_back: Callable[[], Any]


class GuideStep(ui.element):
    """One step: its number, title and state, why it is there, and a body that the page fills."""

    def __init__(self, number: int, step: Step, acts: GuideActs) -> None:
        """Draw it without a state."""
        super().__init__("li")
        self.classes("gd-step gb-card").mark(f"guide-{step}")
        self.step = step
        self._acts = acts
        title = tr(TITLES[step])
        self.props["aria-label"] = title
        with self:
            with ui.element("div").classes("gd-step__head"):
                ui.label(str(number)).classes("ov-step__no").props("aria-hidden=true")
                with ui.element("h2").classes("t-section"):
                    ui.label(title)
                self._state = StatusDot(OPEN.tone, OPEN.shape, OPEN.weight, OPEN.label)
                ui.element("div").classes("gb-grow")
                self._skip = button(tr("Skip"), self._skipped, kind="quiet", small=True, acts=True)
                self._skip.mark(f"skip-{step}")
                self._again = button(tr("Take it up"), self._taken_up, small=True, acts=True)
                self._again.mark(f"take-up-{step}")
            ui.label(tr(_WHY[step])).classes("c-muted t-wrap gd-step__why")
            self.body = ui.element("div").classes("gd-step__body")

    def show(self, look: Look) -> None:
        """Show the state; a skipped step keeps nothing but its title."""
        self._state.show(look.tone, look.shape, look.weight, look.label)
        is_skipped = look is SKIPPED
        self._skip.set_visibility(look is OPEN)
        self._again.set_visibility(is_skipped)
        self.props["data-skipped"] = "true" if is_skipped else "false"
        self.update()

    def _skipped(self) -> Any:
        return self._acts.skip(self.step)

    def _taken_up(self) -> Any:
        return self._acts.take_up(self.step)


class Guide:
    """What this is, how far one is, and the steps."""

    def __init__(self, acts: GuideActs) -> None:
        """Draw the head and every step in the present slot."""
        self._acts = acts
        with ui.element("div").classes("gd-intro"):
            ui.label(
                tr(
                    "The console runs a gateway for your app and asks each mapped model, again and"
                    " again, whether it works end to end: sign in, send, read the stream, judge the"
                    " reply. These steps lead from nothing to the first verdict."
                )
            ).classes("t-wrap")
            with ui.element("div").classes("gb-row gb-wrap"):
                self._count = ui.label("").classes("t-strong").props("aria-live=polite")
                ui.label(tr("Each step ticks itself as soon as it is true.")).classes("c-faint")
                ui.element("div").classes("gb-grow")
                self._away = button(
                    tr("Skip all of it"), acts.put_away, kind="quiet", small=True, acts=True
                )
                self._back = button(
                    tr("Remind me on the Overview"), acts.bring_back, small=True, acts=True
                )
        with ui.element("ol").classes("gd-steps"):
            self.steps = {
                step: GuideStep(number, step, acts) for number, step in enumerate(Step, 1)
            }

    def show(self, looks: Mapping[Step, Look], *, is_away: bool) -> None:
        """Show the state of every step."""
        for step, look in looks.items():
            self.steps[step].show(look)
        done = sum(look is DONE for look in looks.values())
        self._count.set_text(tr("{done} of {total} done", done=done, total=len(looks)))
        self._away.set_visibility(not is_away)
        self._back.set_visibility(is_away)


def fact(symbol: str, text: str) -> None:
    """Draw one line of a step: an icon and what is so."""
    with ui.element("div").classes("gb-row"):
        icon(symbol).classes("c-faint")
        ui.label(text).classes("t-wrap")
