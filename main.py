"""GymBro Console: `python main.py` starts gateway and console in one process."""

import gc
import os
import sys
from multiprocessing import freeze_support

from gymbro_ui.command_line import parse_arguments


def main() -> int:
    """Run one command and return its exit code."""
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
