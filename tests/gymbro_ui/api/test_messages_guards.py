"""Guards of contract 13 and the daily quota, over a real server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from services.suppliers.types import Delta, SupplierCall
from tests.support.gateway import World, is_e1, limits, serving, until
from tests.support.scripted import says


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as served:
        await served.add("k", says("x"))
        yield served


async def test_the_quota_is_per_family_and_says_what_was_used(world: World) -> None:
    await world.gateway.change_quota({"gpt": 2, "other": 1})
    for key in ("gpt-a", "openai-b"):
        await world.add(key, says("x"))
    assert (await world.post(text="x", model="gpt-a")).status_code == 202
    step_7 = await world.post(payload={}, model="openai-b")  # refused later, still costs one
    is_e1(step_7, 422, "dialect_required")
    body = is_e1(await world.post(text="x", model="gpt-a"), 429, "model_daily_quota_exceeded")
    assert (body["model_key"], body["limit"], body["used"]) == ("gpt", 2, 2)
    assert (await world.post(text="x", model="k")).status_code == 202  # unknown family: its own
    is_e1(await world.post(text="x", model="k"), 429, "model_daily_quota_exceeded")
    assert (await world.post("user:u2", text="x", model="gpt-a")).status_code == 202
    assert (await world.post("operator", text="x", model="gpt-a")).status_code == 202
    answer = await world.post(text="x", model="global")  # the demo endpoint
    assert answer.status_code == 202


async def test_the_quota_survives_a_restart(database: Database, env: Env, secrets: Secrets) -> None:
    async with serving(World(database, limits(env), secrets)) as world:
        await world.gateway.change_quota({"gpt": 1})
        await world.add("gpt-a", says("x"))
        assert (await world.post(text="x", model="gpt-a")).status_code == 202
    async with serving(World(database, limits(env), secrets)) as world:
        assert world.gateway.quota_limits["gpt"] == 1
        assert (await world.post(text="x", model="gpt-a")).status_code == 429


async def test_quota_requests_at_once_never_pass_the_limit(world: World) -> None:
    await world.gateway.change_quota({"gpt": 5})
    await world.add("gpt-a", says("x"))
    answers = await asyncio.gather(*(world.post(text="x", model="gpt-a") for _ in range(12)))
    assert sorted(a.status_code for a in answers) == [202] * 5 + [429] * 7


@pytest.mark.parametrize(("token", "agent", "most"), [
    ("user:u1", "GymBro/1", 4),
    ("anon:a1", "GymBro/1", 2),
    ("user:u1", "curl/8", 2),
    ("user:u1", "", 2),
    ("user:u1", "python-httpx/0.28", 4),
])  # fmt: skip
async def test_rates_per_second(
    database: Database, env: Env, secrets: Secrets, token: str, agent: str, most: int
) -> None:
    guarded = limits(env, user_qps=4, anonymous_qps=2)
    async with serving(World(database, guarded, secrets)) as world:
        await world.add("k", says("x"))
        async with world.client(token) as client:
            answers = await asyncio.gather(
                *(
                    client.post(
                        "/api/v1/messages",
                        json={"text": "x", "model": "k"},
                        headers={"User-Agent": agent},
                    )
                    for _ in range(6)
                )
            )
    good = [a for a in answers if a.status_code == 202]
    refused = [a for a in answers if a.status_code != 202]
    assert len(good) >= most  # a slow machine may take longer than the second
    assert refused
    body = is_e1(refused[0], 429, "RATE_LIMIT_EXCEEDED")
    assert body["message"].startswith("Rate limit exceeded: ")
    assert refused[0].headers["retry-after"] == "60"


async def test_a_test_caller_on_loopback_is_not_slowed(
    database: Database, env: Env, secrets: Secrets
) -> None:
    async with serving(World(database, limits(env, user_qps=1), secrets)) as world:
        await world.add("k", says("x"))
        answers = [await world.post("test:t", text="x", model="k") for _ in range(3)]
        assert [a.status_code for a in answers] == [202] * 3


async def test_cooldown_after_bad_tokens_spares_valid_ones(
    database: Database, env: Env, secrets: Secrets
) -> None:
    guarded = limits(env, failure_threshold=3, trusted_proxies=("127.0.0.1",))
    async with serving(World(database, guarded, secrets)) as world:
        await world.add("k", says("x"))

        async def post(token: str, address: str | None) -> httpx.Response:
            headers = {"X-Forwarded-For": address} if address else {}
            async with world.client(token) as client:
                return await client.post(
                    "/api/v1/messages", json={"text": "x", "model": "k"}, headers=headers
                )

        bad = [await post("nonsense", "203.0.113.9") for _ in range(4)]
        assert [a.status_code for a in bad] == [401, 401, 401, 429]
        body = is_e1(bad[3], 429, "RATE_LIMIT_EXCEEDED")
        assert "cooldown" in body["message"]
        assert 0 < int(bad[3].headers["retry-after"]) <= 301
        assert (await post("user:u1", "203.0.113.9")).status_code == 202
        assert (await post("nonsense", "203.0.113.10")).status_code == 401
        assert [(await post("nonsense", None)).status_code for _ in range(5)] == [401] * 5


async def test_a_forwarding_header_of_a_stranger_is_not_believed(
    database: Database, env: Env, secrets: Secrets
) -> None:
    async with serving(World(database, limits(env, ip_qps=2), secrets)) as world:
        await world.add("k", says("x"))
        async with world.client("user:u1") as client:
            answers = [
                await client.post(
                    "/api/v1/messages",
                    json={"text": "x", "model": "k"},
                    headers={"X-Forwarded-For": f"203.0.113.{number}"},
                )
                for number in range(5)
            ]
    assert 429 in [a.status_code for a in answers]


async def test_streams_are_limited_per_user_and_per_conversation(
    database: Database, env: Env, secrets: Secrets
) -> None:
    release = asyncio.Event()

    async def held(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(text="x")
        await release.wait()

    async with serving(World(database, limits(env, streams_per_user=2), secrets)) as world:
        await world.add("k", held)
        same = "0f8fad5b-d9cb-469f-a165-70867728950e"
        posted = [
            await world.post(text="x", model="k", conversation_id=c)
            for c in (same, same, None, None)
        ]
        first, twin, second, third = [a.json()["message_id"] for a in posted]
        open_ones = [asyncio.ensure_future(world.events(first))]
        await until(lambda: world.gateway.guards.open_streams == 1)
        async with world.client("user:u1") as client:
            answer = await client.get(f"/api/v1/messages/{twin}/events")
            is_e1(answer, 429, "SSE_CONCURRENCY_LIMIT_EXCEEDED")
            assert answer.headers["retry-after"] == "10"
            open_ones.append(asyncio.ensure_future(world.events(second)))
            await until(lambda: world.gateway.guards.open_streams == 2)
            answer = await client.get(f"/api/v1/messages/{third}/events")
            is_e1(answer, 429, "SSE_CONCURRENCY_LIMIT_EXCEEDED")
            assert answer.headers["retry-after"] == "30"
        release.set()
        assert [(await task)[0] for task in open_ones] == [200, 200]
        assert (await world.events(third))[0] == 200


async def test_anonymous_users_can_be_switched_off(
    database: Database, env: Env, secrets: Secrets
) -> None:
    closed = replace(limits(env), anon_enabled=False)
    async with serving(World(database, closed, secrets)) as world:
        await world.add("k", says("x"))
        is_e1(await world.post("anon:a", text="x", model="k"), 403, "ANONYMOUS_ACCESS_DENIED")
        assert (await world.post("user:u", text="x", model="k")).status_code == 202


async def test_an_admin_may_name_an_endpoint_where_tests_are_allowed(
    database: Database, env: Env, secrets: Secrets
) -> None:
    allowed = replace(limits(env), allow_test_endpoints=True)
    async with serving(World(database, allowed, secrets)) as world:
        first = await world.add("k", says("x"), model="m")
        other = await world.add("k2", says("y"), model="m", name="second")
        wrong = await world.add("k3", says("z"), model="other")
        for token, endpoint_id, wanted in (("admin:a", other, other), ("user:u", other, first)):
            events = await world.talk(
                token, text="x", model="k", metadata={"endpoint_id": endpoint_id}
            )
            assert events[2][1]["endpoint_id"] == wanted
        for endpoint_id, word in (
            (wrong, "model_not_supported_by_endpoint"),
            (9999, "endpoint_not_found_or_inactive"),
        ):
            events = await world.talk(
                "admin:a", text="x", model="k", metadata={"endpoint_id": endpoint_id}
            )
            assert [data.get("state") for _, data in events[:-1]] == ["queued", "working"]
            assert events[-1][1]["message"] == word
            assert events[-1][1]["provider"] is None
