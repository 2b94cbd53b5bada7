"""Env read once from the environment; nobody else reads it."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from services.foundation.errors import InputError
from services.settings.types import (
    E2eEnv,
    Env,
    FirstEndpoint,
    JwtRules,
    RateLimits,
    SupabaseEnv,
)

DEFAULT_PORT = 9999
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
# Where a program of this session shows its windows.
_SESSION = (
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "LANG",
    "QT_QPA_PLATFORM", "QTWEBENGINE_CHROMIUM_FLAGS",
)  # fmt: skip
_ON_LOOPBACK_TOO = ("127.0.0.1", "localhost", "0.0.0.0", "::", "::1")  # names, no bind


class _Reader:
    """Typed access to one mapping of names; an empty value counts as not set."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, *names: str, default: str = "") -> str:
        for name in names:
            if value := self._values.get(name, "").strip():
                return value
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value in _TRUE or value in _FALSE:
            return value in _TRUE
        raise InputError(
            "{name} must be true or false, not {value}", field=name, name=name, value=value
        )

    def whole(self, name: str, default: int, low: int = -(2**31), high: int = 2**31) -> int:
        value = int(self.number(name, default, "a whole number"))
        if low <= value <= high:
            return value
        raise InputError(
            "{name} must be from {low} to {high}, not {value}",
            field=name, name=name, low=low, high=high, value=value,
        )  # fmt: skip

    def number(self, name: str, default: float, what: str = "a number") -> float:
        value = self.text(name)
        if not value:
            return default
        try:
            return int(value) if what == "a whole number" else float(value)
        except ValueError:
            raise InputError(
                "{name} must be {what}, not {value}", field=name, name=name, what=what, value=value
            ) from None

    def address(self, *names: str) -> str:
        """Return an http(s) URL without a closing slash, or an empty text."""
        for name in names:
            if value := self.text(name).rstrip("/"):
                parts = urlsplit(value)
                if parts.scheme in ("http", "https") and parts.hostname and not parts.username:
                    return value
                raise InputError(
                    "{name} must be an address such as https://host, without a user name",
                    field=name,
                    name=name,
                )
        return ""

    def choice(self, name: str, *allowed: str) -> str:
        """Return one of the words, the first of them when nothing is set."""
        value = self.text(name, default=allowed[0])
        if value in allowed:
            return value
        raise InputError(
            "{name} must be one of {choices}, not {value}",
            field=name, name=name, value=value,
            choices=", ".join(word for word in allowed if word),
        )  # fmt: skip

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return Path(value).expanduser().resolve() if value else None

    def items(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())


def read_env(
    *,
    host: str | None = None,
    port: int | None = None,
    data_dir: str | None = None,
    open_browser: bool = True,
    native_window: bool = False,
    values: Mapping[str, str] | None = None,
) -> Env:
    """Return the settings of this process; the command line wins over the environment.

    Raises InputError naming the variable whose value is wrong.
    """
    read = _Reader(os.environ if values is None else values)
    env = _read(read, host, port, data_dir)
    return replace(env, open_browser=open_browser, native_window=native_window)


def read_session() -> dict[str, str]:
    """Return the variables that say where this session's windows and language are."""
    return {name: os.environ[name] for name in _SESSION if os.environ.get(name)}


def with_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return this process's whole environment for a child, with these values over it."""
    return {**os.environ, **values}


def _read(read: _Reader, host: str | None, port: int | None, data_dir: str | None) -> Env:
    folder, folder_source = _data_dir(read, data_dir)
    url, path, source = _database(read, folder, folder_source)
    chosen_port = port if port is not None else read.whole("GYMBRO_PORT", DEFAULT_PORT)
    if not 0 < chosen_port < 65536:
        raise InputError(
            "The port must be from 1 to 65535, not {value}", field="port", value=chosen_port
        )
    supabase = _supabase(read)
    runtime = read.path("AI_RUNTIME_STORAGE_DIR")
    chosen_host = host or read.text("GYMBRO_HOST", default="127.0.0.1")
    return Env(
        host=chosen_host,
        port=chosen_port,
        data_dir=folder,
        database_url=url,
        database_path=path,
        database_source=source,
        public_url=_public_url(read, chosen_host, chosen_port),
        runtime_dir=runtime or folder / "storage" / "ai_runtime",
        embedded_auth=read.flag("EMBEDDED_AUTH", default=not supabase.url),
        rate_limits=_rate_limits(read),
        jwt=_jwt(read, supabase),
        supabase=supabase,
        e2e=_e2e(read),
        first_endpoint=_first_endpoint(read),
        llm_admin_uids=read.items("LLM_ADMIN_UIDS"),
        allow_test_endpoints=read.flag("ALLOW_TEST_AI_ENDPOINTS", default=False),
        anon_enabled=read.flag("ANON_ENABLED", default=True),
        policy_gate=read.flag("POLICY_GATE_ENABLED", default=True),
        strict_routing=read.flag("AI_STRICT_MODEL_ROUTING", default=True),
        monitor_probe=read.flag("ENDPOINT_MONITOR_PROBE_ENABLED", default=True),
        console_password=read.text("GYMBRO_PASSWORD"),
        exa_api_key=read.text("EXA_API_KEY"),
        shared_secrets=read.path("GYMBRO_SECRETS_DIR"),
        vault_place=read.choice("SECRETS_STORE", "auto", "keyring", "file"),
        mail_api_base=read.address("MAIL_API_BASE_URL"),
        mail_api_key=read.text("MAIL_API_KEY"),
        http_timeout_s=read.number("HTTP_TIMEOUT_SECONDS", 10.0),
        heartbeat_s=max(0.5, read.number("SSE_HEARTBEAT_SECONDS", 5.0)),
        auth_signups_per_hour=read.whole("AUTH_SIGNUPS_PER_HOUR", 30),
        cors_origins=read.items("CORS_ALLOW_ORIGINS") or ("*",),
        zone=read.text("TZ"),
    )


def _first_endpoint(read: _Reader) -> FirstEndpoint:
    return FirstEndpoint(
        provider=read.text("AI_PROVIDER"),
        model=read.text("AI_MODEL"),
        base_url=read.text("AI_API_BASE_URL"),
        api_key=read.text("AI_API_KEY"),
    )


def _data_dir(read: _Reader, given: str | None) -> tuple[Path, str]:
    if given:
        return Path(given).expanduser().resolve(), "--data-dir"
    if named := read.path("GYMBRO_DATA_DIR"):
        return named, "GYMBRO_DATA_DIR"
    if getattr(sys, "frozen", False):
        from platformdirs import user_data_path  # noqa: PLC0415  # only in the packaged app

        return user_data_path("GymBro Console", appauthor=False), "default"
    return Path(__file__).resolve().parents[2] / "data", "default"


def _database(read: _Reader, folder: Path, folder_source: str) -> tuple[str, Path | None, str]:
    if url := read.text("DATABASE_URL"):
        if not url.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
            raise InputError("DATABASE_URL must start with postgresql://", field="DATABASE_URL")
        return f"postgresql+psycopg://{url.split('://', 1)[1]}", None, "DATABASE_URL"
    named = read.path("SQLITE_DB_PATH")
    path = named or folder / "gymbro.sqlite3"
    return f"sqlite:///{path}", path, "SQLITE_DB_PATH" if named else folder_source


def _public_url(read: _Reader, host: str, port: int) -> str:
    given = read.text("PUBLIC_URL").rstrip("/")
    if not given:
        name = "127.0.0.1" if host in _ON_LOOPBACK_TOO else host  # nothing else may answer there
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise InputError(
            "PUBLIC_URL must be an origin such as https://console.example, not {value}",
            field="PUBLIC_URL",
            value=given,
        )
    return given


def _supabase(read: _Reader) -> SupabaseEnv:
    project = read.text("SUPABASE_PROJECT_ID")
    url = read.address("SUPABASE_URL")
    if not url and project:
        url = f"https://{project}.supabase.co"
    return SupabaseEnv(
        url=url,
        anon_key=read.text("SUPABASE_ANON_KEY"),
        service_key=read.text("SUPABASE_SERVICE_ROLE_KEY"),
        project_id=project,
        keepalive_minutes=max(1, read.whole("SUPABASE_KEEPALIVE_INTERVAL_MINUTES", 10))
        if read.flag("SUPABASE_KEEPALIVE_ENABLED", default=True)
        else 0,
    )


def _jwt(read: _Reader, supabase: SupabaseEnv) -> JwtRules:
    jwks = read.address("SUPABASE_JWKS_URL")
    if not jwks and supabase.url:
        jwks = f"{supabase.url}/auth/v1/.well-known/jwks.json"
    issuer = read.text("SUPABASE_ISSUER")
    if not issuer and supabase.url:
        issuer = f"{supabase.url}/auth/v1"
    return JwtRules(
        supabase_issuer=issuer,
        allowed_issuers=read.items("JWT_ALLOWED_ISSUERS"),
        audience=read.text("JWT_AUDIENCE", "SUPABASE_AUDIENCE", default=supabase.project_id),
        jwks_url=jwks,
        static_jwk=read.text("SUPABASE_JWK"),
        hmac_secret=read.text("SUPABASE_JWT_SECRET"),
        clock_skew_s=read.whole("JWT_CLOCK_SKEW_SECONDS", 120),
        max_future_iat_s=read.whole("JWT_MAX_FUTURE_IAT_SECONDS", 120),
        require_nbf=read.flag("JWT_REQUIRE_NBF", default=False),
        jwks_ttl_s=max(60, read.whole("JWKS_CACHE_TTL_SECONDS", 900)),
    )


def _rate_limits(read: _Reader) -> RateLimits:
    return RateLimits(
        enabled=read.flag("RATE_LIMIT_ENABLED", default=True),
        user_qps=read.whole("RATE_LIMIT_PER_USER_QPS", 10),
        user_daily=read.whole("RATE_LIMIT_PER_USER_DAILY", 1000),
        anonymous_qps=read.whole("RATE_LIMIT_ANONYMOUS_QPS", 5),
        anonymous_daily=read.whole("RATE_LIMIT_ANONYMOUS_DAILY", 1000),
        ip_qps=read.whole("RATE_LIMIT_PER_IP_QPS", 20),
        ip_daily=read.whole("RATE_LIMIT_PER_IP_DAILY", 2000),
        failure_threshold=read.whole("RATE_LIMIT_FAILURE_THRESHOLD", 10),
        cooldown_s=read.whole("RATE_LIMIT_COOLDOWN_SECONDS", 300),
        cooldown_mode=read.choice("RATE_LIMIT_COOLDOWN_MODE", "auth", "all", "off"),
        trusted_proxies=read.items("TRUSTED_PROXIES"),
        streams_per_user=read.whole("SSE_MAX_CONCURRENT_PER_USER", 2),
        streams_per_anonymous=read.whole("SSE_MAX_CONCURRENT_PER_ANONYMOUS_USER", 2),
        streams_per_conversation=read.whole("SSE_MAX_CONCURRENT_PER_CONVERSATION", 1),
    )


def _e2e(read: _Reader) -> E2eEnv:
    timeout = read.text("E2E_STREAM_TIMEOUT")
    return E2eEnv(
        api_base=read.address("E2E_API_BASE", "API_BASE"),
        supabase_url=read.address("E2E_SUPABASE_URL", "SUPABASE_URL"),
        anon_key=read.text("E2E_SUPABASE_ANON_KEY", "SUPABASE_ANON_KEY"),
        service_key=read.text("E2E_SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_ROLE_KEY"),
        email_domain=read.text("E2E_EMAIL_DOMAIN", default="example.com"),
        user_email=read.text("E2E_USER_EMAIL", "TEST_USER_EMAIL"),
        user_password=read.text("E2E_USER_PASSWORD", "TEST_USER_PASSWORD"),
        anon_method=read.choice("E2E_ANON_METHOD", "", "auto", "native", "edge"),
        prompt_text=read.text("E2E_DAILY_PROMPT_TEXT", "E2E_MESSAGE_TEXT"),
        result_mode=read.choice("E2E_RESULT_MODE", "", "raw_passthrough", "xml_plaintext", "auto"),
        stream_timeout_s=read.whole("E2E_STREAM_TIMEOUT", 120, 10, 600) if timeout else None,
        max_events=read.whole("E2E_MAX_EVENTS", 4000, 10, 100_000),
        validate_structure=read.flag("E2E_VALIDATE_THINKINGML", default=True),
        cleanup_user=read.flag("E2E_CLEANUP_USER", default=True),
    )
