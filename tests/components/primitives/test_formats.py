"""Formats: every unit, its borders, both languages, zones."""

from datetime import UTC, datetime

import pytest

from components.primitives.formats import (
    age_text,
    clock_text,
    count_text,
    duration_text,
    epoch_ms,
    judged_text,
    moment_text,
    share_text,
)
from components.words import speaking

AT = datetime(2026, 3, 2, 21, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0 ms"),
        (840.4, "840 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (1240, "1.24 s"),
        (9994, "9.99 s"),
        (9995, "10.0 s"),
        (12_400, "12.4 s"),
        (59_949, "59.9 s"),
        (59_960, "1 m 00 s"),
        (185_000, "3 m 05 s"),
        (3_599_600, "1 h 00 m"),
        (7_500_000, "2 h 05 m"),
    ],
)
def test_durations(ms: float | None, text: str) -> None:
    with speaking("en"):
        assert duration_text(ms) == text


def test_durations_in_chinese() -> None:
    with speaking("zh"):
        assert duration_text(1240) == "1.24 s"
        assert duration_text(185_000) == "3 分 05 秒"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "just now", "刚刚"),
        (2.9, "just now", "刚刚"),
        (3, "3 s ago", "3 秒前"),
        (59.9, "59 s ago", "59 秒前"),
        (60, "1 min ago", "1 分钟前"),
        (3600, "1 h ago", "1 小时前"),
        (86_400, "1 day ago", "1 天前"),
        (200_000, "2 days ago", "2 天前"),
    ],
)
def test_ages(seconds: float, english: str, chinese: str) -> None:
    with speaking("en"):
        assert age_text(seconds) == english
    with speaking("zh"):
        assert age_text(seconds) == chinese


def test_a_time_is_shown_in_the_operators_zone_and_named_with_its_offset() -> None:
    assert clock_text(AT, "Asia/Shanghai") == "03-03 05:05"
    assert clock_text(AT, "Asia/Shanghai", AT) == "05:05"
    assert moment_text(AT, "Asia/Shanghai") == "2026-03-03 05:05:09 Asia/Shanghai (UTC+08:00)"
    assert moment_text(AT, "Asia/Kolkata").endswith("(UTC+05:30)")
    assert clock_text(None, "UTC") == moment_text(None, "UTC") == "–"


def test_an_unknown_zone_falls_back_to_utc() -> None:
    assert clock_text(AT, "../../etc/passwd", AT) == "21:05"


def test_epoch_milliseconds_read_a_naive_time_as_utc() -> None:
    assert epoch_ms(None) is None
    assert epoch_ms(AT) == epoch_ms(AT.replace(tzinfo=None)) == 1_772_485_509_000


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (None, "–"),
        (0, "0"),
        (1204, "1,204"),
        (9999, "9,999"),
        (18_200, "18.2k"),
        (3_100_000, "3.1M"),
        (2e9, "2.0G"),
    ],
)
def test_counts(n: float | None, text: str) -> None:
    assert count_text(n) == text


def test_a_share_needs_five_judged_and_never_rounds_up_to_perfect() -> None:
    assert share_text(4, 4) == "–"
    assert share_text(5, 5) == "100%"
    assert share_text(199, 200) == "99%"
    with speaking("zh"):
        assert judged_text(18, 20) == "18/20 可判"
