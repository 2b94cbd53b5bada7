"""Env (fixed at start) and the two sets of settings an operator may change while it runs."""

from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.foundation.messages import Message


class ResultMode(StrEnum):
    """What the gateway does to a supplier's text on its way to the app."""

    XML_PLAINTEXT = "xml_plaintext"  # repaired while passing
    RAW_PASSTHROUGH = "raw_passthrough"  # as it is
    AUTO = "auto"


class PromptMode(StrEnum):
    """Who writes the system message."""

    SERVER = "server"
    PASSTHROUGH = "passthrough"


class OutputProtocol(StrEnum):
    """The structure replies are delivered and judged in."""

    THINKINGML = "thinkingml_v45"
    JSONSEQ = "jsonseq_v1"


class AnonMethod(StrEnum):
    """How an anonymous token is asked for; auto is native first, then edge."""

    AUTO = "auto"
    NATIVE = "native"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The row of dashboard_config: what an operator changes on the pages (contract 10.3)."""

    websocket_push_interval: int = 10  # seconds, 1..300
    http_poll_interval: int = 30  # seconds, 5..600
    push_enabled: bool = True  # off: pages fetch changes instead of keeping a connection open
    log_retention_size: int = 100  # entries, 10..1000
    log_level: str = "INFO"  # what is recorded: this and what is worse
    log_file_mb: int = 10  # a log file's size before the next begins, 1..200
    log_files_kept: int = 5  # full files beside the present one, 1..50
    e2e_enabled: bool = True
    e2e_interval_hours: int | None = None  # 3..24; None: once a day at e2e_daily_time
    e2e_daily_time: str = "05:00"  # HH:MM in e2e_timezone
    e2e_timezone: str = "UTC"  # IANA name; the machine's own at first start
    e2e_prompt_text: str = "每日测试连通性和tools工具可用性"  # 1..500 characters
    e2e_result_mode: ResultMode = ResultMode.RAW_PASSTHROUGH
    e2e_tool_choice: str | None = None  # None or "auto"
    e2e_anon_method: AnonMethod = AnonMethod.AUTO
    e2e_user_types: tuple[str, ...] = ("anonymous", "permanent")
    e2e_model_timeout_s: int = 120  # total per model, 10..600
    e2e_launch_timeout_s: int = 1800  # 60..7200
    e2e_slow_total_ms: int = 30_000  # over this a good reply is "slow", 100..600000
    e2e_slow_ttft_ms: int = 10_000  # 100..600000
    e2e_strict: bool = False  # strict structure reasons fail a cell
    jwt_probe_interval_hours: int = 36  # 1..168
    request_tracing_enabled: bool = False
    endpoint_probe_enabled: bool = True  # look at every endpoint by itself
    endpoint_probe_interval_s: int = 600  # 10..86400
    retention_days: int = 30  # of messages and conversations, 1..365
    retention_e2e_days: int = 30  # 1..3650, like the next three
    retention_executions_days: int = 30
    retention_audit_days: int = 30
    retention_stats_days: int = 30
    retention_load_days: int = 30  # of load tests, their calls and single conversations
    retention_remote_days: int = 30  # of the figures by day in Supabase
    backup_daily: bool = True  # a copy of the whole database each day
    backups_kept: int = 7  # 1..100
    max_concurrency: int = 200  # 1..1000
    max_executions: int = 20  # executions at once, over all kinds, 1..200
    login_on_loopback: bool = False  # this machine signs in too, once there is a password
    session_idle_hours: int = 12  # a sign-in ends without anything done, 1..168
    session_days: int = 7  # and at the latest, 1..90

    @property
    def daily_time(self) -> time:
        """The daily time as a time of day."""
        hour, minute = self.e2e_daily_time.split(":")
        return time(int(hour), int(minute))


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The rows of llm_app_settings that steer the gateway (contract 6.4)."""

    default_result_mode: ResultMode = ResultMode.RAW_PASSTHROUGH
    prompt_mode: PromptMode = PromptMode.SERVER
    app_output_protocol: OutputProtocol = OutputProtocol.THINKINGML
    web_search_enabled: bool = False
    web_search_provider: str = "exa"


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Guards of contract 13; a count of 0 or less turns that guard off."""

    enabled: bool = True  # RATE_LIMIT_ENABLED
    user_qps: int = 10
    user_daily: int = 1000
    anonymous_qps: int = 5
    anonymous_daily: int = 1000
    ip_qps: int = 20
    ip_daily: int = 2000
    failure_threshold: int = 10
    cooldown_s: int = 300
    cooldown_mode: str = "auth"  # auth, all or off
    trusted_proxies: tuple[str, ...] = ()
    streams_per_user: int = 2
    streams_per_anonymous: int = 2
    streams_per_conversation: int = 1


@dataclass(frozen=True, slots=True)
class JwtRules:
    """What a token must be to be accepted (contract 8)."""

    supabase_issuer: str = ""
    allowed_issuers: tuple[str, ...] = ()
    audience: str = ""  # empty: the Supabase audience or project id; embedded: authenticated
    jwks_url: str = ""
    static_jwk: str = ""
    hmac_secret: str = field(default="", repr=False)
    clock_skew_s: int = 120
    max_future_iat_s: int = 120
    require_nbf: bool = False
    jwks_ttl_s: int = 900  # at least 60


@dataclass(frozen=True, slots=True)
class SupabaseEnv:
    """The project named by the environment; empty url means none."""

    url: str = ""
    anon_key: str = field(default="", repr=False)
    service_key: str = field(default="", repr=False)
    project_id: str = ""
    keepalive_minutes: int = 10  # 0: SUPABASE_KEEPALIVE_ENABLED is false


@dataclass(frozen=True, slots=True)
class E2eEnv:
    """Environment values of the E2E client (contract 15); empty means not set."""

    api_base: str = ""
    supabase_url: str = ""
    anon_key: str = field(default="", repr=False)
    service_key: str = field(default="", repr=False)
    email_domain: str = "example.com"
    user_email: str = ""
    user_password: str = field(default="", repr=False)
    anon_method: str = ""
    prompt_text: str = ""
    result_mode: str = ""
    stream_timeout_s: int | None = None
    max_events: int = 4000
    validate_structure: bool = True
    cleanup_user: bool = True


@dataclass(frozen=True, slots=True)
class FirstEndpoint:
    """AI_PROVIDER, AI_MODEL, AI_API_BASE_URL, AI_API_KEY: one endpoint made at the first start."""

    provider: str = ""
    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Env:
    """Everything fixed at start: read once from the environment and the command line."""

    host: str
    port: int
    data_dir: Path  # absolute
    database_url: str  # sqlite:////abs/path or postgresql+psycopg://…
    database_path: Path | None  # absolute file, None with PostgreSQL
    database_source: (
        str  # which setting chose it: DATABASE_URL, SQLITE_DB_PATH, --data-dir, default
    )
    public_url: str  # origin without a trailing slash
    runtime_dir: Path  # AI_RUNTIME_STORAGE_DIR or data/storage/ai_runtime
    embedded_auth: bool  # whether signup, token and admin are served
    rate_limits: RateLimits
    jwt: JwtRules
    supabase: SupabaseEnv
    e2e: E2eEnv
    first_endpoint: FirstEndpoint
    llm_admin_uids: tuple[str, ...] = ()
    allow_test_endpoints: bool = False
    anon_enabled: bool = True
    policy_gate: bool = True  # POLICY_GATE_ENABLED: anonymous users are told so on admin paths
    strict_routing: bool = True  # AI_STRICT_MODEL_ROUTING: never another model than the mapping's
    monitor_probe: bool = True  # ENDPOINT_MONITOR_PROBE_ENABLED, until the pages say otherwise
    console_password: str = field(default="", repr=False)  # GYMBRO_PASSWORD, of account operator
    exa_api_key: str = field(default="", repr=False)
    vault_place: str = "auto"  # SECRETS_STORE: auto, keyring, file
    shared_secrets: Path | None = None  # GYMBRO_SECRETS_DIR: one folder for several consoles
    mail_api_base: str = ""  # MAIL_API_BASE_URL: makes mailboxes for test users
    mail_api_key: str = field(default="", repr=False)
    http_timeout_s: float = 10.0
    heartbeat_s: float = 5.0  # SSE_HEARTBEAT_SECONDS, at least 0.5
    auth_signups_per_hour: int = 30
    cors_origins: tuple[str, ...] = ("*",)
    open_browser: bool = True
    native_window: bool = False  # --native: the pages in a window of their own
    zone: str = ""  # TZ, when it names one

    @property
    def backups_dir(self) -> Path:
        """Where verified copies of the database go."""
        return self.data_dir / "backups"

    @property
    def secrets_dir(self) -> Path:
        """Where keys live, mode 0700."""
        return self.shared_secrets or self.data_dir / "secrets"

    @property
    def logs_dir(self) -> Path:
        """Where log files go."""
        return self.data_dir / "logs"

    @property
    def embedded_auth_url(self) -> str:
        """The origin of the embedded sign-in service, as a Supabase project URL."""
        return self.public_url


@dataclass(frozen=True, slots=True)
class FileChange:
    """One setting that a file sets to another value."""

    group: str  # console or gateway
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What a file of settings would change, and what of it cannot be used."""

    changes: tuple[FileChange, ...]
    problems: tuple[Message, ...] = ()

    def patch(self, group: str, *, back: bool = False) -> dict[str, Any]:
        """Return the new values of a group by name, or with `back` the ones before."""
        return {c.name: c.before if back else c.after for c in self.changes if c.group == group}
