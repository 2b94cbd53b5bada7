"""Test panel: what to send and as whom; the button says what it costs."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field, long_field
from components.primitives.toolbar import Segment
from components.words import tr, trn
from services.accounts.types import UserType
from services.agents.types import TEST_INPUT_MAX

Start = Callable[[str, UserType, dict[str, Field], ui.button], Awaitable[Any]]


class TestPanel(ui.element):
    """Input, identity and the Test button."""

    __test__ = False  # not a test case

    def __init__(self, on_start: Start) -> None:
        """Start with an empty input and the anonymous identity."""
        super().__init__("form")
        self.classes("ga-test").on("submit.prevent", self._begin)
        self._on_start = on_start
        with self:
            self.field = long_field(tr("Input"), most=TEST_INPUT_MAX)
            with ui.element("div").classes("gb-row gb-wrap"):
                choices = {
                    str(UserType.ANONYMOUS): tr("Anonymous"),
                    str(UserType.PERMANENT): tr("Registered"),
                }
                self.identity = Segment(
                    choices, str(UserType.ANONYMOUS), lambda _: None, name=tr("Identity")
                )
                ui.element("div").classes("gb-grow")
                ui.label(trn("{n} conversation", "{n} conversations", 1)).classes("t-meta c-faint")
                self.start = button(tr("Test"), None, icon="play_arrow", kind="primary", acts=True)
                self.start.props("type=submit").mark("agent-test")

    async def _begin(self) -> None:
        text = str(self.field.control.value or "")
        kind = UserType(self.identity.value)
        await self._on_start(text, kind, {"test_input": self.field}, self.start)
