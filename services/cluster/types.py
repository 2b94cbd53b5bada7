"""Role, ClusterView, ConsoleSeen, Job: what is known of the consoles on the same store."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What this console is among those on the same store."""

    ALONE = "alone"  # SQLite: nobody else can be
    LEADER = "leader"  # starts what starts by itself
    FOLLOWER = "follower"  # another leads, or nobody for some seconds


@dataclass(frozen=True, slots=True)
class ClusterView:
    """How this console stands now."""

    role: Role = Role.ALONE
    since: datetime | None = None  # of the role; None before start
    is_connected: bool = True  # the server knows that this console lives
    reason: str = ""  # why not


@dataclass(frozen=True, slots=True)
class ConsoleSeen:
    """One console on the same store, as the server lists it."""

    address: str
    boot_id: str
    since: datetime
    leads: bool
    is_this: bool


class Job(Protocol):
    """Work that only the leader does; it may be started and stopped again and again."""

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """Begin nothing further."""
        ...
