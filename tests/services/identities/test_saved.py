"""Saved test users: made, refreshed, signed in again, forgotten; their secrets stay out of the store."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from db.engine import Database
from services.foundation.errors import NotFoundError
from services.identities.mail_api import MailApi
from services.settings.types import Env
from tests.support.dialogs_desk import DialogsDesk, dialogs_desk
from tests.support.upstream import FakeUpstream, good, gotrue_error


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncGenerator[DialogsDesk]:
    async with dialogs_desk(database, env, upstream) as made:
        yield made


async def test_a_saved_user_stays_and_is_the_same_in_every_conversation(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    target = desk.targets.current
    user, signed = await desk.identities.saved.create(target, prefix="coach")
    assert user is not None
    assert signed.token is not None
    assert user.email.startswith("coach-")
    turns = [await desk.say(identity="saved", test_user_id=user.id) for _ in range(2)]
    assert {turn.user_id for turn in turns} == {user.user_id}
    assert user.user_id in upstream.auth.users
    assert await desk.identities.sweep() == 0  # the sweeper leaves it alone
    await desk.identities.saved.delete(target, user.id)
    assert user.user_id not in upstream.auth.users
    with pytest.raises(NotFoundError):
        await desk.identities.saved.get(user.id)


async def test_its_secrets_are_in_no_row(desk: DialogsDesk, env: Env) -> None:
    user, signed = await desk.identities.saved.create(desk.targets.current)
    assert user is not None
    assert signed.token is not None
    stored = _database_bytes(env)
    for secret in (desk.identities.saved.password(user.id), signed.token.refresh_token):
        assert secret
        assert secret.encode() not in stored


def _database_bytes(env: Env) -> bytes:
    files = [Path(f"{env.database_path}{end}") for end in ("", "-wal")]
    return b"".join(path.read_bytes() for path in files if path.exists())


async def test_a_lost_refresh_token_is_made_good_by_the_password(desk: DialogsDesk) -> None:
    target = desk.targets.current
    user, _ = await desk.identities.saved.create(target)
    assert user is not None
    desk.secrets.put(f"test_user/{user.id}/refresh_token", "used-up-and-gone")
    signed = await desk.identities.saved.sign_in(target, user.id)
    assert signed.token is not None
    assert signed.token.user_id == user.user_id


async def test_a_user_that_could_not_be_made_leaves_nothing(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.always("admin_create", gotrue_error(422, "email_exists"))
    user, signed = await desk.identities.saved.create(desk.targets.current)
    assert user is None
    assert signed.error == "supabase_admin_create_user_failed"
    assert await desk.identities.saved.all() == []


async def test_one_anonymous_user_a_day(desk: DialogsDesk) -> None:
    target = desk.targets.current
    first, _ = await desk.identities.saved.anonymous(target)
    second, _ = await desk.identities.saved.anonymous(target)
    third, _ = await desk.identities.saved.anonymous(target, force_new=True)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.id == second.id != third.id
    assert first.label.startswith("anon-")


async def test_a_user_of_another_service_is_refused_with_its_address(desk: DialogsDesk) -> None:
    target = desk.targets.current
    user, _ = await desk.identities.saved.create(target)
    assert user is not None
    other = replace(target, auth_url="http://127.0.0.1:9")
    signed = await desk.identities.saved.sign_in(other, user.id)
    assert signed.token is None
    assert target.auth_url in signed.detail


class _MailService(BaseHTTPRequestHandler):
    """Gives an address in the first domain, to whoever has the key."""

    def do_GET(self) -> None:
        self._answer({"emailDomains": "mail.test, other.test"})

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(size))
        self._answer({"id": "1", "email": f"{asked['name']}@{asked['domain']}"})

    def _answer(self, value: dict[str, str]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200 if self.headers.get("X-API-Key") == "key" else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


async def test_a_mailbox_is_made_with_the_key_and_refused_without() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _MailService) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        mail = MailApi(f"http://127.0.0.1:{server.server_port}/", 5.0)
        assert (await mail.make("coach-1", "", "key")).email == "coach-1@mail.test"
        assert (await mail.make("coach-1", "own.test", "key")).email == "coach-1@own.test"
        assert (await mail.make("coach-1", "", "wrong")).error == "mail_api_error"
        server.shutdown()
    assert (await MailApi("", 5.0).make("coach-1", "", "key")).error == "mail_api_error"
