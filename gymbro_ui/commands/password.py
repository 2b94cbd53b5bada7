"""`password`: set the password of an account, made when it is missing; it is never shown."""

import asyncio
import getpass
import sys

from gymbro_ui.command_line import Arguments
from services.access.types import Role
from services.console import Console, build_console
from services.foundation.actor import acting_as
from services.foundation.errors import ConsoleError, InputError
from services.operator.client import OperatorClient
from services.operator.presence import find_running, read_operator_token

BAD_USE = 2


def run(arguments: Arguments) -> int:
    """Return 0 when it is set, 2 when it is refused or cannot be stored."""
    options = arguments.options
    try:
        password = _ask()
        made = _set(arguments, options.account.strip().lower(), options.role, password)
    except ConsoleError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return BAD_USE
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\ngymbro-console: nothing was changed\n")
        return BAD_USE
    what = "account made" if made else "password changed; its sign-ins have ended"
    sys.stderr.write(f"{options.account}: {what}\n")
    return 0


def _ask() -> str:
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise InputError("No password came on standard input")
        return line.rstrip("\r\n")
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise InputError("The two are not the same")
    return first


def _set(arguments: Arguments, name: str, role: str | None, password: str) -> bool:
    """Return whether the account was made; a running console does it itself."""
    env = arguments.env
    running = find_running(env.data_dir)
    if running is not None:
        client = OperatorClient(running.url, read_operator_token(env.secrets_dir))
        try:
            return client.set_password(name, password, role)
        finally:
            client.close()
    console = build_console(env, one_shot=True)
    try:
        with acting_as("operator"):
            return asyncio.run(_store(console, name, role, password))
    finally:
        console.close_now()


async def _store(console: Console, name: str, role: str | None, password: str) -> bool:
    return await console.access.admin.put_account(name, Role(role) if role else None, password)
