"""Folding what is broken into root causes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from components.dashboard.broke import trouble_text
from components.dashboard.dots import entries
from components.dashboard.root_cause import root_cause_text
from components.dashboard.troubles import fold
from components.words import speaking
from services.accounts.types import UserType
from services.e2e.types import Cause, CellStatus, Dot, Health
from tests.support.e2e_views import NOW, a_health, a_schedule

SINCE = NOW - timedelta(hours=9)


def a_dot(key: str, status: CellStatus = CellStatus.FAILED, **more: object) -> Dot:
    dot = Dot(
        model_key=key,
        user_type=UserType.ANONYMOUS,
        status=status,
        cause=Cause.PROVIDER,
        at=NOW,
        error="upstream_http_503:busy",
        latency_ms=900,
        ttft_ms=None,
        cell_id=7,
        is_demo=False,
        provider="DeepSeek",
        streak=3,
        since=SINCE,
    )
    return replace(dot, **more)  # type: ignore[arg-type]


def a_state(*dots: Dot, sign_in_down: str = "") -> Health:
    keys = tuple(dict.fromkeys(dot.model_key for dot in dots))
    return Health(dots, keys, len(dots), 0, 0, NOW, None, sign_in_down=sign_in_down)


def test_one_provider_down_is_one_line_however_many_models_it_hit():
    both = [a_dot(f"ds-{n}", user_type=kind, streak=n + 1) for n in range(4) for kind in UserType]
    (trouble,) = fold(a_state(*both))
    assert trouble.models == ("ds-0", "ds-1", "ds-2", "ds-3")
    assert (trouble.cells, trouble.streak, trouble.since) == (8, 4, SINCE)
    with speaking("en"):
        assert trouble_text(trouble, "UTC", NOW) == (
            "Provider DeepSeek · 4 models · HTTP 503 · since 00:14 (4 in a row)"
        )


def test_two_providers_are_two_lines():
    found = fold(a_state(a_dot("a"), a_dot("b", provider="Qwen")))
    assert [one.provider for one in found] == ["DeepSeek", "Qwen"]


def test_a_gateway_fault_is_not_split_by_provider():
    dots = [a_dot(p, provider=p, cause=Cause.GATEWAY, error="internal_error") for p in "ABC"]
    (trouble,) = fold(a_state(*dots))
    assert trouble.provider == ""
    assert len(trouble.models) == 3


def test_different_reasons_are_said_to_be_several():
    (trouble,) = fold(a_state(a_dot("a"), a_dot("b", error="upstream_timeout")))
    with speaking("en"):
        assert "several reasons" in trouble_text(trouble, "UTC", NOW)


def test_failures_stand_before_slow_ones():
    slow = a_dot("slow", CellStatus.SLOW, cause=Cause.NONE, error="", provider="Zhipu")
    found = fold(a_state(slow, a_dot("bad")))
    assert [one.status for one in found] == [CellStatus.FAILED, CellStatus.SLOW]
    with speaking("en"):
        assert trouble_text(found[1], "UTC", NOW).startswith("Slow · Zhipu · slow · since")


def test_a_sign_in_that_is_down_is_one_banner_in_place_of_24_reds():
    dots = [a_dot(f"m{n}", CellStatus.SIGNIN_FAILED, cause=Cause.SIGNIN) for n in range(24)]
    health = a_state(*dots, a_dot("bad"), sign_in_down="anonymous_auth_failed")
    assert [one.models for one in fold(health)] == [("bad",)]
    with speaking("en"):
        assert root_cause_text(health, "UTC").startswith("JWT issuance down, 24 checks not judged")
    shown = {model["key"]: model["dots"] for model in entries(health, a_schedule())}
    tones = {dot["tone"] for key, dots in shown.items() if key != "bad" for dot in dots}
    assert tones == {"none"}
    assert next(one["key"] for one in entries(health, a_schedule())) == "bad"


def test_an_offline_machine_blames_nobody_for_what_failed_since():
    early = NOW - timedelta(hours=1)
    before = replace(a_dot("before"), at=early)
    dots = [replace(a_dot(f"m{n}", cause=Cause.GATEWAY), at=NOW) for n in range(3)]
    state = a_state(before, *dots)
    health = replace(state, offline_since=NOW - timedelta(minutes=5), waiting_until=NOW)
    assert [one.models for one in fold(health)] == [("before",)]
    with speaking("en"):
        text = root_cause_text(health, "UTC")
    assert text.startswith("This machine has been offline since ")
    assert "3 checks not judged, the scheduled check waits, until " in text


def test_without_such_a_cause_there_is_no_banner():
    assert root_cause_text(a_state(a_dot("bad")), "UTC") == ""


def test_good_and_open_cells_are_no_trouble():
    dots = [
        a_dot("m", status) for status in (CellStatus.OK, CellStatus.RUNNING, CellStatus.NOT_RUN)
    ]
    assert fold(a_state(*dots)) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_trouble_of_a_believable_day_has_a_sentence(language: str):
    with speaking(language):
        for trouble in fold(a_health(40)):
            assert trouble_text(trouble, "Asia/Shanghai", NOW).count(" · ") >= 2
