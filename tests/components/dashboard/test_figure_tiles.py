"""The tiles of the strip: honest about what was looked at, when, and what is not known."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from components.dashboard.figure_tiles import Seen, change_text, rate_text, tiles_of
from components.words import speaking
from services.stats.types import Calls, Figures
from tests.support.e2e_views import NOW, a_health

CONNECTED: dict[str, Any] = {
    "is_running": True,
    "healthy_endpoints": 11,
    "total_endpoints": 12,
    "last_check": (NOW - timedelta(minutes=3)).isoformat(),
}
JWT: dict[str, Any] = {
    "jwks_probe": {"configured": True, "jwks_url": "", "ok": True, "error": None, "state": "live"},
    "verification": {"total_requests": 1204, "successful_requests": 1202},
    "obtainability": {
        "anonymous_ok": True,
        "ordinary_ok": True,
        "checked_at": NOW.isoformat(),
        "error": None,
    },
}


def seen(**changes: Any) -> Seen:
    figures = Figures("24h", ("app",), NOW, NOW, NOW, 4, {}, Calls(), {}, Calls(), None, None)
    base = Seen(figures, (), (), CONNECTED, JWT, a_health(), "UTC", NOW)
    return replace(base, **changes)


def tile(key: str, **changes: Any) -> dict[str, Any]:
    with speaking("en"):
        return next(one for one in tiles_of(seen(**changes)) if one["key"] == key)


def test_s3_4_connectivity_says_when_it_was_looked_at() -> None:
    found = tile("connectivity")
    assert (found["value"], found["tone"]) == ("11/12", "slow")
    assert found["note"].startswith("looked at ")
    off = tile("connectivity", connectivity={**CONNECTED, "is_running": False})
    assert "monitor off" in off["note"]
    never = tile("connectivity", connectivity={**CONNECTED, "last_check": None})
    assert (never["value"], never["tone"], never["note"]) == ("–", "none", "not looked yet")


def test_s3_5_key_set_and_token_are_two_figures() -> None:
    keys, token = tile("jwt")["pairs"]
    assert (keys["word"], keys["tone"]) == ("live", "ok")
    assert (token["word"].split()[0], token["tone"]) == ("had", "ok")


@pytest.mark.parametrize(
    ("state", "tone"),
    [("live", "ok"), ("rotating", "slow"), ("cached", "slow"), ("unknown", "failed")],
)
def test_the_state_of_the_key_set_is_told(state: str, tone: str) -> None:
    probe = {**JWT["jwks_probe"], "state": state}
    assert tile("jwt", jwt={**JWT, "jwks_probe": probe})["pairs"][0]["tone"] == tone


@pytest.mark.parametrize(
    ("anonymous", "ordinary", "tone"),
    [(True, False, "slow"), (False, False, "failed"), (None, True, "ok"), (None, None, "none")],
)
def test_a_token_that_was_refused_is_never_green(
    anonymous: bool | None, ordinary: bool | None, tone: str
) -> None:
    body = {**JWT["obtainability"], "anonymous_ok": anonymous, "ordinary_ok": ordinary}
    assert tile("jwt", jwt={**JWT, "obtainability": body})["pairs"][1]["tone"] == tone


def test_while_tokens_are_asked_for_nothing_is_claimed() -> None:
    assert {pair["tone"] for pair in tile("jwt", jwt=None)["pairs"]} == {"pending"}


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(103, 100, "+3%"), (97, 100, "−3%"), (100, 100, "±0%"), (5, 0, ""), (5_000, 2, "×2500")],
)
def test_a_change_is_told_in_whole_percent(now: int, before: int, text: str) -> None:
    assert change_text(now, before) == text


def test_only_all_of_them_is_a_hundred_percent() -> None:
    assert rate_text(Calls(total=100_000, success=99_999)) == "99.99%"
    assert rate_text(Calls(total=10, success=10)) == "100%"
    assert rate_text(Calls(total=3, success=2)) == "66.7%"
    assert rate_text(Calls()) == "–"
