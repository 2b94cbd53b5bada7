"""WS /api/v1/ws/executions: who may, what is sent in which order, nobody waits for anybody."""

import asyncio

from services.executions.types import Execution, ExecutionState, Trigger
from tests.support.execution_api import Follower


async def until_recv(follower: Follower, text: str) -> None:
    async with asyncio.timeout(3):
        while await follower.socket.recv() != text:
            pass


def an_update(number: int, seq: int) -> Execution:
    return Execution(
        number, f"exe_{number}", "demo", "Demo", ExecutionState.RUNNING, Trigger.MANUAL, seq=seq
    )
