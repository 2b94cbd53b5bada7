"""W14: after five failed tries of an account or an address each further one waits."""

import asyncio
from typing import Any

import pytest

from services.access import tries
from services.access.service import Access
from services.access.types import Approach, EntryRefusedError, Role
from tests.services.access.conftest import PASSWORD
from tests.support.clock import FakeClock

HERE = Approach("127.0.0.1", is_local=True, is_secure=False)
THERE = Approach("10.0.0.2", is_local=False, is_secure=False)


async def sign_in(access: Access, password: str = PASSWORD, **given: Any) -> Any:
    wanted = {"address": "10.0.0.2", **given}
    return await access.signing.sign_in(wanted.pop("name", "operator"), password, **wanted)


async def test_w14_the_sixth_try_waits_even_with_the_right_password(
    access: Access, clock: FakeClock, log: Any
) -> None:
    for _ in range(tries.FREE_TRIES):
        with pytest.raises(EntryRefusedError, match="wrong"):
            await sign_in(access, "not it at all")
    with pytest.raises(EntryRefusedError) as refused:
        await sign_in(access)
    assert refused.value.wait_s == tries.FIRST_WAIT_S + 1
    await clock.advance(tries.FIRST_WAIT_S + 1)
    assert (await sign_in(access)).visitor.name == "operator"
    found = [entry for entry in await log() if entry[0] == "sign_in_refused"]
    assert found == [("sign_in_refused", "operator", "sign-in")] * 6


async def test_w14_the_wait_doubles_and_has_an_end(access: Access, clock: FakeClock) -> None:
    waits: list[int] = []
    for number in range(20):
        with pytest.raises(EntryRefusedError) as refused:
            await sign_in(access, "not it at all", name=f"user{number}")
        if refused.value.wait_s:
            waits.append(refused.value.wait_s)
            await clock.advance(refused.value.wait_s)
    assert waits[:3] == [6, 11, 21]
    for number in range(40):
        await clock.advance(tries.ADDRESS_WAIT_MAX_S)
        with pytest.raises(EntryRefusedError, match="wrong"):
            await sign_in(access, "not it at all", name=f"more{number}")
    with pytest.raises(EntryRefusedError) as refused:
        await sign_in(access, name="anybody")
    assert refused.value.wait_s <= tries.ADDRESS_WAIT_MAX_S + 1


async def test_w14_guessing_from_many_addresses_delays_the_account_for_a_minute_at_most(
    access: Access,
) -> None:
    for number in range(tries.FREE_TRIES):
        with pytest.raises(EntryRefusedError, match="wrong"):
            await sign_in(access, "not it at all", address=f"10.1.0.{number}")
    with pytest.raises(EntryRefusedError) as refused:
        await sign_in(access, address="10.2.0.1")
    assert 0 < refused.value.wait_s <= tries.ACCOUNT_WAIT_MAX_S + 1


async def test_w14_tries_at_once_get_no_more_than_tries_in_a_row(access: Access) -> None:
    found = await asyncio.gather(
        *(sign_in(access, "not it at all") for _ in range(15)), return_exceptions=True
    )
    assert sum("wrong" in str(one) for one in found) == tries.FREE_TRIES


async def test_w14_what_is_remembered_of_tries_is_bounded(clock: FakeClock) -> None:
    counted = tries.Tries(clock.monotonic)
    for number in range(tries.SUBJECTS_MAX + 500):
        counted.begin(f"a{number}", f"10.{number}")
    assert len(counted._records) == tries.SUBJECTS_MAX


async def test_an_own_account_does_not_pay_for_guesses_at_another(access: Access) -> None:
    await access.admin.add_account("eve", Role.READ_ONLY, "eves own password")
    for _ in range(tries.FREE_TRIES):
        with pytest.raises(EntryRefusedError, match="wrong"):
            await sign_in(access, "not it at all")
        await sign_in_quietly(access)
    with pytest.raises(EntryRefusedError, match="Wait"):
        await sign_in(access, "not it at all")


async def sign_in_quietly(access: Access) -> None:
    try:
        await sign_in(access, "eves own password", name="eve")
    except EntryRefusedError:
        return


async def test_the_log_takes_only_so_many_refusals_an_hour(
    access: Access, log: Any, clock: FakeClock
) -> None:
    for number in range(70):
        with pytest.raises(EntryRefusedError):
            await sign_in(access, "no", name=f"u{number}", address=f"10.9.0.{number}")
    assert len([one for one in await log() if one[0] == "sign_in_refused"]) == 60
