"""Shapes of the native window: where it stands and what is said between it and the console."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PATH = "/window"  # the address the window opens first: it marks its pages, then leads on
COOKIE = "gymbro_window"


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen in the coordinates of the desktop."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the window stands; without x and y the system chooses."""

    width: int
    height: int
    x: int | None = None
    y: int | None = None
    is_maximized: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What the window's process is told first."""

    url: str
    title: str
    folder: str  # its browser profile and its place
    icon: str
    language: str  # for what the system's dialogs say: zh or en

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Order":
        """Return the order a line of JSON held; raise KeyError when something is missing."""
        return cls(**{name: str(values[name]) for name in cls.__slots__})


class Run(Protocol):
    """One run that is open."""

    @property
    def execution_id(self) -> str:
        """Return its id."""
        ...


class Work(Protocol):
    """What may be running when the window closes."""

    def running(self) -> Sequence[Run]:
        """Return every run that is open."""
        ...

    async def cancel_many(self, execution_ids: Sequence[str]) -> object:
        """Ask these to end."""
        ...
