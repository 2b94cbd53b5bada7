"""Whatever rows a file holds, taking it twice is taking it once, and no row stops the others."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.console import build_console
from services.imports.layout import COLUMNS
from services.settings.types import Env
from tests.support.original import an_original, days_ago

AT = days_ago(datetime.now(UTC), 1)
_ODD = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.text(max_size=12),
    st.binary(max_size=6),
    st.sampled_from(
        [AT, "2026-01-05", "{", "[1, null]", '{"a": "\\u0000"}', "https://a.example.com", "system",
         "mapping", "permanent", "mail", "gpt-4o", "a@example.com", "9999-12-31 23:59:59"]
    ),
)  # fmt: skip


def row_of(table: str) -> st.SearchStrategy[Mapping[str, Any]]:
    columns = sorted(COLUMNS[table] - {"id", "key"})
    key = "key" if table == "llm_app_settings" else "id"
    names = st.sampled_from(["prompt_mode", "x", "mapping:x", "1"])
    known = st.integers(1, 10**6) if key == "id" and table != "llm_model_mappings" else names
    return st.fixed_dictionaries({key: known}, optional=dict.fromkeys(columns, _ODD))


TABLES = st.fixed_dictionaries(
    {
        table: st.lists(
            row_of(table), max_size=3, unique_by=lambda row: row.get("id", row.get("key"))
        )
        for table in COLUMNS
        if table != "dashboard_config"
    }
)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)
@given(tables=TABLES)
@pytest.mark.timeout(300)
def test_taking_any_file_twice_changes_nothing_the_second_time(
    env: Env, tables: Mapping[str, list[Mapping[str, Any]]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = an_original(folder / "o.db", tables=tables)
        console = build_console(_there(env, folder), one_shot=True)
        try:
            imports = console.importing.imports
            preview = asyncio.run(imports.run(path, is_rehearsal=True))
            first = asyncio.run(imports.run(path))
            before = _content(folder / "data" / "gymbro.sqlite3")
            again = asyncio.run(imports.run(path))
            after = _content(folder / "data" / "gymbro.sqlite3")
        finally:
            console.close_now()
    assert preview.lines == first.lines
    assert again.is_empty, [one for one in again.lines if one.fate in ("added", "changed")]
    assert after == before
    assert len(first.lines) == sum(map(len, tables.values())) + 1  # and the row of the config


def _there(env: Env, folder: Path) -> Env:
    data = folder / "data"
    path = data / "gymbro.sqlite3"
    return replace(env, data_dir=data, database_url=f"sqlite:///{path}", database_path=path)


def _content(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        names = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {name: sorted(map(repr, file.execute(f"SELECT * FROM {name}"))) for name in names}
