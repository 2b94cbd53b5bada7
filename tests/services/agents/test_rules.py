"""Rules of agents: what is refused, and at which field."""

from dataclasses import replace
from typing import Any

import pytest

from services.agents import rules
from services.agents.types import AgentEdit
from services.foundation.errors import InputError
from services.foundation.inputs import copy_name

GOOD = AgentEdit(None, " Coach ", "gpt-x", temperature=0.2, max_tokens=500, timeout_s=60)


def test_a_good_agent_is_stored_without_blanks_at_its_ends() -> None:
    values = rules.checked_values(GOOD, taken=["Other"])
    assert values == {
        "name": "Coach",
        "model_key": "gpt-x",
        "description": "",
        "prompt_id": None,
        "prompt_version_no": None,
        "temperature": 0.2,
        "max_tokens": 500,
        "timeout_s": 60,
        "uses_tools": False,
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "OTHER"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"model_key": ""}, "model_key"),
        ({"model_key": "x" * 301}, "model_key"),
        ({"description": "x" * 501}, "description"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"timeout_s": 4}, "timeout_s"),
        ({"timeout_s": 601}, "timeout_s"),
    ],
)
def test_a_bad_value_is_refused_at_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        rules.checked_values(replace(GOOD, **change), taken=["Other"])
    assert refused.value.field == field


def test_a_number_control_sends_whole_numbers_as_floats() -> None:
    assert rules.checked_values(replace(GOOD, timeout_s=30.0), [])["timeout_s"] == 30  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "user_type", "field"),
    [
        ("x" * 5_001, "anonymous", "test_input"),
        (" \n", "anonymous", "test_input"),
        (None, "anonymous", "test_input"),
        ("hi", "robot", "user_type"),
        ("hi", None, "user_type"),
    ],
)
def test_a_bad_test_is_refused_at_its_field(text: Any, user_type: Any, field: str) -> None:
    with pytest.raises(InputError) as refused:
        rules.read_test(text, user_type)
    assert refused.value.field == field


def test_exactly_5000_characters_are_taken() -> None:
    text, kind = rules.read_test("x" * 5_000, "permanent")
    assert (len(text), str(kind)) == (5_000, "permanent")


def test_foreign_facts_are_taken_only_where_they_are_what_they_should_be() -> None:
    found = rules.facts_of({"provider": "p" * 900, "resolved_model": {"no": 1}}, "provider", "x")
    assert found == {"provider": "p" * 200}
    assert rules.prompt_of({"system_prompt_id": 3, "system_version_no": "7"}) == {"id": 3}
    assert rules.prompt_of(["no"]) == {}


def test_copies_of_copies_find_a_free_name() -> None:
    assert copy_name("Coach", ["Coach"], 80) == "Coach (2)"
    assert copy_name("Coach", ["Coach", "coach (2)"], 80) == "Coach (3)"
    assert copy_name("x" * 80, ["x" * 80], 80) == "x" * 76 + " (2)"
