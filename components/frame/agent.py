"""Agent: the one invisible element that sets look, title and the watch over checks in the browser."""

from collections.abc import Callable
from weakref import WeakValueDictionary

from nicegui import ui

from components.words import current_client

GRACE_MS = 90_000  # this long after a due check nothing may stay green


class Agent(ui.element, component="agent.js"):
    """Props in, effects on the document out; it decides alone when the server is gone."""

    def __init__(self, *, look: str, title: str, path: str, keys: bool) -> None:
        """Start with the look, title and path of this page, and whether single letters are keys."""
        super().__init__()
        self._props.update(
            {
                "look": look,
                "caption": title,
                "red": 0,
                "path": path,
                "deadline": None,
                "grace": GRACE_MS,
                "keys": keys,
            }
        )
        self.on_dress: Callable[[str], object] | None = None
        _agents[self.client.id] = self

    def dress(self, look: str) -> None:
        """Change to auto, light or dark at once."""
        self._set("look", look)
        if self.on_dress is not None:
            self.on_dress(look)

    def listen(self, *, keys: bool) -> None:
        """Take single letters as keys (g, ?, r), or leave them alone."""
        self._set("keys", keys)

    def go(self, path: str, title: str) -> None:
        """Note another page: its title, and start at its top."""
        self._props["caption"] = title
        self._set("path", path)

    def count_red(self, red: int) -> None:
        """Put the number of red models before the title; 0 removes it."""
        self._set("red", red)

    def expect(self, deadline_ms: int | None) -> None:
        """Expect the next check by then; None expects nothing (the schedule is off)."""
        self._set("deadline", deadline_ms)

    def _set(self, name: str, value: object) -> None:
        if self._props.get(name) != value:
            self._props[name] = value
            self.update()


# By the id of its page, held weakly: an agent knows its page, so it must not be what keeps it.
_agents: "WeakValueDictionary[str, Agent]" = WeakValueDictionary()


def listen_page(*, keys: bool) -> None:
    """Turn single-letter keys of the page whose callback this is on or off."""
    client = current_client()
    agent = _agents.get(client.id) if client is not None else None
    if agent is not None:
        agent.listen(keys=keys)


def dress_page(look: str) -> None:
    """Change the look of the page whose callback this is."""
    client = current_client()
    agent = _agents.get(client.id) if client is not None else None
    if agent is not None:
        agent.dress(look)


class LateBanner(ui.element, component="late.js"):
    """Says since when nothing was checked; drawn by the browser's own clock."""

    def __init__(self, deadline_ms: int | None, zone: str, words: dict[str, str]) -> None:
        """`words`: late with {time}, why, and act (the link to the schedule)."""
        super().__init__()
        self._props.update({"deadline": deadline_ms, "zone": zone, "words": words})

    def expect(self, deadline_ms: int | None, zone: str) -> None:
        """Expect the next check by then."""
        if (self._props.get("deadline"), self._props.get("zone")) != (deadline_ms, zone):
            self._props.update({"deadline": deadline_ms, "zone": zone})
            self.update()
