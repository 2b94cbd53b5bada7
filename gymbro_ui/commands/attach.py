"""The running console, or one started for a command alone and ended after it."""

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gymbro_ui.command_line import Arguments
from services.foundation.errors import ConflictError, ConsoleError, InputError
from services.foundation.program import own_command
from services.operator.client import OperatorClient
from services.operator.ports import find_free_port
from services.operator.presence import find_running, read_operator_token

POLL_S = 0.25
BAD_USE = 2
ALREADY_RUNNING = 5
_START_S = 60.0


@contextmanager
def open_console(arguments: Arguments) -> Generator[OperatorClient]:
    """Give a client of the running console, or of one started for this run alone."""
    env = arguments.env
    running = find_running(env.data_dir)
    if running is not None:
        client = OperatorClient(running.url, read_operator_token(env.secrets_dir))
        try:
            yield client
        finally:
            client.close()
        return
    port = find_free_port()
    process = _start_process(arguments, port)
    client = None
    try:
        client = _wait_until_ready(process, port, env.secrets_dir)
        yield client
    finally:
        if client is not None:
            client.close()
        _end(process)


def _start_process(arguments: Arguments, port: int) -> "subprocess.Popen[bytes]":
    command = own_command("run", "--one-shot", "--no-browser", "--port", str(port))
    command += ["--data-dir", str(arguments.env.data_dir)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", port: int, secrets_dir: Path
) -> OperatorClient:
    base_url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise InputError(
                "The console could not start (exit code {code}); the reason is above",
                code=process.returncode,
            )
        probe = OperatorClient(base_url, "")
        ready = probe.is_ready()
        probe.close()
        if ready:
            return OperatorClient(base_url, read_operator_token(secrets_dir))
        wait(POLL_S)
    raise ConsoleError("The console did not get ready in {seconds} s", seconds=int(_START_S))


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()  # the child stops when its input closes
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)


def wait(seconds: float) -> None:
    """Return after the seconds."""
    time.sleep(seconds)  # noqa: TID251  # a command of its own process: there is no loop to block


def say_aside(text: str) -> None:
    """Write a line on stderr; stdout holds the result alone."""
    sys.stderr.write(text + os.linesep)
    sys.stderr.flush()


def tell_refusal(error: Exception, otherwise: int) -> int:
    """Say why and return the exit code: 5 where something runs already, 2 for bad use, else the given one."""
    say_aside(f"gymbro-console: {error}")
    if isinstance(error, ConflictError):
        return ALREADY_RUNNING
    return BAD_USE if isinstance(error, InputError) else otherwise


def target_of(options: Namespace) -> dict[str, Any]:
    """Return the server named by --target with its keys, if any; raise InputError for keys alone."""
    if options.target:
        return {
            "target": {
                "api_base": options.target,
                "auth_url": options.supabase_url or "",
                "anon_key": options.anon_key or "",
                "service_key": options.service_key or "",
            }
        }
    if options.supabase_url or options.anon_key or options.service_key:
        raise InputError("--supabase-url, --anon-key and --service-key need --target")
    return {}
