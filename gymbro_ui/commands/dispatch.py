"""Which function serves which command."""

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands import doctor, e2e, local_model, serve

_COMMANDS = {
    "run": serve.run_now,
    "e2e": e2e.run,
    "doctor": doctor.run,
    "local-model": local_model.run,
}


def run_command(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    return _COMMANDS[arguments.command](arguments)
