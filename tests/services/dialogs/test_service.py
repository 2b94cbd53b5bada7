"""Dialogs over real HTTP: what is sent, seen, judged, kept and found again."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from db.engine import Database
from services.accounts.types import UserType
from services.dialogs.types import DialogFilter, Phase, Saved
from services.e2e.types import CellStatus, Kind
from services.executions.types import ExecutionState
from services.foundation.errors import InputError, NotFoundError
from services.prompts.types import PromptEdit, PromptType
from services.settings.types import Env
from tests.support.dialogs_desk import DialogsDesk
from tests.support.upstream import (
    GOOD_REPLY,
    FakeUpstream,
    cut_after,
    good,
    refused,
    silent,
)


def posted(upstream: FakeUpstream) -> list[dict[str, object]]:
    return [call.body for call in upstream.calls if call.name == "post"]


async def test_a_turn_is_signed_in_sent_streamed_judged_and_stored(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(ttft_s=0.05, gap_s=0.02))
    found = await desk.say()
    assert (found.status, found.kind, found.saved) == (CellStatus.OK, Kind.OK, Saved.STORED)
    assert found.reply == GOOD_REPLY
    assert [line.name for line in found.events][:3] == ["status"] * 3
    assert found.events[-1].name == "completed"
    assert {check.name: check.ok for check in found.checks}["thinkingml"] is True
    timings = found.timings
    assert timings.signin_ms is not None
    assert timings.accepted_ms is not None
    assert timings.first_event_ms is not None
    assert timings.ttft_ms is not None
    assert timings.total_ms is not None
    assert timings.gap_p50_ms is not None
    assert timings.gap_max_ms is not None
    assert timings.accepted_ms < timings.first_event_ms < timings.ttft_ms < timings.total_ms
    assert 15 < timings.gap_p50_ms <= timings.gap_max_ms < 20_000
    assert found.claims["is_anonymous"] is True
    assert found.advice is None


async def test_what_is_shown_as_saved_is_in_the_store_before(
    desk: DialogsDesk, upstream: FakeUpstream, env: Env
) -> None:
    upstream.play("a", good())
    seen: list[str] = []

    def look(dialog_id: str) -> None:
        live = desk.dialogs.live(dialog_id)
        if live is not None and live.result is not None and not seen:
            with sqlite3.connect(str(env.database_path)) as connection:
                row = connection.execute(
                    "SELECT verdict, response_message FROM ai_prompt_tests WHERE dialog_id = ?",
                    (dialog_id,),
                ).fetchone()
            seen.extend(row)

    desk.dialogs.changed.subscribe(look)
    await desk.say()
    assert seen == ["ok", GOOD_REPLY]


async def test_a_stored_turn_reads_the_same_after_a_restart(
    desk: DialogsDesk, upstream: FakeUpstream, database: Database, env: Env
) -> None:
    upstream.play("a", good())
    asked: dict[str, Any] = {"temperature": 0.4, "uses_tools": True, "result_mode": "auto"}
    found = await desk.say(**asked)
    again = DialogsDesk(database, env)
    read = await again.dialogs.get(found.dialog_id)
    assert read == found
    assert read.request.temperature == 0.4
    await again.stop()


async def test_the_next_turn_sends_what_was_said_before_as_the_same_user(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    first = await desk.say(message="one", holds_user=True)
    second = await desk.say(message="two", after=first.dialog_id, holds_user=True)
    body = posted(upstream)[-1]
    assert body["text"] == "two"
    assert body["messages"] == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": GOOD_REPLY},
    ]
    assert body["conversation_id"] == first.conversation_id
    assert (second.turn, second.root) == (2, first.dialog_id)
    assert second.user_id == first.user_id
    assert second.timings.signin_ms is None  # nobody signed in again
    assert [one.dialog_id for one in await desk.dialogs.conversation(second.dialog_id)] == [
        first.dialog_id,
        second.dialog_id,
    ]
    assert len(upstream.auth.users) == 1
    await desk.dialogs.end(first.dialog_id)
    assert len(upstream.auth.users) == 0


async def test_without_holding_the_made_user_is_deleted_at_once(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    await desk.say(identity="permanent")
    assert not upstream.auth.users


@pytest.mark.parametrize(
    ("prompt", "values", "system"),
    [
        ("own", {"system_prompt": "Answer in one word."}, "Answer in one word."),
        ("none", {}, None),
    ],
)
async def test_another_system_text_travels_as_a_whole_payload(
    desk: DialogsDesk,
    upstream: FakeUpstream,
    prompt: str,
    values: dict[str, Any],
    system: str | None,
) -> None:
    upstream.models = ["a"]
    upstream.play("a", good())
    await desk.say(prompt=prompt, **values)
    body = posted(upstream)[-1]
    assert "text" not in body
    payload = body["payload"]
    assert isinstance(payload, dict)
    said = payload["messages"]
    texts = [item["content"] for item in said if item["role"] == "system"]
    assert texts == ([] if system is None else [system])
    assert said[-1] == {"role": "user", "content": "你好"}


async def test_a_stored_version_is_sent_as_it_was_written(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    kept = await desk.prompts.save(
        PromptEdit(name="Short", prompt_type=PromptType.AGENT_SYSTEM, content="Be short.")
    )
    await desk.say(prompt="stored", prompt_id=kept.id)
    payload = posted(upstream)[-1]["payload"]
    assert isinstance(payload, dict)
    assert payload["messages"][0] == {"role": "system", "content": "Be short."}


async def test_a_cancel_keeps_what_had_arrived(desk: DialogsDesk, upstream: FakeUpstream) -> None:
    upstream.play("a", cut_after(3, "hang"))
    dialog_id = await desk.start()
    await desk.until(dialog_id, lambda live: len(live.pieces) == 3)
    await desk.dialogs.cancel(dialog_id)
    found = await desk.ended(dialog_id)
    assert found.status is CellStatus.CANCELLED
    assert found.reply
    assert GOOD_REPLY.startswith(found.reply)
    assert len(found.events) == 6
    assert found.saved is Saved.STORED
    assert (await desk.executions.get(dialog_id)).status is ExecutionState.CANCELLED


async def test_a_crash_leaves_a_row_that_says_interrupted(
    desk: DialogsDesk, upstream: FakeUpstream, database: Database, env: Env
) -> None:
    upstream.play("a", silent())
    dialog_id = await desk.start()
    await desk.until(dialog_id, lambda live: live.phase is Phase.SENDING)
    after = DialogsDesk(database, env)
    await after.executions.recover()
    assert await after.dialogs.recover() == 1
    assert (await after.dialogs.get(dialog_id)).status is CellStatus.INTERRUPTED
    await after.stop()
    await desk.dialogs.cancel(dialog_id)
    await desk.ended(dialog_id)


async def test_a_pasted_token_is_used_and_nowhere_kept(
    desk: DialogsDesk, upstream: FakeUpstream, tmp_path: Path
) -> None:
    upstream.play("a", good())
    signed = await desk.identities.sign_in(desk.targets.current, UserType.ANONYMOUS)
    assert signed.token is not None
    token = signed.token.access_token
    key = desk.dialogs.take_token(f"Bearer {token}")
    found = await desk.say(identity="token", token_key=key)
    assert found.status is CellStatus.OK
    assert found.user_id == signed.token.user_id
    assert [call.token for call in upstream.calls if call.name == "post"] == [token]
    assert token in desk.dialogs.known_secrets()
    kept = json.dumps((await desk.executions.get(found.dialog_id)).meta)
    assert token not in kept
    assert not files_with(tmp_path, token)


def files_with(folder: Path, token: str) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if token.encode() in path.read_bytes()]


async def test_a_token_that_is_not_known_any_more_is_refused(desk: DialogsDesk) -> None:
    with pytest.raises(InputError, match="Paste the token again"):
        await desk.say(identity="token", token_key="gone")


async def test_turns_are_found_by_text_model_verdict_and_time(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    upstream.play("b", refused(422, "model_not_allowed"))
    first = await desk.say("a", "squat 100% depth")
    second = await desk.say("b", "deadlift")

    async def ids(**wanted: object) -> list[str]:
        page = await desk.dialogs.page(DialogFilter(**wanted))  # type: ignore[arg-type]
        return [row.dialog_id for row in page.rows]

    assert await ids() == [second.dialog_id, first.dialog_id]
    assert await ids(text="SQUAT") == [first.dialog_id]
    assert await ids(text="100% d") == [first.dialog_id]
    assert await ids(text="100_ d") == []
    assert await ids(text="连通正常") == [first.dialog_id]  # in the reply
    assert await ids(model="b") == [second.dialog_id]
    assert await ids(statuses=(CellStatus.FAILED,)) == [second.dialog_id]
    assert await ids(kinds=(Kind.OK,)) == [first.dialog_id]
    assert second.created_at is not None
    assert await ids(created_from=second.created_at) == [second.dialog_id]
    assert (await desk.dialogs.page(DialogFilter(), limit=1)).next_before == second.dialog_id
    rest = await desk.dialogs.page(DialogFilter(), before=second.dialog_id)
    assert [row.dialog_id for row in rest.rows] == [first.dialog_id]
    assert await desk.dialogs.models() == ["a", "b"]


async def test_an_unknown_turn_is_not_found(desk: DialogsDesk) -> None:
    with pytest.raises(NotFoundError):
        await desk.dialogs.get("exe_nobody")


async def test_four_thousand_events_are_kept_in_bounds(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    text = "深蹲要稳。" * 3_990
    upstream.play("a", good(text, pieces=3_990))
    told = 0

    def count(_: str) -> None:
        nonlocal told
        told += 1

    desk.dialogs.changed.subscribe(count)
    found = await desk.say(protocol="none")
    assert (found.event_count, len(found.events), found.status) == (3_994, 3_994, CellStatus.OK)
    assert found.reply == text
    again = DialogsDesk(desk.database, desk.env)
    read = await again.dialogs.get(found.dialog_id)
    assert len(read.events) == 3_994
    assert sum(len(line.data) for line in read.events) <= 524_288
    assert read.events[0].data
    assert read.events[-1].name == "completed"
    await again.stop()
