"""A screen of its own (Xvfb) and what a window manager would do on it, spoken with libX11."""

import ctypes
import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from pathlib import Path

SIZE = (1600, 1000)
_CLIENT_MESSAGE = 33
# A window may go between being listed and being asked: libX11's own handler would end the process.
_NO_MATTER = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)(lambda _display, _error: 0)


class _Message(ctypes.Structure):
    _fields_ = [
        ("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p),
        ("window", c_ulong), ("message_type", c_ulong), ("format", c_int), ("data", c_long * 5),
        ("rest", c_long * 20),
    ]  # fmt: skip


class Screen:
    """One X display; windows are found by a part of their title."""

    def __init__(self, name: str, frame_buffer: Path) -> None:
        self.name = name
        self._frame_buffer = frame_buffer
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = self._x.XSetErrorHandler.restype = c_void_p
        self._x.XDefaultRootWindow.restype = self._x.XInternAtom.restype = c_ulong
        for call in ("XDefaultRootWindow", "XSync", "XCloseDisplay"):
            getattr(self._x, call).argtypes = [c_void_p, c_int] if call == "XSync" else [c_void_p]
        self._x.XInternAtom.argtypes = [c_void_p, c_char_p, c_int]
        self._x.XGetWindowProperty.argtypes = [
            c_void_p, c_ulong, c_ulong, c_long, c_long, c_int, c_ulong, *[c_void_p] * 5
        ]  # fmt: skip
        self._x.XQueryTree.argtypes = [c_void_p, c_ulong, *[c_void_p] * 4]
        self._x.XFree.argtypes = [c_void_p]
        self._x.XSendEvent.argtypes = [c_void_p, c_ulong, c_int, c_long, c_void_p]
        self._x.XMoveResizeWindow.argtypes = [c_void_p, c_ulong, c_int, c_int, c_uint, c_uint]
        self._x.XGetGeometry.argtypes = [c_void_p, c_ulong, *[c_void_p] * 7]
        self._x.XSetErrorHandler(_NO_MATTER)
        self._display = self._x.XOpenDisplay(name.encode())
        assert self._display, f"no display {name}"

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)

    def windows(self, title: str) -> list[int]:
        """Top windows with that in their name, in the order they are stacked, the front last."""
        root, parent, count, list_ = c_ulong(), c_ulong(), c_uint(), ctypes.POINTER(c_ulong)()
        top = self._x.XDefaultRootWindow(self._display)
        self._x.XQueryTree(
            self._display, top, byref(root), byref(parent), byref(list_), byref(count)
        )
        found = [list_[i] for i in range(count.value)]
        if count.value:
            self._x.XFree(list_)
        return [window for window in found if title in self.title(window)]

    def title(self, window: int) -> str:
        """Its name, as window managers read it."""
        name = self._x.XInternAtom(self._display, b"_NET_WM_NAME", 0)
        kind, form, count, after, value = c_ulong(), c_int(), c_ulong(), c_ulong(), c_char_p()
        self._x.XGetWindowProperty(
            self._display, window, name, 0, 256, 0, 0,
            byref(kind), byref(form), byref(count), byref(after), byref(value),
        )  # fmt: skip
        return (value.value or b"").decode("utf-8", "replace")

    def place(self, window: int) -> tuple[int, int, int, int]:
        """x, y, width, height."""
        root, x, y = c_ulong(), c_int(), c_int()
        rest = [c_uint() for _ in range(4)]
        self._x.XGetGeometry(
            self._display, window, byref(root), byref(x), byref(y), *[byref(r) for r in rest]
        )
        return x.value, y.value, rest[0].value, rest[1].value

    def move(self, window: int, place: tuple[int, int, int, int]) -> None:
        self._x.XMoveResizeWindow(self._display, window, *place)
        self._x.XSync(self._display, 0)

    def press_close(self, window: int) -> None:
        """What the close button of a title bar does."""
        protocols = self._x.XInternAtom(self._display, b"WM_PROTOCOLS", 0)
        delete = self._x.XInternAtom(self._display, b"WM_DELETE_WINDOW", 0)
        message = _Message(type=_CLIENT_MESSAGE, window=window, message_type=protocols, format=32)
        message.data[0] = delete
        self._x.XSendEvent(self._display, window, 0, 0, byref(message))
        self._x.XSync(self._display, 0)

    def picture(self) -> "Picture":
        """What the screen shows now."""
        return Picture(self._frame_buffer.read_bytes())


class Picture:
    """A frame buffer in the format of xwd, 32 bits a pixel."""

    def __init__(self, data: bytes) -> None:
        head = struct.unpack(">25I", data[:100])
        assert head[11] == 32, "bits a pixel"
        self.width, self.height, self._line = head[4], head[5], head[12]
        self._pixels = memoryview(data)[head[0] + head[19] * 12 :]

    def colours(self, x: int, y: int, width: int, height: int) -> set[tuple[int, int, int]]:
        """The different colours in a part of it."""
        found: set[bytes] = set()
        for row in range(y, y + height):
            line = bytes(
                self._pixels[row * self._line + 4 * x : row * self._line + 4 * (x + width)]
            )
            found.update(line[i : i + 3] for i in range(0, len(line), 4))
        return {(c[2], c[1], c[0]) for c in found}

    def save(self, path: Path) -> None:
        """Write it as PNG."""
        rows = bytearray()
        for row in range(self.height):
            line = bytes(self._pixels[row * self._line : row * self._line + 4 * self.width])
            rgb = bytearray(3 * self.width)
            rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
            rows += b"\0" + rgb
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 1)), (b"IEND", b""))
        with path.open("wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, body in parts:
                file.write(struct.pack(">I", len(body)) + kind + body)
                file.write(struct.pack(">I", zlib.crc32(kind + body)))


def program() -> str:
    """Where Xvfb is; tests/system_parts.sh installs it."""
    found = shutil.which("Xvfb")
    assert found, "Xvfb is missing: bash tests/system_parts.sh"
    return found


@contextmanager
def a_screen(folder: Path) -> Generator[Screen]:
    """A screen while it lasts; the server finds a free number itself."""
    reading, writing = os.pipe()
    size = f"{SIZE[0]}x{SIZE[1]}x24"
    server = subprocess.Popen(
        [program(), "-displayfd", str(writing), "-screen", "0", size, "-fbdir", str(folder),
         "-nolisten", "tcp", "-noreset"],
        pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        screen = Screen(f":{number}", folder / "Xvfb_screen0")
        try:
            yield screen
        finally:
            screen.close()
    finally:
        server.terminate()
        server.wait(10)
