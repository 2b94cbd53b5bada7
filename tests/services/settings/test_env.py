"""Env: what the environment and the command line give, and what they may not give."""

from pathlib import Path

import pytest

from services.foundation.errors import InputError
from services.settings.env import read_env


def read(**values: str):
    return read_env(data_dir="/tmp/never-made", values=values)


def test_nothing_configured_gives_safe_defaults() -> None:
    env = read()
    assert (env.host, env.port, env.public_url) == ("127.0.0.1", 9999, "http://127.0.0.1:9999")
    assert env.database_url == "sqlite:////tmp/never-made/gymbro.sqlite3"
    assert env.embedded_auth
    assert env.rate_limits.enabled
    assert env.strict_routing


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    values = {"GYMBRO_PORT": "1234", "GYMBRO_DATA_DIR": "/elsewhere", "GYMBRO_HOST": "::1"}
    env = read_env(port=4321, data_dir=str(tmp_path), host="127.0.0.1", values=values)
    assert (env.host, env.port, env.data_dir) == ("127.0.0.1", 4321, tmp_path)
    assert env.database_source == "--data-dir"


def test_sqlite_db_path_names_the_file_and_database_url_wins_over_both() -> None:
    env = read(SQLITE_DB_PATH="/a/b.sqlite3")
    assert (str(env.database_path), env.database_source) == ("/a/b.sqlite3", "SQLITE_DB_PATH")
    env = read(SQLITE_DB_PATH="/a/b.sqlite3", DATABASE_URL="postgres://u:p@localhost/x")
    assert env.database_url == "postgresql+psycopg://u:p@localhost/x"
    assert (env.database_path, env.database_source) == (None, "DATABASE_URL")


def test_an_empty_value_counts_as_not_set() -> None:
    env = read(GYMBRO_PORT="", SUPABASE_URL="  ", RATE_LIMIT_ENABLED="")
    assert env.port == 9999
    assert env.embedded_auth


def test_a_supabase_project_gives_addresses_and_switches_the_embedded_sign_in_off() -> None:
    env = read(SUPABASE_PROJECT_ID="abc", SUPABASE_ANON_KEY="k")
    assert env.supabase.url == "https://abc.supabase.co"
    assert env.jwt.jwks_url == "https://abc.supabase.co/auth/v1/.well-known/jwks.json"
    assert env.jwt.supabase_issuer == "https://abc.supabase.co/auth/v1"
    assert not env.embedded_auth
    assert read(SUPABASE_PROJECT_ID="abc", EMBEDDED_AUTH="on").embedded_auth


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GYMBRO_PORT", "abc"),
        ("GYMBRO_PORT", "0"),
        ("SUPABASE_URL", "foo"),
        ("SUPABASE_URL", "https://user:pass@host"),
        ("SUPABASE_JWKS_URL", "file:///etc/passwd"),
        ("E2E_API_BASE", "localhost:9999"),
        ("E2E_SUPABASE_URL", "ftp://x"),
        ("RATE_LIMIT_COOLDOWN_MODE", "maybe"),
        ("RATE_LIMIT_PER_USER_QPS", "many"),
        ("E2E_STREAM_TIMEOUT", "-1"),
        ("E2E_STREAM_TIMEOUT", "9999"),
        ("E2E_MAX_EVENTS", "0"),
        ("E2E_RESULT_MODE", "pretty"),
        ("E2E_ANON_METHOD", "magic"),
        ("EMBEDDED_AUTH", "perhaps"),
        ("HTTP_TIMEOUT_SECONDS", "soon"),
        ("PUBLIC_URL", "https://host/path"),
        ("DATABASE_URL", "mysql://x"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        read(**{name: value})
    assert name in str(caught.value) or caught.value.field == "port"


def test_no_secret_shows_when_the_settings_are_printed() -> None:
    secrets = {
        "SUPABASE_ANON_KEY": "canary-anon",
        "SUPABASE_SERVICE_ROLE_KEY": "canary-service",
        "SUPABASE_JWT_SECRET": "canary-jwt",
        "E2E_USER_PASSWORD": "canary-password",
        "AI_API_KEY": "canary-ai",
        "EXA_API_KEY": "canary-exa",
    }
    assert "canary" not in repr(read(**secrets))
