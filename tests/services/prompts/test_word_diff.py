"""The word diff: exact, readable, and bounded for anything."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.prompts.types import Diff, PartKind
from services.prompts.word_diff import compare, diff, tools_text, words_of


def told(found: Diff) -> list[tuple[str, str]]:
    signs = {PartKind.SAME: "=", PartKind.REMOVED: "-", PartKind.ADDED: "+"}
    return [(signs[part.kind], part.text) for part in found.parts]


def sides(found: Diff) -> tuple[str, str]:
    old = "".join(part.text for part in found.parts if part.kind is not PartKind.ADDED)
    new = "".join(part.text for part in found.parts if part.kind is not PartKind.REMOVED)
    return old, new


def test_words_numbers_and_single_cjk_characters_are_tokens() -> None:
    assert words_of("Say hi2, 你好世界!\n") == [
        "Say", " ", "hi2", ",", " ", "你", "好", "世", "界", "!", "\n",
    ]  # fmt: skip
    assert words_of("snake_case 한국") == ["snake", "_", "case", " ", "한", "국"]


def test_one_changed_word_is_the_only_difference() -> None:
    assert told(diff("You are a kind coach.\n", "You are a strict coach.\n")) == [
        ("=", "You are a "),
        ("-", "kind"),
        ("+", "strict"),
        ("=", " coach.\n"),
    ]


def test_one_changed_character_of_a_chinese_sentence_is_found() -> None:
    assert told(diff("你是一位友善的教练。", "你是一位严格的教练。")) == [
        ("=", "你是一位"),
        ("-", "友善"),
        ("+", "严格"),
        ("=", "的教练。"),
    ]


def test_added_and_removed_lines_leave_their_neighbours_alone() -> None:
    old = "a\nb\nc\n"
    assert told(diff(old, "a\nb\nnew\nc\n")) == [("=", "a\nb\n"), ("+", "new\n"), ("=", "c\n")]
    assert told(diff(old, "a\nc\n")) == [("=", "a\n"), ("-", "b\n"), ("=", "c\n")]
    assert told(diff("", "x")) == [("+", "x")]
    assert told(diff("x", "")) == [("-", "x")]


def test_different_sentences_are_no_confetti() -> None:
    found = told(diff("Always answer in JSON.", "Never use bullet points at all!"))
    assert [sign for sign, _ in found if sign != "="] == ["-", "+"]


def test_the_same_text_has_no_difference() -> None:
    assert diff("same\n", "same\n").is_same
    assert diff("", "").is_same
    assert not diff("a", "b").is_same


@given(st.text(alphabet="ab \n你好", max_size=60), st.text(alphabet="ab \n你好", max_size=60))
def test_both_texts_can_be_put_together_again(old: str, new: str) -> None:
    assert sides(diff(old, new)) == (old, new)


@given(
    st.lists(st.sampled_from(["", "a", "b", "{", "}", "same"]), max_size=40),
    st.lists(st.sampled_from(["", "a", "b", "{", "}", "same"]), max_size=40),
)
def test_repeated_lines_can_be_put_together_again(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    assert sides(diff(before, after)) == (before, after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n" * 200_000, "\r\n" * 100_000),  # nothing but empty lines
        ("a" * 200_000, "b" * 200_000),  # one word each
        ("x y " * 50_000, "y x " * 50_000),  # the worst order of two words
        ("\n".join(f"line {n}" for n in range(20_000)), "\n".join(f"line {n}" for n in range(20_000, 0, -1))),
        ("\n".join(f"{n % 7}" for n in range(50_000)), "\n".join(f"{n % 5}" for n in range(50_000))),
        ("字" * 200_000, "词" * 200_000),
    ],
)  # fmt: skip
def test_the_largest_prompts_are_compared_in_seconds(old: str, new: str) -> None:
    began = time.process_time()
    found = diff(old, new)
    assert time.process_time() - began < 4
    assert sides(found) == (old, new)


def test_a_large_text_with_one_change_is_still_exact() -> None:
    lines = [f"rule {n}: do thing {n % 50}\n" for n in range(8_000)]
    changed = [*lines]
    changed[4_000] = "rule 4000: never do thing 0\n"
    found = diff("".join(lines), "".join(changed))
    assert not found.is_coarse
    assert [t for t in told(found) if t[0] != "="] == [("+", "never ")]


def test_tools_are_compared_by_name_and_as_json() -> None:
    def tool(name: str, text: str) -> dict[str, object]:
        return {"type": "function", "function": {"name": name, "description": text}}

    found = compare(
        "t",
        [tool("a", "one"), tool("b", "two")],
        "t",
        {"tools": [tool("b", "zwei"), tool("c", "x")]},
    )
    assert found.text.is_same
    assert not found.is_same
    assert found.tools_added == ("c",)
    assert found.tools_removed == ("a",)
    assert found.tools_changed == ("b",)
    assert "two" in sides(found.tools)[0]


def test_no_tools_are_an_empty_text() -> None:
    assert tools_text(None) == tools_text([]) == tools_text({}) == ""
    assert compare("a", None, "a", []).is_same
