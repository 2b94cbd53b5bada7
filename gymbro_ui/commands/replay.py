"""`replay`: write back what the database refused, through the running console or alone."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from gymbro_ui.command_line import Arguments
from services.foundation.errors import ConsoleError
from services.operator.client import OperatorClient
from services.operator.presence import find_running, read_operator_token

DONE = 0
LEFT = 3
PUT_ASIDE = 4


def run(arguments: Arguments) -> int:
    """Return 0 when nothing waits any more, 3 when something does, 4 when something was put aside."""
    try:
        report = _replay(arguments)
    except ConsoleError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        return LEFT
    if arguments.options.json:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        sys.stdout.write(_as_text(report) + "\n")
    if report["left"]:
        sys.stderr.write(f"gymbro-console: the rest waits on: {report['reason']}\n")
        return LEFT
    return PUT_ASIDE if report["put_aside"] else DONE


def _replay(arguments: Arguments) -> Mapping[str, Any]:
    env = arguments.env
    running = find_running(env.data_dir)
    if running is None:
        return _alone(arguments)
    client = OperatorClient(running.url, read_operator_token(env.secrets_dir))
    try:
        return client.replay_journal()
    finally:
        client.close()


def _alone(arguments: Arguments) -> Mapping[str, Any]:
    # Not needed beside a running console, and the slowest to load.
    from gymbro_ui.api.journal import report_row  # noqa: PLC0415
    from services.console import build_console  # noqa: PLC0415

    console = build_console(arguments.env, one_shot=True)
    try:
        report = asyncio.run(console.journal.replay())
    finally:
        console.close_now()
    return report_row(report)


def _as_text(report: Mapping[str, Any]) -> str:
    return (
        f"{report['rows']} rows written back, {report['known']} were there already,"
        f" {report['put_aside']} put aside, {report['left']} still wait"
        f" ({report['records']} records settled)"
    )
