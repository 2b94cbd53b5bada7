"""Threats 4 and 5, W15 and W16: sign-ins, their ends, their trace."""

import stat
from typing import Any

import pytest

from db.engine import Database
from db.queries import access as queries
from services.access import tries
from services.access.service import Access
from services.access.types import Approach, EntryRefusedError, Role, TokenKind
from services.foundation.actor import acting_as
from services.foundation.errors import ConflictError, InputError, NotAllowedError
from services.secrets.service import Secrets
from services.settings.service import Settings
from tests.services.access.conftest import PASSWORD, OpenAccess
from tests.support.clock import FakeClock

HERE = Approach("127.0.0.1", is_local=True, is_secure=False)
THERE = Approach("10.0.0.2", is_local=False, is_secure=False)


async def sign_in(access: Access, password: str = PASSWORD, **given: Any) -> Any:
    wanted = {"address": "10.0.0.2", **given}
    return await access.signing.sign_in(wanted.pop("name", "operator"), password, **wanted)


async def test_this_machine_needs_no_login_and_others_do(access: Access) -> None:
    here = access.visitor_of(HERE, "")
    assert here is not None
    assert here.may_change
    assert access.visitor_of(THERE, "") is None
    assert access.visitor_of(THERE, "x" * 43) is None


async def test_this_machine_signs_in_too_when_asked_to(
    open_access: OpenAccess, settings: Settings
) -> None:
    await settings.change({"login_on_loopback": True})
    bare = open_access()
    assert bare.visitor_of(HERE, "") is not None  # without a password nobody could come in again
    access = open_access(console_password=PASSWORD)
    assert access.visitor_of(HERE, "") is None
    done = await sign_in(access)
    assert access.visitor_of(HERE, done.secret) == done.visitor


@pytest.mark.parametrize(
    "declared", [{"public_url": "https://c.example"}, {"proxies": ("127.0.0.1",)}]
)
async def test_a_named_proxy_makes_this_machine_sign_in(
    open_access: OpenAccess, declared: Any
) -> None:
    """A proxy that writes no header and a loopback Host looks like this machine itself."""
    assert open_access(**declared).visitor_of(HERE, "") is None


async def test_only_hashes_are_stored(access: Access, database: Database) -> None:
    done = await sign_in(access)
    made = await access.admin.make_token("ci", TokenKind.FULL, 30)
    assert database.path is not None
    held = b"".join(
        path.read_bytes() for path in database.path.parent.glob(f"{database.path.name}*")
    )
    for secret in (PASSWORD, done.secret, made.secret):
        assert secret.encode() not in held
    (row,) = await database.read(queries.all_accounts)
    assert row.password_hash.startswith("$argon2id$")


def test_threat_5_the_cookies_key_is_random_and_private(secrets: Secrets, tmp_path: Any) -> None:
    key = secrets.own_file("cookie.key")
    assert len(key) == 32
    (path,) = tmp_path.rglob("cookie.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = Secrets(tmp_path / "other")
    assert other.own_file("cookie.key") != key


async def test_w15_the_session_changes_at_each_sign_in_and_the_old_one_ends(
    access: Access,
) -> None:
    planted = "a" * 43  # a cookie somebody put into the browser
    first = await sign_in(access, old_secret=planted)
    assert first.secret != planted
    assert access.visitor_of(THERE, planted) is None
    second = await sign_in(access, old_secret=first.secret)
    assert access.visitor_of(THERE, first.secret) is None
    assert access.visitor_of(THERE, second.secret) is not None


async def test_w16_signing_out_ends_the_session_for_everybody_who_serves_it(
    access: Access,
) -> None:
    ended: list[frozenset[str]] = []
    access.sessions.ended.subscribe(ended.append)
    done = await sign_in(access)
    await access.signing.sign_out(done.secret)
    assert ended == [frozenset({done.visitor.session_id})]
    assert access.visitor_of(THERE, done.secret) is None
    assert not access.is_good(done.visitor)


async def test_signing_out_everywhere_may_keep_this_browser(access: Access) -> None:
    kept, other = await sign_in(access), await sign_in(access)
    assert await access.signing.sign_out_everywhere(kept.visitor, but_here=True) == 1
    assert access.visitor_of(THERE, kept.secret) is not None
    assert access.visitor_of(THERE, other.secret) is None


async def test_a_session_ends_when_nothing_is_done(access: Access, clock: FakeClock) -> None:
    done = await sign_in(access)
    await clock.advance(11 * 3600)
    access.sessions.touch(done.visitor.session_id)
    await clock.advance(11 * 3600)
    assert access.visitor_of(THERE, done.secret) is not None
    await clock.advance(3600)
    assert access.visitor_of(THERE, done.secret) is None


async def test_a_session_ends_after_a_week_however_much_is_done(
    access: Access, clock: FakeClock, log: Any
) -> None:
    done = await sign_in(access)
    for _ in range(7 * 24):
        await clock.advance(3599)
        access.sessions.touch(done.visitor.session_id)
    assert access.visitor_of(THERE, done.secret) is not None
    await clock.advance(7 * 24)
    assert access.visitor_of(THERE, done.secret) is None
    await access.sweep()
    assert (await log())[-1] == ("session_expired", "operator", "account:operator")


async def test_sessions_and_when_they_were_used_survive_a_restart(
    access: Access, open_access: OpenAccess, clock: FakeClock
) -> None:
    done = await sign_in(access)
    await clock.advance(60)
    access.sessions.touch(done.visitor.session_id)
    await access.sweep()
    again = open_access(console_password=PASSWORD)
    assert again.visitor_of(THERE, done.secret) == done.visitor
    (one,) = again.open_sessions()
    assert one.last_seen_at == clock.now()


async def test_another_password_in_the_environment_ends_the_sessions(
    access: Access, open_access: OpenAccess
) -> None:
    done = await sign_in(access)
    again = open_access(console_password="another horse 9")
    assert again.visitor_of(THERE, done.secret) is None
    with pytest.raises(EntryRefusedError):
        await sign_in(again)


async def test_changing_the_password_needs_the_present_one_and_ends_the_others(
    access: Access,
) -> None:
    mine, other = await sign_in(access), await sign_in(access)
    with pytest.raises(InputError):
        await access.signing.change_own_password(mine.visitor, "wrong", "a new password")
    await access.signing.change_own_password(mine.visitor, PASSWORD, "a new password")
    assert access.visitor_of(THERE, mine.secret) is not None
    assert access.visitor_of(THERE, other.secret) is None
    assert (await sign_in(access, "a new password")).visitor.name == "operator"


async def test_guessing_the_present_password_is_delayed_too(access: Access) -> None:
    mine = await sign_in(access)
    for _ in range(tries.FREE_TRIES):
        with pytest.raises(InputError):
            await access.signing.change_own_password(mine.visitor, "wrong", "a new password")
    with pytest.raises(EntryRefusedError):
        await access.signing.change_own_password(mine.visitor, PASSWORD, "a new password")


async def test_who_only_reads_changes_no_account_but_their_own(access: Access) -> None:
    await access.admin.add_account("viewer", Role.READ_ONLY, "viewers password")
    done = await sign_in(access, "viewers password", name="viewer")
    assert not done.visitor.may_change
    operator = next(one for one in access.accounts() if one.name == "operator")
    with acting_as("viewer", may_change=False):
        for act in (
            lambda: access.admin.add_account("second", Role.OPERATOR, "seconds password"),
            lambda: access.admin.set_role(done.visitor.account_id, Role.OPERATOR),
            lambda: access.admin.set_password(operator.id, "a new password"),
            lambda: access.admin.delete_account(operator.id),
            lambda: access.admin.make_token("t", TokenKind.FULL, None),
            lambda: access.admin.end_session(done.visitor.session_id),
            lambda: access.admin.revoke_token(1),
        ):
            with pytest.raises(NotAllowedError):
                await act()
        await access.signing.change_own_password(done.visitor, "viewers password", "another word 1")
        await access.signing.sign_out(done.secret)
    assert access.visitor_of(THERE, done.secret) is None


async def test_a_role_counts_at_once_and_open_pages_are_loaded_anew(access: Access) -> None:
    made = await access.admin.add_account("second", Role.OPERATOR, "seconds password")
    done = await sign_in(access, "seconds password", name="second")
    await access.admin.set_role(made.id, Role.READ_ONLY)
    assert access.visitor_of(THERE, done.secret) is None
    again = await sign_in(access, "seconds password", name="second")
    assert not again.visitor.may_change


async def test_the_last_operator_stays(access: Access) -> None:
    (only,) = access.accounts()
    with pytest.raises(ConflictError):
        await access.admin.delete_account(only.id)
    with pytest.raises(ConflictError):
        await access.admin.set_role(only.id, Role.READ_ONLY)


async def test_each_act_is_in_the_log_and_no_secret_is(access: Access, log: Any) -> None:
    with acting_as("operator"):
        made = await access.admin.add_account("viewer", Role.READ_ONLY, "viewers password")
        await access.admin.set_role(made.id, Role.OPERATOR)
        await access.admin.set_password(made.id, "another password")
        token = await access.admin.make_token("ci", TokenKind.READ_ONLY, None)
        await access.admin.revoke_token(token.token.id)
        await access.admin.delete_account(made.id)
    done = await sign_in(access)
    await access.signing.sign_out(done.secret)
    entries = await log()
    assert [entry[0] for entry in entries] == [
        "password_changed",
        "account_made",
        "role_changed",
        "password_changed",
        "token_made",
        "token_revoked",
        "account_deleted",
        "signed_in",
        "signed_out",
    ]
    assert {entry[2] for entry in entries[1:-2]} == {"operator"}
    assert {entry[2] for entry in entries[-2:]} == {"account:operator"}
    assert token.secret not in str(entries)


def test_a_weak_password_in_the_environment_is_refused_by_its_name(
    open_access: OpenAccess,
) -> None:
    with pytest.raises(InputError, match="GYMBRO_PASSWORD") as refused:
        open_access(console_password="short")
    assert "short" not in str(refused.value)
