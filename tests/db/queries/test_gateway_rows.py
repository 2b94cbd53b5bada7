"""Messages, endpoints, mappings and prompts keep their promises on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, update

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import mappings, messages, models, prompts
from db.tables.models import EndpointRow
from db.tables.prompts import PromptRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def a_message(message_id: str, at: datetime = NOW) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "conversation_id": "c",
        "request_id": "r",
        "user_id": "u",
        "model_key": "k",
        "result_mode": "auto",
        "state": "running",
        "created_at": at,
    }


def a_log(message_id: str, at: datetime = NOW) -> dict[str, Any]:
    return {
        "user_id": "u",
        "message_id": message_id,
        "conversation_id": "c",
        "request_id": "r",
        "request_detail_json": {"a": 1},
        "response_detail_json": None,
        "created_at": at,
    }


async def test_a_message_keeps_its_end_and_running_ones_are_closed(any_database: Database) -> None:
    def fill(session: Session) -> None:
        messages.add_message(session, a_message("a"))
        messages.add_message(session, a_message("b"))
        ended = {"state": "completed", "terminal_json": {"reply_len": 3}, "finished_at": NOW}
        messages.keep_message(session, a_message("a") | ended)

    await any_database.write(fill)
    assert await any_database.write(lambda s: messages.close_running(s, NOW)) == 1
    first = await any_database.read(lambda s: messages.find_message(s, "a"))
    second = await any_database.read(lambda s: messages.find_message(s, "b"))
    assert first is not None
    assert second is not None
    assert (first.state, first.terminal_json) == ("completed", {"reply_len": 3})
    assert (second.state, second.terminal_json) == ("error", None)


async def test_old_messages_and_logs_are_purged_in_parts(any_database: Database) -> None:
    old = NOW - timedelta(days=31)

    def fill(session: Session) -> None:
        for number in range(510):
            messages.add_message(session, a_message(f"old{number}", old))
        messages.add_message(session, a_message("new"))
        messages.add_logs(session, [a_log("old", old), a_log("new")])

    await any_database.write(fill)
    before = NOW - timedelta(days=30)
    removed = [
        await any_database.write(lambda s: messages.purge_before(s, before)) for _ in range(3)
    ]
    assert removed == [501, 10, 0]
    log = await any_database.read(lambda s: messages.find_log(s, "new"))
    assert log is not None
    assert log.request_detail_json == {"a": 1}
    assert await any_database.read(lambda s: messages.find_log(s, "old")) is None


async def test_the_index_refuses_a_second_default(any_database: Database) -> None:
    def make(name: str) -> EndpointRow:
        values = {"name": name, "base_url": "u", "is_active": True}
        return any_database.write_now(lambda s: models.save_endpoint(s, None, values, NOW))

    first, second = make("a"), make("b")
    assert (first.is_default, second.is_default) == (True, False)
    force = update(EndpointRow).where(col(EndpointRow.id) == second.id).values(is_default=True)
    with pytest.raises(IntegrityError):
        await any_database.write(lambda s: s.exec(force))
    moved = await any_database.write(
        lambda s: models.save_endpoint(s, second.id, {"is_default": True}, NOW)
    )
    assert moved.is_default
    await any_database.write(lambda s: models.delete_endpoint(s, second.id or 0, NOW))
    [left] = await any_database.read(models.all_endpoints)
    assert left.is_default


async def test_the_index_refuses_a_second_active_prompt_of_a_type(any_database: Database) -> None:
    def make(name: str) -> PromptRow:
        values = {"name": name, "content": "c", "prompt_type": "system"}
        return any_database.write_now(lambda s: prompts.add_prompt(s, values, NOW, "me"))

    first, second = make("a"), make("b")
    await any_database.write(lambda s: prompts.activate_prompt(s, first.id or 0, NOW))
    force = update(PromptRow).where(col(PromptRow.id) == second.id).values(is_active=True)
    with pytest.raises(IntegrityError):
        await any_database.write(lambda s: s.exec(force))
    await any_database.write(lambda s: prompts.activate_prompt(s, second.id or 0, NOW))
    active = [p.name for p in await any_database.read(prompts.all_prompts) if p.is_active]
    assert active == ["b"]
    await any_database.write(lambda s: prompts.delete_prompt(s, first.id or 0, NOW))
    with pytest.raises(RowNotFoundError):
        await any_database.write(lambda s: prompts.find_version(s, first.id or 0, 1))


async def test_a_mapping_that_is_not_there_cannot_be_deleted(any_database: Database) -> None:
    with pytest.raises(RowNotFoundError):
        await any_database.write(lambda s: mappings.delete_mapping(s, "mapping:x", NOW))
    await any_database.write(lambda s: models.replace_blocked(s, ["b", "a", "b"], NOW))
    assert await any_database.read(models.blocked_models) == ["a", "b"]
