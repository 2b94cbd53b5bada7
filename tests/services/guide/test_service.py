"""The guide's state: kept for every browser, read again, and refused to who only reads."""

import pytest

from db.engine import Database
from db.queries import config as queries
from services.foundation.actor import acting_as
from services.foundation.errors import NotAllowedError
from services.guide.service import Guide
from services.guide.types import GuideState, Step
from tests.support.clock import FakeClock


async def test_what_was_skipped_is_known_after_a_restart_and_told_at_once(
    database: Database, clock: FakeClock
) -> None:
    guide = Guide(database, clock)
    assert guide.state == GuideState()
    told: list[GuideState] = []
    guide.changed.subscribe(told.append)
    await guide.skip(Step.SUPPLIER)
    await guide.skip(Step.DEMO)
    await guide.take_up(Step.DEMO)
    await guide.put_away()
    wanted = GuideState(frozenset({Step.SUPPLIER}), is_away=True)
    assert Guide(database, clock).state == guide.state == told[-1] == wanted
    await guide.bring_back()
    assert not Guide(database, clock).state.is_away


@pytest.mark.parametrize(
    "kept", [None, "away", [], {"skipped": ["supplier", "a step of later"], "is_away": "yes"}]
)
async def test_a_state_that_somebody_broke_is_read_as_far_as_it_goes(
    database: Database, clock: FakeClock, kept: object
) -> None:
    now = clock.now()
    await database.write(lambda s: queries.write_app_settings(s, {"console_guide": kept}, now))
    state = Guide(database, clock).state
    assert not state.is_away
    assert state.skipped <= {Step.SUPPLIER}


async def test_who_only_reads_changes_nothing(database: Database, clock: FakeClock) -> None:
    guide = Guide(database, clock)
    with acting_as("account:ro", may_change=False), pytest.raises(NotAllowedError):
        await guide.put_away()
    assert guide.state == GuideState()
