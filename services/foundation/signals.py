"""Signal[T]: something that happens, told to whoever subscribed."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Signal(Generic[T]):
    """An event named by a past participle; emitted on the event loop only."""

    def __init__(self, name: str) -> None:
        """Start without subscribers; the name appears in logs."""
        self.name = name
        self._subscribers: list[Callable[[T], None]] = []

    def subscribe(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call the listener on each emit; return the function that ends the subscription."""
        self._subscribers.append(listener)

        def unsubscribe() -> None:
            if listener in self._subscribers:
                self._subscribers.remove(listener)

        return unsubscribe

    def emit(self, value: T) -> None:
        """Tell every subscriber; one that fails is logged and does not stop the others."""
        for listener in tuple(self._subscribers):
            try:
                listener(value)
            except Exception:  # noqa: BLE001  # boundary: a listener must not stop the others
                _log.exception("a subscriber of %s failed", self.name)

    @property
    def subscriber_count(self) -> int:
        """How many listen now; leak tests watch it."""
        return len(self._subscribers)
