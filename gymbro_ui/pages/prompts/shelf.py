"""Shelf: texts that were typed and not saved, kept in memory while the operator is elsewhere."""

from collections import OrderedDict
from dataclasses import dataclass

from nicegui import app

from components.prompts.editor import Draft

KEPT_MOST = 40


@dataclass(frozen=True, slots=True)
class Shelved:
    """A text with the version it was begun from; 0: a prompt that does not exist yet."""

    draft: Draft
    parent_no: int


_shelf: OrderedDict[tuple[str, int], Shelved] = OrderedDict()


def keep(prompt_id: int, shelved: Shelved) -> None:
    """Keep what this browser typed into a prompt."""
    key = _key(prompt_id)
    _shelf.pop(key, None)
    _shelf[key] = shelved
    while len(_shelf) > KEPT_MOST:
        _shelf.popitem(last=False)


def find(prompt_id: int) -> Shelved | None:
    """Return what this browser typed and did not save, or None."""
    return _shelf.get(_key(prompt_id))


def forget(prompt_id: int) -> None:
    """Drop it."""
    _shelf.pop(_key(prompt_id), None)


def _key(prompt_id: int) -> tuple[str, int]:
    return str(app.storage.browser["id"]), prompt_id  # pyright: ignore[reportUnknownArgumentType]
