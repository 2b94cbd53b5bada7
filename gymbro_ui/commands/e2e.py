"""`e2e --once`: run one E2E, with or without a running console, and print its verdicts."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gymbro_ui.command_line import Arguments
from services.foundation.errors import ConflictError, ConsoleError, InputError
from services.operator.client import OperatorClient
from services.operator.ports import find_free_port
from services.operator.presence import find_running, read_operator_token

GOOD = 0
BAD_USE = 2
NOT_ALL_GOOD = 3
ALREADY_RUNNING = 5
_POLL_S = 0.25
_START_S = 60.0
_MAX_S = 2 * 60 * 60


def run(arguments: Arguments) -> int:
    """Return 0 when every cell was judged and is good, 3 when not, 2 or 5 when it did not run."""
    try:
        with _console(arguments) as client:
            launch_id = client.start_e2e(_wanted(arguments))
            launch = _follow(client, launch_id)
    except ConflictError as error:
        _say(f"gymbro-console: {error}")
        return ALREADY_RUNNING
    except InputError as error:
        _say(f"gymbro-console: {error}")
        return BAD_USE
    except ConsoleError as error:
        _say(f"gymbro-console: {error}")
        return NOT_ALL_GOOD
    return _report(launch, as_json=arguments.options.json)


def _wanted(arguments: Arguments) -> dict[str, Any]:
    options = arguments.options
    wanted: dict[str, Any] = {
        "models": options.models,
        "user_types": options.user_types,
        "trigger": "command",
    }
    if options.target:
        wanted["target"] = {
            "api_base": options.target,
            "auth_url": options.supabase_url or "",
            "anon_key": options.anon_key or "",
            "service_key": options.service_key or "",
        }
    elif options.supabase_url or options.anon_key or options.service_key:
        raise InputError("--supabase-url, --anon-key and --service-key need --target")
    return wanted


@contextmanager
def _console(arguments: Arguments) -> Generator[OperatorClient]:
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
    command = [sys.executable]
    if not getattr(sys, "frozen", False):
        command.append(str(Path(__file__).resolve().parents[2] / "main.py"))
    command += ["run", "--one-shot", "--no-browser", "--port", str(port)]
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
        _wait(_POLL_S)
    raise ConsoleError("The console did not get ready in {seconds} s", seconds=int(_START_S))


def _follow(client: OperatorClient, launch_id: str) -> dict[str, Any]:
    """Return the ended launch; tell each verdict on stderr as it comes."""
    told: set[tuple[str, str]] = set()
    end = time.monotonic() + _MAX_S
    try:
        while time.monotonic() < end:
            launch = client.launch(launch_id)
            for cell in _cells(launch):
                key = (cell["user_type"], cell["model_key"])
                if key not in told and cell["status"] not in ("pending", "running"):
                    told.add(key)
                    _say(_line(cell))
            if launch["status"] != "running":
                return launch
            _wait(_POLL_S)
    except KeyboardInterrupt:
        client.cancel_e2e(launch_id)
        _say("cancelled")
        return client.launch(launch_id)
    raise ConsoleError("The E2E did not end in {hours} h", hours=_MAX_S // 3600)


def _cells(launch: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"user_type": run["user_type"], **result}
        for run in launch["runs"]
        for result in run["results"]
    ]


def _line(cell: Mapping[str, Any]) -> str:
    took = f"{cell['latency_ms'] / 1000:.2f} s" if cell.get("latency_ms") is not None else "-"
    text = f"{cell['user_type']:<10} {cell['model_key']:<32} {cell['status']:<14} {took:>9}"
    return f"{text}  {cell['error']}" if cell.get("error") else text


def _report(launch: Mapping[str, Any], *, as_json: bool) -> int:
    cells = _cells(launch)
    good = sum(cell["status"] in ("ok", "slow") for cell in cells)
    all_good = bool(cells) and good == len(cells)
    if as_json:
        sys.stdout.write(json.dumps({"runs": launch["runs"]}, ensure_ascii=False, indent=2) + "\n")
    else:
        for run in launch["runs"]:
            if run.get("error_summary"):
                _say(f"{run['user_type']}: {run['error_summary']}")
        sys.stdout.write(f"{good} of {len(cells)} good\n")
    return GOOD if all_good else NOT_ALL_GOOD


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()  # the child stops when its input closes
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)


def _wait(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251  # a command of its own process: there is no loop to block


def _say(text: str) -> None:
    sys.stderr.write(text + os.linesep)
    sys.stderr.flush()
