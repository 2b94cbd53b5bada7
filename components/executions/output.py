"""Output view: the newest end of what a run says, followed live as plain text."""

from nicegui import ui

from components.live import can_push
from components.words import tr


class OutputView(ui.element, component="output.js"):
    """Fill it with `show`, lengthen it with `add`."""

    def __init__(self) -> None:
        """Stand empty."""
        super().__init__()
        self._no = 0
        self._props.update(
            {
                "first": None,
                "open": True,
                "words": {
                    "name": tr("Output"),
                    "cut": tr("Only the newest part is shown"),
                    "waiting": tr("It has not said anything yet"),
                    "none": tr("It said nothing"),
                    "down": tr("Follow"),
                },
            }
        )

    def show(self, text: str, *, is_cut: bool) -> None:
        """Replace the text; `is_cut` says that there is more before it."""
        self._no += 1
        self._props["first"] = {"no": self._no, "text": text, "cut": is_cut}
        self.update()

    def add(self, text: str) -> bool:
        """Add what it just said; return whether the browser was there to hear it."""
        if not text or not can_push(self.client):
            return not text
        self.run_method("add", text)
        return True

    def close(self) -> None:
        """Note that nothing will follow."""
        if self._props["open"]:
            self._props["open"] = False
            self.update()
