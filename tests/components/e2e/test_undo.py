"""Undo: only what is known to have changed on our own side can be taken back."""

from dataclasses import replace
from typing import Any

from components.e2e.undo import MappingUndo, PromptUndo, undos
from services.e2e.types import CellDetail, CellStatus
from services.targets.types import SELF_ID
from tests.support.builders import a_cell, a_launch

BLOCK = {
    "mode": "server", "system_prompt_id": 1, "system_version_no": 2,
    "tools_prompt_id": 2, "tools_version_no": 5, "tools_count": 3,
}  # fmt: skip


def a_detail(block: dict[str, Any], *, target_id: int = SELF_ID, **fields: Any) -> CellDetail:
    before = a_cell("coach", prompt=BLOCK, resolved_model="model-a")
    now = replace(before, status=CellStatus.FAILED, prompt=block, **fields)
    return CellDetail(now, a_launch(1, target_id=target_id), "", False, "", last_ok=before)


def test_a_newer_system_prompt_can_be_rolled_back() -> None:
    found = undos(a_detail({**BLOCK, "system_version_no": 3}))
    assert found == [PromptUndo(1, 2, False, "coach")]


def test_another_prompt_or_newer_tools_can_be_rolled_back() -> None:
    block = {**BLOCK, "system_prompt_id": 9, "system_version_no": 1, "tools_version_no": 6}
    assert undos(a_detail(block)) == [
        PromptUndo(1, 2, False, "coach"),
        PromptUndo(2, 5, True, "coach"),
    ]


def test_another_model_leads_back_to_the_mapping() -> None:
    found = undos(a_detail(BLOCK, resolved_model="model-b"))
    assert found == [MappingUndo("coach", "model-a")]


def test_what_a_failed_call_never_reached_is_unknown_not_changed() -> None:
    assert undos(a_detail({}, resolved_model="")) == []
    no_tools = {key: value for key, value in BLOCK.items() if not key.startswith("tools")}
    assert undos(a_detail(no_tools)) == []


def test_nothing_is_offered_without_an_earlier_ok_or_for_another_service() -> None:
    changed = a_detail({**BLOCK, "system_version_no": 3})
    assert undos(replace(changed, last_ok=None)) == []
    assert undos(a_detail({**BLOCK, "system_version_no": 3}, target_id=SELF_ID + 1)) == []
    assert undos(a_detail(BLOCK)) == []
