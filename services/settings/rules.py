"""Pure: is a changed setting acceptable, and what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.foundation.errors import InputError
from services.settings.types import (
    AnonMethod,
    AppSettings,
    OutputProtocol,
    Preferences,
    PromptMode,
    ResultMode,
)

Check = Callable[[str, Any], Any]


def _whole(low: int, high: int, *, nullable: bool = False) -> Check:
    def check(name: str, value: Any) -> Any:
        if nullable and value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InputError(
                "Must be a whole number from {low} to {high}, not {value}",
                field=name,
                low=low,
                high=high,
                value=str(value)[:40],
            )
        return value

    return check


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError("Must be on or off, not {value}", field=name, value=str(value)[:40])
    return value


def _choice(kind: type[StrEnum]) -> Check:
    def check(name: str, value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise InputError(
                "Must be one of {choices}, not {value}",
                field=name,
                choices=", ".join(kind),
                value=str(value)[:40],
            ) from None

    return check


def _daily_time(name: str, value: Any) -> str:
    parts = value.split(":") if isinstance(value, str) else []
    if (
        len(parts) == 2
        and all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts)
        and int(parts[0]) < 24
        and int(parts[1]) < 60
    ):
        return str(value)
    raise InputError(
        "Must be a time of day such as 05:00, not {value}", field=name, value=str(value)[:40]
    )


def _zone(name: str, value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, KeyError):
        raise InputError(
            "Not a known time zone: {value}. Use a name such as Asia/Shanghai",
            field=name,
            value=str(value)[:40],
        ) from None


def _sentence(name: str, value: Any) -> str:
    if isinstance(value, str) and len(value.strip()) >= 1 and len(value) <= 500:
        return value
    raise InputError("Must be a text of 1 to 500 characters", field=name)


def _tool_choice(name: str, value: Any) -> str | None:
    if value in (None, "auto", "none", "required"):
        return value
    raise InputError("Must be empty, auto, none or required", field=name)


def _log_level(name: str, value: Any) -> str:
    known = ("DEBUG", "INFO", "WARNING", "ERROR")
    if value in known:
        return str(value)
    raise InputError(
        "Must be one of {choices}, not {value}",
        field=name,
        choices=", ".join(known),
        value=str(value)[:40],
    )


def _user_types(name: str, value: Any) -> tuple[str, ...]:
    known = ("anonymous", "permanent")
    if isinstance(value, list | tuple):
        chosen = tuple(kind for kind in known if kind in value)
        if chosen and len(chosen) == len(set(value)):  # pyright: ignore[reportUnknownArgumentType]
            return chosen
    raise InputError("Choose anonymous, permanent or both", field=name)


_PREFERENCES: dict[str, Check] = {
    "websocket_push_interval": _whole(1, 300),
    "http_poll_interval": _whole(5, 600),
    "push_enabled": _flag,
    "log_retention_size": _whole(10, 1000),
    "log_level": _log_level,
    "log_file_mb": _whole(1, 200),
    "log_files_kept": _whole(1, 50),
    "e2e_enabled": _flag,
    "e2e_interval_hours": _whole(3, 24, nullable=True),
    "e2e_daily_time": _daily_time,
    "e2e_timezone": _zone,
    "e2e_prompt_text": _sentence,
    "e2e_result_mode": _choice(ResultMode),
    "e2e_tool_choice": _tool_choice,
    "e2e_anon_method": _choice(AnonMethod),
    "e2e_user_types": _user_types,
    "e2e_model_timeout_s": _whole(10, 600),
    "e2e_launch_timeout_s": _whole(60, 7200),
    "e2e_slow_total_ms": _whole(100, 600_000),
    "e2e_slow_ttft_ms": _whole(100, 600_000),
    "e2e_strict": _flag,
    "jwt_probe_interval_hours": _whole(1, 168),
    "request_tracing_enabled": _flag,
    "endpoint_probe_enabled": _flag,
    "endpoint_probe_interval_s": _whole(10, 86_400),
    "retention_days": _whole(1, 365),
    "retention_e2e_days": _whole(1, 3650),
    "retention_executions_days": _whole(1, 3650),
    "retention_audit_days": _whole(1, 3650),
    "retention_stats_days": _whole(1, 3650),
    "retention_load_days": _whole(1, 3650),
    "retention_remote_days": _whole(1, 3650),
    "backup_daily": _flag,
    "backups_kept": _whole(1, 100),
    "max_concurrency": _whole(1, 1000),
    "max_executions": _whole(1, 200),
    "login_on_loopback": _flag,
    "session_idle_hours": _whole(1, 168),
    "session_days": _whole(1, 90),
}
_APP: dict[str, Check] = {
    "default_result_mode": _choice(ResultMode),
    "prompt_mode": _choice(PromptMode),
    "app_output_protocol": _choice(OutputProtocol),
    "web_search_enabled": _flag,
    "web_search_provider": _choice(StrEnum("_Provider", {"EXA": "exa"})),
}
assert set(_PREFERENCES) == {field.name for field in fields(Preferences)}
assert set(_APP) == {field.name for field in fields(AppSettings)}


def change_preferences(current: Preferences, patch: Mapping[str, Any]) -> Preferences:
    """Return the preferences with the patch applied; unknown keys are ignored; raise InputError."""
    known = {name: _PREFERENCES[name](name, patch[name]) for name in patch if name in _PREFERENCES}
    return replace(current, **known)


def change_app_settings(current: AppSettings, patch: Mapping[str, Any]) -> AppSettings:
    """Return the settings with the patch applied; raise InputError, also for an unknown key."""
    for name in patch:
        if name not in _APP:
            raise InputError("Unknown setting {name}", field=name, name=name)
    return replace(current, **{name: _APP[name](name, patch[name]) for name in patch})


def read_preferences(base: Preferences, stored: Mapping[str, Any]) -> tuple[Preferences, list[str]]:
    """Return what is stored over the base, and a sentence for each stored value that is not usable."""
    return _read(_PREFERENCES, base, stored)


def read_app_settings(
    base: AppSettings, stored: Mapping[str, Any]
) -> tuple[AppSettings, list[str]]:
    """Return what is stored over the base, and a sentence for each stored value that is not usable."""
    return _read(_APP, base, stored)


def _read(
    checks: Mapping[str, Check], base: Any, stored: Mapping[str, Any]
) -> tuple[Any, list[str]]:
    good: dict[str, Any] = {}
    bad: list[str] = []
    for name, check in checks.items():
        if name not in stored:
            continue
        try:
            good[name] = check(name, stored[name])
        except InputError as error:
            bad.append(f"{name}: {error}")
    return replace(base, **good), bad
