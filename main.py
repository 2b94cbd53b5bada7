"""GymBro Console: `python main.py` starts gateway and console in one process."""

import gc
import os
import sqlite3
import sys
from multiprocessing import freeze_support

PYTHON_LEAST = (3, 11)
SQLITE_LEAST = (3, 37, 0)
BAD_USE = 2


def too_old() -> str:
    """Return what this machine has and the console cannot work with, or an empty text."""
    for name, found, least in (
        ("Python", sys.version_info[:3], PYTHON_LEAST),
        ("SQLite", sqlite3.sqlite_version_info, SQLITE_LEAST),
    ):
        if found < least:
            have, need = (".".join(str(part) for part in version) for version in (found, least))
            return f"gymbro-console: {name} {need} or newer is needed, and this is {name} {have}.\n"
    return ""


def main() -> int:
    """Run one command and return its exit code."""
    if reason := too_old():
        sys.stderr.write(reason)
        return BAD_USE
    from gymbro_ui.command_line import parse_arguments  # noqa: PLC0415  # an old Python cannot read it

    gc.disable()  # nothing of what is imported is garbage; app.py freezes it and switches back on
    arguments = parse_arguments(sys.argv[1:])
    # NiceGUI reads this at import; its files are browser preferences, kept apart from our data.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", arguments.ui_storage_path())
    from gymbro_ui.commands.dispatch import run_command  # noqa: PLC0415  # NiceGUI must not be loaded sooner

    return run_command(arguments)


if __name__ in {"__main__", "__mp_main__"}:
    freeze_support()
    if __name__ == "__main__":
        sys.exit(main())
