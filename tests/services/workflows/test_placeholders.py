"""Placeholders: plain substitution, once, of earlier steps only."""

import pytest

from services.executions.types import ExecutionState
from services.foundation.errors import InputError
from services.workflows import placeholders
from services.workflows.types import StepOutcome

EARLIER = (
    StepOutcome(1, "probe", "Look", ExecutionState.SUCCEEDED, output="demo: online"),
    StepOutcome(2, "e2e", "Ask", ExecutionState.FAILED, error="HTTP 503"),
)


def test_an_earlier_steps_facts_are_put_in() -> None:
    text = "{{step1.output}} | {{ step2.status }} | {{step2.error}} | {{step1.name}} | {{workflow.name}}"
    filled = placeholders.fill(text, "Nightly", EARLIER, 500)
    assert filled == "demo: online | failed | HTTP 503 | Look | Nightly"


def test_what_is_put_in_is_never_looked_at_again() -> None:
    hostile = (
        StepOutcome(1, "e2e", "x", ExecutionState.SUCCEEDED, output="{{step1.name}} {a} %s"),
    )
    assert placeholders.fill("<{{step1.output}}>", "w", hostile, 500) == "<{{step1.name}} {a} %s>"


@pytest.mark.parametrize("text", ["{0}", "{__class__}", "${x}", "%(a)s", "{% if x %}", "{{", "}}"])
def test_other_template_languages_are_plain_text(text: str) -> None:
    placeholders.check(text, 2, "steps.2.text")
    assert placeholders.fill(text, "w", EARLIER, 500) == text


@pytest.mark.parametrize(
    "hole",
    ["step1.secret", "step1", "step1.output.upper()", "__import__('os')", "", "STEP1.output"],
)
def test_an_unknown_placeholder_is_refused_at_its_field(hole: str) -> None:
    with pytest.raises(InputError) as refused:
        placeholders.check("{{" + hole + "}}", 3, "steps.3.text")
    assert refused.value.field == "steps.3.text"
    assert hole in str(refused.value)


@pytest.mark.parametrize("hole", ["step2.output", "step3.output", "step0.output", "step99.status"])
def test_only_an_earlier_step_can_be_named(hole: str) -> None:
    with pytest.raises(InputError, match="earlier"):
        placeholders.check("{{" + hole + "}}", 2, "steps.2.text")


def test_a_filled_text_is_cut_to_what_its_kind_takes() -> None:
    long = (StepOutcome(1, "e2e", "x", ExecutionState.SUCCEEDED, output="y" * 19_000),)
    filled = placeholders.fill("> {{step1.output}}", "w", long, 5_000)
    assert len(filled) == 5_000
    assert filled.endswith("…")


def test_control_characters_of_a_foreign_output_do_not_travel_on() -> None:
    foreign = (StepOutcome(1, "e2e", "x", ExecutionState.SUCCEEDED, output="a\x1b[31m\x00b\nc"),)
    assert placeholders.fill("{{step1.output}}", "w", foreign, 500) == "a\ufffd[31m\ufffdb\nc"


def test_every_text_of_an_object_is_filled() -> None:
    params = {"a": ["{{step1.status}}", 3], "b": {"c": "{{step2.name}}"}, "d": None}
    filled = placeholders.fill_object(params, "w", EARLIER, 500)
    assert filled == {"a": ["succeeded", 3], "b": {"c": "Ask"}, "d": None}
    assert sorted(placeholders.texts_of(params)) == ["{{step1.status}}", "{{step2.name}}"]


def test_the_list_of_steps_names_each_with_state_time_and_words() -> None:
    outcomes = (
        StepOutcome(
            1, "probe", "Look", ExecutionState.SUCCEEDED, output="a\n\nb", duration_ms=1_240
        ),
        StepOutcome(2, "e2e", "Ask", None),
    )
    assert placeholders.steps_text(outcomes) == (
        "1. **Look** · `succeeded` · 1.2 s\n   > a\n   > b\n2. **Ask** · `–`"
    )
