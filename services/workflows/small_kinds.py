"""The execution kinds that only a workflow needs: wait, and report."""

from collections.abc import Mapping
from typing import Any

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.clock import Clock
from services.foundation.inputs import plain_text, whole_number
from services.workflows.parameters import WAIT_MAX_S
from services.workflows.step_kinds import REPORT, WAIT

REPORT_MAX = 60_000


class Waiting:
    """Waits so many seconds, second by second."""

    def __init__(self, clock: Clock) -> None:
        """Wait by this clock."""
        self._clock = clock

    @property
    def kind(self) -> ExecutionKind:
        """The row of the table of kinds."""
        return ExecutionKind(
            WAIT, "Wait", "hourglass", self.run, is_exclusive=False, check=self.check
        )

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise InputError for a wait that is no number of seconds up to an hour."""
        whole_number(params.get("seconds"), "seconds", 1, WAIT_MAX_S)

    async def run(self, params: Mapping[str, Any], control: Control) -> Ending:
        """Return after the seconds have passed."""
        seconds = whole_number(params.get("seconds"), "seconds", 1, WAIT_MAX_S)
        for second in range(seconds):
            await control.progress(second, seconds)
            await self._clock.sleep(1.0)
        await control.progress(seconds, seconds)
        return Ending(ExecutionState.SUCCEEDED, f"{seconds} s")


def report_kind() -> ExecutionKind:
    """Return the kind whose output is the text it was given, its placeholders filled before."""
    return ExecutionKind(
        REPORT, "Report", "summarize", _report, is_exclusive=False, check=_check_report
    )


def _check_report(params: Mapping[str, Any]) -> None:
    plain_text(params.get("text"), "text", REPORT_MAX, needed=True)


async def _report(params: Mapping[str, Any], control: Control) -> Ending:
    text = plain_text(params.get("text"), "text", REPORT_MAX, needed=True)
    await control.progress(1, 1)
    return Ending(ExecutionState.SUCCEEDED, text)
