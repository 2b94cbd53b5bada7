"""Every table of an original, taken once, its secrets moved, what is here left as it is (7.3)."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from db.tables.usage import AiRequestStatsRow, ModelDailyUsageRow, UserActivityRow
from services.console import Console
from services.dialogs.types import DialogFilter
from services.imports.reports import report_values
from services.imports.service import Imports
from services.imports.types import Fate
from services.mapping.types import MappingEdit, Scope
from services.models.types import EndpointEdit
from services.prompts.types import PromptEdit, PromptType
from tests.support.importing import AT, NOW, content_of, endpoint, fates, reasons
from tests.support.original import (
    CANARIES,
    EXA,
    KEY,
    PASSWORD,
    REFRESH,
    SERVICE,
    a_full_original,
    an_original,
    put,
)


async def test_every_table_is_taken_and_found_where_the_console_shows_it(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    report = await imports.run(a_full_original(tmp_path / "old.db", NOW))
    main = next(one for one in console.models.endpoints if one.name == "main")
    assert (main.is_default, main.has_api_key, main.status, main.timeout) == (
        True,
        True,
        "unknown",
        30,
    )
    assert main.base_url == "https://api.example.com"
    assert console.models.api_key(main.id) == KEY
    mapping = next(one for one in console.mapping.all() if one.id == "mapping:gpt")
    assert mapping.metadata["preferred_endpoint_id"] == main.id
    user = next(one for one in console.mapping.all() if one.id == "user:u1")
    assert not user.is_active
    coach = next(one for one in console.prompts.all() if one.name == "coach")
    assert (coach.is_active, coach.version_no, coach.version) == (True, 1, "v3")
    turned = next(one for one in console.prompts.all() if one.name == "turned")
    assert turned.prompt_type is PromptType.SYSTEM
    assert any(one.id == f"prompt:{turned.id}" for one in console.mapping.all())
    assert console.settings.preferences.http_poll_interval == 60
    assert str(console.settings.app.prompt_mode) == "passthrough"
    people = await console.identities.saved.all()
    assert [(one.email, one.has_refresh_token) for one in people] == [("t@example.com", True)]
    assert console.identities.saved.password(people[0].id) == PASSWORD
    page = await console.dialogs.page(DialogFilter())
    assert [(one.request.message, one.status.value) for one in page.rows] == [("hi", "failed")]
    assert report.left == {"local_users": 1}
    assert report.secrets_moved == 5


async def test_counts_are_added_to_those_that_are_here(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = a_full_original(tmp_path / "old.db", NOW)
    await imports.run(path)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE user_activity_stats SET request_count = 8")
    again = await imports.run(path)
    assert fates(again, "user_activity_stats") == {"1": Fate.CHANGED}
    read = console.database.read
    days = await read(lambda s: s.exec(select(UserActivityRow)).all())
    assert [(one.request_count, one.origin) for one in days] == [(8, "app")]
    calls = await read(lambda s: s.exec(select(AiRequestStatsRow)).all())
    main = next(one for one in console.models.endpoints if one.name == "main")
    assert sorted((one.endpoint_key, one.count, one.total_latency_ms) for one in calls) == [
        (0, 2, 300), (main.id, 4, 400),
    ]  # fmt: skip
    quota = await read(lambda s: s.exec(select(ModelDailyUsageRow)).all())
    assert [(one.model_key, one.count) for one in quota] == [("gpt", 3)]


async def test_a_preview_says_what_the_import_then_does_and_changes_nothing(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = a_full_original(tmp_path / "old.db", NOW)
    before = content_of(console)
    preview = await imports.run(path, is_rehearsal=True)
    assert content_of(console) == before
    done = await imports.run(path)
    assert preview == replace(done, is_rehearsal=True)


async def test_a_second_import_changes_nothing_at_all(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = a_full_original(tmp_path / "old.db", NOW)
    await imports.run(path)
    stored, kept = content_of(console), sorted(console.secrets.known_values())
    again = await imports.run(path.rename(tmp_path / "moved.db"))
    assert again.is_empty
    assert again.secrets_moved == 0
    assert content_of(console) == stored
    assert sorted(console.secrets.known_values()) == kept


async def test_no_secret_of_the_file_lands_in_database_report_or_log(
    console: Console, imports: Imports, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    report = await imports.run(a_full_original(tmp_path / "old.db", NOW))
    places = {
        "report": json.dumps(report_values(report)),
        "log": caplog.text,
        "store": json.dumps(content_of(console)),
    }
    for path in console.env.data_dir.rglob("*"):
        if path.is_file():
            places[path.name] = path.read_bytes().decode("utf-8", "replace")
    found = [
        (place, canary) for place, text in places.items() for canary in CANARIES if canary in text
    ]
    assert found == []
    assert console.secrets.get("app/web_search_exa_api_key") == EXA
    assert console.secrets.get("import/dashboard_config/supabase_service_role_key") == SERVICE
    assert REFRESH in console.secrets.known_values()


async def test_what_is_set_and_used_here_stays_and_both_are_kept(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    mine = await console.models.save(
        EndpointEdit(name="Main", base_url="https://mine.example.com", api_key="sk-mine-0001",
                     model="mine", is_default=True)
    )  # fmt: skip
    await console.mapping.save(MappingEdit(Scope.MAPPING, "gpt", "Mine", "mine", ("mine",)))
    own = await console.prompts.save(
        PromptEdit(name="Coach", prompt_type=PromptType.SYSTEM, content="mine")
    )
    await console.prompts.activate(own.id)
    await console.settings.change({"http_poll_interval": 45})
    report = await imports.run(a_full_original(tmp_path / "old.db", NOW))
    names = {one.name: one for one in console.models.endpoints}
    assert names["Main"].is_default
    assert console.models.api_key(mine.id) == "sk-mine-0001"
    assert names["main (2)"].base_url == "https://api.example.com"
    mapping = next(one for one in console.mapping.all() if one.id == "mapping:gpt")
    assert mapping.default_model == "mine"
    prompts = {one.name: one for one in console.prompts.all()}
    assert prompts["Coach"].is_active
    assert not prompts["coach (2)"].is_active
    assert console.settings.preferences.http_poll_interval == 45
    assert {
        "Its name is in use for another address: it is main (2) here",
        "It is the file's default; the default here stays",
        "One with this key is here and stays as it is",
        "It was in use there; Coach stays in use here",
        "http_poll_interval was set to 45 here and stays; the file has 60",
    } <= set(reasons(report))


async def test_an_endpoint_that_is_here_without_a_key_gets_that_of_the_file(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    mine = await console.models.save(
        EndpointEdit(name="one", base_url="https://one.example.com", model="mine")
    )
    path = an_original(
        tmp_path / "o.db", tables={"ai_endpoints": [endpoint(1, "one", api_key=KEY)]}
    )
    report = await imports.run(path)
    assert fates(report, "ai_endpoints") == {"one (1)": Fate.CHANGED}
    assert console.models.api_key(mine.id) == KEY
    assert [one.model for one in console.models.endpoints if one.name == "one"] == ["mine"]


async def test_what_was_deleted_here_is_not_brought_back(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = a_full_original(tmp_path / "old.db", NOW)
    await imports.run(path)
    main = next(one for one in console.models.endpoints if one.name == "main")
    await console.models.delete(main.id)
    await console.mapping.delete("mapping:gpt")
    again = await imports.run(path)
    assert again.is_empty
    assert "main" not in {one.name for one in console.models.endpoints}
    assert console.mapping.resolve is not None
    assert not any(one.id == "mapping:gpt" for one in console.mapping.all())
    assert "It was deleted here since and is not brought back" in reasons(again)


async def test_rows_that_came_since_are_taken_by_the_next_import(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = a_full_original(tmp_path / "old.db", NOW)
    await imports.run(path)
    with closing(sqlite3.connect(path)) as file, file:
        put(file, "ai_endpoints", [endpoint(9, "later", api_key="sk-later-99999")])
        file.execute("UPDATE ai_endpoints SET model = 'other' WHERE id = 3")
    again = await imports.run(path)
    assert fates(again, "ai_endpoints") == {
        "main (3)": Fate.KNOWN, "second (4)": Fate.KNOWN, "later (9)": Fate.ADDED,
    }  # fmt: skip
    assert "It has changed in the file since it was taken; what is here stays" in reasons(again)
    assert next(one.model for one in console.models.endpoints if one.name == "main") == "gpt-4o"


async def test_two_files_with_the_same_user_and_day_are_both_counted(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    row = {"id": 1, "user_id": "u", "user_type": "permanent", "activity_date": "2026-01-02",
           "request_count": 4, "created_at": AT}  # fmt: skip
    for born in ("2025-01-01 01:00:00.000001", "2025-02-02 02:00:00.000002"):
        path = an_original(
            tmp_path / f"{born[:7]}.db", tables={"user_activity_stats": [row]}, born=born
        )
        await imports.run(path)
    days = await console.database.read(lambda s: s.exec(select(UserActivityRow)).all())
    assert [one.request_count for one in days] == [8]
