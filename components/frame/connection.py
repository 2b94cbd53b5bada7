"""Connection: a badge that tells how the page hears from the console, and how long ago it did."""

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.words import tr

LIVE = "live"


class ConnectionBadge(ui.element, component="connection.js"):
    """Live, Polling, Reconnecting or Offline, decided in the browser."""

    def __init__(
        self, on_state: Callable[[str], object] | None = None, *, push: bool = True
    ) -> None:
        """`on_state` hears the word live or polling whenever the way changes."""
        super().__init__()
        self._props["push"] = push
        self._props["words"] = {
            "connecting": tr("Connecting"),
            "live": tr("Live"),
            "polling": tr("Polling"),
            "reconnecting": tr("Reconnecting"),
            "offline": tr("Offline"),
            "age": tr("Last message from the console: {age} ago"),
            "about_live": tr("Changes arrive by themselves over one open connection."),
            "about_polling": tr("There is no open connection; changes are fetched instead."),
            "about_reconnecting": tr("The connection was lost; what you see may be old."),
            "about_offline": tr("The console does not answer; what you see is old."),
        }
        if on_state is not None:
            tell = on_state

            def told(event: GenericEventArguments) -> None:
                if event.args in (LIVE, "polling"):
                    tell(str(event.args))

            self.on("way", told)

    def push(self, *, on: bool) -> None:
        """Keep one connection open, or fetch changes by polling; open pages change over at once."""
        if self._props["push"] != on:
            self._props["push"] = on
            self.update()
