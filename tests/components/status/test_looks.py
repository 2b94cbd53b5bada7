"""Looks: every status of every kind has a tone, a shape and a word; shapes exist."""

import re

import pytest

from components.status import looks
from components.status.looks import CELL_LOOKS, NO_CELL, Look, code_looks, worse
from components.theme.apply import FAVICON
from components.words import speaking
from services.accounts.types import UserType
from services.e2e.types import CODE_STATUS, Cause, CellStatus, RunStatus
from services.executions.types import ExecutionState, Trigger
from services.schedules.types import SlotState

THEME = FAVICON.parent


def _all_looks() -> list[Look]:
    tables = (CELL_LOOKS, looks.EXECUTION_LOOKS, looks.RUN_LOOKS, looks.ENDPOINT_LOOKS)
    return [NO_CELL, *(look for table in tables for look in table.values())]


def test_no_status_state_or_cause_is_left_out() -> None:
    assert set(CELL_LOOKS) == set(CellStatus)
    assert set(looks.EXECUTION_LOOKS) == set(ExecutionState)
    assert set(looks.RUN_LOOKS) == set(RunStatus)
    assert set(looks.CAUSE_WORDS) == set(Cause)
    assert set(looks.USER_TYPE_WORDS) == set(UserType)
    assert set(looks.TRIGGER_WORDS) == {*Trigger, "import"}
    assert set(looks.SLOT_WORDS) == set(SlotState)
    assert set(looks.SEVERITY) == set(CellStatus)


def test_every_shape_is_in_the_sprite_and_every_tone_in_the_tokens() -> None:
    shapes = set(re.findall(r'id="gb-(\w+)"', (THEME / "shapes.js").read_text()))
    tones = set(re.findall(r'\[data-tone="(\w+)"\]', (THEME / "tokens.css").read_text()))
    for look in _all_looks():
        assert look.shape in shapes
        assert look.tone in tones


def test_no_two_verdicts_look_alike() -> None:
    pairs = {(look.tone, look.shape) for look in CELL_LOOKS.values()}
    shapes = {look.shape for look in CELL_LOOKS.values()}
    assert len(pairs) == len(shapes) == len(CELL_LOOKS)


@pytest.mark.parametrize("status", list(CellStatus))
def test_words_differ_between_languages(status: CellStatus) -> None:
    look = CELL_LOOKS[status]
    with speaking("en"):
        english = look.label
    with speaking("zh"):
        assert look.label != english


def test_a_merged_row_shows_the_worse_of_two() -> None:
    assert worse(CellStatus.OK, CellStatus.FAILED) is CellStatus.FAILED
    assert worse(CellStatus.SLOW, CellStatus.OK) is CellStatus.SLOW
    assert worse(CellStatus.NOT_RUN, CellStatus.OK) is CellStatus.NOT_RUN


def test_a_script_gets_a_look_for_every_character() -> None:
    assert set(code_looks()) == {*CODE_STATUS, "."}
