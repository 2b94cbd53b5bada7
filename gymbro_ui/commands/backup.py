"""`backup`: a checked copy of the whole database, also while a console runs."""

import sys

from gymbro_ui.command_line import Arguments
from services.backup.commands import make_backup
from services.foundation.clock import SystemClock
from services.foundation.errors import ConsoleError

FAILED = 3


def run(arguments: Arguments) -> int:
    """Print where the copy is and return 0; return 3 when none was made."""
    try:
        made, gone = make_backup(arguments.env, SystemClock())
    except ConsoleError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return FAILED
    sys.stdout.write(f"{made.path}\n")
    sys.stderr.write(
        f"{made.size_bytes / 1e6:.1f} MB, {made.rows} rows, integrity and rows verified;"
        f" {gone} older copies deleted\n"
    )
    return 0
