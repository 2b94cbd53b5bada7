"""The real supabase client against the embedded sign-in on loopback."""

from collections.abc import Iterator

import httpx
import pytest
from supabase import Client, ClientOptions, create_client
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from db.engine import Database
from services.accounts.service import Accounts
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.tokens import WallClock, build_accounts, sign_in_server

PASSWORD = "correct horse"


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def accounts(database: Database, wall: WallClock, secrets: Secrets, env: Env) -> Accounts:
    return build_accounts(database, wall, secrets, env)


@pytest.fixture
def origin(accounts: Accounts, env: Env) -> Iterator[str]:
    with sign_in_server(accounts, env) as origin:
        yield origin


class Clients:
    """Supabase clients of one server, closed at the end."""

    def __init__(self, origin: str, accounts: Accounts) -> None:
        self._origin = origin
        self._accounts = accounts
        self._open: list[httpx.Client] = []

    def make(self, key: str) -> Client:
        http = httpx.Client(trust_env=False, follow_redirects=False)
        self._open.append(http)
        options = ClientOptions(auto_refresh_token=False, persist_session=False, httpx_client=http)
        return create_client(self._origin, key, options)

    def anon(self) -> Client:
        return self.make(self._accounts.anon_key)

    def service(self) -> Client:
        return self.make(self._accounts.service_key)

    def close(self) -> None:
        for http in self._open:
            http.close()


@pytest.fixture
def clients(origin: str, accounts: Accounts) -> Iterator[Clients]:
    clients = Clients(origin, accounts)
    yield clients
    clients.close()


def test_an_anonymous_sign_in_is_anonymous_in_user_and_claims(clients: Clients) -> None:
    client = clients.anon()
    answer = client.auth.sign_in_anonymously()
    assert answer.user is not None
    assert answer.user.is_anonymous
    claims = client.auth.get_claims()
    assert claims is not None
    assert claims["claims"]["is_anonymous"] is True  # pyright: ignore[reportTypedDictNotRequiredAccess, reportGeneralTypeIssues]
    assert claims["headers"]["alg"] == "ES256"


def test_a_sign_up_opens_a_session_whose_token_the_key_set_proves(clients: Clients) -> None:
    client = clients.anon()
    answer = client.auth.sign_up({"email": "Ann@Example.com", "password": PASSWORD})
    assert answer.session is not None
    assert answer.user is not None
    assert answer.user.email == "ann@example.com"
    assert answer.user.email_confirmed_at is not None
    assert answer.user.identities
    claims = client.auth.get_claims()
    assert claims is not None
    assert claims["claims"].get("sub") == answer.user.id
    me = client.auth.get_user()
    assert me is not None
    assert me.user.id == answer.user.id


def test_what_the_client_is_told_when_a_sign_up_is_refused(clients: Clients) -> None:
    client = clients.anon()
    client.auth.sign_up({"email": "ann@example.com", "password": PASSWORD})
    with pytest.raises(AuthApiError) as taken:
        client.auth.sign_up({"email": "ann@example.com", "password": PASSWORD})
    assert (taken.value.status, taken.value.code) == (422, "user_already_exists")
    with pytest.raises(AuthWeakPasswordError) as weak:
        client.auth.sign_up({"email": "bob@example.com", "password": "12345"})
    assert weak.value.reasons == ["length"]
    with pytest.raises(AuthApiError) as invalid:
        client.auth.sign_up({"email": "bob", "password": PASSWORD})
    assert (invalid.value.status, invalid.value.code) == (400, "validation_failed")


def test_the_right_password_signs_in_and_a_wrong_one_does_not(clients: Clients) -> None:
    client = clients.anon()
    signed_up = client.auth.sign_up({"email": "ann@example.com", "password": PASSWORD})
    again = clients.anon().auth.sign_in_with_password(
        {"email": "ann@example.com", "password": PASSWORD}
    )
    assert again.user is not None
    assert signed_up.user is not None
    assert again.user.id == signed_up.user.id
    with pytest.raises(AuthApiError) as wrong:
        clients.anon().auth.sign_in_with_password(
            {"email": "ann@example.com", "password": "wrong password"}
        )
    assert (wrong.value.status, wrong.value.code) == (400, "invalid_credentials")


def test_a_refresh_rotates_and_a_stolen_token_ends_the_session(
    clients: Clients, wall: WallClock
) -> None:
    client = clients.anon()
    first = client.auth.sign_in_anonymously().session
    assert first is not None
    second = client.auth.refresh_session().session
    assert second is not None
    assert second.refresh_token != first.refresh_token
    within_grace = clients.anon().auth.refresh_session(first.refresh_token).session
    assert within_grace is not None
    assert within_grace.refresh_token == second.refresh_token
    wall.jump(11)
    with pytest.raises(AuthApiError) as reused:
        clients.anon().auth.refresh_session(first.refresh_token)
    assert (reused.value.status, reused.value.code) == (400, "refresh_token_already_used")
    with pytest.raises(AuthApiError) as ended:
        clients.anon().auth.refresh_session(second.refresh_token)
    assert ended.value.code == "session_not_found"


def test_after_sign_out_the_session_is_gone(clients: Clients) -> None:
    client = clients.anon()
    session = client.auth.sign_in_anonymously().session
    assert session is not None
    client.auth.sign_out()
    with pytest.raises(AuthApiError) as gone:
        clients.anon().auth.get_user(session.access_token)
    assert (gone.value.status, gone.value.code) == (403, "session_not_found")
    with pytest.raises(AuthApiError) as refused:
        clients.anon().auth.refresh_session(session.refresh_token)
    assert refused.value.code == "refresh_token_not_found"


def test_an_administrator_creates_lists_gets_changes_and_deletes(clients: Clients) -> None:
    admin = clients.service().auth.admin
    made = admin.create_user(
        {"email": "ann@example.com", "password": PASSWORD, "email_confirm": True}
    ).user
    with pytest.raises(AuthApiError) as exists:
        admin.create_user({"email": "ann@example.com", "password": PASSWORD})
    assert (exists.value.status, exists.value.code) == (422, "email_exists")
    assert [user.id for user in admin.list_users()] == [made.id]
    assert admin.list_users(page=2, per_page=1) == []
    assert admin.get_user_by_id(made.id).user.email == "ann@example.com"
    changed = admin.update_user_by_id(made.id, {"app_metadata": {"role": "manager"}})
    assert changed.user.app_metadata["role"] == "manager"
    signed_in = clients.anon().auth.sign_in_with_password(
        {"email": "ann@example.com", "password": PASSWORD}
    )
    assert signed_in.session is not None
    admin.delete_user(made.id)
    with pytest.raises(AuthApiError) as missing:
        admin.get_user_by_id(made.id)
    assert (missing.value.status, missing.value.code) == (404, "user_not_found")
    with pytest.raises(AuthApiError) as gone:
        clients.anon().auth.get_user(signed_in.session.access_token)
    assert (gone.value.status, gone.value.code) == (403, "user_not_found")


def test_a_user_changes_its_own_data_through_the_client(clients: Clients) -> None:
    client = clients.anon()
    client.auth.sign_up({"email": "ann@example.com", "password": PASSWORD})
    changed = client.auth.update_user({"data": {"name": "Ann"}})
    assert changed.user.user_metadata == {"name": "Ann"}
    client.auth.refresh_session()
    claims = client.auth.get_claims()
    assert claims is not None
    assert claims["claims"]["user_metadata"] == {"name": "Ann"}  # pyright: ignore[reportGeneralTypeIssues]


def test_with_the_anon_key_nobody_is_an_administrator(clients: Clients) -> None:
    with pytest.raises(AuthApiError) as refused:
        clients.anon().auth.admin.list_users()
    assert (refused.value.status, refused.value.code) == (403, "not_admin")
