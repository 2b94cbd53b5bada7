"""`restore FILE`: put a copy in the place of the database; the replaced one is kept beside."""

import sys
from pathlib import Path

from gymbro_ui.command_line import Arguments
from services.backup.commands import restore
from services.foundation.clock import SystemClock
from services.foundation.errors import ConflictError, ConsoleError

FAILED, RUNS = 3, 5


def run(arguments: Arguments) -> int:
    """Return 0 when it is in place, 5 while a console runs, 3 when the file cannot be it."""
    try:
        done = restore(arguments.env, SystemClock(), Path(arguments.options.file).expanduser())
    except ConflictError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return RUNS
    except ConsoleError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return FAILED
    sys.stdout.write(f"{done.database}\n")
    upgraded = f", brought to version {done.opened_as}" if done.opened_as != done.version else ""
    sys.stderr.write(f"restored: {done.rows} rows, version {done.version}{upgraded}\n")
    if done.replaced:
        sys.stderr.write(f"the replaced database is {done.replaced}\n")
    return 0
