"""Odd rows and files of an original: named with the reason, and never in the way of the rest (7.3)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from services.console import Console
from services.imports.service import Imports
from services.imports.types import Fate
from tests.support.importing import AT, NOW, endpoint, fates, prompt, reasons
from tests.support.original import (
    an_original,
    days_ago,
)


@pytest.mark.parametrize(
    ("table", "rows", "expected"),
    [
        ("ai_endpoints", [{**endpoint(1, "x"), "name": None}], "name is empty"),
        ("ai_endpoints", [endpoint(1, "x", base_url="ftp://x")],
         "The address must begin with http:// or https://"),
        ("ai_endpoints", [endpoint(1, "x", base_url="http://169.254.169.254")],
         "169.254.169.254 is never contacted"),
        ("ai_prompts", [prompt(1, "x", content=None)], "Must not be empty"),
        ("llm_model_mappings", [{"id": "odd:x", "scope_type": "odd", "scope_key": "x"}],
         "There is no scope odd"),
        ("llm_model_mappings", [{"id": "mapping:x", "scope_type": "mapping", "scope_key": "x",
         "candidates_json": "{"}], "A model is needed"),
        ("llm_model_mappings", [{"id": "prompt:99", "scope_type": "prompt", "scope_key": "99",
         "default_model": "m"}], "The prompt 99 it is for was not taken"),
        ("ai_prompt_tests", [{"id": 1, "model": "m", "created_at": "soon"}], "It has no time"),
        ("user_activity_stats", [{"id": 1, "user_id": None, "activity_date": "2026-01-01"}],
         "user_id is empty"),
        ("user_activity_stats", [{"id": 1, "user_id": "u", "activity_date": "never"}], "It has no day"),
        ("llm_app_settings", [{"key": "prompt_mode", "value_json": '"odd"'}], "Must be one of"),
        ("dashboard_config", [{"id": 1, "config_json": "[1]"}], "It is no JSON object"),
    ],
)  # fmt: skip
async def test_a_row_that_cannot_be_is_named_with_the_reason_and_the_next_is_taken(
    imports: Imports, tmp_path: Path, table: str, rows: Sequence[Mapping[str, Any]], expected: str
) -> None:
    good = {"ai_endpoints": endpoint(2, "good"), "ai_prompts": prompt(2, "good")}
    more = [good[table]] if table in good else []
    report = await imports.run(an_original(tmp_path / "o.db", tables={table: [*rows, *more]}))
    lines = [one for one in report.lines if one.table == table]
    assert [one.fate for one in lines] == [Fate.SKIPPED, *[Fate.ADDED for _ in more]]
    assert expected in str(lines[0].reasons[0])


async def test_dangling_references_are_left_out_and_said(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    tables = {
        "llm_model_mappings": [{"id": "mapping:x", "scope_type": "mapping", "scope_key": "x",
                                "default_model": "m", "metadata_json": {"preferred_endpoint_id": 77}}],
        "ai_prompt_tests": [{"id": 1, "prompt_id": 5, "endpoint_id": 6, "model": "m",
                             "request_message": "q", "success": 1, "created_at": AT}],
    }  # fmt: skip
    report = await imports.run(an_original(tmp_path / "o.db", tables=tables))
    mapping = next(one for one in console.mapping.all() if one.id == "mapping:x")
    assert "preferred_endpoint_id" not in mapping.metadata
    assert reasons(report) == [
        "Its preferred endpoint 77 was not taken and is left out",
        "It points at row 5 of ai_prompts, which was not taken",
        "It points at row 6 of ai_endpoints, which was not taken",
    ]


async def test_of_two_active_prompts_of_a_type_the_newest_is_in_use(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    rows = [
        prompt(1, "old", is_active=1, updated_at=days_ago(NOW, 9)),
        prompt(2, "new", is_active=1, updated_at=days_ago(NOW, 2)),
        prompt(3, "off"),
    ]
    await imports.run(an_original(tmp_path / "o.db", tables={"ai_prompts": rows}))
    active = [one.name for one in console.prompts.all() if one.is_active]
    assert "new" in active
    assert not {"old", "off"} & set(active)


async def test_blocked_models_beside_the_database_are_blocked_here(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    folder = tmp_path / "storage" / "ai_runtime"
    folder.mkdir(parents=True)
    (folder / "blocked_models.json").write_text(json.dumps(["bad-1", "bad-2", 7]))
    report = await imports.run(an_original(tmp_path / "o.db"))
    assert console.models.blocked == {"bad-1", "bad-2"}
    assert [one.fate for one in report.lines if one.table == "blocked_models"] == [
        Fate.ADDED, Fate.ADDED, Fate.SKIPPED,
    ]  # fmt: skip


async def test_columns_a_newer_server_added_and_an_older_one_lacked_are_no_obstacle(
    console: Console, imports: Imports, tmp_path: Path
) -> None:
    path = an_original(
        tmp_path / "o.db",
        tables={"ai_endpoints": [endpoint(1, "one")]},
        extra="ALTER TABLE ai_endpoints ADD COLUMN region TEXT;"
        "ALTER TABLE ai_endpoints DROP COLUMN timeout; DROP TABLE conversation_logs;",
    )
    report = await imports.run(path)
    assert fates(report, "ai_endpoints") == {"one (1)": Fate.ADDED}
    assert [one.timeout for one in console.models.endpoints if one.name == "one"] == [60]
    assert "ai_endpoints has columns that are not known here and are left: region" in map(
        str, report.notes
    )
