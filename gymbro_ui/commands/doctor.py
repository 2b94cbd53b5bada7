"""`doctor`: every path, version, setting and check, for people or as one JSON object."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from gymbro_ui.command_line import VERSION, Arguments
from services.foundation.errors import ConsoleError
from services.operator.checkup import Checkup, examine

GOOD = 0
FAULTS_FOUND = 3


def run(arguments: Arguments) -> int:
    """Return 0 when every check is good, 3 when one is not."""
    try:
        found = examine(arguments.env, VERSION, show_secrets=arguments.options.show_secrets)
    except ConsoleError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return FAULTS_FOUND
    text = json.dumps(_as_object(found, arguments), ensure_ascii=False, indent=2)
    sys.stdout.write((text if arguments.options.json else _as_text(found)) + "\n")
    return GOOD if all(check.ok for check in found.checks) else FAULTS_FOUND


def _as_object(found: Checkup, arguments: Arguments) -> dict[str, Any]:
    embedded = dict(found.embedded_auth)
    if not arguments.options.show_secrets:
        del embedded["service_key"]
    running = found.running
    return {
        "base_url": found.base_url,
        "data_dir": found.paths["data"],
        "db_path": found.paths["database"],
        "db_source": found.database_source,
        "embedded_auth": embedded,
        "running": {"pid": running.pid, "url": running.url} if running else None,
        "versions": dict(found.versions),
        "paths": dict(found.paths),
        "settings": dict(found.settings),
        "checks": [
            {"name": check.name, "ok": check.ok, "text": check.text, "advice": check.advice}
            for check in found.checks
        ],
    }


def _as_text(found: Checkup) -> str:
    lines = ["GymBro Console doctor", ""]
    for check in found.checks:
        lines.append(f"  {'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {check.text}")
        if check.advice:
            lines.append(f"                      -> {check.advice}")
    lines += ["", f"Address        {found.base_url}", f"Database from  {found.database_source}"]
    lines += ["", "Paths", *_table(found.paths)]
    lines += ["", "Versions", *_table(found.versions)]
    lines += ["", "Embedded sign-in", *_table(found.embedded_auth)]
    lines += ["", "Settings", *_table(found.settings)]
    return "\n".join(lines)


def _table(values: Mapping[str, Any], indent: str = "  ") -> list[str]:
    lines: list[str] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines.append(f"{indent}{name}")
            lines += _table(value, indent + "  ")  # pyright: ignore[reportUnknownArgumentType]
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            lines.append(f"{indent}{name:<24} {shown}")
    return lines
