"""The three-leg check on real sockets: at most one call a launch and provider, none when needless."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from db.engine import Database
from services.chat.types import Outcome, Reply
from services.e2e import causes
from services.e2e.legs import Legs
from services.e2e.types import Cause, Cell, CellStatus, Kind
from services.models.types import EndpointEdit
from services.settings.types import Env
from tests.support.builders import a_cell
from tests.support.e2e_desk import E2eDesk, desk_on
from tests.support.upstream import FakeUpstream, good, no_terminal

TIMED_OUT = Reply(Outcome.DEADLINE, "r", error="deadline_exceeded", message_id="m")
SILENT = Reply(Outcome.ERROR_EVENT, "r", error="provider_error", error_text="upstream_timeout")
TOKEN = "h.e30.s"


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.play("demo-key", good())
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[E2eDesk]:
    async with desk_on(database, env, upstream) as desk:
        yield desk


def legs_of(desk: E2eDesk, *, is_self: bool = True) -> Legs:
    target = replace(desk.targets.current, is_self=is_self)
    return Legs(desk.chat, desk.suppliers, desk.models, target, "demo-key")


async def an_endpoint(desk: E2eDesk, port: int) -> int:
    edit = EndpointEdit(
        name=f"p{port}",
        base_url=f"http://127.0.0.1:{port}",
        model="m-1",
        api_key="sk-12345678",
        allows_local=True,
    )
    return (await desk.models.save(edit)).id


def a_failed(endpoint_id: int | None, provider: str = "openai", kind: Kind = Kind.STREAM) -> Cell:
    return a_cell(
        status=CellStatus.FAILED, kind=kind, success=False, ttft_ms=None,
        endpoint_id=endpoint_id, provider=provider,
    )  # fmt: skip


async def test_a_slow_model_is_blamed_when_gateway_and_provider_answer(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    legs = legs_of(desk)
    cell = a_failed(await an_endpoint(desk, upstream.port))
    words = await legs.look(cell, TIMED_OUT, TOKEN)
    assert words == {"signin": "ok", "gateway": "ok", "provider": "ok"}
    assert causes.settle(legs.facts(cell), TIMED_OUT, words) is Cause.MODEL
    assert len(upstream.named("post")) == 1


async def test_the_legs_are_asked_once_for_many_cells_of_one_provider(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    legs = legs_of(desk)
    endpoint_id = await an_endpoint(desk, upstream.port)
    for _ in range(5):
        await legs.look(a_failed(endpoint_id), TIMED_OUT, TOKEN)
    assert legs.calls == 2
    assert len(upstream.named("post")) == 1


async def test_a_gateway_that_cannot_even_do_the_demo_is_the_cause(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("demo-key", no_terminal())
    legs = legs_of(desk)
    cell = a_failed(None)
    words = await legs.look(cell, TIMED_OUT, TOKEN)
    assert words["gateway"] == "sse_stream_incomplete"
    assert causes.settle(legs.facts(cell), TIMED_OUT, words) is Cause.GATEWAY


async def test_a_good_cell_of_the_launch_is_evidence_enough_for_the_gateway(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    legs = legs_of(desk)
    legs.evidence.note(a_cell("other", provider="claude"))
    words = await legs.look(a_failed(None), TIMED_OUT, TOKEN)
    assert words["gateway"] == "ok"
    assert upstream.named("post") == []


async def test_a_provider_that_is_gone_is_blamed_only_when_another_one_answers(
    desk: E2eDesk, free_port: int
) -> None:
    legs = legs_of(desk)
    cell = a_failed(await an_endpoint(desk, free_port), kind=Kind.SUPPLIER)
    legs.evidence.note(cell)
    words = await legs.look(cell, SILENT, TOKEN)
    assert words["provider"].startswith("upstream_")
    assert causes.settle(legs.facts(cell), SILENT, words) is Cause.UNKNOWN
    legs.evidence.note(a_failed(9, "claude"))
    assert causes.settle(legs.facts(cell), SILENT, words) is Cause.CONSOLE
    legs.evidence.note(a_cell("other", provider="gemini"))
    assert causes.settle(legs.facts(cell), SILENT, words) is Cause.PROVIDER


async def test_another_endpoint_that_speaks_the_same_protocol_is_another_provider(
    desk: E2eDesk, free_port: int
) -> None:
    legs = legs_of(desk)
    cell = a_failed(await an_endpoint(desk, free_port), kind=Kind.SUPPLIER)
    legs.evidence.note(a_cell("other", provider="openai", endpoint_id=77))
    words = await legs.look(cell, SILENT, TOKEN)
    assert causes.settle(legs.facts(cell), SILENT, words) is Cause.PROVIDER


async def test_of_another_server_nothing_is_asked_beside_its_own_answers(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    legs = legs_of(desk, is_self=False)
    words = await legs.look(a_failed(1), TIMED_OUT, TOKEN)
    assert words == {"signin": "ok", "gateway": "not_asked", "provider": "not_asked"}
    assert upstream.calls == []
    assert legs.calls == 0


async def test_a_failure_that_says_it_all_costs_no_call(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    legs = legs_of(desk)
    reply = replace(SILENT, error_text="upstream_http_503")
    assert await legs.look(a_failed(1, kind=Kind.SUPPLIER), reply, TOKEN) == {}
    assert upstream.calls == []


async def test_the_name_of_our_own_endpoint_is_known_and_of_another_server_none(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    cell = a_failed(await an_endpoint(desk, upstream.port))
    assert legs_of(desk).endpoint_name(cell) == f"p{upstream.port}"
    assert legs_of(desk, is_self=False).endpoint_name(cell) == ""
    assert legs_of(desk).endpoint_name(a_failed(None)) == ""
