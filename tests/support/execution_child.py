"""A process with executions that says what was acknowledged until it is killed: `FOLDER [recover]`."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.executions.service import Executions
from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.settings.env import read_env
from services.settings.service import Settings
from tests.support.store import StoreFolder

SIDE_BY_SIDE = 6


def tell(*words: object) -> None:
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


async def part(_params: Mapping[str, Any], control: Control) -> Ending:
    """Say a little, note it, end."""
    control.append_output("a part ")
    number = await control.note("step", "A step")
    tell("event", control.execution.id, number)
    return Ending(ExecutionState.SUCCEEDED)


async def whole(_params: Mapping[str, Any], control: Control) -> Ending:
    """Take steps with parts for a while; each acknowledged event is told on stdout."""
    for step in range(5):
        number = await control.note("step", "Step {step}", {"step": step})
        tell("event", control.execution.id, number)
        await control.progress(step, 5)
        child = await control.start_child("part", {})
        tell("started", child.id)
        await control.wait_child(child.execution_id)
    return Ending(ExecutionState.SUCCEEDED, output="done")


async def main(folder: Path, *, only_recover: bool) -> None:
    """Recover, say how many were left, then run until killed."""
    opened = StoreFolder(folder).open()
    tasks, clock = Tasks(), SystemClock()
    env = read_env(port=1, data_dir=str(folder), values={})
    settings = Settings(opened.database, clock, env, "UTC")
    settings.load()
    executions = Executions(opened.database, clock, tasks, settings)
    for name, run in (("whole", whole), ("part", part)):
        executions.register(ExecutionKind(name, name, "science", run, is_exclusive=False))
    executions.register(ExecutionKind("alone", "Alone", "science", whole))
    tell("recovered", await executions.recover())
    if only_recover:
        await tasks.stop(1.0)
        opened.database.close_now()
        return
    executions.changed.subscribe(
        lambda one: tell("ended", one.id, one.status) if one.status.is_final else None
    )

    async def caller(name: str) -> None:
        while True:
            started = await executions.start(name, {})
            tell("started", started.id)
            await executions.wait(started.execution_id)

    tell("ready")
    await asyncio.gather(caller("alone"), *(caller("whole") for _ in range(SIDE_BY_SIDE)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), only_recover="recover" in sys.argv))
