"""`load-worker`: the process of a big load test in the packaged app, which has no `python -m`."""

import gc
import os

from gymbro_ui.command_line import Arguments
from services.loadtest import worker


def run(arguments: Arguments) -> int:
    """Work through the order on standard input; the listening thread must not keep the process."""
    del arguments
    gc.enable()  # main.py leaves that to the server's start
    os._exit(worker.main())
