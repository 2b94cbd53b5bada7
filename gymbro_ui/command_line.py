"""The command line of main.py, parsed before anything heavy is imported."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.foundation.errors import InputError
from services.foundation.program import has_own_window, is_packaged
from services.settings.env import read_env
from services.settings.types import Env

VERSION = "0.1.0"
BAD_USE = 2
_HOW = " (packaged)" if is_packaged() else ""


class Commands(Protocol):
    """What argparse gives to add sub-commands to."""

    def add_parser(
        self,
        name: str,
        *,
        help: str = ...,  # noqa: A002  # its own word
        description: str | None = None,
    ) -> argparse.ArgumentParser:
        """Return the parser of a new sub-command."""
        ...


@dataclass(frozen=True)
class Arguments:
    """One command with its options and the settings of this process."""

    command: str
    options: argparse.Namespace
    env: Env

    def ui_storage_path(self) -> str:
        """Return the folder in which NiceGUI keeps browser preferences."""
        return str(self.env.data_dir / "ui")


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Return the command; print what is wrong and exit with 2 when it cannot be understood."""
    given = list(argv)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given[:0] = ["run", "--native"] if not given and has_own_window() else ["run"]
    options = _parser().parse_args(given)
    try:
        env = read_env(
            host=getattr(options, "host", None),
            port=getattr(options, "port", None),
            data_dir=options.data_dir,
            open_browser=not getattr(options, "no_browser", True),
            native_window=getattr(options, "native", False),
        )
    except InputError as error:
        sys.stderr.write(f"gymbro-console: {error}\n")
        raise SystemExit(BAD_USE) from None
    return Arguments(options.command, options, env)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python main.py",
        description="GymBro Console: gateway, console and E2E checks in one process.",
    )
    parser.add_argument("--version", action="version", version=f"GymBro Console {VERSION}{_HOW}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        _add_run, _add_e2e, _add_load, _add_password, _add_doctor, _add_import, _add_backup,
        _add_demo, _add_replay, _add_local_model, _add_children,
    ):  # fmt: skip
        add(commands)
    return parser


def _add_run(commands: Commands) -> None:
    run = commands.add_parser("run", help="start gateway and console (the default)")
    run.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    run.add_argument("--port", type=_port, help="port to listen on (default 9999)")
    run.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    run.add_argument("--native", action="store_true", help="in a window of its own (see README)")
    # Used by `e2e --once`: no schedule, ends when its standard input closes.
    run.add_argument("--one-shot", action="store_true", help=argparse.SUPPRESS)
    _add_data_dir(run)


def _add_e2e(commands: Commands) -> None:
    e2e = commands.add_parser(
        "e2e",
        help="run one E2E and print its verdicts",
        description="Exit code: 0 all judged and good, 3 something failed or was not judged, "
        "2 bad use, 5 another E2E is running.",
    )
    e2e.add_argument("--once", action="store_true", required=True, help="run once, then exit")
    _add_target(e2e)
    e2e.add_argument("--models", type=_names, default=[], metavar="A,B", help="only these keys")
    e2e.add_argument(
        "--user-types",
        type=_user_types,
        default=["anonymous", "permanent"],
        metavar="anonymous,permanent",
        help="only these user types",
    )
    e2e.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    _add_data_dir(e2e)


def _add_load(commands: Commands) -> None:
    load = commands.add_parser(
        "load",
        help="run one load test and print its figures",
        description="Exit code: 0 every threshold held, 4 one broke or it was cancelled, 2 bad use, "
        "5 another load test is running.",
    )
    load.add_argument("--users", type=int, required=True, metavar="N", help="1 to 1000")
    load.add_argument("--requests", type=int, metavar="M", help="calls in all (default: N)")
    load.add_argument("--seconds", type=float, metavar="S", help="start calls for so long")
    load.add_argument("--rate", type=float, metavar="R", help="calls a second, by the clock")
    load.add_argument("--ramp", type=float, dest="ramp_s", metavar="S", help="until all are there")
    load.add_argument("--cap", type=int, metavar="N", help="in flight at most (default: setting)")
    load.add_argument("--models", type=_names, metavar="A,B", help="these keys (default: all)")
    load.add_argument("--message", metavar="TEXT", help="what is asked")
    load.add_argument("--user-type", choices=("anonymous", "permanent"), help="who asks")
    load.add_argument("--sign-ins", type=int, metavar="N", help="users signed in at most")
    load.add_argument("--timeout", type=float, dest="timeout_s", metavar="S", help="of one call")
    load.add_argument(
        "--stop-error-share", type=float, metavar="X", help="0 to 1: more failed calls break it"
    )
    load.add_argument("--stop-p95-ttft-ms", type=float, metavar="MS", help="a later p95 breaks it")
    load.add_argument("--confirm", metavar="NAME", help="the name of a production target")
    _add_load_levels(load)
    load.add_argument("--export", metavar="FILE", help="write every call to a .csv or .json file")
    load.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    _add_target(load)
    _add_data_dir(load)


def _add_load_levels(load: argparse.ArgumentParser) -> None:
    load.add_argument(
        "--stage", action="append", dest="stages", metavar="SECONDS:LEVEL",
        help="instead of --seconds, --rate, --ramp: reach that many users evenly (with a trailing "
        "/s: that many calls a second); give it several times",
    )  # fmt: skip
    load.add_argument("--good-ttft-ms", type=float, metavar="MS", help="goodput: first text within")
    load.add_argument("--good-total-ms", type=float, metavar="MS", help="goodput: reply within")
    load.add_argument(
        "--threshold", action="append", dest="thresholds", metavar="METRIC=LIMIT",
        help="what must hold, e.g. ttft_p95_ms=800, error_share=0.01, goodput_share=0.95",
    )  # fmt: skip
    _add_locust(load)
    load.add_argument("--forecast", action="store_true", help="only say what it would cost")
    load.add_argument(
        "--find-safe", action="store_true",
        help="find the most users (up to --users) with which everything holds; --seconds is the "
        "time of each step",
    )  # fmt: skip


def _add_locust(load: argparse.ArgumentParser) -> None:
    load.add_argument(
        "--workers",
        choices=("locust",),
        help="let Locust's master and workers do it (extra: locust)",
    )
    load.add_argument(
        "--locust-workers", type=int, default=2, metavar="N", help="on this machine (default: 2)"
    )
    load.add_argument(
        "--locust-remote", type=int, default=0, metavar="N", help="workers awaited from elsewhere"
    )
    load.add_argument("--locust-bind", metavar="ADDRESS", help="where they come to (127.0.0.1)")
    load.add_argument("--locust-port", type=_port, help="needed with --locust-remote")


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target", metavar="URL", help="GymBro server to test (default: this console)"
    )
    parser.add_argument("--supabase-url", metavar="URL", help="sign-in service of that server")
    parser.add_argument("--anon-key", metavar="KEY", help="its anon key")
    parser.add_argument("--service-key", metavar="KEY", help="its service key (makes test users)")


def _add_password(commands: Commands) -> None:
    password = commands.add_parser(
        "password",
        help="set the password of an account of the pages, also while a console runs",
        description="Asks for it without showing it, or takes the first line of standard input. "
        "Exit code: 0 set, 2 refused.",
    )
    password.add_argument("--account", default="operator", metavar="NAME", help="default: operator")
    password.add_argument(
        "--role", choices=("operator", "read_only"), help="of a new account (default: operator)"
    )
    _add_data_dir(password)


def _add_doctor(commands: Commands) -> None:
    doctor = commands.add_parser("doctor", help="show paths, versions, settings and advice")
    doctor.add_argument("--json", action="store_true", help="the same as one JSON object")
    doctor.add_argument("--show-secrets", action="store_true", help="print keys unmasked")
    doctor.add_argument("--port", type=_port, help=argparse.SUPPRESS)
    _add_data_dir(doctor)


def _add_import(commands: Commands) -> None:
    taken = commands.add_parser(
        "import",
        help="take an original GymBro database over, also while a console runs",
        description="The file is only read, its keys go to the secret store, and a second import of "
        "it changes nothing. At a terminal it shows what would be taken and asks. Exit code: 0 done, "
        "1 not agreed to, 2 the file cannot be it, 3 the store refuses or another import runs.",
    )
    taken.add_argument("--from", dest="source", required=True, metavar="FILE", help="its file")
    taken.add_argument("--dry-run", action="store_true", help="only say what would be taken")
    taken.add_argument("--yes", action="store_true", help="do not ask")
    taken.add_argument("--json", action="store_true", help="print the report as one JSON object")
    _add_data_dir(taken)


def _add_backup(commands: Commands) -> None:
    backup = commands.add_parser(
        "backup", help="make a checked copy of the whole database, also while a console runs"
    )
    _add_data_dir(backup)
    restore = commands.add_parser(
        "restore",
        help="put a copy in the place of the database",
        description="The copy is checked first; the replaced database is kept beside. Exit code: "
        "0 done, 3 the file cannot be it, 5 a console runs.",
    )
    restore.add_argument("file", metavar="FILE", help="path, or the name of a file in backups")
    _add_data_dir(restore)


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="fill the store with made-up history, marked demo")
    demo.add_argument("--days", type=int, default=30, metavar="N", help="1 to 90 (default 30)")
    demo.add_argument("--seed", type=int, default=7, metavar="N", help="another one, another past")
    demo.add_argument("--remove", action="store_true", help="take every demo row out instead")
    _add_data_dir(demo)


def _add_replay(commands: Commands) -> None:
    replay = commands.add_parser(
        "replay",
        help="write back results the database refused",
        description="Works through the running console, or alone. Exit code: 0 nothing waits any "
        "more, 3 something does, 4 something was put aside in the quarantine.",
    )
    replay.add_argument("--json", action="store_true", help="print the counts as one JSON object")
    _add_data_dir(replay)


def _add_local_model(commands: Commands) -> None:
    local = commands.add_parser(
        "local-model", help="serve a small real language model on loopback (extra: local-model)"
    )
    local.add_argument("--port", type=_port, default=9998, help="port to listen on (default 9998)")
    _add_data_dir(local)


def _add_children(commands: Commands) -> None:
    """Processes the console starts for itself; without help they are not listed."""
    for name in ("window", "load-worker"):
        _add_data_dir(commands.add_parser(name))


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="folder of the database and keys")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")


def _names(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise argparse.ArgumentTypeError("name at least one model key")
    return names


def _user_types(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    known = ("anonymous", "permanent")
    if not names or any(name not in known for name in names):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(known)}, not {text!r}")
    return [name for name in known if name in names]
