"""An original server's E2E history, taken into this console's store (S0.15)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.accounts.types import UserType
from services.console import Console
from services.foundation.errors import InputError
from services.imports.service import Imports
from services.imports.types import ImportReport
from tests.support.original import a_result, an_original, days_ago

NOW = datetime.now(UTC)


RUNS = "e2e_mapped_model_runs"


def counts(report: ImportReport, table: str = RUNS) -> tuple[int, int, int, int, int]:
    """Found, added, known, changed and skipped rows of a table."""
    one = next((one for one in report.tables if one.table == table), None)
    if one is None:
        return (0, 0, 0, 0, 0)
    return (one.found, one.added, one.known, one.changed, one.skipped)


def said(report: ImportReport, table: str = RUNS) -> list[str]:
    return [str(reason) for one in report.lines if one.table == table for reason in one.reasons]


def history(path: Path) -> Path:
    """Five runs: good, red in three ways, one that never ended, one of an anonymous user."""
    bad = [
        a_result("gpt-4o", thinkingml_ok=False, thinkingml_reason="missing_phase", success=False,
                 error="thinkingml:missing_phase"),
        a_result("qwen", success=False, error="messages_create_failed: HTTP 429", thinkingml_ok=None),
        a_result("old", success=False, error="sse_stream_incomplete", thinkingml_ok=None),
    ]  # fmt: skip
    return an_original(
        path,
        [
            {"started_at": days_ago(NOW, 3)},
            {"started_at": days_ago(NOW, 2), "results_json": bad, "status": "failed"},
            {"started_at": days_ago(NOW, 1), "status": "running"},
            {"started_at": days_ago(NOW, 0.5), "user_type": "anonymous"},
        ],
    )


async def test_the_runs_of_an_original_database_show_in_matrix_and_list(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    report = await imports.run(history(tmp_path / "old.db"))
    assert counts(report) == (4, 4, 0, 0, 0)
    matrix = await console.e2e.matrix(target_id=1, window="7d")
    rows = {row.model_key: dict(row.cells) for row in matrix.rows}
    assert rows["gpt-4o"] == {"permanent": "obo.", "anonymous": "...o"}
    assert rows["qwen"]["permanent"] == ".l.."
    assert rows["old"]["permanent"] == ".f.."
    total, runs = await console.e2e.runs(
        target_id=1, user_type=UserType.PERMANENT, since=datetime(2000, 1, 1, tzinfo=UTC),
        model="", limit=10, offset=0,
    )  # fmt: skip
    assert total == 3
    assert [run.status for run in runs] == ["interrupted", "failed", "success"]
    assert runs[1].models_failed == 3
    cell = await console.e2e.cell_at(matrix.columns[0].launch_no, "gpt-4o", UserType.PERMANENT)
    assert cell is not None
    assert (cell.cell.latency_ms, cell.cell.request_id) == (2_310, "req-1")


async def test_a_second_import_changes_nothing_and_new_runs_are_added(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = history(tmp_path / "old.db")
    rehearsed = await imports.run(path, is_rehearsal=True)
    assert counts(rehearsed) == (4, 4, 0, 0, 0)
    assert counts(await imports.run(path)) == (4, 4, 0, 0, 0)
    assert counts(await imports.run(path)) == (4, 0, 4, 0, 0)
    more = an_original(
        tmp_path / "more.db", [{"started_at": days_ago(NOW, 9), "run_id": "ffff" * 8}]
    )
    assert counts(await imports.run(more)) == (1, 1, 0, 0, 0)
    matrix = await console.e2e.matrix(target_id=1, window="30d")
    assert [one.started_at for one in matrix.columns] == sorted(
        one.started_at for one in matrix.columns
    )


async def test_history_stands_before_what_this_console_found_itself(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    await imports.run(history(tmp_path / "old.db"))
    matrix = await console.e2e.matrix(target_id=1, window="7d")
    assert all(one.launch_no < 0 for one in matrix.columns)  # ours are numbered from 1


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"started_at": None, "created_at": None}, "It has no time"),
        ({"started_at": "yesterday", "created_at": "soon"}, "It has no time"),
        ({"started_at": "2026-01-01", "user_type": "robot"}, "Its user type robot is not known"),
        ({"started_at": "2026-01-01", "run_id": "../../x"}, "Its run_id is no plain id"),
    ],
)
async def test_a_row_that_cannot_be_taken_is_named_and_the_rest_is_taken(
    imports: Imports, tmp_path: Path, run: dict[str, Any], reason: str
) -> None:
    report = await imports.run(
        an_original(tmp_path / "old.db", [run, {"started_at": days_ago(NOW, 1)}])
    )
    assert counts(report) == (2, 1, 0, 0, 1)
    assert said(report) == [reason]


@pytest.mark.parametrize(
    ("stored", "remark"),
    [
        ("{broken", "Its results are no JSON"),
        ('{"a": 1}', "Its results are no list"),
        (json.dumps([a_result("m"), a_result(""), 5]), "2 of its results name no model"),
    ],
)
async def test_broken_results_leave_the_run_and_a_remark(
    imports: Imports, tmp_path: Path, stored: str, remark: str
) -> None:
    path = an_original(
        tmp_path / "old.db", [{"started_at": days_ago(NOW, 1), "results_json": stored}]
    )
    report = await imports.run(path)
    assert said(report) == [remark]
    assert counts(report) == (1, 1, 0, 0, 0)


async def test_hostile_values_are_cut_and_made_printable(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    odd = a_result("a\x1f<b>", latency_ms=float("nan"), error="x\x00" * 500, success=False)
    await imports.run(
        an_original(tmp_path / "o.db", [{"started_at": days_ago(NOW, 1), "results_json": [odd]}])
    )
    matrix = await console.e2e.matrix(target_id=1, window="7d")
    assert [row.model_key for row in matrix.rows] == ["a\\x1f<b>"]
    cell = await console.e2e.cell_at(-1, "a\\x1f<b>", UserType.PERMANENT)
    assert cell is not None
    assert cell.cell.latency_ms is None
    assert len(cell.cell.error) == 200


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\x00" + b"x" * 99])
async def test_a_file_that_is_no_original_is_refused(
    imports: Imports, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "odd #%?.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError):
        await imports.run(path)


async def test_our_own_database_is_refused_and_the_source_is_never_written(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="belongs to this console"):
        await imports.run(Path(str(console.env.database_path)))
    path = history(tmp_path / "old.db")
    before, beside = path.read_bytes(), _files(tmp_path)
    path.chmod(0o400)
    await imports.run(path)
    assert path.read_bytes() == before
    assert _files(tmp_path) == beside
    assert list(imports.folder.glob("copy-*")) == []


async def test_a_run_that_had_not_ended_gets_its_end_from_a_later_import(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    running = {"started_at": days_ago(NOW, 1), "status": "running", "results_json": "[]"}
    await imports.run(an_original(tmp_path / "a.db", [running]))
    ended = {**running, "status": "success", "results_json": [a_result("gpt-4o")]}
    report = await imports.run(an_original(tmp_path / "b.db", [ended]))
    assert counts(report) == (1, 0, 0, 1, 0)
    matrix = await console.e2e.matrix(target_id=1, window="7d")
    assert {row.model_key: dict(row.cells)["permanent"] for row in matrix.rows} == {"gpt-4o": "o"}
    assert counts(await imports.run(tmp_path / "b.db")) == (1, 0, 1, 0, 0)


def _files(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())
