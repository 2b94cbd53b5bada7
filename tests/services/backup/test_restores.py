"""A restore from the page: looked at first, done by the next start, and old pushes wait."""

import json
from datetime import UTC, datetime

import pytest

from db.boot.place import OpenedStore
from db.engine import Database
from db.queries import outbox as pushes
from services.backup import pending
from services.backup.commands import make_backup
from services.backup.restores import Restores
from services.backup.service import Backups
from services.backup.types import TableCount
from services.executions.service import Executions
from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.actor import acting_as
from services.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from services.foundation.tasks import Tasks
from services.opening import open_data
from services.outbox.service import Outbox
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.store import add_rows, count_rows

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def restores(store: Database, env: Env, backups: Backups, executions: Executions) -> Restores:
    return Restores(store, env, backups, executions)


def _copy(env: Env, clock: FakeClock, store: Database, *, with_push: bool) -> str:
    """Return the name of a copy with 20 settings, of a database that has 25 now."""
    store.write_now(lambda s: add_rows(s, range(20)))
    if with_push:
        store.write_now(
            lambda s: pushes.put(s, "model", "7", {"op": "upsert", "payload_json": {}}, NOW)
        )
    name = make_backup(env, clock)[0].name
    store.write_now(lambda s: add_rows(s, range(20, 25)))
    return name


async def test_a_preview_counts_what_would_change_and_leaves_nothing(
    restores: Restores, store: Database, env: Env, clock: FakeClock
) -> None:
    name = _copy(env, clock, store, with_push=True)
    before = sorted(path.name for path in env.backups_dir.iterdir())
    preview = await restores.preview(name)
    assert preview.tables == (TableCount("llm_app_settings", 25, 20),)
    assert preview.unpushed == 1
    assert preview.same > 10
    assert sorted(path.name for path in env.backups_dir.iterdir()) == before
    assert store.read_now(count_rows) == 25


@pytest.mark.parametrize("name", ["../gymbro.sqlite3", "nothing.db", "", "x\x00.db"])
async def test_a_name_that_is_not_in_the_list_is_refused(
    restores: Restores, store: Database, env: Env, clock: FakeClock, name: str
) -> None:
    _copy(env, clock, store, with_push=False)
    with pytest.raises(NotFoundError):
        await restores.preview(name)


async def test_a_damaged_copy_and_a_reader_are_refused_and_nothing_is_noted(
    restores: Restores, store: Database, env: Env, clock: FakeClock
) -> None:
    good = _copy(env, clock, store, with_push=False)
    bad = env.backups_dir / "torn.db"
    content = bytearray((env.backups_dir / good).read_bytes())
    content[5_000:9_000] = b"\xff" * 4_000
    bad.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        await restores.ask("torn.db")
    with acting_as("reader", may_change=False), pytest.raises(NotAllowedError):
        await restores.ask(good)
    assert not (env.data_dir / pending.FILE).exists()
    assert not restores.is_asked


async def test_nothing_is_put_back_while_something_runs(
    restores: Restores, executions: Executions, store: Database, env: Env, clock: FakeClock
) -> None:
    name = _copy(env, clock, store, with_push=False)

    async def wait(_params: object, _control: Control) -> Ending:
        await clock.sleep(1_000)
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("probe", "Probe", "bolt", wait))
    started = await executions.start("probe", {})
    with pytest.raises(ConflictError, match="1 executions run or wait"):
        await restores.ask(name)
    await executions.cancel(started.execution_id)


async def _next_start(env: Env, clock: FakeClock, opened: OpenedStore) -> OpenedStore:
    opened.database.close_now()
    await clock.advance(60)
    lock, store = open_data(env, clock.now())
    lock.release()
    return store


@pytest.fixture
def unlocked(env: Env, clock: FakeClock) -> OpenedStore:
    """A store whose lock is free, so that the next start may take it in this process."""
    lock, store = open_data(env, clock.now())
    lock.release()
    return store


async def test_the_next_start_puts_it_back_and_old_pushes_wait_for_an_operator(
    unlocked: OpenedStore, env: Env, clock: FakeClock
) -> None:
    name = _copy(env, clock, unlocked.database, with_push=True)
    pending.ask(env, env.backups_dir / name, "ann")
    store = await _next_start(env, clock, unlocked)
    [notice, *_] = store.report.notices
    assert notice.code == "put_back_held"
    assert notice.params["count"] == 1
    assert list(env.data_dir.glob("*.replaced-*"))
    assert store.database.read_now(count_rows) == 20
    assert not (env.data_dir / pending.FILE).exists()  # once, not at every start

    tasks = Tasks()
    outbox = Outbox(store.database, clock, tasks)
    outbox.load()
    assert outbox.view.is_held
    assert name in str(outbox.is_closed_for("model"))
    outbox.resume()  # a key was changed: that is not a comparison
    assert outbox.is_closed_for("model") is not None
    await outbox.let_go()
    assert outbox.is_closed_for("model") is None
    again = Outbox(store.database, clock, tasks)
    again.load()
    assert not again.view.is_held
    await store.database.close()


async def test_without_old_pushes_nothing_is_held(
    unlocked: OpenedStore, env: Env, clock: FakeClock
) -> None:
    name = _copy(env, clock, unlocked.database, with_push=False)
    pending.ask(env, env.backups_dir / name, "ann")
    store = await _next_start(env, clock, unlocked)
    assert store.report.notices[0].code == "put_back"
    assert store.database.read_now(pushes.held_by) == ""
    await store.database.close()


async def test_a_copy_that_went_bad_meanwhile_leaves_the_database_and_is_told_once(
    unlocked: OpenedStore, env: Env, clock: FakeClock
) -> None:
    name = _copy(env, clock, unlocked.database, with_push=False)
    pending.ask(env, env.backups_dir / name, "ann")
    (env.backups_dir / name).write_bytes(b"no database")
    store = await _next_start(env, clock, unlocked)
    assert store.report.notices[0].code == "not_put_back"
    assert store.database.read_now(count_rows) == 25
    store = await _next_start(env, clock, store)
    assert [one.code for one in store.report.notices if "put_back" in one.code] == []
    await store.database.close()


async def test_a_torn_note_is_dropped(unlocked: OpenedStore, env: Env, clock: FakeClock) -> None:
    for torn in ("{", json.dumps([1]), json.dumps({"file": "x.db"})):
        (env.data_dir / pending.FILE).write_text(torn)
        assert pending.take_up(env, clock.now()) is None
        assert not (env.data_dir / pending.FILE).exists()
    unlocked.database.close_now()
