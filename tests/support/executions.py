"""Work for executions that waits until a test lets it go."""

import asyncio
from collections.abc import Mapping
from typing import Any

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState

DONE = Ending(ExecutionState.SUCCEEDED, output="done")


class Work:
    """A kind whose work waits for `go`; `stubborn` is how many cancels it swallows."""

    def __init__(
        self, name: str = "demo", *, exclusive: bool = True, stubborn: int = 0, **kind: Any
    ) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Event()
        self.cancels = 0
        self.stubborn = stubborn
        self.controls: list[Control] = []
        self.ended: list[str] = []  # how each work was left
        self.ending = DONE
        self.kind = ExecutionKind(name, name.title(), "science", self.run, exclusive, **kind)

    async def run(self, params: Mapping[str, Any], control: Control) -> Ending:
        self.controls.append(control)
        self.begun.set()
        try:
            await self._wait()
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        if params.get("raise"):
            raise ValueError("x" * 10_000)
        self.ended.append("returned")
        return self.ending

    async def _wait(self) -> None:
        while True:
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.cancels += 1
                if self.cancels > self.stubborn:
                    raise
            else:
                return
