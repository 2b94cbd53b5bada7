"""Pure: what a prompt may hold, and how its tools are read."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.foundation.errors import InputError
from services.prompts.types import PromptEdit, PromptType
from services.settings.types import OutputProtocol

CONTENT_MAX = 200_000
NAME_MAX = 200
TOOLS_MAX = 128
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
    names: Sequence[object] = [
        cast("Mapping[str, Any]", tool.get("function") or tool).get("name")
        for tool in tools_of(value)
    ]
    if len(names) > TOOLS_MAX:
        raise InputError("At most {count} tools", field="tools_json", count=TOOLS_MAX)
    if any(not isinstance(name, str) or not name for name in names):
        raise InputError("Each tool needs a name", field="tools_json")
    return cast("object", value)
