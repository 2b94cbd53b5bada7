"""Key list: every key of the console with what it does, in the page's language."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.words import tr


@dataclass(frozen=True, slots=True)
class Key:
    """What to press, one after the other or together, and what comes of it."""

    label: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys that belong together."""

    title: str
    keys: tuple[Key, ...]


def key_groups(pages: Iterable[tuple[str, str]]) -> tuple[KeyGroup, ...]:
    """Return all keys; `pages` are title and letter of each page."""
    return (
        KeyGroup(
            tr("Anywhere"),
            (
                Key(tr("Search pages, models, runs and actions"), ("Ctrl", "K")),
                Key(tr("This list"), ("?",)),
                Key(tr("Filter or search on this page"), ("/",)),
                Key(tr("Close the topmost layer: menu, dialog, drawer"), ("Esc",)),
                Key(tr("Next or previous control"), ("Tab", "⇧ Tab")),
            ),
        ),
        KeyGroup(
            tr("Rows of a table or list"),
            (
                Key(tr("Next or previous row"), ("j", "k")),
                Key(tr("First or last row"), ("Home", "End")),
                Key(tr("Open the focused row or cell"), ("Enter",)),
                Key(tr("Show or hide the lines under a row"), ("→", "←")),
                Key(tr("Choose the focused row"), ("x",)),
                Key(tr("Run the focused row again"), ("r",)),
                Key(tr("Cancel the focused run"), ("c",)),
                Key(tr("Edit the focused row"), ("e",)),
                Key(tr("Walk in the matrix"), ("↑", "↓", "←", "→")),
            ),
        ),
        KeyGroup(tr("Go to a page"), tuple(Key(title, ("g", letter)) for title, letter in pages)),
    )
