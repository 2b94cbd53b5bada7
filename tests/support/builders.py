"""Builders of shapes: defaults plus what the test cares about, and a bounded wait."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.accounts.types import UserType
from services.e2e.types import Cell, CellStatus, Kind, Launch, Run, RunStatus
from tests.support.clock import START


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Return once the condition holds; fail after that many seconds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the condition is somebody else's state
            await asyncio.sleep(0.002)


def a_cell(model_key: str = "gpt-x", **fields: Any) -> Cell:
    """A good cell of launch 1."""
    base = Cell(
        user_type=UserType.ANONYMOUS,
        model_key=model_key,
        status=CellStatus.OK,
        kind=Kind.OK,
        launch_no=1,
        at=START,
        success=True,
        latency_ms=1_200,
        ttft_ms=300,
        provider="openai",
    )
    return replace(base, **fields)


def a_launch(launch_no: int = 1, **fields: Any) -> Launch:
    """A launch that ended well, an hour after the one before."""
    started = START + timedelta(hours=launch_no)
    base = Launch(
        launch_no=launch_no,
        launch_id=f"{launch_no:032x}",
        execution_id=f"exe_{launch_no}",
        target_id=2,
        trigger="schedule",
        status=RunStatus.SUCCESS,
        started_at=started,
        finished_at=started + timedelta(minutes=1),
    )
    return replace(base, **fields)


def a_run(user_type: UserType = UserType.ANONYMOUS, **fields: Any) -> Run:
    """A run of one good cell."""
    base = Run(
        run_id="0" * 32,
        user_type=user_type,
        auth_mode="native",
        status=RunStatus.SUCCESS,
        is_anonymous=user_type is UserType.ANONYMOUS,
        models_total=1,
        models_success=1,
        started_at=START,
        finished_at=START + timedelta(seconds=10),
        created_at=START,
        duration_ms=10_000,
        launch_id="1" * 32,
        launch_no=1,
        trigger="manual",
    )
    return replace(base, **fields)
