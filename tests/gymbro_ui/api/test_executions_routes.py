"""Routes of executions: rights, shapes, filters, acts, every refusal."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.engine import Database
from gymbro_ui.api.execution_output import file_name
from services.executions.types import Execution, ExecutionState, StartOptions, Trigger
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.execution_api import add_work, execution_world
from tests.support.gateway import World, is_e1, until

NAMES = {
    "id",
    "execution_type",
    "status",
    "agent_id",
    "progress",
    "started_at",
    "created_at",
    "updated_at",
    "finished_at",
    "output",
    "error",
    "meta",
}


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with execution_world(database, env, secrets) as served:
        yield served


async def call(
    world: World, method: str, path: str, body: Any = None, token: str = "admin:a"
) -> tuple[int, Any]:
    async with world.client(token) as client:
        answer = await client.request(method, f"/api/v1/executions{path}", json=body)
        return answer.status_code, answer.json()


ROUTES = [
    ("GET", ""),
    ("GET", "/kinds"),
    ("GET", "/1"),
    ("GET", "/1/events"),
    ("GET", "/1/children"),
    ("GET", "/1/output"),
    ("POST", ""),
    ("POST", "/cancel"),
    ("POST", "/1/cancel"),
    ("POST", "/1/again"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_wants_an_admin(world: World, method: str, path: str) -> None:
    body = {"execution_type": "probe"} if path == "" and method == "POST" else {}
    for token, status, code in (
        ("", 401, "unauthorized"),
        ("nonsense", 401, "invalid_token"),
        ("anon:a", 403, "ANONYMOUS_ACCESS_DENIED"),
        ("user:a", 403, "llm_admin_required"),
    ):
        async with world.client(token) as client:
            sent = body if method == "POST" else None
            answer = await client.request(method, f"/api/v1/executions{path}", json=sent)
            is_e1(answer, status, code)


async def test_s2_30_a_start_answers_at_once_with_a_pending_record(world: World) -> None:
    work = add_work(world)
    began = time.monotonic()
    status, body = await call(
        world,
        "POST",
        "",
        {"execution_type": "demo", "params": {"test_input": "hi", "x": 1}, "subject": "Coach"},
    )
    assert time.monotonic() - began < 0.5
    assert status == body["code"] == 202
    record = body["data"]
    assert set(record) == NAMES
    assert record["status"] == "pending"
    assert record["meta"]["params"] == {"x": 1}
    assert (record["meta"]["trigger"], record["meta"]["started_by"]) == ("api", "a")
    assert record["meta"]["subject"] == "Coach"
    assert body["execution_id"] == record["meta"]["execution_id"]
    work.go.set()
    await world.executions.wait(body["execution_id"])
    for key in (record["id"], body["execution_id"]):
        _, found = await call(world, "GET", f"/{key}")
        assert found["data"]["status"] == "succeeded"
        assert found["data"]["output"] == "done"
        assert found["data"]["created_at"].endswith("+00:00")


async def test_an_exclusive_kind_answers_409_with_the_running_id(world: World) -> None:
    work = add_work(world, "alone", exclusive=True)
    _, first = await call(world, "POST", "", {"execution_type": "alone"})
    status, body = await call(world, "POST", "", {"execution_type": "alone"})
    assert status == body["code"] == 409
    assert body["existing_id"] == first["execution_id"]
    work.go.set()


async def test_lists_are_filtered_and_paged_by_key(world: World) -> None:
    for name in ("red", "blue"):
        add_work(world, name).go.set()
    started = [
        await world.executions.start(
            "red" if n % 3 else "blue",
            {"raise": n == 4},
            options=StartOptions(subject=f"subject {n}"),
        )
        for n in range(9)
    ]
    for one in started:
        await world.executions.wait(one.execution_id)
    found: list[int] = []
    path = "?limit=2"
    for _ in range(10):
        _, body = await call(world, "GET", path)
        assert set(body["data"][0]) == NAMES
        found += [row["id"] for row in body["data"]]
        if body["next_before"] is None:
            break
        path = f"?limit=2&before={body['next_before']}"
    assert found == [one.id for one in reversed(started)]

    async def ids(query: str) -> list[int]:
        _, body = await call(world, "GET", f"?{query}")
        return [row["id"] for row in body["data"]]

    assert await ids("execution_type=blue") == [started[n].id for n in (6, 3, 0)]
    assert await ids("execution_type=blue,red&status=failed") == [started[4].id]
    assert await ids("execution_type=blue&execution_type=red&status=failed,succeeded&limit=1")
    assert await ids("text=SUBJECT%207") == [started[7].id]
    assert await ids("from=2999-01-01T00:00:00Z") == []
    assert len(await ids("to=2999-01-01T00:00:00")) == 9
    assert await ids("agent_id=5") == await ids("parent_id=5") == await ids("workflow_id=5") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "before=x", "before=1.5", "status=lost", "from=soon", "agent_id=-1"],
)
async def test_a_bad_filter_is_refused_with_its_place(world: World, query: str) -> None:
    async with world.client("admin:a") as client:
        answer = await client.get(f"/api/v1/executions?{query}")
    body = answer.json()
    assert answer.status_code == 422
    assert set(body) == {"detail", "msg", "request_id"}
    assert body["detail"][0]["loc"][:2] == ["query", query.split("=", maxsplit=1)[0]]


async def test_timelines_are_read_from_any_number_on(world: World) -> None:
    work = add_work(world)
    started = await world.executions.start("demo", {})
    await work.begun.wait()
    for n in range(3):
        await work.controls[0].note("step", "Step {n}", {"n": n})
    _, body = await call(world, "GET", f"/{started.id}/events")
    assert [(e["seq"], e["kind"], e["text"]) for e in body["data"]] == [
        (1, "created", ""),
        (2, "started", ""),
        (3, "step", "Step 0"),
        (4, "step", "Step 1"),
        (5, "step", "Step 2"),
    ]
    _, body = await call(world, "GET", f"/{started.id}/events?since=4")
    assert [e["seq"] for e in body["data"]] == [5]
    work.go.set()


async def test_cancel_one_many_and_all(world: World) -> None:
    work = add_work(world)
    started = [await world.executions.start("demo", {}) for _ in range(6)]
    await until(lambda: len(work.controls) == 6)
    status, body = await call(world, "POST", f"/{started[0].id}/cancel")
    assert status == 202
    assert body["data"]["meta"]["is_cancelling"]
    ended = await world.executions.wait(started[0].execution_id)
    assert ended.status is ExecutionState.CANCELLED
    assert ended.error == "It was cancelled by a"
    status, body = await call(world, "POST", f"/{started[0].id}/cancel")
    assert status == 409
    assert "ended already" in body["message"]
    wanted = [started[0].id, started[1].execution_id, "exe_nothing", started[2].id]
    _, body = await call(world, "POST", "/cancel", {"ids": wanted})
    assert [row["id"] for row in body["data"]["asked"]] == [started[1].id, started[2].id]
    assert set(body["data"]["refused"]) == {str(started[0].id), "exe_nothing"}
    _, body = await call(world, "POST", "/cancel", {"all": True})
    await until(lambda: not world.executions.running())
    assert {(await world.executions.get(str(o.id))).status for o in started} == {
        ExecutionState.CANCELLED
    }


async def test_again_starts_the_same_and_says_of_what(world: World) -> None:
    add_work(world).go.set()
    _, first = await call(world, "POST", "", {"execution_type": "demo", "params": {"x": 1}})
    await world.executions.wait(first["execution_id"])
    status, second = await call(world, "POST", f"/{first['data']['id']}/again")
    assert status == 202
    assert second["data"]["meta"]["params"] == {"x": 1}
    assert second["data"]["meta"]["again_of"] == first["data"]["id"]


async def test_children_and_the_whole_output(world: World) -> None:
    work, part = add_work(world), add_work(world, "part")
    part.go.set()
    started = await world.executions.start("demo", {})
    await work.begun.wait()
    child = await work.controls[0].start_child("part", {})
    work.controls[0].append_output("é" * 70_000)
    work.ending = type(work.ending)(ExecutionState.SUCCEEDED)
    work.go.set()
    await world.executions.wait(started.execution_id)
    _, body = await call(world, "GET", f"/{started.id}/children")
    assert [(row["id"], row["meta"]["parent_id"]) for row in body["data"]] == [
        (child.id, started.id)
    ]
    async with world.client("admin:a") as client:
        answer = await client.get(f"/api/v1/executions/{started.id}/output?offset=1&limit=3")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text == "é" * 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/999", None, 404),
        ("GET", "/exe_000000000000000000", None, 404),
        ("GET", "/exe_'; drop", None, 422),
        ("GET", "/99999999999999999999", None, 422),
        ("POST", "/999/cancel", None, 404),
        ("POST", "/999/again", None, 404),
        ("POST", "", {"execution_type": "nothing"}, 404),
        ("POST", "", {"execution_type": "demo", "params": {"test_input": "x" * 5_001}}, 422),
        ("POST", "", {"execution_type": "demo", "params": []}, 422),
        ("POST", "", {"execution_type": "demo", "timeout_s": 0}, 422),
        ("POST", "", {"execution_type": "closed"}, 422),
        ("POST", "", {"execution_type": "demo", "surprise": 1}, 422),
        ("POST", "/cancel", {"ids": "x"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_and_starts_nothing(
    world: World, method: str, path: str, body: Any, status: int
) -> None:
    add_work(world)
    add_work(world, "closed", is_startable=False)
    got, answer = await call(world, method, path, body)
    assert got == status, answer
    assert answer["request_id"]
    assert await world.executions.newest() == []


@pytest.mark.parametrize("length", [0, 5, 60_000])
async def test_all_a_run_said_is_saved_as_a_text_file(world: World, length: int) -> None:
    work = add_work(world)
    started = await world.executions.start("demo", {})
    await work.begun.wait()
    text = ("é <script>\n" * length)[:length]
    work.controls[0].append_output(text)
    work.ending = type(work.ending)(ExecutionState.SUCCEEDED)
    work.go.set()
    await world.executions.wait(started.execution_id)
    async with world.client("") as client:
        answer = await client.get(f"/executions/{started.execution_id}/output.txt")
    assert answer.text == text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    name = f"demo-{started.execution_id}.txt"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_file_of_an_unknown_run_is_refused(world: World) -> None:
    async with world.client("") as client:
        assert (await client.get("/executions/exe_404/output.txt")).status_code == 404
        for odd in ("exe_'%0d%0aX: y", "..%2f..%2fetc", "exe_" + "a" * 60):
            assert (await client.get(f"/executions/{odd}/output.txt")).status_code in (404, 422)


def test_the_name_of_the_file_is_one_that_any_system_takes() -> None:
    one = Execution(1, "exe_1", 'a/b"\r\n..', "A", ExecutionState.SUCCEEDED, Trigger.MANUAL)
    assert file_name(one) == "a_b_-exe_1.txt"
