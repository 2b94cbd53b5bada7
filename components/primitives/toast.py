"""Toast: what was just done, with a way back; one stack per page."""

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.words import current_client, tr

_MOST = 4


class Toasts(ui.element, component="toasts.js"):
    """The stack at the bottom of the page; the shell makes one."""

    def __init__(self) -> None:
        """Start without any."""
        super().__init__()
        self._next = 1
        self._actions: dict[int, Callable[[], Any]] = {}
        self._items: list[dict[str, Any]] = []
        self._props["items"] = []
        self._props["close"] = tr("Close")
        self.on("act", self._act)
        self.on("gone", self._gone)
        _stacks[self.client.id] = self

    def push(self, text: str, tone: str, action: str, act: Callable[[], Any] | None) -> None:
        """Show one more; the oldest leaves when there are too many."""
        item = {"id": self._next, "text": text, "tone": tone, "action": action if act else ""}
        if act is not None:
            self._actions[self._next] = act
        self._next += 1
        others = [one for one in self._items if one["action"] or one["text"] != text]
        self._items = [*others, item][-_MOST:]  # what is said again is not said twice
        self._draw()

    def _draw(self) -> None:
        known = {item["id"] for item in self._items}
        self._actions = {key: act for key, act in self._actions.items() if key in known}
        self._props["items"] = list(self._items)
        self.update()

    async def _act(self, event: GenericEventArguments) -> None:
        act = self._actions.pop(event.args, None) if isinstance(event.args, int) else None
        self._remove(event.args)
        if act is not None:
            result = act()
            if hasattr(result, "__await__"):
                await result

    def _gone(self, event: GenericEventArguments) -> None:
        self._remove(event.args)

    def _remove(self, key: object) -> None:
        self._items = [item for item in self._items if item["id"] != key]
        self._draw()


# By the id of its page, held weakly: a stack knows its page, so it must not be what keeps it.
_stacks: "WeakValueDictionary[str, Toasts]" = WeakValueDictionary()


def toast(
    text: str,
    *,
    tone: str = "",
    action: str = "",
    on_action: Callable[[], Any] | None = None,
) -> None:
    """Say what happened; tone "failed" stays until closed, `action` offers e.g. an undo."""
    client = current_client()
    stack = _stacks.get(client.id) if client is not None else None
    if stack is not None and not stack.is_deleted:
        stack.push(text, tone, action, on_action)
    else:  # a page without our shell
        ui.notify(text)
