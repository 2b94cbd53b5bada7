"""What a power cut at any moment would leave of a process's files, from an strace of its writes.

"worst": only what was synced survives; "random": of each later write one half chance more.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename"
STRACE = ("strace", "-f", "-y", "-xx", "-s", "200000", "-e", f"trace={CALLS}", "-o")
Image = dict[str, bytearray]


@dataclass(frozen=True, slots=True)
class Step:
    """One system call: write, cut, remove, make, sync a file, or an acknowledged number."""

    kind: str
    path: str = ""
    at: int = 0
    data: bytes = b""


def read_trace(trace: Path, folder: Path) -> list[Step]:
    """Return the calls that touched the folder's files, and the lines written to stdout."""
    steps = []
    begun: dict[str, str] = {}  # calls of one thread cut in two lines by those of another
    for line in trace.read_text(errors="replace").splitlines():
        thread, call = line.split(maxsplit=1)
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>").rstrip()
            continue
        if call.startswith("<... "):
            call = begun.pop(thread, "") + call.partition(" resumed>")[2]
        found = re.match(r"(\w+)\((.*)\)\s+= (-?\d+)", call)
        if found and (step := _step(found[1], found[2], str(folder))):
            steps.append(step)
    return steps


def _step(call: str, arguments: str, folder: str) -> Step | None:
    named = re.match(r"\d+<((?:\\x[0-9a-f]{2})+|[^>]*)>", arguments)
    path = _text(named[1]) if named else ""
    quoted = re.search(r'"((?:\\x[0-9a-f]{2})*)"', arguments)
    data = _bytes(quoted[1]) if quoted else b""
    if call == "write" and arguments.startswith("1<"):
        return Step("said", data=data)
    if call in {"openat", "unlink", "rename"}:
        path = data.decode(errors="replace")
        if call == "openat" and "O_CREAT" not in arguments:
            return None
    if not path.startswith(folder):
        return None
    last = arguments.rsplit(",", 1)[-1].strip()
    kinds = {"pwrite64": "write", "ftruncate": "cut", "unlink": "remove", "openat": "make"}
    kind = kinds.get(call, "sync" if "sync" in call else "")
    at = int(last) if kind in {"write", "cut"} else 0
    return Step(kind, path, at, data) if kind else None


def cuts(
    steps: list[Step], count: int, chance: random.Random, first: Image
) -> Iterator[tuple[Image, set[int]]]:
    """Give the files and the acknowledged numbers as of `count` moments, in both models.

    `first` holds the files as they were, on disk, before the process began.
    """
    moments = sorted(chance.sample(range(len(steps)), min(count, len(steps))))
    for moment in moments:
        for model in ("worst", "random"):
            yield _image(steps[:moment], chance if model == "random" else None, first)


def _image(steps: list[Step], chance: random.Random | None, first: Image) -> tuple[Image, set[int]]:
    durable: Image = {name: bytearray(content) for name, content in first.items()}
    pending: list[Step] = []
    said: set[int] = set()
    for step in steps:
        if step.kind == "said":
            said |= {int(word) for word in step.data.decode().split() if word.isdigit()}
        elif step.kind == "sync":
            # A synced folder makes what was made and removed in it durable.
            for late in [one for one in pending if one.path.startswith(step.path)]:
                _apply(durable, late)
                pending.remove(late)
        else:
            pending.append(step)
    for late in pending:
        if chance is not None and chance.random() < 0.5:
            _apply(durable, late)
    return durable, said


def _apply(image: Image, step: Step) -> None:
    if step.kind == "remove":
        image.pop(step.path, None)
        return
    content = image.setdefault(step.path, bytearray())
    if step.kind == "write":
        content.extend(b"\0" * (step.at - len(content)))
        content[step.at : step.at + len(step.data)] = step.data
    elif step.kind == "cut":
        del content[step.at :]
        content.extend(b"\0" * (step.at - len(content)))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return _bytes(text).decode(errors="replace") if text.startswith("\\x") else text
