"""Copy text: a button whose text is made only when somebody wants it."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.primitives.toast import toast
from components.words import tr


class CopyText(ui.element, component="copy_text.js"):
    """The text goes straight to the clipboard; None means that it could not be made."""

    def __init__(self, name: str, make: Callable[[], Awaitable[str | None]]) -> None:
        """`name` stands on the button; `make` returns the text."""
        super().__init__()
        self._props["words"] = {"copy": name, "done": tr("Copied")}

        async def asked(_: GenericEventArguments) -> None:
            text = await make()
            if text is not None and not self.is_deleted:
                self.run_method("put", text)

        self.on("ask", asked)
        self.on(
            "refused",
            lambda _: toast(
                tr("The browser did not let us copy. Use https or 127.0.0.1."), tone="failed"
            ),
        )
