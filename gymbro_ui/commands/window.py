"""`window`: the process of the native window; the console starts it, nobody else needs it."""

import gc
import os

from gymbro_ui.command_line import Arguments
from services.desktop import window


def run(arguments: Arguments) -> int:
    """Show the window to its end; threads of the window system must not keep the process."""
    del arguments
    gc.enable()  # main.py leaves that to the server's start
    os._exit(window.main())
