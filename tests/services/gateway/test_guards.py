"""Guards with a clock that moves: windows, cooldown, addresses, bounds."""

import pytest

from services.accounts.types import Caller, UserType
from services.foundation.errors import InputError
from services.gateway.guards import Guards
from services.gateway.types import Address, GatewayError
from services.settings.types import RateLimits
from tests.support.clock import FakeClock

USER = Caller("u", UserType.PERMANENT)
ANONYMOUS = Caller("a", UserType.ANONYMOUS)
FAR = Address("203.0.113.1")
HERE = Address("127.0.0.1", is_exempt=True)


def counted(guards: Guards, times: int, caller: Caller = USER, address: Address = HERE) -> int:
    good = 0
    for _ in range(times):
        try:
            guards.admit(caller, address, "GymBro/1")
        except GatewayError:
            continue
        good += 1
    return good


async def test_the_second_slides(clock: FakeClock) -> None:
    guards = Guards(clock, RateLimits())
    assert counted(guards, 12) == 10
    await clock.advance(0.9)
    assert counted(guards, 3) == 0
    await clock.advance(0.1)
    assert counted(guards, 12) == 10
    assert counted(guards, 8, ANONYMOUS) == 5


async def test_the_day_begins_with_the_first_call(clock: FakeClock) -> None:
    guards = Guards(clock, RateLimits(user_qps=0, user_daily=3))
    assert counted(guards, 5) == 3
    with pytest.raises(GatewayError) as error:
        guards.admit(USER, HERE, "GymBro/1")
    assert error.value.retry_after_s == 3600
    await clock.advance(86_400)
    assert counted(guards, 5) == 3


def test_an_address_counts_over_all_its_users(clock: FakeClock) -> None:
    guards = Guards(clock, RateLimits(user_qps=0, ip_qps=4))
    good = sum(counted(guards, 1, Caller(f"u{n}", UserType.PERMANENT), FAR) for n in range(9))
    assert good == 4


def test_switched_off_means_off(clock: FakeClock) -> None:
    assert counted(Guards(clock, RateLimits(enabled=False)), 50, USER, FAR) == 50


async def test_the_cooldown_ends(clock: FakeClock) -> None:
    guards = Guards(clock, RateLimits(failure_threshold=2, cooldown_s=100))
    guards.note_refused_token(FAR)
    guards.note_refused_token(FAR)
    with pytest.raises(GatewayError):
        guards.note_refused_token(FAR)
    guards.admit(USER, FAR, "GymBro/1")
    await clock.advance(101)
    guards.note_refused_token(FAR)


def test_mode_all_blocks_every_call_and_mode_off_none(clock: FakeClock) -> None:
    every = Guards(clock, RateLimits(failure_threshold=2, cooldown_mode="all"))
    for _ in range(2):
        every.note_answer(FAR, 422)
    with pytest.raises(GatewayError):
        every.admit(USER, FAR, "GymBro/1")
    again = Guards(clock, RateLimits(failure_threshold=2, cooldown_mode="all"))
    again.note_answer(FAR, 422)
    again.note_answer(FAR, 202)
    again.note_answer(FAR, 422)
    again.admit(USER, FAR, "GymBro/1")
    off = Guards(clock, RateLimits(failure_threshold=1, cooldown_mode="off"))
    for _ in range(5):
        off.note_refused_token(FAR)


@pytest.mark.parametrize(
    ("agent", "odd"),
    [
        *(("", True), ("Googlebot", True), ("curl/8.1", True), ("python-requests/2", True)),
        *(("PostmanRuntime", True), ("python-httpx/0.28", False), ("Mozilla/5.0", False)),
    ],
)
def test_odd_user_agents(clock: FakeClock, agent: str, odd: bool) -> None:
    assert Guards(clock, RateLimits()).is_odd(agent) is odd


@pytest.mark.parametrize(
    ("peer", "headers", "host", "exempt"),
    [
        ("127.0.0.1", {}, "127.0.0.1", True),
        ("::1", {}, "::1", True),
        ("203.0.113.5", {}, "203.0.113.5", False),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.5"}, "127.0.0.1", False),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.1, 203.0.113.5"}, "203.0.113.5", False),
        ("10.0.0.1", {"x-forwarded-for": "203.0.113.5, 10.0.0.2"}, "203.0.113.5", False),
        ("10.0.0.1", {"x-real-ip": "203.0.113.9"}, "203.0.113.9", False),
        ("10.0.0.1", {"x-forwarded-for": "127.0.0.1"}, "127.0.0.1", False),
        ("10.0.0.1", {"x-forwarded-for": "rubbish"}, "10.0.0.1", False),
        ("", {}, "", False),
    ],
)
def test_addresses_are_believed_from_trusted_proxies_only(
    clock: FakeClock, peer: str, headers: dict[str, str], host: str, exempt: bool
) -> None:
    guards = Guards(clock, RateLimits(trusted_proxies=("10.0.0.0/24",)))
    assert guards.address_of(peer, headers) == Address(host, exempt)


def test_a_wrong_proxy_is_a_clear_error(clock: FakeClock) -> None:
    with pytest.raises(InputError) as error:
        Guards(clock, RateLimits(trusted_proxies=("nonsense",)))
    assert error.value.field == "TRUSTED_PROXIES"


def test_places_are_freed_once(clock: FakeClock) -> None:
    guards = Guards(clock, RateLimits(streams_per_user=1, streams_per_conversation=0))
    free = guards.open_stream(USER, "c")
    with pytest.raises(GatewayError) as error:
        guards.open_stream(USER, "d")
    assert error.value.code == "SSE_CONCURRENCY_LIMIT_EXCEEDED"
    guards.open_stream(ANONYMOUS, "c")()
    free()
    assert guards.open_streams == 0
    guards.open_stream(USER, "d")()


def test_the_memory_of_subjects_is_bounded(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.guards.SUBJECTS_MAX", 10)
    guards = Guards(clock, RateLimits(failure_threshold=5))
    for number in range(50):
        counted(guards, 1, Caller(f"u{number}", UserType.PERMANENT), Address(f"203.0.113.{number}"))
        guards.note_refused_token(Address(f"203.0.113.{number}"))
    assert len(guards._rates) <= 10
    assert len(guards._failures) <= 10
