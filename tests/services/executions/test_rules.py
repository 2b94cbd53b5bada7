"""Which state may follow which."""

import pytest

from services.executions import rules
from services.executions.types import ExecutionState
from services.foundation.errors import NotFoundError

FINAL = [state for state in ExecutionState if state.is_final]


@pytest.mark.parametrize("old", FINAL)
@pytest.mark.parametrize("new", list(ExecutionState))
def test_a_final_state_is_never_left(old: ExecutionState, new: ExecutionState) -> None:
    assert not rules.may_follow(old, new)
    assert old not in rules.sources_of(new)


def test_pending_may_run_or_end_and_running_may_only_end() -> None:
    assert rules.may_follow(ExecutionState.PENDING, ExecutionState.RUNNING)
    assert not rules.may_follow(ExecutionState.RUNNING, ExecutionState.PENDING)
    for state in FINAL:
        assert rules.sources_of(state) == (ExecutionState.PENDING, ExecutionState.RUNNING)


def test_the_text_of_a_failure_is_never_empty() -> None:
    assert str(rules.failed(ValueError()).error) == "ValueError"
    assert str(rules.failed(ValueError("{odd} braces")).error) == "ValueError: {odd} braces"
    assert str(rules.failed(NotFoundError("gone {x}", x=1)).error) == "gone 1"


def test_cut_marks_what_it_cut() -> None:
    assert rules.cut("abc", 3) == "abc"
    assert rules.cut("abcd", 3) == "ab…"
