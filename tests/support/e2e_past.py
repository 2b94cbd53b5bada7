"""Past: launches written through the product's own store, an hour apart, for tests of the history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from db.engine import Database
from services.accounts.types import UserType
from services.e2e.store import E2eStore
from services.e2e.types import CODE_STATUS, GOOD, Cell, CellStatus, Kind, Launch, Run, RunStatus
from services.foundation.ids import new_hex
from tests.support.builders import a_cell, a_launch, a_run
from tests.support.clock import FakeClock

KINDS = {CellStatus.OK: Kind.OK, CellStatus.SLOW: Kind.OK, CellStatus.BAD_STRUCTURE: Kind.STRUCTURE}
Codes = Mapping[str, str]  # model key to a status character for each user type, anonymous first


class Past:
    """Writes launches; each `launch` moves the clock on by an hour."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.clock = clock
        self.store = E2eStore(database, clock)

    async def launch(
        self,
        codes: Codes,
        *,
        target_id: int = 2,
        ended_as: RunStatus | None = None,
        endpoints: Codes | None = None,
        **fields,
    ) -> Launch:
        """Keep a launch whose cells have these states, e.g. {"gpt-x": "of"}."""
        started = self.clock.now()
        plain = a_launch(
            0, launch_id=new_hex(), execution_id=f"exe_{new_hex()[:9]}", target_id=target_id,
            status=RunStatus.RUNNING, started_at=started, finished_at=None, **fields,
        )  # fmt: skip
        width = max((len(states) for states in codes.values()), default=1)
        runs = [
            a_run(kind, run_id=new_hex(), status=RunStatus.RUNNING, started_at=started)
            for kind in tuple(UserType)[:width]
        ]
        launch = await self.store.open(plain, runs)
        cells = await self._cells(launch, runs, codes, endpoints or {})
        self.clock._move(self.clock.monotonic() + 3600)
        return await self._close(launch, runs, cells, ended_as)

    async def _cells(
        self, launch: Launch, runs: list[Run], codes: Codes, endpoints: Codes
    ) -> list[Cell]:
        planned = [
            a_cell(
                key, user_type=run.user_type, status=CellStatus.PENDING, kind=Kind.NOT_RUN,
                launch_no=launch.launch_no, run_id=run.run_id, success=False, at=None,
                latency_ms=None, ttft_ms=None, provider="",
            )
            for place, run in enumerate(runs)
            for key, states in codes.items()
            if len(states) > place and states[place] != "."
        ]  # fmt: skip
        planned = await self.store.plan(planned, launch.target_id)
        ended: list[Cell] = []
        for cell in planned:
            run = next(run for run in runs if run.run_id == cell.run_id)
            status = CODE_STATUS[codes[cell.model_key][runs.index(run)]]
            judged = replace(
                cell, status=status, kind=KINDS.get(status, Kind.STREAM), success=status in GOOD,
                at=self.clock.now() + timedelta(seconds=cell.id), latency_ms=1000 + cell.id,
                provider="openai", endpoint_name=endpoints.get(cell.model_key, ""), error="" if status in GOOD else "broken",
            )  # fmt: skip
            await self.store.save([judged], run, f"reply {cell.id}")
            ended.append(judged)
        return ended

    async def _close(
        self, launch: Launch, runs: list[Run], cells: list[Cell], ended_as: RunStatus | None
    ) -> Launch:
        closed = []
        for run in runs:
            mine = [cell for cell in cells if cell.run_id == run.run_id]
            good = sum(cell.success for cell in mine)
            status = RunStatus.SUCCESS if mine and good == len(mine) else RunStatus.FAILED
            closed.append(
                replace(
                    run, status=status, models_total=len(mine), models_success=good,
                    models_failed=len(mine) - good, finished_at=self.clock.now(), duration_ms=9,
                )
            )  # fmt: skip
        is_good = all(run.status is RunStatus.SUCCESS for run in closed)
        ended = replace(
            launch,
            status=ended_as or (RunStatus.SUCCESS if is_good else RunStatus.FAILED),
            finished_at=self.clock.now(),
        )
        return await self.store.close(ended, closed, cells, was_stopped=False)
