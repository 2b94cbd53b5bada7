"""The file of an original: read as it is, never touched, whatever state it is in."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.console import Console, build_console
from services.foundation.errors import InputError
from services.imports import snapshot
from services.imports.service import Imports
from services.imports.types import Fate
from services.settings.types import Env
from tests.support.original import a_full_original, an_original, days_ago, put

NOW = datetime.now(UTC)
AT = days_ago(NOW, 1)
RUN = {"started_at": AT}


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def copy_both(source: Path, copy: Path) -> None:
    for side in ("", "-journal"):
        Path(f"{copy}{side}").write_bytes(Path(f"{source}{side}").read_bytes())


async def test_a_log_that_was_not_folded_in_is_read_and_left_as_it_is(
    imports: Imports, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    path = an_original(folder / "db.sqlite3", [RUN])
    with closing(sqlite3.connect(path)) as server:
        server.execute("PRAGMA journal_mode = WAL")
        put(server, "ai_endpoints", [{"id": 1, "name": "late", "base_url": "https://x.example.com",
                                      "created_at": AT}])  # fmt: skip
        server.commit()  # only in the log
        before = state(folder)
        report = await imports.run(path)
        assert state(folder) == before
    assert [one.row for one in report.lines if one.table == "ai_endpoints"] == ["late (1)"]


async def test_a_server_that_holds_the_file_locked_is_not_in_the_way(
    imports: Imports, tmp_path: Path
) -> None:
    path = an_original(tmp_path / "db.sqlite3", [RUN])
    with closing(sqlite3.connect(path)) as server:
        server.execute("BEGIN EXCLUSIVE")
        report = await imports.run(path)
        server.execute("COMMIT")
    assert report.count(Fate.ADDED) == 1


async def test_what_a_server_was_about_to_write_when_it_died_is_not_taken(
    imports: Imports, tmp_path: Path
) -> None:
    live = an_original(tmp_path / "live.sqlite3", [RUN])
    dead = tmp_path / "dead.sqlite3"
    with closing(sqlite3.connect(live, isolation_level=None)) as server:
        server.execute("PRAGMA cache_size = 1")  # so that pages are written before the end
        server.execute("BEGIN")
        for number in range(400):
            server.execute("INSERT INTO ai_prompts (id, name) VALUES (?, ?)", (number, "x" * 500))
        copy_both(live, dead)
        server.execute("ROLLBACK")
    before = state(tmp_path)
    report = await imports.run(dead)
    assert {one.table for one in report.lines} >= {"e2e_mapped_model_runs"}
    assert not [one for one in report.lines if one.table == "ai_prompts"]
    assert state(tmp_path) == before


async def test_a_damaged_file_gives_what_can_be_read_and_says_so(
    imports: Imports, tmp_path: Path
) -> None:
    path = an_original(
        tmp_path / "db.sqlite3",
        [RUN],
        {"conversation_logs": [{"id": n, "message_id": f"m{n}", "request_payload": "x" * 3_000,
                                "created_at": AT} for n in range(200)]},
    )  # fmt: skip
    content = bytearray(path.read_bytes())
    content[-40_960:-20_480] = b"\xff" * 20_480
    path.write_bytes(content)
    report = await imports.run(path)
    assert [one.fate for one in report.lines if one.table == "e2e_mapped_model_runs"] == [
        Fate.ADDED
    ]
    assert any("damaged" in str(note) for note in report.notes)


@pytest.mark.parametrize(
    ("application", "reason"),
    [(0x47_42_43_31, "belongs to this console"), (77, "belongs to another program")],
)
async def test_a_database_with_a_program_s_mark_is_refused(
    imports: Imports, tmp_path: Path, application: int, reason: str
) -> None:
    path = an_original(tmp_path / "o.db", extra=f"PRAGMA application_id = {application};")
    with pytest.raises(InputError, match=reason):
        await imports.run(path)
    assert list(imports.folder.glob("copy-*")) == []


async def test_a_file_that_changes_with_every_look_is_refused(
    imports: Imports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = an_original(tmp_path / "o.db", [RUN])
    copies: list[Path] = []

    def writing(source: Path, copy: Path) -> None:
        copies.append(copy)
        copy.write_bytes(source.read_bytes())
        source.write_bytes(source.read_bytes() + bytes(512 * len(copies)))

    monkeypatch.setattr(snapshot.shutil, "copyfile", writing)
    with pytest.raises(InputError, match="is written to all the time"):
        await imports.run(path)
    assert len(copies) == 5


async def test_a_copy_left_by_a_killed_process_is_removed_at_the_next_start(env: Env) -> None:
    left = env.data_dir / "imports" / "copy-abc"
    left.mkdir(parents=True)
    (left / "original.db").write_bytes(b"keys")
    build_console(env, one_shot=True).close_now()
    assert not left.exists()


async def test_an_import_that_was_cut_short_is_gone_on_with(
    console: Console, imports: Imports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_full_original(tmp_path / "o.db", NOW)
    puts = console.secrets.put_missing

    def die(_values: object) -> int:
        raise OSError("the power went")

    monkeypatch.setattr(console.secrets, "put_missing", die)
    with pytest.raises(OSError, match="the power went"):
        await imports.run(path)
    assert [one.name for one in console.models.endpoints if one.has_api_key] == []
    monkeypatch.setattr(console.secrets, "put_missing", puts)
    report = await imports.run(path)
    assert [one.name for one in console.models.endpoints if one.has_api_key] == ["main"]
    assert report.secrets_moved == 5
    assert (await imports.run(path)).is_empty
