"""From an id in a line of the log to the run or the message it belongs to."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import messages
from services.accounts.types import UserType
from services.e2e.types import LaunchRequest
from services.logs.traces import Trace, Traces
from services.settings.types import Env
from tests.support.clock import START
from tests.support.e2e_desk import QuickClock, desk_on
from tests.support.upstream import FakeUpstream


async def test_the_id_of_an_execution_leads_to_its_page(database: Database) -> None:
    found = await Traces(database).find("exe_1m86rnxt12dnk0m9p1", START)
    assert found == Trace("/executions/exe_1m86rnxt12dnk0m9p1")


async def test_the_request_of_an_e2e_call_leads_to_its_cell(database: Database, env: Env) -> None:
    async with FakeUpstream() as upstream:
        upstream.models = ["a"]
        async with desk_on(database, env, upstream, QuickClock()) as desk:
            cell = (await desk.launch(LaunchRequest(user_types=(UserType.ANONYMOUS,)))).cell("a")
            assert cell.at is not None
            traces = Traces(database)
            assert await traces.find(cell.request_id, cell.at) == Trace(f"/e2e?cell={cell.id}")
            elsewhere = cell.at - timedelta(days=2)  # only what is near its line is searched
            assert await traces.find(cell.request_id, elsewhere) == Trace()


async def test_the_request_of_a_user_leads_to_the_gateways_message(database: Database) -> None:
    row = {
        "message_id": "m" * 32,
        "conversation_id": "c",
        "request_id": "r-1",
        "user_id": "u",
        "model_key": "gpt",
        "result_mode": "auto",
        "state": "completed",
        "created_at": START,
    }
    await database.write(lambda session: messages.add_message(session, row))
    traces = Traces(database)
    assert await traces.find("r-1", START) == Trace("", "m" * 32, "gpt")
    assert await traces.find("r-2", START) == Trace()


async def test_a_store_that_cannot_be_read_leads_nowhere(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(read: object) -> Session:
        raise DatabaseUnavailableError("locked", "database is locked")

    monkeypatch.setattr(database, "read", refuse)
    assert await Traces(database).find("r-1", START) == Trace()
