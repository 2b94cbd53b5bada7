"""Output: heard at once, its head in the row, all of it in the file."""

import asyncio
from pathlib import Path

import pytest

from services.executions import output as outputs
from services.executions.rules import OUTPUT_MAX
from services.executions.service import Executions
from services.executions.types import Control, Ending, Execution, ExecutionState, OutputChunk
from services.settings.types import Env
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.executions import Work
from tests.support.postgres import both_stores

SILENT = Ending(ExecutionState.SUCCEEDED)


async def begin(executions: Executions) -> tuple[Work, Execution, Control]:
    work = Work()
    work.ending = SILENT
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    return work, started, work.controls[0]


async def finish(executions: Executions, work: Work, started: Execution) -> Execution:
    work.go.set()
    await executions.wait(started.execution_id)
    return await executions.get(started.execution_id)


async def test_every_piece_is_heard_at_once_with_its_place(executions: Executions) -> None:
    work, started, control = await begin(executions)
    heard: list[OutputChunk] = []
    executions.output.subscribe(heard.append)
    for piece in ("每日", "", "test ", "ok"):
        control.append_output(piece)
    assert [(c.offset, c.text) for c in heard] == [(0, "每日"), (2, "test "), (7, "ok")]
    assert {c.execution_id for c in heard} == {started.execution_id}
    assert executions.running()[0].output == "每日test ok"
    ended = await finish(executions, work, started)
    assert (ended.output, ended.output_size) == ("每日test ok", 9)


async def test_the_row_gets_the_output_while_the_work_runs(
    executions: Executions, clock: FakeClock
) -> None:
    work, started, control = await begin(executions)
    seen: list[str] = []
    executions.changed.subscribe(lambda e: seen.append(e.output))
    control.append_output("a")
    await until(lambda: seen == ["a"])
    for _ in range(30):
        control.append_output("b")
    await clock.advance(1.1)
    await until(lambda: seen[-1] == "a" + "b" * 30)
    assert len(seen) <= 3
    await finish(executions, work, started)


async def test_long_output_is_cut_in_the_row_and_whole_in_its_file(
    executions: Executions, env: Env
) -> None:
    work, started, control = await begin(executions)
    pieces = [f"{number:07d}," for number in range(20_000)]
    for piece in pieces:
        control.append_output(piece)
    whole = "".join(pieces)
    ended = await finish(executions, work, started)
    assert len(ended.output) == OUTPUT_MAX
    assert ended.output == whole[: OUTPUT_MAX - 1] + "…"
    assert ended.output_size == len(whole) == 160_000
    path = env.runtime_dir / "executions" / f"{started.execution_id}.txt"
    assert path.read_text() == whole
    read = executions.read_output
    assert await read(started.execution_id, limit=1_000_000) == whole
    assert await read(started.execution_id, offset=100_000, limit=50) == whole[100_000:100_050]
    assert await read(started.execution_id, offset=200_000) == ""


async def test_a_long_final_output_replaces_what_was_streamed(
    executions: Executions, env: Env
) -> None:
    work, started, control = await begin(executions)
    control.append_output("draft")
    work.ending = Ending(ExecutionState.SUCCEEDED, output="x" * 70_000)
    ended = await finish(executions, work, started)
    assert ended.output_size == 70_000
    assert await executions.read_output(started.execution_id, limit=1_000_000) == "x" * 70_000


async def test_short_output_makes_no_file(executions: Executions, env: Env) -> None:
    work, started, control = await begin(executions)
    control.append_output("short")
    await finish(executions, work, started)
    assert await executions.read_output(started.execution_id, offset=1, limit=3) == "hor"
    assert not (env.runtime_dir / "executions").exists()


@both_stores
async def test_odd_text_is_kept_escaped_and_counted_as_kept(executions: Executions) -> None:
    work, started, control = await begin(executions)
    control.append_output("a\x00")
    control.append_output("\ud800b")
    ended = await finish(executions, work, started)
    assert ended.output == "a\\x00\\ud800b"
    assert ended.output_size == len(ended.output)


async def test_a_disk_that_refuses_the_file_fails_no_run_and_is_told(
    executions: Executions, env: Env
) -> None:
    env.runtime_dir.parent.mkdir(parents=True, exist_ok=True)
    env.runtime_dir.write_text("a file where the folder should be")
    work, started, control = await begin(executions)
    control.append_output("x" * 100_000)
    ended = await finish(executions, work, started)
    assert ended.status is ExecutionState.SUCCEEDED
    assert len(ended.output) == OUTPUT_MAX
    last = (await executions.events(started.execution_id))[-1]
    assert last.data["output_problem"]


async def test_an_endless_output_is_kept_up_to_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "FILE_MAX", 100_000)
    path = tmp_path / "whole.txt"
    kept = outputs.Output(path)
    for _ in range(15):
        kept.append("x" * 10_000)
        await kept.write_file()
    assert path.stat().st_size == 100_000
    assert kept.size == 150_000
    assert kept.problem == "long"


async def test_the_file_has_everything_however_it_was_cut(tmp_path: Path) -> None:
    for width in (1_000, 65_535, 65_536, 65_537, 200_000):
        path = tmp_path / f"{width}.txt"
        kept = outputs.Output(path)
        text = "".join(chr(0x4E00 + n % 2_000) for n in range(200_000))
        for start in range(0, len(text), width):
            kept.append(text[start : start + width])
            if start % 3 == 0:
                await kept.write_file()
        await kept.write_file()
        assert path.read_text() == text
        assert kept.head == text[: OUTPUT_MAX - 1] + "…"


async def test_cancelled_work_keeps_what_it_said(executions: Executions) -> None:
    _work, started, control = await begin(executions)
    control.append_output("half a rep")
    await executions.cancel(started.execution_id)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.output == "half a rep"
    assert (await executions.get(started.execution_id)).output == "half a rep"


async def test_the_whole_output_comes_piece_by_piece_from_the_file_or_the_row(
    executions: Executions, env: Env
) -> None:
    work, started, control = await begin(executions)
    text = "每日 0123456\n" * 300_000
    for start in range(0, len(text), 500_000):
        control.append_output(text[start : start + 500_000])
    ended = await finish(executions, work, started)
    pieces = [piece async for piece in executions.whole_output(ended)]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 1 << 20
    outputs.file_of(env.runtime_dir, started.execution_id).unlink()
    assert [piece async for piece in executions.whole_output(ended)] == [ended.output]
