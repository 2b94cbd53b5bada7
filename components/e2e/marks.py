"""Marks: what changed between two launches, as a flag on the axis and a sentence in its tip."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from components.e2e.timeline import local_time
from components.words import tr, word
from services.e2e.types import Mark

KIND_WORDS: Mapping[str, str] = {
    "prompt": word("Prompt"),
    "mapping": word("Mapping"),
    "default": word("Default model"),
}
_HOW: Mapping[str, str] = {  # first part of a mark's detail; the names after it are {names}
    "created": word("created with {names}"),
    "changed": word("changed: {names}"),
    "deleted": word("deleted"),
    "switched_on": word("switched on"),
    "switched_off": word("switched off"),
    "version": word("version {names}"),
    "active": word("in force, version {names}"),
}
_VERSIONS = ("version", "active")


def mark_flag(mark: Mark) -> str:
    """Return the few characters on the axis: the version of a prompt, else what kind it is."""
    how, _, names = mark.detail.partition("|")
    return f"v{names}" if how in _VERSIONS else tr(KIND_WORDS[mark.kind])


def mark_sentence(mark: Mark, zone: ZoneInfo) -> str:
    """Return what changed and when, e.g. `10-24 10:42 · Prompt server: version 12`."""
    subject = " ".join(part for part in (tr(KIND_WORDS[mark.kind]), mark.subject) if part)
    at = f"{local_time(mark.at, zone):%m-%d %H:%M}"
    how, _, names = mark.detail.partition("|")
    if how in _HOW:
        template = _HOW[how]
        how = tr(template, names=names) if "{names}" in template else tr(template)
        return tr("{at} · {what}: {how}", at=at, what=subject, how=how)
    return tr("{what} changed at {at}", what=f"{subject} → {how}" if how else subject, at=at)
