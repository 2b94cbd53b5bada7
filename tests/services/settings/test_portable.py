"""Settings in a file: written whole, read back equal, looked at before anything changes."""

import json
from dataclasses import asdict, fields
from typing import Any

import pytest

from services.foundation.errors import InputError
from services.settings import portable
from services.settings.service import Settings
from services.settings.types import AppSettings, Preferences
from tests.support.clock import FakeClock


def _file(**groups: Any) -> bytes:
    return json.dumps({"format": portable.FORMAT, "version": 1, **groups}).encode()


def test_a_file_has_every_setting_and_nothing_that_is_secret(clock: FakeClock) -> None:
    document = json.loads(portable.written(Preferences(), AppSettings(), clock.now()))
    assert set(document["console"]) == {one.name for one in fields(Preferences)}
    assert set(document["gateway"]) == {one.name for one in fields(AppSettings)}
    names = {*document["console"], *document["gateway"]}
    assert not [n for n in names if "key" in n or "password" in n or "secret" in n]


def test_what_was_written_changes_nothing_when_it_is_read(clock: FakeClock) -> None:
    content = portable.written(Preferences(), AppSettings(), clock.now())
    plan = portable.read(content, Preferences(), AppSettings())
    assert (plan.changes, plan.problems) == ((), ())


async def test_a_file_is_applied_and_taken_back(settings: Settings) -> None:
    before = asdict(settings.preferences)
    plan = settings.read_file(
        _file(
            console={"audit_days": 1, "backups_kept": 3, "log_file_mb": 900, "push_enabled": True},
            gateway={"prompt_mode": "passthrough"},
        )
    )
    assert [(c.group, c.name, c.after) for c in plan.changes] == [
        ("console", "backups_kept", 3),
        ("gateway", "prompt_mode", "passthrough"),
    ]
    assert [str(one) for one in plan.problems] == [
        "audit_days is not a setting this program knows",
        "log_file_mb: Must be a whole number from 1 to 200, not 900",
    ]
    assert asdict(settings.preferences) == before  # only looked at
    await settings.apply(plan)
    assert settings.preferences.backups_kept == 3
    assert settings.app.prompt_mode == "passthrough"
    await settings.apply(plan, back=True)
    assert asdict(settings.preferences) == before
    assert settings.app == AppSettings()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 200_000,
        b"{}" + b" " * portable.BYTES_MAX,
        json.dumps({"format": portable.FORMAT, "version": 2}).encode(),
        json.dumps({"format": "other", "version": 1}).encode(),
    ],
)
def test_what_is_no_such_file_is_refused_before_it_does_anything(content: bytes) -> None:
    with pytest.raises(InputError):
        portable.read(content, Preferences(), AppSettings())


def test_a_group_of_another_shape_is_named() -> None:
    plan = portable.read(_file(console=[1], gateway="x"), Preferences(), AppSettings())
    assert len(plan.problems) == 2
    assert plan.changes == ()
