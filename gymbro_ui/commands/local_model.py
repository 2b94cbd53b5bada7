"""`local-model`: serve a small real language model, as a supplier to map and to test with."""

import sys

from gymbro_ui.command_line import Arguments
from services.foundation.errors import ConsoleError
from services.suppliers.local_model import serve

FAILED = 3


def run(arguments: Arguments) -> int:
    """Serve until stopped; return 3 when the extra is not installed or the port is taken."""
    try:
        serve(arguments.options.port)
    except ConsoleError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        pass
    return 0
