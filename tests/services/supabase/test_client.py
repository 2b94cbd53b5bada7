"""The real client against the local stack, and against every fault a project can show."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.supabase.client import Remote
from services.supabase.types import Fault, RemoteError
from tests.support.certificates import self_signed
from tests.support.supabase_front import (
    HTML,
    Cut,
    Delay,
    Garbage,
    LoseReply,
    Reset,
    Status,
    SupabaseFront,
)
from tests.support.supabase_front import Fault as Played
from tests.support.supabase_stack import SupabaseProject


@pytest.fixture
async def remote(supabase_project: SupabaseProject) -> AsyncIterator[Remote]:
    made = Remote(supabase_project.url, supabase_project.front.service_key, timeout_s=1)
    yield made
    await made.close()


async def _fault(remote: Remote) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        await remote.page("ai_model", after=None, limit=10)
    return caught.value


async def test_rows_are_written_read_changed_and_removed(remote: Remote) -> None:
    made = await remote.insert("ai_model", [{"name": "甲", "model": "m-1"}])
    row_id = made[0]["id"]
    assert (await remote.page("ai_model", after=None, limit=10)).count == 1
    await remote.upsert("ai_model", [{"id": row_id, "name": "乙", "model": "m-1"}])
    assert (await remote.find("ai_model", "id", [row_id]))[0]["name"] == "乙"
    assert await remote.update("ai_model", {"name": "丙"}, {"id": row_id}) != []
    assert await remote.update("ai_model", {"name": "丁"}, {"id": row_id + 1}) == []
    assert [row["name"] for row in await remote.delete("ai_model", {"id": row_id})] == ["丙"]
    assert await remote.count("ai_model") == 0
    await remote.touch("ai_model")


async def test_keys_with_commas_and_quotes_find_their_row(remote: Remote) -> None:
    key = 'mapping:a,"b"\\(c)'
    row = {"id": key, "scope_type": "mapping", "scope_key": key[8:], "candidates": ["x"]}
    await remote.upsert("model_mappings", [{**row, "metadata": {}}])
    assert [r["id"] for r in await remote.find("model_mappings", "id", [key, "other"])] == [key]


@pytest.mark.parametrize(
    ("played", "fault"),
    [
        (Status(503), Fault.SERVER),
        (Status(502, "<html>bad gateway</html>", kind="text/html"), Fault.SERVER),
        (Status(540), Fault.PAUSED),
        (HTML, Fault.MALFORMED),
        (Garbage(), Fault.MALFORMED),
        (Status(200, "null"), Fault.MALFORMED),
        (Status(200, '{"message":"rows"}'), Fault.MALFORMED),
        (Cut(), Fault.UNREACHABLE),
        (Reset(), Fault.UNREACHABLE),
        (Status(401, '{"message":"Invalid API key"}'), Fault.KEY_REFUSED),
        (Status(403, '{"code":"42501","message":"permission denied"}'), Fault.FORBIDDEN),
        (Status(400, '{"code":"PGRST204","message":"no column"}'), Fault.COLUMN_MISSING),
        (Status(409, '{"code":"23505","message":"duplicate key"}'), Fault.DUPLICATE),
        (Status(400, '{"code":"22P05","message":"unsupported"}'), Fault.ROW_REFUSED),
    ],
)
async def test_an_answer_that_is_no_table_is_told_apart(
    remote: Remote, supabase_project: SupabaseProject, played: Played, fault: Fault
) -> None:
    supabase_project.front.fail(played)
    error = await _fault(remote)
    assert error.fault is fault
    assert str(error)
    assert len(supabase_project.front.calls) == 1, "nothing is retried by the client itself"


async def test_the_wish_to_wait_survives_the_client(
    remote: Remote, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(Status(429, "{}", {"retry-after": "17"}))
    error = await _fault(remote)
    assert (error.fault, error.retry_after_s) == (Fault.LIMITED, 17.0)


async def test_a_slow_project_is_given_up_after_the_timeout(
    remote: Remote, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(Delay(5))
    assert (await _fault(remote)).fault is Fault.UNREACHABLE


async def test_refused_connections_and_unknown_names_are_unreachable(
    remote: Remote, supabase_project: SupabaseProject
) -> None:
    await supabase_project.front.close_door()
    assert (await _fault(remote)).fault is Fault.UNREACHABLE
    nowhere = Remote("http://no-such-host.invalid", "key", timeout_s=1)
    assert (await _fault(nowhere)).fault is Fault.UNREACHABLE
    await nowhere.close()


async def test_a_redirect_is_not_followed_and_no_key_leaves(
    remote: Remote, supabase_project: SupabaseProject
) -> None:
    async with SupabaseFront(supabase_project.url, "public") as thief:
        supabase_project.front.fail(
            Status(307, headers={"location": f"{thief.url}/rest/v1/ai_model"})
        )
        assert (await _fault(remote)).fault is Fault.REDIRECTED
        assert thief.calls == []


async def test_a_certificate_that_is_none_is_named(supabase_project: SupabaseProject) -> None:
    remote = Remote(supabase_project.url.replace("http://", "https://"), "key", timeout_s=1)
    assert (await _fault(remote)).fault in (Fault.TLS, Fault.UNREACHABLE)
    await remote.close()


async def test_a_certificate_nobody_vouches_for_gets_no_key(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    remote = Remote(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key", timeout_s=5)
    error = await _fault(remote)
    assert error.fault is Fault.TLS
    assert "not trusted" in str(error)
    assert b"".join(heard) == b""
    await remote.close()
    server.close()


async def test_a_missing_table_and_a_wrong_key_are_what_the_real_server_says(
    bare_supabase_project: SupabaseProject,
) -> None:
    front = bare_supabase_project.front
    remote = Remote(front.url, front.service_key, timeout_s=5)
    with pytest.raises(RemoteError) as missing:
        await remote.count("model_mappings")
    assert missing.value.fault is Fault.TABLE_MISSING
    await remote.close()
    wrong = Remote(front.url, "sb_secret_of_another_project", timeout_s=5)
    assert (await _fault(wrong)).fault is Fault.KEY_REFUSED
    await wrong.close()


async def test_a_lost_reply_leaves_the_row_stored(
    remote: Remote, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(LoseReply(), method="POST")
    with pytest.raises(RemoteError) as lost:
        await remote.insert("ai_model", [{"name": "once", "model": "m"}])
    assert lost.value.fault is Fault.UNREACHABLE
    assert len(supabase_project.rows("ai_model")) == 1
