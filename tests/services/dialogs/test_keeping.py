"""What the store refuses of a conversation is kept in the journal and written back once."""

from pathlib import Path

import pytest

from db.engine import Database
from services.dialogs.types import DialogFilter, Saved
from services.e2e.types import CellStatus
from services.foundation.tasks import Tasks
from services.journal.service import Journal
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.dialogs_desk import dialogs_desk
from tests.support.journal import Switch
from tests.support.upstream import GOOD_REPLY, FakeUpstream, good


async def test_a_turn_the_store_refuses_goes_to_the_journal_and_comes_back(
    database: Database, env: Env, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(database, FakeClock(), Tasks(), tmp_path / "ai_runtime")
    journal.load()
    switch = Switch(database, monkeypatch)
    async with (
        FakeUpstream() as upstream,
        dialogs_desk(database, env, upstream, journal=journal.keep) as desk,
    ):
        upstream.play("a", good(gap_s=0.1))
        dialog_id = await desk.start()
        await desk.until(dialog_id, lambda live: bool(live.pieces))
        switch.is_full = True
        live = await desk.until(dialog_id, lambda one: one.is_over)
        assert live.result is not None
        assert live.result.saved is Saved.JOURNAL
        assert journal.waiting == 1
        switch.is_full = False
        report = await journal.replay()
        assert report.rows == 1
        await desk.ended(dialog_id)
        page = await desk.dialogs.page(DialogFilter())
        assert [(row.status, row.dialog_id) for row in page.rows] == [(CellStatus.OK, dialog_id)]
        desk.dialogs._live.clear()  # pyright: ignore[reportPrivateUsage]  # so that the row is read
        kept = await desk.dialogs.get(dialog_id)
        assert (kept.reply, len(kept.events)) == (GOOD_REPLY, 8)
    journal.close()


async def test_without_a_journal_a_lost_turn_says_so(
    database: Database, env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = Switch(database, monkeypatch)
    async with FakeUpstream() as upstream, dialogs_desk(database, env, upstream) as desk:
        upstream.play("a", good(gap_s=0.1))
        dialog_id = await desk.start()
        await desk.until(dialog_id, lambda live: bool(live.pieces))
        switch.is_full = True
        live = await desk.until(dialog_id, lambda one: one.is_over)
        assert live.result is not None
        assert live.result.saved is Saved.LOST
        switch.is_full = False
        await desk.ended(dialog_id)
