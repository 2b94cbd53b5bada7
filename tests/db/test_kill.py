"""kill -9 and failing disks: no acknowledged row is lost, no half change is kept."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.powercut import STRACE, cuts, read_trace
from tests.support.store import StoreFolder, keys

ROUNDS = 10
CHILD = [sys.executable, "-m", "tests.support.store_child"]
ROOT = Path(__file__).resolve().parents[2]


def run_child(
    folder: StoreFolder,
    start: int,
    *,
    prefix: tuple[str, ...] = (),
    kill_after: int | None = None,
    before: Callable[[], None] | None = None,
    count: int = 1_000_000,
) -> tuple[set[int], str]:
    """Run the child; return the numbers it acknowledged and its last word."""
    process = subprocess.Popen(
        [*prefix, *CHILD, str(folder.data_dir), str(start), str(count)],
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=ROOT,
        preexec_fn=before,  # noqa: PLW1509  # limits of the child, set before it has threads
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    told = b""
    if kill_after is not None:
        while told.count(b"\n") < kill_after:
            told += os.read(process.stdout.fileno(), 65_536)
        process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    words = (
        (told + rest).decode().split("\n")[:-1]
    )  # a line the kill cut short is no acknowledgement
    return {int(word) for word in words if word.isdigit()}, words[-1] if words else ""


def stored_pairs(folder: StoreFolder) -> set[int]:
    """Open the store as the next start does; return the whole pairs, fail on a half one."""
    store = folder.open()
    assert store.report.notices == ()
    numbers = {int(key[1:]) for key in store.database.read_now(keys)}
    store.database.close_now()
    pairs = {number // 2 for number in numbers}
    assert numbers == {n for pair in pairs for n in (2 * pair, 2 * pair + 1)}, "half a change"
    raw = folder.raw()
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
    return pairs


def test_no_acknowledged_change_is_lost_over_many_kills(folder: StoreFolder) -> None:
    chance = random.Random(7)
    acknowledged: set[int] = set()
    start = 0
    for _ in range(ROUNDS):
        told, _ = run_child(folder, start, kill_after=chance.randint(1, 80))
        acknowledged |= told
        stored = stored_pairs(folder)
        assert acknowledged <= stored
        start = max(stored, default=start) + 1
    assert len(acknowledged) > ROUNDS


def test_a_file_that_may_not_grow_refuses_and_keeps_what_it_said(folder: StoreFolder) -> None:
    folder.fill(0)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    told, last = run_child(folder, 0, before=limit)
    assert last in {"refused io", "refused full"}
    assert told
    assert told <= stored_pairs(folder)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("inject=fdatasync:error=EIO:when=40+", "io"),  # a commit whose sync failed is no commit
        ("inject=pwrite64:error=ENOSPC:when=900+", "full"),
    ],
)
def test_a_failing_disk_refuses_and_keeps_what_it_said(
    folder: StoreFolder, fault: str, reason: str
) -> None:
    folder.fill(0)
    calls = "trace=" + fault.split("=")[1].split(":", maxsplit=1)[0]
    prefix = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", calls, "-e", fault)
    told, last = run_child(folder, 0, prefix=prefix)
    assert last == f"refused {reason}"
    assert told
    assert told <= stored_pairs(folder)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_one_failed_write_is_tried_again_and_stored_once(folder: StoreFolder) -> None:
    folder.fill(0)
    fault = "inject=pwrite64:error=ENOSPC:when=300"
    prefix = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", fault)
    told, _ = run_child(folder, 0, prefix=prefix, count=400)
    assert told == set(range(400)) == stored_pairs(folder)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_a_disk_that_is_full_while_the_log_is_folded_back_costs_nothing(
    folder: StoreFolder, tmp_path: Path
) -> None:
    """Only the database file itself takes no write: its log still does, and a later fold succeeds."""
    folder.fill(0)
    fault = "inject=pwrite64:error=ENOSPC"
    only = ("-P", str(folder.path), "-e", "trace=pwrite64", "-e", fault)
    prefix = ("strace", "--seccomp-bpf", "-f", "-qq", "-o", str(tmp_path / "trace"), *only)
    told, _ = run_child(folder, 0, prefix=prefix, count=1_500)  # over a thousand pages of log
    assert "(INJECTED)" in (tmp_path / "trace").read_text()
    log = folder.path.with_name(folder.path.name + "-wal")
    assert log.stat().st_size > 4096 * 1000
    assert told == set(range(1_500)) == stored_pairs(folder)
    assert not log.exists()


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_a_power_cut_at_any_moment_loses_no_acknowledged_change(
    folder: StoreFolder, tmp_path: Path
) -> None:
    folder.fill(0)
    first = {str(folder.path): bytearray(folder.path.read_bytes())}
    trace = tmp_path / "trace"
    told, _ = run_child(folder, 0, prefix=(*STRACE, str(trace)), count=150)
    assert told == set(range(150))
    steps = read_trace(trace, folder.data_dir)
    assert sum(step.kind == "sync" for step in steps) > 20
    checked = 0
    for image, said in cuts(steps, 60, random.Random(7), first):
        after = StoreFolder(tmp_path / f"cut{checked}")
        after.data_dir.mkdir()
        for name, content in image.items():
            if name.startswith(str(folder.path)) and not name.endswith("-shm"):
                (after.data_dir / Path(name).name).write_bytes(content)
        assert said <= stored_pairs(after)
        shutil.rmtree(after.data_dir)
        checked += 1
    assert checked == 120
