"""Frames over the pipes of a child process: read one, say one."""

import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from services.loadtest import frames


def read(source: BinaryIO) -> dict[str, Any] | None:
    """Return the next frame, None at the end of the pipe."""
    head = source.read(4)
    if len(head) < 4:
        return None
    return frames.unpack(source.read(frames.size_of(head)))


def say(frame: Mapping[str, Any]) -> None:
    """Write one frame to the console."""
    sys.stdout.buffer.write(frames.pack(frame))
    sys.stdout.buffer.flush()
