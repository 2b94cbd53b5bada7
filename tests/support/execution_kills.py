"""Kill a process in mid-run again and again, and look at what it left."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.store import StoreFolder

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Kills:
    """What was acknowledged over all rounds, and what is wrong with what was left."""

    folder: Path
    events: set[tuple[int, int]] = field(default_factory=set)  # execution, seq
    started: set[int] = field(default_factory=set)
    ended: dict[int, str] = field(default_factory=dict)
    recovered: int = 0
    rounds: int = 0

    def round(self, chance: random.Random) -> None:
        """Start the process, let it run for a random moment, kill -9."""
        log = self.folder.with_suffix(".log")
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.execution_child", str(self.folder)],
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
                cwd=ROOT,
            )
        assert process.stdout is not None
        told = b""
        while b"ready\n" not in told:
            piece = os.read(process.stdout.fileno(), 65_536)
            if not piece:
                process.wait(10)
                raise AssertionError(f"the process ended by itself:\n{log.read_text()[-3000:]}")
            told += piece
        time.sleep(chance.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        self._learn((told + rest).decode().split("\n")[:-1])
        self.rounds += 1

    def _learn(self, lines: list[str]) -> None:
        for line in lines:
            match line.split():
                case ["event", number, seq]:
                    self.events.add((int(number), int(seq)))
                case ["started", number]:
                    assert int(number) not in self.started, "the same execution twice"
                    self.started.add(int(number))
                case ["ended", number, status]:
                    self.ended[int(number)] = status
                case ["recovered", count]:
                    self.recovered += int(count)
                case _:
                    pass

    def faults(self) -> list[str]:
        """Return what contradicts an acknowledgement, after one more start of the process."""
        self._recover()
        raw = StoreFolder(self.folder).raw()
        rows = dict(raw.execute("SELECT id, status FROM executions").fetchall())
        stored = set(raw.execute("SELECT execution_id, seq FROM execution_events").fetchall())
        counts = raw.execute(
            "SELECT execution_id, count(*), max(seq) FROM execution_events GROUP BY execution_id"
        ).fetchall()
        last = dict(
            raw.execute(
                "SELECT e.execution_id, e.kind FROM execution_events e JOIN (SELECT execution_id,"
                " max(seq) AS seq FROM execution_events GROUP BY execution_id) m"
                " ON m.execution_id = e.execution_id AND m.seq = e.seq"
            ).fetchall()
        )
        seqs = [seq for (seq,) in raw.execute("SELECT seq FROM executions").fetchall()]
        raw.close()
        open_ones = [n for n, status in rows.items() if status in ("pending", "running")]
        return [
            *(f"{n} is still open" for n in open_ones),
            *(f"event {e} was acknowledged and is gone" for e in self.events - stored),
            *(f"{n} was acknowledged and is gone" for n in self.started - set(rows)),
            *(
                f"{n} ended as {status}, stored as {rows.get(n)}"
                for n, status in self.ended.items()
                if rows.get(n) != status
            ),
            *(f"the timeline of {n} has gaps" for n, count, top in counts if count != top),
            *(f"{n} has no end on its timeline" for n in rows if last.get(n) != "ended"),
            *(["a sequence number twice"] if len(set(seqs)) != len(seqs) else []),
        ]

    def _recover(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.execution_child", str(self.folder), "recover"],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        self._learn(done.stdout.split("\n")[:-1])
