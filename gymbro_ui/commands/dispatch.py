"""Which module serves which command; only that one is loaded."""

from importlib import import_module

from gymbro_ui.command_line import Arguments
from gymbro_ui.lean import without_extras

_MODULES = {
    "run": "serve",
    "e2e": "e2e",
    "load": "load",
    "password": "password",
    "doctor": "doctor",
    "demo": "demo",
    "backup": "backup",
    "replay": "replay",
    "restore": "restore",
    "import": "import_data",
    "local-model": "local_model",
    "window": "window",
    "load-worker": "load_worker",
}


def run_command(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    with without_extras():
        module = import_module(f"gymbro_ui.commands.{_MODULES[arguments.command]}")
    return int(module.run(arguments))
