"""One process a data folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import AnotherInstanceError
from db.lock import InstanceLock, read_holder
from tests.support.store import StoreFolder

HOLD = (
    "import sys, time; from pathlib import Path; from db.lock import InstanceLock\n"
    "lock = InstanceLock.acquire(Path(sys.argv[1]), 'http://127.0.0.1:9999')\n"
    "print('held', flush=True); sys.stdin.read()"
)


def start_holder(folder: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def end(process: "subprocess.Popen[bytes]", number: int) -> None:
    process.send_signal(number)
    process.wait(20)
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def test_the_second_start_learns_who_was_first(tmp_path: Path) -> None:
    process = start_holder(tmp_path)
    try:
        with pytest.raises(AnotherInstanceError) as caught:
            InstanceLock.acquire(tmp_path, "http://127.0.0.1:1")
        assert (caught.value.pid, caught.value.url) == (process.pid, "http://127.0.0.1:9999")
        assert str(process.pid) in str(caught.value)
        holder = read_holder(tmp_path)
        assert holder is not None
        assert (holder.pid, holder.url) == (process.pid, "http://127.0.0.1:9999")
    finally:
        end(process, signal.SIGKILL)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    end(start_holder(tmp_path), signal.SIGKILL)
    assert read_holder(tmp_path) is None
    lock = InstanceLock.acquire(tmp_path, "http://127.0.0.1:2")
    holder = read_holder(tmp_path)
    assert holder is not None
    assert holder.pid == os.getpid()
    lock.release()
    lock.release()
    assert read_holder(tmp_path) is None


def test_a_child_that_outlives_its_parent_does_not_keep_the_lock(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from db.lock import InstanceLock\n"
        "lock = InstanceLock.acquire(Path(sys.argv[1]), '')\n"
        "child = os.fork()\n"
        "if child == 0: time.sleep(30); os._exit(0)\n"
        "print(child, flush=True); os.kill(os.getpid(), 9)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.wait(20)
    try:
        InstanceLock.acquire(tmp_path, "").release()
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()


def test_a_folder_that_was_never_used_has_no_holder(tmp_path: Path) -> None:
    assert read_holder(tmp_path / "nothing") is None


def test_garbage_in_the_lock_file_hinders_nobody(tmp_path: Path) -> None:
    (tmp_path / "app.lock").write_bytes(b"\xff\x00 not json")
    InstanceLock.acquire(tmp_path, "http://127.0.0.1:3").release()


def test_a_holder_that_did_not_say_who_it_is_still_holds(tmp_path: Path) -> None:
    lock = InstanceLock.acquire(tmp_path, "")
    (tmp_path / "app.lock").write_bytes(b"")
    with pytest.raises(AnotherInstanceError) as caught:
        InstanceLock.acquire(tmp_path, "")
    assert caught.value.pid == 0
    lock.release()


def test_a_database_in_its_own_data_folder_is_kept_from_other_data_folders(tmp_path: Path) -> None:
    own = StoreFolder(tmp_path / "a")
    first = own.open()
    with pytest.raises(AnotherInstanceError):
        StoreFolder(tmp_path / "b", own.path).open()
    first.database.close_now()
    StoreFolder(tmp_path / "b", own.path).open().database.close_now()
