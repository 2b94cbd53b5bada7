"""Targets and test users keep the same over SQLite and over PostgreSQL."""

from db.engine import Database
from services.accounts.types import UserType
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.env import read_env
from services.settings.types import Env
from services.targets.service import Targets
from services.targets.types import SELF_ID, TargetEdit
from tests.services.targets.test_service import ELSEWHERE
from tests.support.clock import FakeClock
from tests.support.identities import SomeTargets, a_target
from tests.support.targets import OwnKeys
from tests.support.upstream import FakeUpstream


def load(database: Database, clock: FakeClock, secrets: Secrets, env: Env) -> Targets:
    targets = Targets(database, clock, secrets, env, OwnKeys())
    targets.load()
    return targets


async def test_targets_survive_a_restart_and_ids_are_not_used_twice(
    any_database: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    named = read_env(port=env.port, data_dir=str(env.data_dir), values=ELSEWHERE)
    targets = load(any_database, clock, secrets, named)
    assert targets.current.id == 2
    edit = TargetEdit(None, "Third", "http://third.example", "http://third.example")
    third = await targets.save(edit)
    await targets.delete(third.id)
    await targets.select(SELF_ID)
    again = load(any_database, clock, secrets, named)
    assert [target.id for target in again.all()] == [SELF_ID, 2]
    assert again.current.is_self
    assert (await again.save(edit)).id == 4


async def test_test_users_are_kept_found_and_swept(
    any_database: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    async with FakeUpstream() as upstream:
        target = a_target(upstream)
        known = SomeTargets([target])
        first = Identities(any_database, clock, secrets, known, env)
        released = await first.sign_in(target, UserType.PERMANENT)
        await first.sign_in(target, UserType.ANONYMOUS)
        await first.sign_in(target, UserType.ANONYMOUS)  # two rows without an e-mail address
        await first.release(target, released)
        assert len(upstream.auth.users) == 2
        second = Identities(any_database, clock, secrets, known, env)
        assert await second.sweep() == 2
        assert upstream.auth.users == {}
        await first.close()
        await second.close()
