"""The whole program beside a Supabase project: changes go there, wait while it is down, arrive once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import find_free_port
from tests.support.builders import until
from tests.support.process import ConsoleProcess
from tests.support.supabase_stack import SupabaseProject

CANARY = "sk-canary-of-a-supplier-0123456789"
MODEL = {"base_url": "https://s.example.com", "model": "m-1", "api_key": CANARY}


class Tied:
    """A console process whose environment names the project."""

    def __init__(self, process: ConsoleProcess) -> None:
        self.process = process

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        token = (self.process.data_dir / "secrets" / "operator.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
            url = f"{self.process.url}/api/v1{path}"
            answer = await client.request(method, url, json=body, headers=headers)
            assert answer.status_code < 300, answer.text
            return answer.json()["data"]


@pytest.fixture
async def tied(supabase_project: SupabaseProject, tmp_path: Path) -> AsyncIterator[Tied]:
    environment = {
        "SUPABASE_URL": supabase_project.url,
        "SUPABASE_SERVICE_ROLE_KEY": supabase_project.front.service_key,
        "EMBEDDED_AUTH": "true",
    }
    process = ConsoleProcess(tmp_path / "data", find_free_port(), environment=environment)
    await asyncio.to_thread(process.start)
    yield Tied(process)
    await asyncio.to_thread(process.stop)


async def test_changes_survive_a_project_that_is_down_and_a_restart(
    tied: Tied, supabase_project: SupabaseProject
) -> None:
    first = await tied.ask("POST", "/llm/models", {**MODEL, "name": "first"})
    assert first["sync_status"] == "synced"
    await supabase_project.front.close_door()
    second = await tied.ask("POST", "/llm/models", {**MODEL, "name": "second"})
    assert second["sync_status"] == "pending_sync"
    await asyncio.to_thread(tied.process.stop)
    await supabase_project.front.open_door()
    await asyncio.to_thread(tied.process.start)
    await until(
        lambda: {row["name"] for row in supabase_project.rows("ai_model")} == {"first", "second"},
        60,
    )
    report = await tied.ask("POST", "/llm/models/sync", {"direction": "both"})
    assert (report["pushed"], report["pulled"], report["conflicts"]) == (0, {}, 0)
    state = await tied.ask("GET", "/llm/status/supabase")
    assert state["status"] == "online"
    log = await tied.ask("GET", "/audit?kind=model")
    assert [(row["subject"], row["actor"]) for row in log] == [
        ("second", "operator"),
        ("first", "operator"),
    ]


async def test_no_key_is_found_outside_of_the_secret_store(
    tied: Tied, supabase_project: SupabaseProject
) -> None:
    await tied.ask("POST", "/llm/models", {**MODEL, "name": "keyed"})
    supabase_project.insert(
        "ai_model", name="theirs", model="t", base_url="https://t.example.com", api_key=CANARY
    )
    await tied.ask("POST", "/llm/models/sync", {"direction": "both"})
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for page in ("/sync", "/audit", "/models", "/settings"):
            text = (await client.get(f"{tied.process.url}{page}")).text
            assert CANARY not in text
            assert supabase_project.front.service_key not in text
    for path in ("/audit", "/llm/models?view=endpoints", "/llm/status/supabase", "/executions"):
        assert CANARY not in str(await tied.ask("GET", path))
    await asyncio.to_thread(tied.process.stop)
    service_key = supabase_project.front.service_key
    kept = [p for p in tied.process.data_dir.rglob("*") if p.is_file()]
    assert any(path.name == "models-latest.json" for path in kept)
    for path in kept:
        if path.name.startswith("vault"):
            continue
        content = path.read_bytes()
        assert CANARY.encode() not in content, path
        assert service_key.encode() not in content, path
    assert CANARY not in tied.process.log()
    assert service_key not in tied.process.log()
