"""`run`: start gateway and console, or say plainly why not."""

import asyncio
import logging
import os
import sys
import threading
import webbrowser
from collections.abc import Callable

from gymbro_ui.app import serve
from gymbro_ui.command_line import Arguments
from gymbro_ui.commands.attach import open_console
from services.console import Console, build_console
from services.foundation.errors import ConsoleError
from services.foundation.program import is_packaged, own_command
from services.foundation.redact import redact
from services.opening import AlreadyRunningError
from services.operator.ports import is_port_free
from services.operator.presence import find_running
from services.settings.env import read_session

BAD_USE = 2
ALREADY_RUNNING = 3
PORT_TAKEN = 4
_NO_PASSWORD = (
    "Listening on {host} opens the console to other machines, and no password is set. Set one with"
    " `python main.py password`, or in the variable GYMBRO_PASSWORD; or listen on 127.0.0.1."
)
_log = logging.getLogger(__name__)


def run(arguments: Arguments) -> int:
    """Serve until stopped and return 0, or the exit code that says why it did not start."""
    try:
        return _run(arguments)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


class _RefusedError(Exception):
    """It does not start; `args` are the sentence and the exit code."""


def _run(arguments: Arguments) -> int:
    formatter = _set_up_logging()
    if arguments.env.native_window and find_running(arguments.env.data_dir) is not None:
        return _raise_window(arguments)
    try:
        console = _open(arguments)
    except _RefusedError as refused:
        return _refuse(*refused.args)
    formatter.known = console.known_secrets
    if arguments.options.one_shot:
        _stop_with_parent(console)
    else:
        url, data = arguments.env.public_url, arguments.env.data_dir
        _say(f"GymBro Console on {url}  (data: {data}, stop with Ctrl+C)")
    try:
        serve(console, console.storage_secret())
    except SystemExit:  # how a signal ends it
        if not console.upkeep.restores.is_asked:
            raise
    finally:
        console.close_now()
    if console.upkeep.restores.is_asked:
        _start_anew()
    return 0


def _open(arguments: Arguments) -> Console:
    """Return the console, nothing running yet; raise _RefusedError with what to do."""
    env = arguments.env
    if find_running(env.data_dir) is None and not is_port_free(env.host, env.port):
        raise _RefusedError(
            f"Port {env.port} on {env.host} is used by another program. Choose another one with"
            " --port, or set GYMBRO_PORT.",
            PORT_TAKEN,
        )
    try:
        console = build_console(env, one_shot=arguments.options.one_shot)
    except AlreadyRunningError as error:
        words = f"{error} Open {error.url}." if error.url else str(error)
        raise _RefusedError(words, ALREADY_RUNNING) from error
    except ConsoleError as error:
        raise _RefusedError(str(error), BAD_USE) from error
    exposure = console.access.exposure
    if exposure.is_open_to_others and not exposure.has_password:
        console.close_now()
        raise _RefusedError(_NO_PASSWORD.format(host=env.host), BAD_USE)
    return console


def _raise_window(arguments: Arguments) -> int:
    """Let the console that runs show its window, and return 0; a browser where it cannot."""
    try:
        with open_console(arguments) as client:
            reason = client.show_window(read_session())
    except ConsoleError as error:
        return _refuse(str(error), ALREADY_RUNNING)
    if not reason:
        _say(f"GymBro Console runs already on {client.base_url}; its window is in front")
        return 0
    _say(f"GymBro Console runs already on {client.base_url}; no window of its own: {reason}")
    if arguments.env.open_browser:
        webbrowser.open(client.base_url)
    return 0


def _start_anew() -> None:
    """Become the next start of the same command: same process id, so that no supervisor minds."""
    _say("GymBro Console starts anew to put a copy back")
    command = sys.orig_argv if not is_packaged() else own_command(*sys.argv[1:])
    sys.stdout.flush()
    os.execv(sys.executable, command)  # our own command again, no shell


def _set_up_logging() -> "_RedactingFormatter":
    handler = logging.StreamHandler(sys.stderr)
    formatter = _RedactingFormatter()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("apscheduler", "httpx", "httpcore", "alembic", "asyncio", "nicegui"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return formatter


def _nothing_known() -> list[str]:
    return []


class _RedactingFormatter(logging.Formatter):
    """One line a record, with every known or likely secret masked, exceptions included."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self.known: Callable[[], list[str]] = _nothing_known  # until the secrets are opened

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self.known())


def _stop_with_parent(console: Console) -> None:
    """End when the command that started us goes away and its end of our input closes."""

    def wait() -> None:
        sys.stdin.read()
        console.ask_to_stop()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _refuse(text: str, code: int) -> int:
    _say(f"gymbro-console: {text}")
    return code
