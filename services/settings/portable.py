"""Pure: the settings as a file, and what such a file would change. No key or password is among them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.settings import rules
from services.settings.types import AppSettings, FileChange, FilePlan, Preferences

FORMAT, VERSION = "gymbro-console-settings", 1
BYTES_MAX = 256 * 1024
_GROUPS = ("console", "gateway")


def written(preferences: Preferences, app: AppSettings, now: datetime) -> bytes:
    """Return the file's content: JSON, one setting a line."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "saved_at": now.isoformat(timespec="seconds"),
        "console": asdict(preferences),
        "gateway": asdict(app),
    }
    return (json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n").encode()


def read(content: bytes, preferences: Preferences, app: AppSettings) -> FilePlan:
    """Return what the file would change, and what of it cannot be used; raise InputError."""
    document = _document(content)
    changes: list[FileChange] = []
    problems: list[Message] = []
    for group, present in zip(_GROUPS, (asdict(preferences), asdict(app)), strict=True):
        given: Any = document.get(group) or {}
        if not isinstance(given, dict):
            problems.append(say("{name} is not a group of settings", name=group))
            continue
        for name, value in sorted(cast("dict[str, Any]", given).items()):
            _compare(FileChange(group, name, present.get(name), value), present, changes, problems)
    return FilePlan(tuple(changes), tuple(problems))


def _document(content: bytes) -> Mapping[str, Any]:
    if len(content) > BYTES_MAX:
        raise InputError("A file of settings has at most {n} kB", n=BYTES_MAX // 1024)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError("This is not a JSON file") from None
    if not isinstance(document, dict) or cast("Any", document).get("format") != FORMAT:
        raise InputError("This is not a file of settings of this console")
    found = cast("dict[str, Any]", document)
    if found.get("version") != VERSION:
        raise InputError(
            "The file is of version {version}, this program reads version {known}",
            version=str(found.get("version"))[:20],
            known=VERSION,
        )
    return found


def _compare(
    change: FileChange,
    present: Mapping[str, Any],
    changes: list[FileChange],
    problems: list[Message],
) -> None:
    """Add the change, or why its value cannot be used; nothing when it is the present value."""
    name, value = change.name[:60], change.after
    if name not in present:
        problems.append(say("{name} is not a setting this program knows", name=name))
        return
    value = tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON's
    try:
        if change.group == "console":
            rules.change_preferences(Preferences(), {name: value})
        else:
            rules.change_app_settings(AppSettings(), {name: value})
    except InputError as error:
        problems.append(say("{name}: {reason}", name=name, reason=str(error)))
        return
    if value != present[name]:
        changes.append(FileChange(change.group, name, present[name], value))
