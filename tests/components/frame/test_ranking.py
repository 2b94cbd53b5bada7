"""What the palette finds, and in which order."""

import time

from components.frame.ranking import GROUP_MOST, MOST, Entry, answer, known


def lines(*labels: str, group: str = "Models", also: str = "") -> list[Entry]:
    return [Entry(f"{group}:{label}", group, label, "memory", also=also) for label in labels]


def found(entries: list[Entry], text: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [entry.label for entry in answer(known(entries), text, recent)]


def test_the_whole_name_stands_before_a_beginning_a_word_and_a_part() -> None:
    entries = lines("my-gpt-4o", "xgpt-4o", "gpt-4o-mini", "gpt-4o")
    assert found(entries, "gpt-4o") == ["gpt-4o", "gpt-4o-mini", "my-gpt-4o", "xgpt-4o"]


def test_every_word_must_be_there_in_any_order_and_case() -> None:
    entries = lines("deepseek-v3", "deepseek-r1", "qwen-v3")
    assert found(entries, "V3 Deep") == ["deepseek-v3"]
    assert found(entries, "v3 models") == ["qwen-v3", "deepseek-v3"]  # a group's name counts too
    assert found(entries, "v3 llama") == []


def test_letters_may_be_left_out_but_not_two() -> None:
    entries = lines("deepseek-v3", "gpt-4o")
    assert found(entries, "dsv3") == ["deepseek-v3"]
    assert found(entries, "d3") == []


def test_a_line_is_found_by_the_words_of_the_other_language() -> None:
    entries = lines("设置", group="页面", also="Settings 设置")
    assert found(entries, "sett") == ["设置"] == found(entries, "设")


def test_what_was_used_lately_stands_before_its_equals() -> None:
    entries = lines("model-a", "model-b", "model-c")
    assert found(entries, "model", ("Models:model-c",)) == ["model-c", "model-a", "model-b"]


def test_the_group_of_the_best_line_is_first_and_no_group_takes_all_room() -> None:
    entries = [
        *lines(*(f"backup-{n}" for n in range(50))),
        *lines("Backup", group="Settings"),
    ]
    answered = answer(known(entries), "backup")
    assert [entry.group for entry in answered] == ["Settings", *["Models"] * GROUP_MOST]


def test_an_answer_is_bounded_whatever_is_asked_of_thousands() -> None:
    entries = [line for n in range(20) for line in lines(*map(str, range(300)), group=f"g{n}")]
    index = known(entries)
    begin = time.process_time()
    for text in ("1", "g", "zzz", "1 2 3 " * 200, "((((", "\\", "e" * 5000):
        assert len(answer(index, text)) <= MOST
    assert time.process_time() - begin < 20  # a hang, not a slow machine
