"""The time zone of this machine, as an IANA name."""

import os
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones


def machine_zone(environment_zone: str = "") -> str:
    """Return the zone the machine is set to, "UTC" when it cannot be told."""
    for name in (environment_zone, _linked_zone(), _named_zone()):
        if name and _is_known(name):
            return name
    return "UTC"


def _linked_zone() -> str:
    """Read where /etc/localtime points: …/zoneinfo/Area/City."""
    with suppress(OSError):
        target = os.fspath(Path("/etc/localtime").resolve())
        if "zoneinfo/" in target:
            return target.split("zoneinfo/", 1)[1]
    return ""


def _named_zone() -> str:
    with suppress(OSError):
        return Path("/etc/timezone").read_text().strip()
    return ""


def _is_known(name: str) -> bool:
    with suppress(ValueError, OSError, KeyError):
        return ZoneInfo(name).key in available_timezones()
    return False
