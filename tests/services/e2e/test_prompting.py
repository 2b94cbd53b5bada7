"""The prompt block against the prompts that are active."""

import hashlib

from services.e2e import prompting
from services.prompts.types import ActivePrompts

ACTIVE = ActivePrompts(
    system_id=3, system_version_no=2, system_text="Be kind.",
    tools_id=4, tools_version_no=1, tools_text="You have tools.", tools=({"name": "a"}, {"name": "b"}),
)  # fmt: skip


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_tools_count_only_when_they_are_sent() -> None:
    plain = prompting.expected_block(ACTIVE, with_tools=False)
    assert plain == {
        "mode": "server", "system_prompt_id": 3, "system_version_no": 2, "tools_count": 0,
        "system_sha256": sha("Be kind."),
    }  # fmt: skip
    tools = prompting.expected_block(ACTIVE, with_tools=True)
    assert tools["tools_count"] == 2
    assert (tools["tools_prompt_id"], tools["tools_version_no"]) == (4, 1)
    assert tools["system_sha256"] == sha("Be kind.\n\nYou have tools.")


def test_without_an_active_prompt_the_fallback_is_expected() -> None:
    block = prompting.expected_block(ActivePrompts(), with_tools=True)
    assert block["system_sha256"] == sha("You are GymBro's AI assistant.")
    assert "system_prompt_id" not in block


def test_the_same_block_is_good_and_any_difference_is_told() -> None:
    expected = prompting.expected_block(ACTIVE, with_tools=False)
    good = prompting.look(expected, expected)
    assert (good.ok, good.reason) == (True, "ok")
    for change in ({"system_version_no": 1}, {"tools_count": 1}, {"system_sha256": sha("x")}):
        bad = prompting.look({**expected, **change}, expected)
        assert (bad.ok, bad.reason) == (False, "prompt_differs")
        assert bad.expected != bad.actual


def test_a_server_that_reports_none_is_not_judged() -> None:
    assert prompting.look({}, None).ok is None
    assert prompting.look({}, {"mode": "server"}).ok is None


def test_of_another_server_only_the_shape_is_asked() -> None:
    assert prompting.look(prompting.expected_block(ACTIVE, with_tools=False), None).ok is True
    assert prompting.look({"mode": "passthrough"}, None).ok is True
    assert prompting.look({"mode": "server"}, None).reason == "prompt_incomplete"
