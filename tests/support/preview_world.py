"""The world of the preview: models by provider, what is bad with them, services under test."""

from datetime import UTC, datetime

from services.accounts.types import UserType
from services.e2e.types import Cause, CellStatus
from services.targets.types import Target

NOW = datetime.now(UTC).replace(microsecond=0)
PROVIDERS = {
    "OpenAI": ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "o4-mini"],
    "Anthropic": ["claude-sonnet-4", "claude-haiku-3.5"],
    "DeepSeek": ["deepseek-chat", "deepseek-reasoner", "ds-v3", "ds-r1"],
    "Qwen": ["qwen-max", "qwen-plus", "qwen-turbo"],
    "Zhipu": ["glm-4", "glm-4-air"],
    "Moonshot": ["kimi-k2"],
    "Google": ["gemini-2.5-pro", "gemini-2.5-flash"],
    "xAI": ["grok-3"],
    "Demo": ["demo-thinking"],
}
MODELS = [(key, provider) for provider, keys in PROVIDERS.items() for key in keys]
BAD = {
    "deepseek-chat": (CellStatus.FAILED, Cause.PROVIDER, "HTTP 503"),
    "deepseek-reasoner": (CellStatus.FAILED, Cause.PROVIDER, "HTTP 503"),
    "ds-v3": (CellStatus.FAILED, Cause.PROVIDER, "HTTP 503"),
    "ds-r1": (CellStatus.FAILED, Cause.PROVIDER, "HTTP 503"),
    "qwen-max": (CellStatus.BAD_STRUCTURE, Cause.MODEL, "phase_id_not_start_from_1"),
    "glm-4": (CellStatus.SLOW, Cause.NONE, ""),
    "gemini-2.5-pro": (CellStatus.LIMITED, Cause.PROVIDER, "rate_limited"),
}
TYPES = (UserType.ANONYMOUS, UserType.PERMANENT)

TARGETS = [
    Target(
        1,
        "This console",
        "http://127.0.0.1:9999/api/v1",
        "http://127.0.0.1:9999",
        is_self=True,
        is_current=True,
        anon_key="eyJhbGciOiJFUzI1NiJ9.anon.signature",
        service_key="eyJhbGciOiJFUzI1NiJ9.service.signature",
    ),
    Target(
        2,
        "生产",
        "https://api.gymbro.example/api/v1",
        "https://abcdefgh.supabase.example",
        colour="orange",
        is_production=True,
        anon_key="sb_publishable_abcdefghijkl",
        user_email="e2e@gymbro.example",
    ),
    Target(
        3,
        "预发布",
        "https://staging.gymbro.example/api/v1",
        "https://staging.supabase.example",
        "teal",
    ),
]
