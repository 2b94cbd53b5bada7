"""Pure: does the prompt block of a reply name the prompts that are active (contract 3.2, 6.1)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from services.e2e.types import CheckResult
from services.prompts.types import ActivePrompts

NAME = "prompt"
FALLBACK_SYSTEM = "You are GymBro's AI assistant."  # contract 6.1: none active
_SHAPE = ("mode", "system_sha256", "tools_count")


def expected_block(active: ActivePrompts, *, with_tools: bool) -> dict[str, Any]:
    """Return what our own gateway must say of a message in server mode."""
    tools = len(active.tools) if with_tools else 0
    system = active.system_text or FALLBACK_SYSTEM
    if tools and active.tools_text:
        system = f"{system}\n\n{active.tools_text}"
    names_tools = tools > 0 and active.tools_id > 0
    block = {
        "mode": "server",
        "system_prompt_id": active.system_id or None,
        "system_version_no": active.system_version_no or None,
        "tools_prompt_id": active.tools_id if names_tools else None,
        "tools_version_no": active.tools_version_no if names_tools else None,
        "tools_count": tools,
        "system_sha256": hashlib.sha256(system.encode("utf-8", "replace")).hexdigest(),
    }
    return {name: value for name, value in block.items() if value is not None}


def look(block: Mapping[str, Any], expected: Mapping[str, Any] | None) -> CheckResult:
    """Return the check: against the active prompts where they are known, else the block's shape."""
    if not block:
        wanted = "a prompt block" if expected is None else _shown(expected)
        return CheckResult(NAME, None, "not_reported", wanted, "the server reports none")
    if expected is not None:
        is_same = dict(block) == dict(expected)
        reason = "ok" if is_same else "prompt_differs"
        return CheckResult(NAME, is_same, reason, _shown(expected), _shown(block))
    missing = [name for name in _SHAPE if name not in block]
    is_whole = not missing or block.get("mode") == "passthrough"
    reason = "ok" if is_whole else "prompt_incomplete"
    return CheckResult(NAME, is_whole, reason, ", ".join(_SHAPE), _shown(block))


def _shown(block: Mapping[str, Any]) -> str:
    short = {name: str(value)[:12] for name, value in sorted(block.items())}
    return " ".join(f"{name}={value}" for name, value in short.items())
