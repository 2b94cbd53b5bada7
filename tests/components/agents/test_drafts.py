"""Drafts: steps move with the placeholders that name them."""

from components.agents.drafts import (
    Draft,
    from_step,
    moved,
    new_draft,
    read_object,
    to_step,
    without,
)
from services.workflows.types import FieldKind, OnFailure, Step, StepField, StepKind

POLISH = StepKind("polish", "Polish", "bolt", (StepField("params", FieldKind.OBJECT, "P", {}),), 60)
REPORT = StepKind("report", "Report", "bolt", (StepField("text", FieldKind.TEXT, "T", "Hi"),), 60)


def drafts(*texts: str) -> list[Draft]:
    return [Draft("report", name=f"n{n}", values={"text": text}) for n, text in enumerate(texts, 1)]


def texts(found: list[Draft]) -> list[str]:
    return [draft.values["text"] for draft in found]


def test_a_placeholder_goes_on_naming_the_step_that_moved() -> None:
    found = moved(drafts("a", "{{step1.output}}", "{{step1.error}} {{ step2.name }}"), 0, 1)
    assert [draft.name for draft in found] == ["n2", "n1", "n3"]
    assert texts(found) == ["{{step2.output}}", "a", "{{step2.error}} {{step1.name}}"]


def test_a_step_may_go_to_either_end_and_back() -> None:
    before = drafts("a", "b {{step1.status}}", "c {{step2.output}}")
    there = moved(before, 2, 0)
    assert texts(there) == ["c {{step3.output}}", "a", "b {{step2.status}}"]
    assert texts(moved(there, 0, 2)) == ["a", "b {{step1.status}}", "c {{step2.output}}"]


def test_what_named_a_removed_step_says_so() -> None:
    found = without(drafts("a", "b", "{{step1.output}} {{step2.output}} {{steps}}"), 0)
    assert texts(found) == ["b", "{{gone.output}} {{step1.output}} {{steps}}"]


def test_numbers_and_unknown_placeholders_are_left_alone() -> None:
    found = drafts("a", "{{step1.secret}} {{step7.output}}")
    found[1].values["seconds"] = 3
    left = moved(found, 0, 1)[0]
    assert left.values == {"text": "{{step1.secret}} {{gone.output}}", "seconds": 3}


def test_a_step_and_its_draft_are_each_others_picture() -> None:
    step = Step("report", "Sum", {"text": "{{steps}}"}, 30, 2, OnFailure.CONTINUE)
    assert to_step(from_step(step, REPORT), REPORT) == step
    free = Step("polish", params={"users": 5, "名": ["x"]})
    draft = from_step(free, POLISH)
    assert '"名"' in draft.values["params"]
    assert to_step(draft, POLISH) == free
    unknown = Step("gone", params={"a": 1})
    assert to_step(from_step(unknown, None), None) == unknown


def test_a_new_step_has_its_kinds_defaults() -> None:
    assert to_step(new_draft(REPORT), REPORT) == Step("report", params={"text": "Hi"}, timeout_s=60)
    assert to_step(new_draft(POLISH), POLISH).params == {}


def test_text_that_is_no_json_is_passed_on_to_be_refused() -> None:
    assert read_object("{oops") == "{oops"
    assert read_object("") == {}
    assert read_object({"a": 1}) == {"a": 1}
