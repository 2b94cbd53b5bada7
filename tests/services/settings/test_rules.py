"""Settings an operator changes: ranges, words, merging, what is stored badly."""

from dataclasses import replace
from typing import Any

import pytest

from db.engine import Database
from db.queries import config
from services.foundation.errors import InputError
from services.settings import rules
from services.settings.service import Settings
from services.settings.types import AppSettings, Env, Preferences
from tests.support.clock import FakeClock


@pytest.mark.parametrize("value", [3, 24, None])
def test_an_interval_of_3_to_24_hours_or_none_is_taken(value: int | None) -> None:
    assert (
        rules.change_preferences(Preferences(), {"e2e_interval_hours": value}).e2e_interval_hours
        == value
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("e2e_interval_hours", value) for value in (2, 25, 2.9, 3.5, "abc", "6", True, -1)),
        *(
            ("e2e_daily_time", value)
            for value in ("99:99", "24:00", "5:00", "05:60", 5, "", "٠٥:٠٠")
        ),
        *(("e2e_timezone", value) for value in ("Mars/Base", "", "../etc", None, "UTC\0")),
        *(("e2e_prompt_text", value) for value in ("", "   ", "x" * 501, 7)),
        ("e2e_enabled", "yes"),
        ("e2e_result_mode", "pretty"),
        ("e2e_user_types", []),
        ("e2e_user_types", ["robots"]),
        ("max_concurrency", 0),
        ("max_concurrency", 1001),
        ("websocket_push_interval", 0),
        ("http_poll_interval", 4),
        ("log_retention_size", 9),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(name: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        rules.change_preferences(Preferences(), {name: value})
    assert caught.value.field == name
    assert str(caught.value)


def test_unknown_preferences_are_ignored_and_unknown_app_settings_refused() -> None:
    assert rules.change_preferences(Preferences(), {"nonsense": 1}) == Preferences()
    with pytest.raises(InputError):
        rules.change_app_settings(AppSettings(), {"nonsense": 1})


async def test_a_change_is_merged_stored_and_announced(
    database: Database, clock: FakeClock, env: Env
) -> None:
    settings = Settings(database, clock, env, "Asia/Shanghai")
    settings.load()
    heard: list[Preferences] = []
    settings.changed.subscribe(heard.append)
    await settings.change({"e2e_interval_hours": 6})
    await settings.change({"request_tracing_enabled": True})
    again = Settings(database, clock, env, "Europe/Berlin")
    again.load()
    assert again.preferences == heard[-1] == settings.preferences
    assert again.preferences.e2e_interval_hours == 6
    assert again.preferences.e2e_timezone == "Asia/Shanghai"  # decided at the first start


async def test_a_stored_value_that_is_not_usable_is_reported_not_replaced_silently(
    database: Database, clock: FakeClock, env: Env
) -> None:
    settings = Settings(database, clock, env, "UTC")
    settings.load()
    await settings.change({"e2e_interval_hours": 6})
    database.write_now(lambda s: config.merge_config(s, {"e2e_interval_hours": 99}, clock.now()))
    again = Settings(database, clock, env, "UTC")
    again.load()
    assert again.preferences.e2e_interval_hours is None
    assert any("e2e_interval_hours" in problem for problem in again.problems)
    await again.change({"e2e_interval_hours": 12})
    assert again.problems == []


def test_the_environment_gives_the_first_values(
    database: Database, clock: FakeClock, env: Env
) -> None:
    settings = Settings(
        database,
        clock,
        replace(env, e2e=replace(env.e2e, prompt_text="ping", stream_timeout_s=30)),
        "UTC",
    )
    assert settings.preferences.e2e_prompt_text == "ping"
    assert settings.preferences.e2e_model_timeout_s == 30
