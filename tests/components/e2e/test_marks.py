"""Marks of changes in both languages, never cut in mid-word."""

from zoneinfo import ZoneInfo

import pytest

from components.e2e.marks import mark_flag, mark_sentence
from components.words import speaking
from services.e2e.types import Mark
from tests.support.clock import START

UTC = ZoneInfo("UTC")
AT = f"{START:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("mark", "english", "chinese", "flags"),
    [
        (
            Mark(START, "mapping", "mapping:k", "created|fast-model"),
            "Mapping mapping:k: created with fast-model",
            "映射 mapping:k：新建，模型 fast-model",
            ("Mapping", "映射"),
        ),
        (
            Mark(START, "mapping", "mapping:k", "deleted"),
            "Mapping mapping:k: deleted",
            "映射 mapping:k：已删除",
            ("Mapping", "映射"),
        ),
        (
            Mark(START, "prompt", "coach", "version|12"),
            "Prompt coach: version 12",
            "提示词 coach：版本 12",
            ("v12", "v12"),
        ),
    ],
)
def test_a_change_is_told_in_both_languages(
    mark: Mark, english: str, chinese: str, flags: tuple[str, str]
) -> None:
    with speaking("en"):
        assert mark_sentence(mark, UTC) == f"{AT} · {english}"
        assert mark_flag(mark) == flags[0]
    with speaking("zh"):
        assert mark_sentence(mark, UTC) == f"{AT} · {chinese}"
        assert mark_flag(mark) == flags[1]
