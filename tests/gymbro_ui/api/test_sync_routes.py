"""Routes of the sync and the audit log: a whole console against the local Supabase."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gymbro_ui.api import audit, models, prompts, sync
from services.console import Console, build_console
from services.settings.types import Env
from services.supabase.types import SupabaseEdit
from tests.support.supabase_faults import Status
from tests.support.supabase_stack import SupabaseProject


class Served:
    def __init__(self, console: Console) -> None:
        self.console = console
        app = FastAPI()
        for module in (models, prompts, sync, audit):
            app.include_router(module.router(console))
        self._transport = httpx.ASGITransport(app)

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        key = self.console.accounts.operator_token if token is None else token
        async with httpx.AsyncClient(transport=self._transport, base_url="http://test") as client:
            answer = await client.request(
                method, f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {key}"}
            )
            return answer.status_code, answer.json()


@pytest.fixture
async def served(env: Env) -> AsyncIterator[Served]:
    console = build_console(replace(env, open_browser=False))
    made = Served(console)
    yield made
    await console.cloud.stop()
    await console.executions.stop()
    await console.tasks.stop()
    await console.verifier.close()
    console.close_now()


@pytest.fixture
async def tied(served: Served, supabase_project: SupabaseProject) -> Served:
    edit = SupabaseEdit(url=supabase_project.url, service_key=supabase_project.front.service_key)
    await served.console.cloud.supabase.save(edit)
    return served


MODEL = {"name": "acme", "base_url": "https://acme.example.com/v1", "model": "acme-1"}


async def test_without_a_project_the_state_is_disabled_and_a_sync_is_refused(
    served: Served,
) -> None:
    status, body = await served.ask("GET", "/llm/status/supabase", token="")
    assert (status, body["data"]["status"]) == (200, "disabled")
    status, body = await served.ask("POST", "/llm/models/sync")
    assert (status, body["code"]) == (503, 503)


async def test_the_public_state_says_online_and_when_it_was_synced(
    tied: Served, supabase_project: SupabaseProject
) -> None:
    _, body = await tied.ask("GET", "/llm/status/supabase", token="")
    assert body["data"]["status"] == "online"
    assert body["data"]["latency_ms"] >= 0
    await tied.ask("POST", "/llm/models", MODEL)
    _, body = await tied.ask("GET", "/llm/status/supabase", token="")
    assert body["data"]["last_synced_at"].endswith("+00:00")
    assert supabase_project.front.service_key not in str(body)


async def test_many_who_ask_for_the_state_ask_the_project_once(
    tied: Served, supabase_project: SupabaseProject
) -> None:
    await asyncio.gather(*(tied.ask("GET", "/llm/status/supabase", token="") for _ in range(8)))
    assert len(supabase_project.front.named("HEAD")) <= 2  # a look that was too slow is tried again


async def test_one_endpoint_is_pushed_and_returned(
    tied: Served, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(Status(503), method="POST")
    _, made = await tied.ask("POST", "/llm/models", MODEL)
    assert made["data"]["sync_status"] == "pending_sync"
    tied.console.cloud.outbox.resume()
    status, body = await tied.ask("POST", f"/llm/models/{made['data']['id']}/sync", {})
    assert status == 200, body
    assert body["data"]["sync_status"] == "synced"
    assert body["data"]["sync"]["pushed"] == 1
    assert [row["name"] for row in supabase_project.rows("ai_model")] == ["acme"]
    status, _ = await tied.ask("POST", "/llm/models/999/sync")
    assert status == 404


async def test_pull_takes_what_is_new_and_deletes_only_when_it_is_told(
    tied: Served, supabase_project: SupabaseProject
) -> None:
    await tied.ask("POST", "/llm/models", MODEL)
    supabase_project.run("delete from ai_model")
    supabase_project.insert("ai_model", name="new", model="n", base_url="https://new.example.com")
    status, body = await tied.ask("POST", "/llm/models/sync", {"direction": "pull"})
    assert (status, body["data"]["pulled"]) == (200, {"pull_add": 1})
    names = {e.name for e in tied.console.models.endpoints}
    assert names == {"Demo", "acme", "new"}
    await tied.ask("POST", "/llm/models/sync", {"direction": "pull", "delete_missing": True})
    assert {e.name for e in tied.console.models.endpoints} == {"Demo", "new"}


async def test_a_conflict_is_left_alone_unless_overwrite_says_otherwise(
    tied: Served, supabase_project: SupabaseProject
) -> None:
    _, made = await tied.ask("POST", "/llm/models", MODEL)
    supabase_project.run("update ai_model set description = 'theirs'")
    await tied.ask("PUT", "/llm/models", {"id": made["data"]["id"], "description": "ours"})
    _, body = await tied.ask("POST", "/llm/models/sync", {"direction": "push"})
    assert body["data"]["conflicts"] == 1
    await tied.ask("POST", "/llm/models/sync", {"direction": "push", "overwrite": True})
    assert supabase_project.rows("ai_model")[0]["description"] == "ours"


async def test_a_project_that_fails_is_an_upstream_refusal_with_its_reason(
    tied: Served, supabase_project: SupabaseProject
) -> None:
    await supabase_project.front.close_door()
    status, body = await tied.ask("POST", "/llm/prompts/sync", {"direction": "both"})
    assert (status, body["code"], body["data"]) == (424, 424, None)
    assert "cannot be reached" in body["message"]


@pytest.mark.parametrize("body", [{"direction": "up"}, {"kinds": []}, {"kinds": ["users"]}])
async def test_a_sync_that_means_nothing_is_refused(tied: Served, body: Any) -> None:
    status, _ = await tied.ask("POST", "/llm/models/sync", body)
    assert status == 422


async def test_the_log_names_who_changed_what_and_takes_it_back(served: Served) -> None:
    _, made = await served.ask("POST", "/llm/models", {**MODEL, "api_key": "sk-canary-0123456789"})
    endpoint_id = made["data"]["id"]
    await served.ask("PUT", "/llm/models", {"id": endpoint_id, "description": "changed"})
    status, body = await served.ask("GET", "/audit?kind=model")
    assert status == 200
    entry = body["data"][0]
    assert (entry["action"], entry["subject"], entry["before"], entry["after"]) == (
        "changed",
        "acme",
        {"description": ""},
        {"description": "changed"},
    )
    assert entry["actor"] == "operator"
    assert entry["request_id"]
    assert body["data"][1]["after"]["api_key_state"] == "set"
    assert "sk-canary" not in str(body)
    status, body = await served.ask("POST", f"/audit/{entry['id']}/undo")
    assert status == 200
    assert body["data"]["undone_by"] == "operator"
    assert served.console.models.endpoint(endpoint_id).description == ""  # type: ignore[union-attr]
    status, _ = await served.ask("POST", f"/audit/{entry['id']}/undo")
    assert status == 409
    status, _ = await served.ask("POST", "/audit/99999/undo")
    assert status == 404
