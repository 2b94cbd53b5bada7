"""Files: read prompts out of Markdown and JSON, with limits, and gather them from a folder."""

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from services.foundation.errors import InputError
from services.prompts.types import ImportFile, PromptEdit, PromptType

FILE_MAX_BYTES = 1_000_000
FILES_MOST = 200
PROMPTS_MOST = 200  # of one file
ENDINGS = (".md", ".markdown", ".json")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_NOT_PLAIN = re.compile(r"[^\w .()+@-]")
_NAME_MAX = 200
_DEPTH_MOST = 40
_WORDS = {  # of a front matter or an object: our name of the field
    "name": "name",
    "type": "prompt_type",
    "prompt_type": "prompt_type",
    "content": "content",
    "text": "content",
    "system_prompt": "content",
    "tools": "tools_json",
    "tools_json": "tools_json",
    "version": "version",
    "category": "category",
    "description": "description",
    "message": "message",
}


def safe_name(name: str) -> str:
    """Return the last part of a file's name without anything that could lead elsewhere."""
    last = re.split(r"[/\\]", name)[-1]
    return _NOT_PLAIN.sub("_", last).lstrip(". ")[:_NAME_MAX] or "file"


def read_file(file: ImportFile) -> list[PromptEdit]:
    """Return the prompts of a file; raise InputError when it cannot be read."""
    ending = Path(file.name).suffix.lower()
    if ending not in ENDINGS:
        raise InputError("Only Markdown and JSON files are taken", field="files")
    if len(file.content) > FILE_MAX_BYTES:
        raise InputError("Larger than {size} bytes", field="files", size=f"{FILE_MAX_BYTES:,}")
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("Not a UTF-8 text", field="files") from None
    stem = safe_name(file.name)[: -len(ending)] or "prompt"
    if ending == ".json":
        return _from_json(text, stem)
    return [_from_markdown(text, stem)]


def read_folder(folder: str) -> list[ImportFile]:
    """Return the files directly in a folder of this machine, by name; raise InputError.

    Links, hidden files and anything that is no Markdown or JSON are left out.
    """
    path = Path(folder.strip()).expanduser()
    if not folder.strip() or not path.is_absolute() or not path.is_dir():
        raise InputError("Not a folder of this machine", field="folder")
    files: list[ImportFile] = []
    try:
        with os.scandir(path) as entries:
            names = sorted(e.name for e in entries if e.is_file(follow_symlinks=False))
        for name in names:
            if name.startswith(".") or Path(name).suffix.lower() not in ENDINGS:
                continue
            if len(files) == FILES_MOST:
                raise InputError("At most {count} files at once", field="folder", count=FILES_MOST)
            files.append(ImportFile(safe_name(name), _content(path / name)))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("Cannot be read: {reason}", field="folder", reason=reason) from error
    return files


def _content(path: Path) -> bytes:
    """Return one byte more than is allowed at most, so that a longer file is refused, not cut."""
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    )
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return b""
        return file.read(FILE_MAX_BYTES + 1)


def _from_markdown(text: str, stem: str) -> PromptEdit:
    found = _FRONT.match(text)
    fields: dict[str, Any] = {}
    if found is not None:
        for line in found.group(1).splitlines():
            name, colon, value = line.partition(":")
            if colon and name.strip().lower() in _WORDS:
                fields[name.strip().lower()] = value.strip().strip("\"'")
        text = text[found.end() :].lstrip("\r\n")
    fields.pop("tools", None)  # a front matter holds one-line texts only
    fields.pop("tools_json", None)
    return _edit({**fields, "content": text.rstrip("\r\n")}, stem)


def _from_json(text: str, stem: str) -> list[PromptEdit]:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("Not valid JSON", field="files") from None
    whole = _mapping(value)
    inner: object = value if whole is None else whole.get("prompts", [whole])
    items = cast("list[object]", inner) if isinstance(inner, list) else []
    found = [_mapping(item) for item in items]
    if not found or None in found:
        raise InputError("Must hold an object, or a list of objects", field="files")
    if len(found) > PROMPTS_MOST:
        raise InputError("At most {count} prompts in one file", field="files", count=PROMPTS_MOST)
    numbered = len(found) > 1
    return [
        _edit(item, f"{stem}-{number}" if numbered else stem)
        for number, item in enumerate(found, 1)
        if item is not None
    ]


def _mapping(value: object) -> Mapping[str, Any] | None:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None


def _edit(given: Mapping[str, Any], stem: str) -> PromptEdit:
    fields: dict[str, Any] = {}
    for name, value in given.items():
        field = _WORDS.get(name)
        if field is not None and value is not None and field not in fields:
            fields[field] = value
    tools = fields.get("tools_json")
    if isinstance(tools, str):  # Supabase keeps them as text
        tools = _tools(tools)
    elif _depth(tools) > _DEPTH_MOST:
        raise InputError("Nested too deeply", field="files")
    text = {name: _text(fields.get(name), name) for name in ("content", "name", "message")}
    kind = fields.get("prompt_type")
    return PromptEdit(
        name=(text["name"] or stem).strip()[:_NAME_MAX],
        prompt_type=None if kind in (None, "") else _type(kind),
        content=text["content"],
        tools_json=tools,
        version=_text(fields.get("version"), "version"),
        category=_text(fields.get("category"), "category"),
        description=_text(fields.get("description"), "description"),
        message=text["message"] or "",
    )


def _text(value: object, field: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InputError("{name} must be a text", field="files", name=field)


def _type(value: object) -> PromptType:
    if isinstance(value, str) and value.strip() in list(PromptType):
        return PromptType(value.strip())
    raise InputError("Unknown type {value}", field="files", value=str(value)[:60])


def _tools(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("The tools are not valid JSON", field="files") from None


def _depth(value: object, level: int = 0) -> int:
    if level > _DEPTH_MOST or not isinstance(value, list | dict):
        return level
    parts = cast("list[object]", value) if isinstance(value, list) else []
    parts = list(cast("dict[str, object]", value).values()) if isinstance(value, dict) else parts
    return max((_depth(part, level + 1) for part in parts), default=level)
