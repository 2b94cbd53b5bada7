"""Drill kinds: work that does what a test asks for, in real executions of the real console."""

import asyncio
from collections.abc import Mapping
from typing import Any

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.messages import say


async def drill(params: Mapping[str, Any], control: Control) -> Ending:
    """Walk `steps` of `step_s` seconds, saying `text` at each; fail at the end when `fail` is set."""
    steps, step_s = int(params.get("steps", 1)), float(params.get("step_s", 0.0))
    if params.get("total", True):
        await control.progress(0, steps)
    for step in range(1, steps + 1):
        await asyncio.sleep(step_s)
        if params.get("text"):
            control.append_output(f"{params['text']} {step}\n")
        if params.get("total", True):
            await control.progress(step, steps)
    if params.get("fail"):
        return Ending(
            ExecutionState.FAILED,
            error_kind="drill",
            error=say("{words}", words=str(params["fail"])),
        )
    return Ending(ExecutionState.SUCCEEDED)


async def deaf(params: Mapping[str, Any], control: Control) -> Ending:
    """Not hear the first request to end, as a library that swallows a cancel."""
    del control
    end = asyncio.get_running_loop().time() + float(params.get("seconds", 60))
    heard = 0
    while asyncio.get_running_loop().time() < end:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            heard += 1
            if heard > 1:
                raise
    return Ending(ExecutionState.SUCCEEDED)


async def family(params: Mapping[str, Any], control: Control) -> Ending:
    """Start `parts` drills as parts and wait for them."""
    parts = [
        await control.start_child("drill", {"steps": 3, "step_s": float(params.get("step_s", 0.2))})
        for _ in range(int(params.get("parts", 2)))
    ]
    for part in parts:
        await control.wait_child(part.execution_id)
    return Ending(ExecutionState.SUCCEEDED)


_gates: list[asyncio.Event] = []


async def gate(params: Mapping[str, Any], control: Control) -> Ending:
    """Wait until the gate opens."""
    del params
    await control.progress(0, 100)
    mine = asyncio.Event()
    _gates.append(mine)
    await mine.wait()
    return Ending(ExecutionState.SUCCEEDED)


def open_gate() -> None:
    """Let everything that waits at the gate end now."""
    while _gates:
        _gates.pop().set()


def add_kinds(executions: Any) -> None:
    """Register them."""
    for name, label, icon, run in (
        ("drill", "Drill", "fitness_center", drill),
        ("deaf", "Deaf drill", "hearing_disabled", deaf),
        ("gate", "Gate drill", "door_open", gate),
        ("family", "Family drill", "family_history", family),
    ):
        executions.register(ExecutionKind(name, label, icon, run, is_exclusive=False))
