"""Pure: what a prompt may hold, and how its tools are read."""

from collections.abc import Mapping
from typing import Any, cast

from services.foundation.errors import InputError
from services.prompts.types import PromptEdit, PromptType
from services.settings.types import OutputProtocol

CONTENT_MAX = 200_000
NAME_MAX = 200
TOOLS_MAX = 128
MESSAGE_MAX = 500
TYPES: Mapping[OutputProtocol, tuple[PromptType, PromptType]] = {
    OutputProtocol.THINKINGML: (PromptType.SYSTEM, PromptType.TOOLS),
    OutputProtocol.JSONSEQ: (PromptType.SYSTEM_JSONSEQ, PromptType.TOOLS_JSONSEQ),
}


def tools_of(tools_json: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the tool schemas of a list or of `{tools: [...]}`; anything else holds none."""
    found: object = tools_json
    if isinstance(found, Mapping):
        found = cast("Mapping[str, Any]", found).get("tools")
    if not isinstance(found, list):
        return ()
    items = cast("list[object]", found)
    return tuple(cast("Mapping[str, Any]", item) for item in items if isinstance(item, Mapping))


def checked_values(edit: PromptEdit) -> dict[str, Any]:
    """Return the column values the edit sets; raise InputError naming the field."""
    values: dict[str, Any] = {}
    for field, longest in (
        ("name", NAME_MAX),
        ("content", CONTENT_MAX),
        ("version", 50),
        ("category", 100),
        ("description", 5_000),
    ):
        text: str | None = getattr(edit, field)
        if text is not None:
            values[field] = _text(text, field, longest)
    if edit.id is None:
        for field in ("name", "content"):
            if not str(values.get(field, "")).strip():
                raise InputError("Must not be empty", field=field)
    elif "name" in values and not values["name"].strip():
        raise InputError("Must not be empty", field="name")
    if edit.tools_json is not None:
        values["tools_json"] = _tools(edit.tools_json)
    return values


def checked_message(text: str) -> str:
    """Return what an author says of a version, in one line; raise InputError."""
    return " ".join(_text(text, "message", MESSAGE_MAX).split())


def protocol_of(prompt_type: PromptType, otherwise: OutputProtocol) -> OutputProtocol:
    """Return the output protocol a type belongs to; the types of agents belong to any."""
    return next((name for name, types in TYPES.items() if prompt_type in types), otherwise)


def is_tools(prompt_type: PromptType) -> bool:
    """Return whether prompts of the type go out only together with tools."""
    return prompt_type in (PromptType.TOOLS, PromptType.TOOLS_JSONSEQ, PromptType.AGENT_TOOLS)


def tool_name(tool: Mapping[str, Any]) -> str:
    """Return the name of a tool schema, of either shape; empty when it has none."""
    inner: object = tool.get("function")
    named = cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else tool
    name: object = named.get("name")
    return name if isinstance(name, str) else ""


def _text(value: str, field: str, longest: int) -> str:
    if len(value) > longest:
        raise InputError("At most {longest} characters", field=field, longest=longest)
    if "\x00" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
        raise InputError("Must not contain control characters", field=field)
    return value


def _tools(value: Any) -> Any:
    if not isinstance(value, list | dict):
        raise InputError(
            "Tools are a list, or an object with a list under tools", field="tools_json"
        )
    names = [tool_name(tool) for tool in tools_of(value)]
    if len(names) > TOOLS_MAX:
        raise InputError("At most {count} tools", field="tools_json", count=TOOLS_MAX)
    if not all(names):
        raise InputError("Each tool needs a name", field="tools_json")
    return cast("object", value)


def type_of(stored: str) -> PromptType:
    """Return the type a row names; an unknown one counts as system."""
    return PromptType(stored) if stored in list(PromptType) else PromptType.SYSTEM
